"""What operators may look at: the truth page."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors import callers, limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.calling import on_call
from imagesfactory.doors.options import KEEPER
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY


@on_call(timeout_sec=120, concurrency=4, service_account=KEEPER, secrets=list(SECRETS_OF_IDENTITY))
@answers
def get_truth(request: CallableRequest[Any]) -> dict[str, Any]:
    """Whether anything was lost, minted or forgotten: a verdict for each question, with counts and ids only."""
    operator = callers.staff_member(request, "operator")
    limits.count("get_truth", request, operator.uid)
    from imagesfactory.doors import views_truth
    from imagesfactory.doors.requests import Request, parsed
    from imagesfactory.staff.model import Access, Action

    parsed(Request, request.data or {})
    now = bootstrap.clock().now()
    page = office.truth_page().look(now)
    if page.members:
        office.access_log().note(Access(operator, Action.TRUTH_READ, page.members), now)
    return views_truth.page(page)
