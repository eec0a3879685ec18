"""What members and strangers may ask of support, and what staff does about it; each look of staff is logged."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors import callers, limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.calling import on_call
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY

_SECRETS = list(SECRETS_OF_IDENTITY)


@on_call(timeout_sec=30, concurrency=40, secrets=_SECRETS)
@answers
def create_inquiry(request: CallableRequest[Any]) -> dict[str, Any]:
    """Make an inquiry as a member."""
    caller = callers.member(request)
    limits.count("create_inquiry", request, caller.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.support.request import InquiryRequest

    wanted = parsed(InquiryRequest, request.data)
    return views_support.inquiry(office.support().create(caller.uid, wanted, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=40, max_instances=5, secrets=_SECRETS)
@answers
def create_open_inquiry(request: CallableRequest[Any]) -> dict[str, Any]:
    """Make an inquiry without an account: an appeal against a refused sign-up, an authority."""
    callers.anybody(request)
    limits.count("create_open_inquiry", request)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.support.request import OpenInquiryRequest

    wanted = parsed(OpenInquiryRequest, request.data)
    address = callers.network_address(request.raw_request)
    return views_support.inquiry(office.support().create_open(wanted, address, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=40, max_instances=5, secrets=_SECRETS)
@answers
def guardian_deletion_request(request: CallableRequest[Any]) -> dict[str, Any]:
    """Demand, as a parent or guardian, that the account of a child under 14 be deleted; no account is needed."""
    callers.anybody(request)
    limits.count("guardian_deletion_request", request)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.support.request import GuardianRequest

    wanted, address = parsed(GuardianRequest, request.data), callers.network_address(request.raw_request)
    return views_support.inquiry(office.support().create_for_guardian(wanted, address, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=40, secrets=_SECRETS)
@answers
def reply_to_inquiry(request: CallableRequest[Any]) -> dict[str, Any]:
    """Write on in one's own inquiry."""
    caller = callers.member(request)
    limits.count("reply_to_inquiry", request, caller.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.support.request import MessageRequest

    wanted = parsed(MessageRequest, request.data)
    return views_support.inquiry(office.support().reply(caller.uid, wanted, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=10, secrets=_SECRETS)
@answers
def list_inquiries(request: CallableRequest[Any]) -> dict[str, Any]:
    """Inquiries in one state, the longest waiting first, for support."""
    staff = callers.staff_member(request, "support")
    limits.count("list_inquiries", request, staff.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.support.request import InquiriesQuery

    found = office.support_desk().page(staff, parsed(InquiriesQuery, request.data or {}), bootstrap.clock().now())
    return {"inquiries": [views_support.desk_inquiry(one) for one in found], "cursor": found[-1].id if found else None}


@on_call(timeout_sec=30, concurrency=10, secrets=_SECRETS)
@answers
def read_inquiry(request: CallableRequest[Any]) -> dict[str, Any]:
    """One inquiry with its messages, for support."""
    staff = callers.staff_member(request, "support")
    limits.count("read_inquiry", request, staff.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.support.request import InquiryQuery

    wanted = parsed(InquiryQuery, request.data).inquiry_id
    found, messages = office.support_desk().get(staff, wanted, bootstrap.clock().now())
    return {**views_support.desk_inquiry(found), "messages": [views_support.message(one) for one in messages]}


@on_call(timeout_sec=30, concurrency=10, secrets=_SECRETS)
@answers
def answer_inquiry(request: CallableRequest[Any]) -> dict[str, Any]:
    """Answer an inquiry, on record and by mail, for support."""
    staff = callers.staff_member(request, "support")
    limits.count("answer_inquiry", request, staff.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.support.request import MessageRequest

    wanted = parsed(MessageRequest, request.data)
    return views_support.inquiry(office.support_desk().answer(staff, wanted, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=10, secrets=_SECRETS)
@answers
def settle_inquiry(request: CallableRequest[Any]) -> dict[str, Any]:
    """Settle an inquiry, from when its record lives three years, for support."""
    staff = callers.staff_member(request, "support")
    limits.count("settle_inquiry", request, staff.uid)
    from imagesfactory.doors import views_support
    from imagesfactory.doors.requests import parsed
    from imagesfactory.support.request import InquiryQuery

    wanted = parsed(InquiryQuery, request.data).inquiry_id
    return views_support.inquiry(office.support_desk().settle(staff, wanted, bootstrap.clock().now()))
