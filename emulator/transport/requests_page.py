"""Answers the emulator UI's request log over a WebSocket: an empty history, as rules evaluations are not recorded."""

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def _requests(websocket: WebSocket) -> None:
    """The UI expects an array of past evaluations first."""
    await websocket.accept()
    await websocket.send_json([])
    try:
        while True:
            await websocket.receive()
    except (WebSocketDisconnect, RuntimeError):
        return


def build() -> Starlette:
    """The application for the WebSocket port."""
    return Starlette(routes=[WebSocketRoute("/requests", _requests)])
