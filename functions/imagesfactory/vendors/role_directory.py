"""Roles of staff as custom claims of Firebase Authentication.

Source: firebase.google.com/docs/auth/admin/custom-claims. Other claims of the sign-in stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from imagesfactory.vendors.directory import firebase_app
from imagesfactory.vendors.google_calls import GoogleServiceUnusable, translated
from imagesfactory.vendors.once import Once

_CLAIM = "roles"


class FirebaseRoles:
    """A RoleDirectory."""

    def __init__(self, *, project: str) -> None:
        self._app = Once(lambda: firebase_app(project))

    def uid_of(self, address: str) -> str | None:
        """The sign-in with that e-mail address, if there is one."""
        from firebase_admin import auth

        try:
            with _directory():
                return str(auth.get_user_by_email(address, app=self._app()).uid)
        except auth.UserNotFoundError:
            return None

    def roles(self, uid: str) -> tuple[str, ...]:
        """The roles that the sign-in has now."""
        return tuple(self._claims(uid).get(_CLAIM, ()))

    def set_roles(self, uid: str, roles: Sequence[str]) -> None:
        """Give the sign-in exactly these roles and end its sessions; ID tokens in use live an hour at most."""
        from firebase_admin import auth

        claims = {name: value for name, value in self._claims(uid).items() if name != _CLAIM}
        if roles:
            claims[_CLAIM] = list(roles)
        with _directory():
            auth.set_custom_user_claims(uid, claims, app=self._app())
            auth.revoke_refresh_tokens(uid, app=self._app())

    def _claims(self, uid: str) -> dict[str, Any]:
        from firebase_admin import auth

        with _directory():
            return dict(auth.get_user(uid, app=self._app()).custom_claims or {})


@contextmanager
def _directory() -> Iterator[None]:
    """Errors of the directory without the address that some of them quote."""
    from firebase_admin import auth
    from firebase_admin.exceptions import FirebaseError

    with translated("directory"):
        try:
            yield
        except auth.UserNotFoundError:
            raise
        except FirebaseError as error:
            raise GoogleServiceUnusable(f"directory-{str(error.code).lower()}") from None
