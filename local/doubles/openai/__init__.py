"""The double of OpenAI's API: image generation and moderation."""
