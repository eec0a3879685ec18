"""What members may call about their own data: see it, correct it, take it along, leave."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory import bootstrap
from imagesfactory import bootstrap_rights as rights
from imagesfactory.doors import callers, limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.calling import on_call
from imagesfactory.kit.settings import (
    SECRETS_OF_IDENTITY,
    SECRETS_OF_IMAGE_PROVIDERS,
    SECRETS_OF_MAIL,
    SECRETS_OF_PAYMENTS,
)

ALL_SECRETS = [*SECRETS_OF_IDENTITY, *SECRETS_OF_IMAGE_PROVIDERS, *SECRETS_OF_MAIL, *SECRETS_OF_PAYMENTS]


@on_call(timeout_sec=60, concurrency=20, secrets=ALL_SECRETS)
@answers
def withdraw(request: CallableRequest[Any]) -> dict[str, Any]:
    """Without ``confirmed``: what would be lost, paid back, kept (and why), erased. With it: withdraw."""
    caller = callers.signed_in(request)
    limits.count("withdraw", request, caller.uid)
    from imagesfactory.doors import views_privacy
    from imagesfactory.doors.requests import parsed
    from imagesfactory.withdrawal.model import WithdrawRequest

    wanted, now = parsed(WithdrawRequest, request.data or {}), bootstrap.clock().now()
    service = rights.withdrawals()
    if wanted.confirmed is None:
        return {"status": "preview", **views_privacy.withdrawal(service.preview(caller.uid, now))}
    service.withdraw(caller.uid, wanted, _signed_in_at(request), now)
    return {"status": "withdrawing"}


@on_call(timeout_sec=30, concurrency=40)
@answers
def get_my_page(request: CallableRequest[Any]) -> dict[str, Any]:
    """Everything held about the member by purpose and retention; with ``place``, a page of those records."""
    caller = callers.signed_in(request)
    limits.count("get_my_page", request, caller.uid)
    from imagesfactory.doors import views_privacy
    from imagesfactory.doors.requests import MyPageQuery, parsed

    wanted, page = parsed(MyPageQuery, request.data or {}), rights.my_page()
    if wanted.place is None:
        return views_privacy.my_page(page.overview(caller.uid), bootstrap.clock().now())
    records, cursor = page.records(caller.uid, wanted.place, wanted.cursor)
    return {"records": views_privacy.plain(records), "cursor": cursor}


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def update_profile(request: CallableRequest[Any]) -> dict[str, Any]:
    """Change one's name, language or photo."""
    caller = callers.signed_in(request)
    limits.count("update_profile", request, caller.uid)
    from imagesfactory.accounts.changes import ProfileRequest
    from imagesfactory.doors import views_privacy
    from imagesfactory.doors.requests import parsed

    wanted, now = parsed(ProfileRequest, request.data), bootstrap.clock().now()
    return views_privacy.profile(bootstrap.profiles().update(caller.uid, wanted, now), now)


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def set_consents(request: CallableRequest[Any]) -> dict[str, Any]:
    """Say what one agrees to from now on, or goes on to agree to."""
    caller = callers.signed_in(request)
    limits.count("set_consents", request, caller.uid)
    from imagesfactory.accounts.changes import ConsentRequest
    from imagesfactory.doors import views_privacy
    from imagesfactory.doors.requests import parsed

    wanted, now = parsed(ConsentRequest, request.data), bootstrap.clock().now()
    return views_privacy.profile(bootstrap.profiles().set_consents(caller.uid, wanted, now), now)


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def resume_mail(request: CallableRequest[Any]) -> dict[str, Any]:
    """Be written to again at an address that returned mail."""
    caller = callers.signed_in(request)
    limits.count("resume_mail", request, caller.uid)
    return {"was_stopped": rights.mail_stops().lift_own(caller.uid)}


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def request_correction(request: CallableRequest[Any]) -> dict[str, Any]:
    """Say what is wrong: from now on it is not used until staff has decided."""
    caller = callers.signed_in(request)
    limits.count("request_correction", request, caller.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.rights.correction import CorrectionRequest

    wanted = parsed(CorrectionRequest, request.data)
    correction_id = rights.corrections().request(caller.uid, wanted, bootstrap.clock().now())
    return {"correction_id": correction_id, "status": "pending"}


@on_call(timeout_sec=60, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def export_my_data(request: CallableRequest[Any]) -> dict[str, Any]:
    """Ask for everything as one file; ``exports/{id}`` tells when it is ready, and a letter does."""
    caller = callers.signed_in(request)
    limits.count("export_my_data", request, caller.uid)
    from imagesfactory.doors import views_privacy

    return views_privacy.export(rights.exports().request(caller.uid, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def delete_image(request: CallableRequest[Any]) -> dict[str, Any]:
    """Delete one image of a finished job, for good."""
    caller = callers.signed_in(request)
    limits.count("delete_image", request, caller.uid)
    from imagesfactory.doors import views
    from imagesfactory.doors.requests import ImageTask, parsed

    wanted = parsed(ImageTask, request.data)
    return views.job(rights.image_deletion().delete(caller.uid, wanted.job_id, wanted.image))


def _signed_in_at(request: CallableRequest[Any]) -> datetime:
    """When, by our clock, the member proved who they are, not when the token was renewed; long ago if the token does
    not say. The token is dated by the time outside.
    """
    token = request.auth.token if request.auth is not None else {}
    proved = datetime.fromtimestamp(int((token or {}).get("auth_time", 0)), UTC)
    return bootstrap.clock().now() - (bootstrap.outside_clock().now() - proved)
