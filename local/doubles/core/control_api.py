"""The control API that every double serves: plan faults, release held calls, look at what was received."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.core.backstage import Backstage
from local.doubles.core.faults import FaultRule, FaultRuleInvalid, FaultUnknown

WAIT_SECONDS_MAX = 60.0


def control_routes(backstage: Backstage, reset: Callable[[], None]) -> list[Route]:
    """The routes under /_control/. `reset` forgets everything all doubles remember."""
    api = _ControlApi(backstage, reset)
    return [
        Route("/_control/faults", api.add_fault, methods=["POST"]),
        Route("/_control/faults", api.list_faults, methods=["GET"]),
        Route("/_control/faults", api.clear_faults, methods=["DELETE"]),
        Route("/_control/faults/{fault_id}", api.remove_fault, methods=["DELETE"]),
        Route("/_control/faults/{fault_id}/release", api.release_fault, methods=["POST"]),
        Route("/_control/faults/{fault_id}/held", api.wait_until_held, methods=["GET"]),
        Route("/_control/requests", api.list_requests, methods=["GET"]),
        Route("/_control/requests", api.clear_requests, methods=["DELETE"]),
        Route("/_control/reset", api.reset, methods=["POST"]),
    ]


def refusal(status: int, message: str) -> JSONResponse:
    """The control API's own error answer."""
    return JSONResponse({"error": message}, status_code=status)


def wait_seconds(request: Request) -> float:
    """How long a waiting call may wait: the query's timeout_seconds, within bounds. Raises ValueError."""
    asked = float(request.query_params.get("timeout_seconds", "10"))
    return min(max(asked, 0.0), WAIT_SECONDS_MAX)


async def json_body(request: Request) -> Any:
    """The request's JSON, or None when it is not JSON."""
    try:
        return await request.json()
    except ValueError:
        return None


class _ControlApi:
    def __init__(self, backstage: Backstage, reset: Callable[[], None]) -> None:
        self._backstage = backstage
        self._faults = backstage.faults
        self._reset = reset

    async def add_fault(self, request: Request) -> Response:
        try:
            rule = FaultRule.from_json(await json_body(request))
        except FaultRuleInvalid as error:
            return refusal(400, str(error))
        return JSONResponse(self._faults.add(rule).to_json(), status_code=201)

    async def list_faults(self, _: Request) -> Response:
        return JSONResponse({"faults": [planned.to_json() for planned in self._faults.all()]})

    async def clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    async def remove_fault(self, request: Request) -> Response:
        try:
            self._faults.remove(request.path_params["fault_id"])
        except FaultUnknown:
            return refusal(404, "no such fault")
        return Response(status_code=204)

    async def release_fault(self, request: Request) -> Response:
        try:
            self._faults.release(request.path_params["fault_id"])
        except FaultUnknown:
            return refusal(404, "no such fault")
        return Response(status_code=204)

    async def wait_until_held(self, request: Request) -> Response:
        fault_id = request.path_params["fault_id"]
        try:
            count = int(request.query_params.get("count", "1"))
            held = await self._faults.wait_until_held(fault_id, count, wait_seconds(request))
        except FaultUnknown:
            return refusal(404, "no such fault")
        except ValueError:
            return refusal(400, "count and timeout_seconds must be numbers")
        return JSONResponse({"held": held})

    async def list_requests(self, request: Request) -> Response:
        query = request.query_params
        provider, path = query.get("provider"), query.get("path")
        try:
            count = int(query.get("at_least", "0"))
            found = await self._backstage.journal.wait_for(count, wait_seconds(request), provider, path)
        except ValueError:
            return refusal(400, "at_least and timeout_seconds must be numbers")
        return JSONResponse({"requests": [entry.to_json() for entry in found]})

    async def clear_requests(self, _: Request) -> Response:
        self._backstage.journal.clear()
        return Response(status_code=204)

    async def reset(self, _: Request) -> Response:
        self._reset()
        return Response(status_code=204)
