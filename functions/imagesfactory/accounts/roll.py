"""The roll of members: active ones, by id, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagesfactory.accounts.model import Profile, Status
from imagesfactory.accounts.store import profile_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client, Query


class MemberRoll:
    """Names members to rooms that write to all of them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, after: str, limit: int) -> list[str]:
        """Active members (uids) after the uid ``after`` ("" for the first ones), in order, at most ``limit``."""
        return [snapshot.id for snapshot in self._active(after).limit(limit).select(()).stream()]

    def profiles(self, after: str, limit: int) -> list[Profile]:
        """The same with all that is known of them."""
        found = (profile_from(snapshot) for snapshot in self._active(after).limit(limit).stream())
        return [profile for profile in found if profile is not None]

    def _active(self, after: str) -> Query:
        from google.cloud.firestore import FieldFilter

        users = self._client.collection("users")
        query = users.where(filter=FieldFilter("status", "==", Status.ACTIVE.value)).order_by("__name__")
        return query.start_after({"__name__": users.document(after)}) if after else query
