"""What the privacy officer may call: acts on members, lawful disclosures, the log of who looked at whose data."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory import bootstrap_rights as rights
from imagesfactory.doors import callers, limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.callables_privacy import ALL_SECRETS
from imagesfactory.doors.calling import on_call
from imagesfactory.doors.options import OFFICER
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def list_corrections(request: CallableRequest[Any]) -> dict[str, Any]:
    """The corrections that members wait for."""
    officer = callers.staff_member(request, "officer")
    limits.count("list_corrections", request, officer.uid)
    from imagesfactory.doors import views_privacy

    return {"corrections": views_privacy.plain(rights.corrections().open_ones(officer, bootstrap.clock().now()))}


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def decide_correction(request: CallableRequest[Any]) -> dict[str, Any]:
    """Put a member's data right, or say why not."""
    officer = callers.staff_member(request, "officer")
    limits.count("decide_correction", request, officer.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.rights.correction import CorrectionDecision

    decision = parsed(CorrectionDecision, request.data)
    rights.corrections().decide(officer, decision, bootstrap.clock().now())
    return {"status": "done" if decision.is_done else "refused"}


@on_call(timeout_sec=60, concurrency=10, secrets=ALL_SECRETS)
@answers
def close_account_for_guardian(request: CallableRequest[Any]) -> dict[str, Any]:
    """Erase a child's account after checking the guardian who demands it."""
    officer = callers.staff_member(request, "officer")
    limits.count("close_account_for_guardian", request, officer.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.withdrawal.guardians import GuardianDemand

    rights.guardians().close(officer, parsed(GuardianDemand, request.data), bootstrap.clock().now())
    return {"status": "withdrawing"}


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def read_member(request: CallableRequest[Any]) -> dict[str, Any]:
    """Look up the member who asks in an inquiry."""
    officer = callers.staff_member(request, "officer")
    limits.count("read_member", request, officer.uid)
    from imagesfactory.doors import views_privacy
    from imagesfactory.doors.requests import parsed
    from imagesfactory.officer.model import MemberDemand

    demand = parsed(MemberDemand, request.data)
    return views_privacy.member(rights.member_desk().read(officer, demand, bootstrap.clock().now()))


@on_call(timeout_sec=60, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def export_for_member(request: CallableRequest[Any]) -> dict[str, Any]:
    """Have the file of everything made for a member who asks; ``file`` is its name once the officer may fetch it."""
    officer = callers.staff_member(request, "officer")
    limits.count("export_for_member", request, officer.uid)
    from imagesfactory.doors import views_privacy
    from imagesfactory.doors.requests import parsed
    from imagesfactory.officer.model import MemberDemand

    demand = parsed(MemberDemand, request.data)
    export = rights.member_desk().export(officer, demand, bootstrap.clock().now())
    return {**views_privacy.export(export), "file": export.file}


@on_call(timeout_sec=60, concurrency=10, secrets=ALL_SECRETS)
@answers
def withdraw_for_member(request: CallableRequest[Any]) -> dict[str, Any]:
    """Begin the withdrawal of a member who asks and cannot do it alone."""
    officer = callers.staff_member(request, "officer")
    limits.count("withdraw_for_member", request, officer.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.officer.model import WithdrawalDemand

    rights.member_desk().withdraw(officer, parsed(WithdrawalDemand, request.data), bootstrap.clock().now())
    return {"status": "withdrawing"}


@on_call(timeout_sec=60, concurrency=10, service_account=OFFICER, secrets=ALL_SECRETS)
@answers
def suspend_member(request: CallableRequest[Any]) -> dict[str, Any]:
    """Close the service to a member for misuse, and tell them why and what they can do."""
    officer = callers.staff_member(request, "officer")
    limits.count("suspend_member", request, officer.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.officer.model import SuspensionRequest

    wanted = parsed(SuspensionRequest, request.data)
    return {
        "suspension_id": rights.suspensions().suspend(officer, wanted, bootstrap.clock().now()),
        "status": "suspended",
    }


@on_call(timeout_sec=60, concurrency=10, secrets=ALL_SECRETS)
@answers
def reinstate_member(request: CallableRequest[Any]) -> dict[str, Any]:
    """Open the service to a suspended member again."""
    officer = callers.staff_member(request, "officer")
    limits.count("reinstate_member", request, officer.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.officer.model import ReinstatementRequest

    rights.suspensions().reinstate(officer, parsed(ReinstatementRequest, request.data), bootstrap.clock().now())
    return {"status": "active"}


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def grant_appeal(request: CallableRequest[Any]) -> dict[str, Any]:
    """Let somebody join whom the register of misuse keeps out."""
    officer = callers.staff_member(request, "officer")
    limits.count("grant_appeal", request, officer.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.rights.appeals import AppealGrant

    count = rights.appeals().grant(officer, parsed(AppealGrant, request.data), bootstrap.clock().now())
    return {"lifted": count}


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def lift_mail_stop(request: CallableRequest[Any]) -> dict[str, Any]:
    """Let an address be written to again that returned mail."""
    officer = callers.staff_member(request, "officer")
    limits.count("lift_mail_stop", request, officer.uid)
    from imagesfactory.doors.requests import parsed
    from imagesfactory.rights.mail_stops import MailStopLift

    lift = parsed(MailStopLift, request.data)
    return {"was_stopped": rights.mail_stops().lift_for(officer, lift, bootstrap.clock().now())}


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def record_disclosure(request: CallableRequest[Any]) -> dict[str, Any]:
    """Write down what is handed to an authority on a lawful demand."""
    officer = callers.staff_member(request, "officer")
    limits.count("record_disclosure", request, officer.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.staff.model import DisclosureRequest

    wanted = parsed(DisclosureRequest, request.data)
    return views_support.disclosure(office.disclosures().record(officer, wanted, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def list_disclosures(request: CallableRequest[Any]) -> dict[str, Any]:
    """The newest disclosures, of one member or of all."""
    officer = callers.staff_member(request, "officer")
    limits.count("list_disclosures", request, officer.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import SubjectQuery, parsed

    subject = parsed(SubjectQuery, request.data or {}).subject
    found = office.disclosures().read(officer, subject, bootstrap.clock().now())
    return {"disclosures": [views_support.disclosure(one) for one in found]}


@on_call(timeout_sec=30, concurrency=10, secrets=list(SECRETS_OF_IDENTITY))
@answers
def list_accesses(request: CallableRequest[Any]) -> dict[str, Any]:
    """The newest lines of the access log, of one member or of all."""
    officer = callers.staff_member(request, "officer")
    limits.count("list_accesses", request, officer.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import SubjectQuery, parsed

    subject = parsed(SubjectQuery, request.data or {}).subject
    lines = office.access_log().read(officer, subject, bootstrap.clock().now())
    return {"accesses": [views_support.access(line) for line in lines]}
