"""Firebase Authentication's user directory, and the one Firebase app of the process."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from imagesfactory.kit.errors import RetryLater
from imagesfactory.rights.ports import SignIn
from imagesfactory.vendors.google_calls import GoogleServiceUnusable, translated
from imagesfactory.vendors.once import Once

if TYPE_CHECKING:
    from firebase_admin import App
    from firebase_admin.auth import UserRecord

    from imagesfactory.accounts.model import SignInFacts

CALL_SECONDS = 10
"""The longest wait of one call; the library repeats calls that failed with 500 or 503 by itself."""
_BUSY_CODES = frozenset(
    {"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED"}
)
_app_lock = Lock()


def firebase_app(project: str) -> App:
    """The default Firebase app, made once per process; functions that check ID tokens need it as well."""
    import firebase_admin

    with _app_lock:
        try:
            return firebase_admin.get_app()
        except ValueError:  # none yet
            options = {"projectId": project, "httpTimeout": CALL_SECONDS}
            return firebase_admin.initialize_app(options=options)


class FirebaseDirectory:
    """A Directory."""

    def __init__(self, *, project: str) -> None:
        self._app = Once(lambda: firebase_app(project))

    def delete(self, uid: str) -> None:
        """Remove the sign-in of ``uid``; nobody there is fine.

        Raises:
            RetryLater: the directory does not answer now.
            GoogleServiceUnusable: it will not until an operator acts.

        """
        from firebase_admin import auth
        from firebase_admin.exceptions import FirebaseError

        with translated("directory"):
            try:
                auth.delete_user(uid, app=self._app())
            except auth.UserNotFoundError:
                return
            except FirebaseError as error:
                raise _ours(str(error.code)) from None
            except ValueError:  # the library checks the form itself, and quotes what it refuses
                raise GoogleServiceUnusable("directory-uid-invalid") from None

    def end_sessions(self, uid: str) -> None:
        """End every session of ``uid``, on every device; nobody there is fine. An ID token lives for an hour at most.

        Raises:
            RetryLater, GoogleServiceUnusable: as in :meth:`delete`.

        """
        from firebase_admin import auth
        from firebase_admin.exceptions import FirebaseError

        with translated("directory"):
            try:
                auth.revoke_refresh_tokens(uid, app=self._app())
            except auth.UserNotFoundError:
                return
            except FirebaseError as error:
                raise _ours(str(error.code)) from None
            except ValueError:
                raise GoogleServiceUnusable("directory-uid-invalid") from None

    def sign_in(self, uid: str) -> SignIn | None:
        """The sign-in of ``uid``; None when there is none.

        Raises:
            RetryLater, GoogleServiceUnusable: as in :meth:`delete`.

        """
        user = self._user(uid)
        if user is None:
            return None
        facts = user.user_metadata
        return SignIn(
            methods=tuple(str(provider.provider_id) for provider in user.provider_data),
            created_at=_instant(facts.creation_timestamp),
            last_used_at=_instant(facts.last_sign_in_timestamp),
            sessions_valid_since=_instant(user.tokens_valid_after_timestamp),
        )

    def google_id(self, uid: str) -> str:
        """How Google names whoever signs in as ``uid`` with it; empty where nobody does.

        Raises:
            RetryLater, GoogleServiceUnusable: as in :meth:`delete`.

        """
        user = self._user(uid)
        providers = user.provider_data if user is not None else ()
        return next((str(one.uid) for one in providers if one.provider_id == "google.com"), "")

    def correct(self, uid: str, facts: SignInFacts) -> None:
        """Have the sign-in of ``uid`` say ``facts``; what it does not hold is not added, and nobody there is fine. An
        address that is new to it is unverified.

        Raises:
            RetryLater, GoogleServiceUnusable: as in :meth:`delete`; the latter also if somebody else has the address.

        """
        from firebase_admin import auth
        from firebase_admin.exceptions import FirebaseError

        with translated("directory"):
            try:
                changes = _differing(auth.get_user(uid, app=self._app()), facts)
                if changes:
                    auth.update_user(uid, app=self._app(), **changes)
            except auth.UserNotFoundError:
                return
            except FirebaseError as error:
                raise _ours(str(error.code)) from None
            except ValueError:  # as above
                raise GoogleServiceUnusable("directory-facts-invalid") from None

    def missing(self, uids: Iterable[str]) -> set[str]:
        """Those of at most 100 ``uids`` who have no sign-in.

        Raises:
            RetryLater, GoogleServiceUnusable: as in :meth:`delete`.

        """
        from firebase_admin import auth
        from firebase_admin.exceptions import FirebaseError

        with translated("directory"):
            try:
                found = auth.get_users([auth.UidIdentifier(uid) for uid in uids], app=self._app())
            except FirebaseError as error:
                raise _ours(str(error.code)) from None
            except ValueError:
                raise GoogleServiceUnusable("directory-uid-invalid") from None
            return {str(identifier.uid) for identifier in found.not_found}

    def _user(self, uid: str) -> UserRecord | None:
        from firebase_admin import auth
        from firebase_admin.exceptions import FirebaseError

        with translated("directory"):
            try:
                return auth.get_user(uid, app=self._app())
            except auth.UserNotFoundError:
                return None
            except FirebaseError as error:
                raise _ours(str(error.code)) from None


def _differing(user: UserRecord, facts: SignInFacts) -> dict[str, Any]:
    """What of a sign-in is to be changed, as ``update_user`` takes it."""
    from firebase_admin.auth import DELETE_ATTRIBUTE

    changes: dict[str, Any] = {}
    if facts.email is not None and facts.email != user.email:
        changes |= {"email": facts.email, "email_verified": False}
    if user.display_name and user.display_name != facts.name:
        changes["display_name"] = facts.name or DELETE_ATTRIBUTE
    if user.photo_url and user.photo_url != facts.photo_url:
        changes["photo_url"] = facts.photo_url or DELETE_ATTRIBUTE
    return changes


def _instant(milliseconds: int | None) -> datetime | None:
    """The library's milliseconds; 0 or None where it does not know."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _ours(code: str) -> Exception:
    if code in _BUSY_CODES:
        return RetryLater(f"directory-{code.lower()}")
    return GoogleServiceUnusable(f"directory-{code.lower()}")
