"""The roll of members, by id, a page at a time: all of them for what concerns them, active ones for advertising."""

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
        """Members (uids), also suspended ones, after the uid ``after`` ("" for the first ones), in order, at most
        ``limit``.
        """
        whole = self._members(after, Status.ACTIVE, Status.SUSPENDED)
        return [snapshot.id for snapshot in whole.limit(limit).select(()).stream()]

    def profiles(self, after: str, limit: int) -> list[Profile]:
        """Active members with all that is known of them, likewise."""
        found = (profile_from(snapshot) for snapshot in self._members(after, Status.ACTIVE).limit(limit).stream())
        return [profile for profile in found if profile is not None]

    def _members(self, after: str, *statuses: Status) -> Query:
        from google.cloud.firestore import FieldFilter

        users = self._client.collection("users")
        wanted = [status.value for status in statuses]
        query = users.where(filter=FieldFilter("status", "in", wanted)).order_by("__name__")
        return query.start_after({"__name__": users.document(after)}) if after else query
