"""Bodies of plain requests: read up to a size that is sensible for the door, whether or not the sender tells it."""

from __future__ import annotations

from flask import Request


def is_too_large(request: Request, bytes_max: int) -> bool:
    """Whether the body is longer than ``bytes_max``, by what its sender tells, else by reading so far and no further.

    The one byte more: at its limit werkzeug cuts off without a word what comes in chunks.
    """
    if request.content_length is not None:
        return request.content_length > bytes_max
    request.max_content_length = bytes_max + 1
    return len(request.get_data()) > bytes_max
