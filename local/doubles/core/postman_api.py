"""The control API's part about one postman: settings, messages, release, one more post."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.core.control_api import json_body, refusal, wait_seconds
from local.doubles.core.postman import MessageUnknown, Postman, PostSettings, SettingsInvalid


def postman_routes(prefix: str, postman: Postman) -> list[Route]:
    """The routes under `prefix` (such as /_control/stripe) for this postman."""
    api = _PostmanApi(postman)
    return [
        Route(f"{prefix}/webhook", api.configure, methods=["PUT"]),
        Route(f"{prefix}/webhook", api.show, methods=["GET"]),
        Route(f"{prefix}/webhook/release", api.release, methods=["POST"]),
        Route(f"{prefix}/webhook/messages/{{message_id}}/post", api.post_again, methods=["POST"]),
    ]


class _PostmanApi:
    def __init__(self, postman: Postman) -> None:
        self._postman = postman

    async def configure(self, request: Request) -> Response:
        try:
            self._postman.settings = PostSettings.from_json(await json_body(request))
        except (SettingsInvalid, TypeError, ValueError) as error:
            return refusal(400, str(error))
        return Response(status_code=204)

    async def show(self, request: Request) -> Response:
        try:
            drained = await self._postman.drain(wait_seconds(request))
        except ValueError:
            return refusal(400, "timeout_seconds must be a number")
        messages = [one.to_json() for one in self._postman.messages.values()]
        return JSONResponse({"settings": self._postman.settings.to_json(), "drained": drained, "messages": messages})

    async def release(self, request: Request) -> Response:
        body = await json_body(request)
        asked = body if isinstance(body, dict) else {}
        try:
            count = self._postman.release(asked.get("ids"), backwards=bool(asked.get("backwards")))
        except MessageUnknown as error:
            return refusal(404, f"not kept back: {error}")
        return JSONResponse({"released": count})

    async def post_again(self, request: Request) -> Response:
        try:
            self._postman.post_again(request.path_params["message_id"])
        except MessageUnknown:
            return refusal(404, "no such message")
        return Response(status_code=202)
