"""The roll of members: active ones, by id, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagesfactory.accounts.model import Status

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class MemberRoll:
    """Names members to rooms that write to all of them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, after: str, limit: int) -> list[str]:
        """Active members (uids) after the uid ``after`` ("" for the first ones), in order, at most ``limit``."""
        from google.cloud.firestore import FieldFilter

        users = self._client.collection("users")
        query = users.where(filter=FieldFilter("status", "==", Status.ACTIVE.value)).order_by("__name__")
        if after:
            query = query.start_after({"__name__": users.document(after)})
        return [snapshot.id for snapshot in query.limit(limit).select(()).stream()]
