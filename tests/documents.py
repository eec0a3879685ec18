"""Every document of a database at once, whatever its collection: one query without a kind."""

from __future__ import annotations

from typing import Any


def all_documents(client: Any) -> dict[str, dict[str, Any]]:
    """What each holds, by its path."""
    return {one.reference.path: one.to_dict() for one in client.collection_group("").stream()}
