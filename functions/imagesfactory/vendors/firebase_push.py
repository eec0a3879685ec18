"""Notifications through Firebase Cloud Messaging, HTTP v1.

firebase-admin's messaging knows one address only and repeats calls by itself, so this speaks with google-auth's
session: one call, one attempt. Google learns the push address, the text and our opaque ids.
Source: firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, and ErrorCode there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagesfactory.kit import log
from imagesfactory.mail.ports import AddressGone, LetterRefused, Push, SenderBusy
from imagesfactory.vendors.answers import delay_asked, safe_code
from imagesfactory.vendors.once import Once

if TYPE_CHECKING:
    from imagesfactory.accounts.devices import PushAddress

ADDRESS = "https://fcm.googleapis.com"
CALL_SECONDS = 10.0
"""The longest silence of one call."""
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_FIELDS = {"token": "token", "installation": "fid"}
_NO_ADDRESS = "not a valid FCM registration token"
_GONE = frozenset({"UNREGISTERED", "SENDER_ID_MISMATCH"})
"""The app was removed, or its address belongs to another project."""


class FirebasePusher:
    """A Pusher."""

    def __init__(self, *, project: str, address: str = "", call_seconds: float = CALL_SECONDS) -> None:
        """``address`` is the URL of a double, which asks for no credentials; empty for Google's own."""
        self._url = f"{address or ADDRESS}/v1/projects/{project}/messages:send"
        self._call_seconds = call_seconds
        self._session = Once(lambda: _session(is_double=bool(address)))

    def push(self, push: Push, address: PushAddress) -> str:
        """Hand over the notification, exactly one attempt; returns Google's name of it.

        Raises:
            AddressGone, SenderBusy, LetterRefused: see the port.

        """
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        try:
            answer = self._session().post(
                self._url,
                json={"message": {_FIELDS[address.kind]: address.value, **_message(push)}},
                timeout=self._call_seconds,
                max_allowed_time=self._call_seconds,
            )
        except GoogleAuthError as error:
            log.error("push.unusable", provider="fcm", code="credentials", error_type=type(error).__name__)
            raise SenderBusy from None
        except (RequestException, OSError):
            raise SenderBusy from None
        if answer.status_code != 200:
            raise _ours(answer)
        return str(_json(answer).get("name", ""))


def _session(*, is_double: bool) -> Any:
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.auth.transport.requests import AuthorizedSession

    anonymous: Any = AnonymousCredentials
    credentials: Any = anonymous() if is_double else google.auth.default(scopes=[_SCOPE])[0]
    authorised: Any = AuthorizedSession
    return authorised(credentials)


def _message(push: Push) -> dict[str, Any]:
    """The notification as each platform has to be told that it replaces its like, and when it ends."""
    seconds = int(push.lives_for.total_seconds())
    shown = {"title": push.title, "body": push.text}
    return {
        "notification": shown,
        "data": dict(push.data),
        "android": {"collapse_key": push.replaces, "ttl": f"{seconds}s", "notification": {"tag": push.replaces}},
        "apns": {"headers": {"apns-collapse-id": push.replaces, "apns-expiration": _moment(seconds)}},
        "webpush": {
            "headers": {"TTL": str(seconds), "Topic": push.replaces},
            "notification": {"tag": push.replaces},
        },
    }


def _moment(seconds: int) -> str:
    """Apple's expiration: seconds since 1970, 0 for now or never."""
    from time import time

    return str(int(time()) + seconds) if seconds else "0"


def _ours(answer: Any) -> Exception:
    """What an answer other than 200 means to us."""
    status, code = int(answer.status_code), _error_code(answer)
    if code in _GONE or _is_about_the_address(answer):
        return AddressGone()
    if status == 400:
        return LetterRefused(safe_code(code, "status-400"))
    if status in {401, 403, 404}:
        log.error("push.unusable", provider="fcm", status=status, code=safe_code(code, "unknown"))
    return SenderBusy(delay_asked(answer.headers))


def _error(answer: Any) -> dict[str, Any]:
    error = _json(answer).get("error")
    return error if isinstance(error, dict) else {}


def _details(answer: Any) -> list[dict[str, Any]]:
    details = _error(answer).get("details")
    return [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []


def _error_code(answer: Any) -> str:
    """FCM's own code, or else the canonical one of Google's errors."""
    found = (one["errorCode"] for one in _details(answer) if isinstance(one.get("errorCode"), str))
    return next(found, str(_error(answer).get("status", "")))


def _is_about_the_address(answer: Any) -> bool:
    """Whether the request is refused because what it names is no push address: FCM says so in words alone
    (github.com/firebase/firebase-admin-java/issues/1064), though its reference promises the field.
    """
    if _NO_ADDRESS in str(_error(answer).get("message", "")):
        return True
    fields = {f"message.{name}" for name in _FIELDS.values()}
    violations = [found for one in _details(answer) for found in one.get("fieldViolations") or []]
    return any(isinstance(found, dict) and found.get("field") in fields for found in violations)


def _json(answer: Any) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
