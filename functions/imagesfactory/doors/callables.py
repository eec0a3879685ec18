"""What client apps may call."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory import bootstrap
from imagesfactory.doors import callers, limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.calling import on_call
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY, SECRETS_OF_IMAGE_PROVIDERS


@on_call(timeout_sec=10, concurrency=80)
@answers
def get_catalog(request: CallableRequest[Any]) -> dict[str, Any]:
    """Models, prices in points, limits and the policy versions in force; open to everybody."""
    callers.anybody(request)
    limits.count("get_catalog", request)
    from imagesfactory.doors import views

    return views.catalog(bootstrap.catalog(), bootstrap.offered(), bootstrap.versions())


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def complete_signup(request: CallableRequest[Any]) -> dict[str, Any]:
    """Make a member of whoever signed up: name, the over-14 statement, consents with versions."""
    caller = callers.member(request)
    limits.count("complete_signup", request, caller.uid)
    from imagesfactory.accounts.model import SignupRequest
    from imagesfactory.doors.requests import parsed

    statements = parsed(SignupRequest, request.data)
    points = bootstrap.accounts().complete_signup(caller.uid, statements, bootstrap.clock().now())
    return {"status": "active", "signup_points": points}


@on_call(timeout_sec=60, concurrency=40, secrets=list(SECRETS_OF_IMAGE_PROVIDERS))
@answers
def create_job(request: CallableRequest[Any]) -> dict[str, Any]:
    """Ask for images; the job's document then tells all that happens to them."""
    caller = callers.member(request)
    limits.count("create_job", request, caller.uid)
    from imagesfactory.doors import views
    from imagesfactory.doors.requests import parsed
    from imagesfactory.generation.request import JobRequest

    wanted = parsed(JobRequest, request.data)
    return views.accepted(bootstrap.generation().create(caller.uid, wanted, bootstrap.clock().now()))


@on_call(timeout_sec=30, concurrency=40, secrets=list(SECRETS_OF_IDENTITY))
@answers
def cancel_job(request: CallableRequest[Any]) -> dict[str, Any]:
    """Release the images of a job that nobody has begun."""
    caller = callers.member(request)
    limits.count("cancel_job", request, caller.uid)
    from imagesfactory.doors import views
    from imagesfactory.doors.requests import CancelRequest, parsed

    job_id = parsed(CancelRequest, request.data).job_id
    return views.job(bootstrap.generation().cancel(caller.uid, job_id, bootstrap.clock().now()))
