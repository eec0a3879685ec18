"""The double of Firebase Cloud Messaging's HTTP v1 API, with the telephones behind it."""
