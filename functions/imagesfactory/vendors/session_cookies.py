"""Session cookies of Firebase Authentication, for websites that keep a sign-in without keeping tokens in scripts.

Source: firebase.google.com/docs/auth/admin/manage-cookies.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from imagesfactory.vendors.directory import firebase_app
from imagesfactory.vendors.google_calls import translated
from imagesfactory.vendors.once import Once

LIFETIME: Final = timedelta(days=5)
"""Firebase allows five minutes to two weeks."""
FRESH: Final = timedelta(minutes=5)
"""How recent the sign-in must be: a stolen ID token of an hour ago makes no session of days."""


class NoSession(Exception):
    """The token or cookie is wrong, too old, revoked, or its sign-in is disabled or gone."""


class SessionCookies:
    """Makes, checks and revokes session cookies."""

    def __init__(self, *, project: str) -> None:
        self._app = Once(lambda: firebase_app(project))

    def issue(self, id_token: str, now: datetime) -> str:
        """A cookie for whoever just signed in with ``id_token``.

        Raises:
            NoSession

        """
        from firebase_admin import auth

        with translated("directory"):
            try:
                claims = auth.verify_id_token(id_token, app=self._app(), check_revoked=True)
                if now.timestamp() - int(claims["auth_time"]) > FRESH.total_seconds():
                    raise NoSession
                return _text(auth.create_session_cookie(id_token, expires_in=LIFETIME, app=self._app()))
            except (auth.InvalidIdTokenError, auth.UserDisabledError, auth.UserNotFoundError, ValueError):
                raise NoSession from None

    def holder(self, cookie: str) -> str:
        """Whose session it is (uid), asked of the directory, so that a revoked one ends at once.

        Raises:
            NoSession

        """
        from firebase_admin import auth

        with translated("directory"):
            try:
                return str(auth.verify_session_cookie(cookie, check_revoked=True, app=self._app())["uid"])
            except (auth.InvalidSessionCookieError, auth.UserDisabledError, auth.UserNotFoundError, ValueError):
                raise NoSession from None

    def revoke(self, uid: str) -> None:
        """End every session of ``uid``, on every device."""
        from firebase_admin import auth

        with translated("directory"):
            auth.revoke_refresh_tokens(uid, app=self._app())


def _text(cookie: str | bytes) -> str:
    return cookie.decode() if isinstance(cookie, bytes) else cookie
