"""What Firebase Authentication asks before it lets somebody in. It waits seven seconds at most.

Source: firebase.google.com/docs/auth/extend-with-blocking-functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firebase_functions.identity_fn import (
    AuthBlockingEvent,
    BeforeCreateResponse,
    BeforeSignInResponse,
    before_user_created,
    before_user_signed_in,
)

from imagesfactory import bootstrap
from imagesfactory.doors import limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.calling import blocking
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY

if TYPE_CHECKING:
    from imagesfactory.accounts.model import Identity


@blocking
@before_user_created(timeout_sec=7, min_instances=1, secrets=list(SECRETS_OF_IDENTITY))
@answers
def before_create(event: AuthBlockingEvent) -> BeforeCreateResponse | None:
    """Refuse listed identities and ways to sign up that are not offered; begin the account of everybody else."""
    limits.count_from("before_create", event.ip_address or "")
    bootstrap.accounts().admit(_identity(event), bootstrap.clock().now())
    return None


@blocking
@before_user_signed_in(timeout_sec=7, min_instances=1, secrets=list(SECRETS_OF_IDENTITY))
@answers
def before_sign_in(event: AuthBlockingEvent) -> BeforeSignInResponse | None:
    """Refuse accounts that are being closed; note the visit. Suspended members come in to what they have a right to."""
    limits.count_from("before_sign_in", event.ip_address or "", event.data.uid)
    from imagesfactory.accounts.service import Visit

    visit = Visit(event.event_id, event.ip_address or "", event.user_agent or "")
    bootstrap.accounts().sign_in(_identity(event), visit, bootstrap.clock().now())
    return None


def _identity(event: AuthBlockingEvent) -> Identity:
    from imagesfactory.accounts.model import Identity

    user = event.data
    google = next((entry for entry in user.provider_data or [] if entry.provider_id == "google.com"), None)
    return Identity(
        uid=user.uid,
        email=user.email or "",
        method=event.additional_user_info.provider_id or ("google.com" if google else "password"),
        is_email_verified=user.email_verified is True,
        google_id=(google.uid or "") if google else "",
        display_name=user.display_name or "",
        photo_url=user.photo_url or "",
    )
