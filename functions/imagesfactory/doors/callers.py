"""Who is asking: a signed-in client, or Cloud Tasks."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory.kit.errors import Outcome, Refusal, Text
from imagesfactory.kit.settings import settings

if TYPE_CHECKING:
    from flask import Request

    from imagesfactory.staff.model import StaffMember


class SignInRequired(Refusal):
    """Nobody is signed in."""

    outcome = Outcome.UNAUTHENTICATED
    code = "sign-in-required"
    text = Text("로그인이 필요합니다.", "Please sign in.")


class AppNotGenuine(Refusal):
    """The call carries no App Check token, and this deployment demands one."""

    outcome = Outcome.UNAUTHENTICATED
    code = "app-check-required"
    text = Text("정식 앱에서만 이용할 수 있습니다.", "Please use the genuine app.")


class StaffOnly(Refusal):
    """The caller has not the role that this needs (custom claim ``roles`` of the sign-in)."""

    outcome = Outcome.PERMISSION_DENIED
    code = "staff-only"
    text = Text("권한이 없습니다.", "You are not allowed to see this.")


class EmailNotVerified(Refusal):
    """The e-mail address was not confirmed yet."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "email-not-verified"
    text = Text("이메일 인증을 먼저 완료해 주세요.", "Please confirm your e-mail address first.")


class NotOurQueue(Refusal):
    """A task function was called by something else than our queue."""

    outcome = Outcome.PERMISSION_DENIED
    code = "not-our-queue"
    text = Text("허용되지 않은 호출입니다.", "This call is not allowed.")


@dataclass(frozen=True)
class Caller:
    """Somebody signed in, as their ID token says."""

    uid: str
    is_email_verified: bool


def anybody(request: CallableRequest[Any]) -> None:
    """Let everybody in who uses a genuine app.

    Raises:
        AppNotGenuine: App Check is demanded and missing (a wrong token never gets here).

    """
    if settings().app_check_required and request.app is None:
        raise AppNotGenuine


def signed_in(request: CallableRequest[Any]) -> Caller:
    """Whoever signed in.

    Raises:
        AppNotGenuine, SignInRequired

    """
    anybody(request)
    if request.auth is None or not request.auth.uid:
        raise SignInRequired
    return Caller(request.auth.uid, (request.auth.token or {}).get("email_verified") is True)


def member(request: CallableRequest[Any]) -> Caller:
    """Whoever signed in with a confirmed e-mail address.

    Raises:
        AppNotGenuine, SignInRequired, EmailNotVerified

    """
    caller = signed_in(request)
    if not caller.is_email_verified:
        raise EmailNotVerified
    return caller


def staff(request: CallableRequest[Any], role: str) -> Caller:
    """Somebody of the company with that role.

    Raises:
        AppNotGenuine, SignInRequired, StaffOnly

    """
    caller = signed_in(request)
    roles = (request.auth.token or {}).get("roles") if request.auth else None
    if not isinstance(roles, list) or role not in roles:
        raise StaffOnly
    return caller


def staff_member(request: CallableRequest[Any], role: str) -> StaffMember:
    """Somebody of the company with that role, as the access log has to know them.

    Raises:
        AppNotGenuine, SignInRequired, StaffOnly

    """
    from imagesfactory.staff.model import Role, StaffMember

    return StaffMember(staff(request, role).uid, Role(role), network_address(request.raw_request))


def network_address(request: Request) -> str:
    """From where the call came: what Google's front end saw, which it adds as the last of X-Forwarded-For.

    What stands before it was written by the caller and proves nothing.
    Source: docs.cloud.google.com/functions/docs/reference/headers.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
    return (forwarded or request.remote_addr or "")[:45]


def our_queue(request: CallableRequest[Any]) -> None:
    """Let Cloud Tasks in.

    Task functions are deployed private, so that Google has verified the token before we are called (and has taken
    the signature off: cloud.google.com/run/docs/troubleshooting#signature-removed). What is left to check here is
    that it is our queue's service account and not another one that may invoke functions. The emulator sends none.

    Raises:
        NotOurQueue: it is not.

    """
    if settings().is_local:
        return
    authorization = request.raw_request.headers.get("Authorization", "")
    if _claims(authorization.removeprefix("Bearer ")).get("email") != settings().task_invoker:
        raise NotOurQueue


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
