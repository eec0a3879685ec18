"""Puts every HTTP endpoint of the Firestore server into one application: REST, control, cross-origin answers."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route

from emulator.transport.control import Control
from emulator.transport.http_bodies import answers
from emulator.transport.rest import RestApi

METHODS = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
EXPOSED_HEADERS = ["X-HTTP-Session-Id", "X-Client-Wire-Protocol"]
"""WebChannel reads these in the browser."""


def build(control: Control, rest: RestApi, more_routes: list[BaseRoute] | None = None) -> Starlette:
    """The application; `more_routes` come first (other protocols over HTTP)."""
    rest_route = Route("/v1/{name:path}", answers(rest), methods=["DELETE", "GET", "PATCH", "POST"])
    cors = Middleware(
        CORSMiddleware,
        allow_origin_regex=".*",
        allow_methods=METHODS,
        allow_headers=["*"],
        allow_credentials=True,
        expose_headers=EXPOSED_HEADERS,
        max_age=3600,
    )
    return Starlette(routes=[*(more_routes or []), *control.routes(), rest_route], middleware=[cors])
