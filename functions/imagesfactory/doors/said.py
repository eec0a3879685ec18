"""What plain HTTP functions say to people when there is nothing to show: one sentence in both languages."""

from __future__ import annotations

from flask import Response

from imagesfactory.kit.errors import Text


def said(text: Text, status: int, **headers: str) -> Response:
    """An answer in Korean and English that no cache keeps; ``headers`` with underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = f"{text.ko}\n{text.en}\n"
    return Response(body, status, {"Cache-Control": "no-store", **named}, content_type="text/plain; charset=utf-8")
