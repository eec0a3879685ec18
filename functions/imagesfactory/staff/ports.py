"""What staff needs from outsiders: the directory that holds the roles of sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class RoleDirectory(Protocol):
    """Firebase Authentication's user directory, as far as roles go."""

    def uid_of(self, address: str) -> str | None:
        """The sign-in with that e-mail address, if there is one."""

    def roles(self, uid: str) -> tuple[str, ...]:
        """The roles that the sign-in has now."""

    def set_roles(self, uid: str, roles: Sequence[str]) -> None:
        """Give the sign-in exactly these roles and end its sessions, so that no old token keeps an old role."""
