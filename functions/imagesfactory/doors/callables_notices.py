"""Changes of the terms and the policy: the officer announces them, members see and agree to them."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors import callers, limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.calling import on_call
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def announce_change(request: CallableRequest[Any]) -> dict[str, Any]:
    """Announce a change, for the officer; refused if it would take effect too early."""
    officer = callers.staff_member(request, "officer")
    limits.count("announce_change", request, officer.uid)
    from imagesfactory.doors import views_notices
    from imagesfactory.doors.requests import parsed
    from imagesfactory.notices.model import ChangeRequest

    wanted = parsed(ChangeRequest, request.data)
    return views_notices.change(office.notices().announce(officer, wanted, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=40)
@answers
def get_policy_state(request: CallableRequest[Any]) -> dict[str, Any]:
    """What is in force, what is announced, and what the member has to agree to anew."""
    caller = callers.member(request)
    limits.count("get_policy_state", request, caller.uid)
    from imagesfactory.doors import views_notices

    return views_notices.policy_state(office.notices().state(bootstrap.profiles().active(caller.uid)))


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def agree_to_policy(request: CallableRequest[Any]) -> dict[str, Any]:
    """Agree to the version in force of the terms or the privacy policy."""
    caller = callers.member(request)
    limits.count("agree_to_policy", request, caller.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.notices.model import AgreementRequest

    wanted = parsed(AgreementRequest, request.data)
    office.notices().agree(caller.uid, wanted, bootstrap.clock().now())
    return {"document": wanted.document.value, "version": wanted.version}


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def begin_campaign(request: CallableRequest[Any]) -> dict[str, Any]:
    """Advertise something to the members who agree to it, for the officer."""
    officer = callers.staff_member(request, "officer")
    limits.count("begin_campaign", request, officer.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.notices.campaigns import CampaignRequest

    wanted = parsed(CampaignRequest, request.data)
    return {"campaign_id": office.campaigns().begin(officer, wanted, bootstrap.clock().now())}
