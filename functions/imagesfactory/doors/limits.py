"""May they so often: counts a call by the limits of its function in policy/limits.yaml.

Asked after who is asking is known, so that a call without a good sign-in reads nothing, and before what is asked is
looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors import callers
from imagesfactory.kit import log

if TYPE_CHECKING:
    from flask import Request, Response


def count(function: str, request: CallableRequest[Any], uid: str = "") -> None:
    """Count a call of a callable, by ``uid`` if somebody is signed in, and by the network address.

    Raises:
        TooManyRequests

    """
    count_from(function, callers.network_address(request.raw_request), uid)


def count_from(function: str, address: str, uid: str = "") -> None:
    """The same where no callable is called; an empty ``address`` is not counted.

    Raises:
        TooManyRequests

    """
    office.limits().admit(function, uid, address, bootstrap.clock().now())


def refusal(function: str, request: Request) -> Response | None:
    """Count a plain HTTP request by its network address; the answer to give if it is one too many.

    Source: RFC 6585 section 4.
    """
    from imagesfactory.doors.said import said
    from imagesfactory.kit.rate import TooManyRequests

    try:
        count_from(function, callers.network_address(request))
    except TooManyRequests as refused:
        log.info("call.refused", task=function, code=refused.code)
        return said(refused.text, 429, Retry_After=str(refused.details["retry_after_seconds"]))
    return None
