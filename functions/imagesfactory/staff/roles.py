"""Roles: given and taken by an operator at a terminal, each change on record in ``role_changes/{id}`` for three years.

Source of the three years: standard of safety measures for personal data, article 5.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from imagesfactory.kit import log
from imagesfactory.kit.ids import new_id
from imagesfactory.policy.retention import destroy_at
from imagesfactory.staff.model import Role
from imagesfactory.staff.ports import RoleDirectory

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class NobodySignsInSo(Exception):
    """There is no sign-in with that address."""


@dataclass(frozen=True)
class RoleChange:
    """Who has which roles, before and after."""

    uid: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def is_needed(self) -> bool:
        """Whether anything changes."""
        return self.before != self.after


class RoleService:
    """Changes roles."""

    def __init__(self, client: Client, directory: RoleDirectory) -> None:
        self._client = client
        self._directory = directory

    def plan(self, address: str, given: Collection[Role], taken: Collection[Role]) -> RoleChange:
        """What would change for the sign-in with that e-mail address.

        Raises:
            NobodySignsInSo

        """
        uid = self._directory.uid_of(address)
        if uid is None:
            raise NobodySignsInSo
        before = tuple(sorted(self._directory.roles(uid)))
        after = tuple(sorted({*before, *(role.value for role in given)} - {role.value for role in taken}))
        return RoleChange(uid, before, after)

    def apply(self, change: RoleChange, reason: str, now: datetime) -> None:
        """Carry the change out: on record first, for a role without a record is worse than a record without a role."""
        record = {
            "uid": change.uid,
            "before": list(change.before),
            "after": list(change.after),
            "reason": reason,
            "at": now,
            "destroy_at": destroy_at("staff_rights", now),
        }
        self._client.collection("role_changes").document(new_id()).create(record)
        self._directory.set_roles(change.uid, change.after)
        log.info("role.changed", uid=change.uid, count=len(change.after))
