"""A record as the archive keeps it: under the subject, and without what would lead to the member.

Wherever the member's id stands, also inside a text (a link to an own image, say), the subject stands instead; contact
data is left out. Texts that people wrote are otherwise kept as they wrote them: an inquiry is what the law wants kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy.records import OwnedPlace


class MemberStillNamed(Exception):
    """A record for the archive names the member in a way in which nothing replaces the name."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


def nameless(where: OwnedPlace, document: dict[str, Any], uid: str, subject: str, now: datetime) -> dict[str, Any]:
    """The record under ``subject``. One whose clock never started ends its period counted from ``now``.

    Raises:
        MemberStillNamed: ``uid`` stands in a value that is no text, such as bytes; no copy may be made of it.

    """
    archived = {name: value for name, value in document.items() if name not in where.place.unarchived}
    kept: dict[str, Any] = _renamed(archived, uid, subject)
    kept["destroy_at"] = document.get("destroy_at") or destroy_at(where.place.record_class, now)
    if uid in str(kept):
        raise MemberStillNamed(where.path)
    return kept


def _renamed(value: Any, uid: str, subject: str) -> Any:
    if isinstance(value, str):
        return value.replace(uid, subject)
    if isinstance(value, dict):
        return {_renamed(name, uid, subject): _renamed(part, uid, subject) for name, part in value.items()}
    return [_renamed(part, uid, subject) for part in value] if isinstance(value, list) else value
