"""Judges prompts by OpenAI's moderation model, which is free of charge."""

from __future__ import annotations

from imagesfactory.generation.ports import ContentRejected, ProviderBusy, ProviderUnusable, RequestFaulty
from imagesfactory.vendors.once import Once
from imagesfactory.vendors.openai_connection import CONNECT_SECONDS, connect, raise_ours

MODEL = "omni-moderation-latest"
JUDGEMENT_SECONDS = 10.0
"""A member waits for it; it usually takes well under a second."""
UNNAMED = "unnamed"


class OpenAIModerator:
    """A Moderator. Source: developers.openai.com/api/docs/guides/moderation."""

    def __init__(self, *, api_key: str, base_url: str, judgement_seconds: float = JUDGEMENT_SECONDS) -> None:
        """``base_url`` includes the version; ``judgement_seconds`` limits the whole wait for one judgement."""
        self._client = Once(lambda: connect(api_key, base_url))
        self._judgement_seconds = judgement_seconds

    def flags(self, prompt: str) -> tuple[str, ...]:
        """The categories under which the prompt is refused, in alphabetical order; empty when it is fine.

        Raises:
            ProviderBusy, ProviderUnusable: see the port. An answer without a judgement is never taken for a "fine".

        """
        try:
            return self._judge(prompt)
        except (RequestFaulty, ContentRejected) as error:
            code = error.code if isinstance(error, RequestFaulty) else "moderation_refused"
            raise ProviderUnusable(code) from None

    def _judge(self, prompt: str) -> tuple[str, ...]:
        import httpx2
        import openai
        from openai.types import ModerationTextInputParam

        client = self._client()
        seconds = self._judgement_seconds
        try:
            answer = client.moderations.create(
                model=MODEL,
                input=[ModerationTextInputParam(type="text", text=prompt)],
                timeout=httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
            )
        except openai.APIError as error:
            raise_ours(error)
        except (openai.OpenAIError, httpx2.HTTPError, ValueError):  # ValueError: the body is not JSON
            raise ProviderBusy from None
        return _categories(answer)


def _categories(answer: object) -> tuple[str, ...]:
    """The SDK does not check what it parses, so the judgement is looked for with care."""
    results = getattr(answer, "results", None)
    if not isinstance(results, list) or len(results) != 1:
        raise ProviderBusy
    flagged = getattr(results[0], "flagged", None)
    if flagged is False:
        return ()
    if flagged is not True:
        raise ProviderBusy
    categories = results[0].to_dict().get("categories")
    named = categories if isinstance(categories, dict) else {}
    return tuple(sorted(name for name, applies in named.items() if applies is True)) or (UNNAMED,)
