"""What members may call about their own data: see it, correct it, take it along, leave."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from firebase_functions.https_fn import CallableRequest, on_call

from imagesfactory import bootstrap
from imagesfactory.doors import callers
from imagesfactory.doors.answers import answers
from imagesfactory.doors.options import ANY_ORIGIN
from imagesfactory.kit.settings import (
    SECRETS_OF_IDENTITY,
    SECRETS_OF_IMAGE_PROVIDERS,
    SECRETS_OF_MAIL,
    SECRETS_OF_PAYMENTS,
)

ALL_SECRETS = [*SECRETS_OF_IDENTITY, *SECRETS_OF_IMAGE_PROVIDERS, *SECRETS_OF_MAIL, *SECRETS_OF_PAYMENTS]


@on_call(cors=ANY_ORIGIN, timeout_sec=60, concurrency=20, secrets=ALL_SECRETS)
@answers
def withdraw(request: CallableRequest[Any]) -> dict[str, Any]:
    """Without ``confirmed``: what would be lost, paid back, kept (and why), erased. With it: withdraw."""
    caller = callers.signed_in(request)
    from imagesfactory.doors import views_privacy
    from imagesfactory.doors.requests import parsed
    from imagesfactory.withdrawal.model import WithdrawRequest

    wanted, now = parsed(WithdrawRequest, request.data or {}), bootstrap.clock().now()
    service = bootstrap.withdrawals()
    if wanted.confirmed is None:
        return {"status": "preview", **views_privacy.withdrawal(service.preview(caller.uid, now))}
    service.withdraw(caller.uid, wanted, _signed_in_at(request), now)
    return {"status": "withdrawing"}


def _signed_in_at(request: CallableRequest[Any]) -> datetime:
    """When the member proved who they are, not when the token was renewed; long ago if the token does not say."""
    token = request.auth.token if request.auth is not None else {}
    return datetime.fromtimestamp(int((token or {}).get("auth_time", 0)), UTC)
