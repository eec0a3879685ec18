"""Renders every page the same way: escaped, no script, no outside resource; serves the style and the font."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from local.doubles.pictures.lettering import korean_font_path

COMMON_HEADERS = {
    "x-content-type-options": "nosniff",
    # Not "no-referrer": with that a browser posts forms with the origin "null", and strangers are refused.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
STYLES = ("style.css", "payments.css")
_HERE = Path(__file__).parent
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


class Renderer:
    """The templates."""

    def __init__(self) -> None:
        loader = jinja2.FileSystemLoader(_HERE / "templates")
        self._templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)

    def page(
        self, template: str, *, status_code: int = 200, form_targets: Sequence[str] = (), **values: Any
    ) -> Response:
        """A page. `form_targets` are the origins that its forms may lead to besides its own."""
        policy = " ".join([_PAGE_POLICY, *form_targets])
        text = self._templates.get_template(template).render(**values)
        headers = {"content-security-policy": policy, **COMMON_HEADERS}
        return HTMLResponse(text, status_code=status_code, headers=headers)


def asset_routes() -> list[Route]:
    """What every page needs from its own server."""
    return [
        *(Route(f"/{name}", _style, methods=["GET"]) for name in STYLES),
        Route("/korean.otf", _korean_font, methods=["GET"]),
    ]


def gone(what: str) -> Response:
    """The answer about something that is not there."""
    return Response(f"This {what} is not here (any more).", status_code=404, media_type="text/plain")


async def _style(request: Request) -> Response:
    name = request.url.path.removeprefix("/")  # one of STYLES: only those have a route
    return Response((_HERE / name).read_bytes(), media_type="text/css", headers=COMMON_HEADERS)


async def _korean_font(_: Request) -> Response:
    """The font of the pictures, for a browser on a machine without a Korean one."""
    path = korean_font_path()
    if path is None:
        return gone("font")
    # A sandboxed mail is a stranger to its own server; fonts, unlike pictures, must be allowed to strangers.
    headers = {"access-control-allow-origin": "*", "cache-control": "max-age=3600"}
    return FileResponse(path, media_type="font/otf", headers=headers)
