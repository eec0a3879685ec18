"""Serves the pages: everything escaped, no script, no outside resource, mails shown in a sandbox."""

from __future__ import annotations

from typing import get_args

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from local.doubles.addresses import Addresses
from local.doubles.core.backstage import Backstage
from local.doubles.core.faults import Effect, FaultRule, FaultRuleInvalid, FaultUnknown
from local.doubles.core.safety import CATEGORY_WORDS, OUTPUT_WORDS
from local.doubles.openai.catalogue import IMAGE_MODELS, RETIRED_MODELS
from local.doubles.pages.rendering import COMMON_HEADERS, Renderer, asset_routes, gone
from local.doubles.pictures.album import KeptPicture
from local.doubles.sendgrid.app import SendGridDouble
from local.doubles.sendgrid.events import TRIGGER_ADDRESSES
from local.doubles.sendgrid.mailbox import Mail

RECENT_CALLS = 25
PROVIDERS = ("openai", "stability", "stability_grpc", "sendgrid", "stripe", "toss", "fcm")
SHOWN_MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""Attachments of these types may be shown by the browser; all others are only offered as a download."""

_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_MAIL_POLICY = (
    f"sandbox {_SANDBOX}; default-src 'none'; img-src 'self' data:; font-src 'self'; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)
_MAIL_HEAD = (
    '<base target="_blank"><style>@font-face{font-family:"Noto Sans KR";src:url("/korean.otf");font-display:swap;'
    'unicode-range:U+1100-11FF,U+3130-318F,U+AC00-D7A3}html{font-family:"Noto Sans KR",system-ui}</style>'
)
"""Links open in a new page, and Korean can be read where the machine has no Korean font."""


class Pages:
    """The pages; `addresses` is set once everything listens."""

    def __init__(self, backstage: Backstage, mail: SendGridDouble) -> None:
        self._backstage, self._mail = backstage, mail
        self.addresses: Addresses | None = None
        self._page = Renderer().page

    def routes(self) -> list[Route]:
        """The routes for people, and those of the pictures and attachments shown on the pages."""
        return [
            Route("/", self._home, methods=["GET"]),
            *asset_routes(),
            Route("/faults", self._plan_fault, methods=["POST"]),
            Route("/faults/clear", self._clear_faults, methods=["POST"]),
            Route("/faults/{fault_id}/release", self._release_fault, methods=["POST"]),
            Route("/gallery", self._gallery, methods=["GET"]),
            Route("/gallery/{number:int}", self._picture, methods=["GET"]),
            Route("/mailbox", self._mailbox, methods=["GET"]),
            Route("/mailbox/clear", self._clear_mailbox, methods=["POST"]),
            Route("/mailbox/{mail_id}", self._one_mail, methods=["GET"]),
            Route("/mailbox/messages/{mail_id}/html", self._mail_body, methods=["GET"]),
            Route("/mailbox/messages/{mail_id}/attachments/{number:int}", self._attachment, methods=["GET"]),
        ]

    async def _home(self, _: Request) -> Response:
        calls = self._backstage.journal.entries()
        return self._page(
            "home.html",
            addresses=self.addresses,
            models=list(IMAGE_MODELS),
            retired_models=RETIRED_MODELS,
            category_words=CATEGORY_WORDS,
            output_words=OUTPUT_WORDS,
            trigger_addresses=TRIGGER_ADDRESSES,
            effects=get_args(Effect),
            providers=PROVIDERS,
            faults=self._backstage.faults.all(),
            calls=list(reversed(calls))[:RECENT_CALLS],
            call_count=len(calls),
            mail_count=len(self._mail.mailbox.mails()),
            picture_count=len(self._backstage.album.latest_first()),
            events_url=self._mail.webhook.settings.url,
        )

    async def _plan_fault(self, request: Request) -> Response:
        form = {name: value for name, value in (await request.form()).items() if value}
        numbers = {name: _whole_number(form.pop(name, None)) for name in ("status", "times")}
        try:
            self._backstage.faults.add(FaultRule.from_json({**form, **numbers}))
        except FaultRuleInvalid as error:
            return Response(str(error), status_code=400, media_type="text/plain")
        return RedirectResponse("/#faults", status_code=303)

    async def _clear_faults(self, _: Request) -> Response:
        self._backstage.faults.clear()
        return RedirectResponse("/#faults", status_code=303)

    async def _release_fault(self, request: Request) -> Response:
        try:
            self._backstage.faults.release(request.path_params["fault_id"])
        except FaultUnknown:
            return gone("fault")
        return RedirectResponse("/#faults", status_code=303)

    async def _gallery(self, _: Request) -> Response:
        return self._page("gallery.html", pictures=self._backstage.album.latest_first())

    async def _picture(self, request: Request) -> Response:
        picture: KeptPicture | None = self._backstage.album.get(request.path_params["number"])
        return _file(picture.content, picture.media_type) if picture else gone("picture")

    async def _mailbox(self, _: Request) -> Response:
        return self._page("mailbox.html", mails=list(reversed(self._mail.mailbox.mails())))

    async def _clear_mailbox(self, _: Request) -> Response:
        self._mail.mailbox.clear()
        return RedirectResponse("/mailbox", status_code=303)

    async def _one_mail(self, request: Request) -> Response:
        mail = self._mail_of(request)
        return self._page("mail.html", mail=mail, sandbox=_SANDBOX) if mail else gone("mail")

    async def _mail_body(self, request: Request) -> Response:
        mail = self._mail_of(request)
        if mail is None:
            return gone("mail")
        text = mail.html_with_pictures(f"/mailbox/messages/{mail.id}/attachments")
        headers = {"content-security-policy": _MAIL_POLICY, **COMMON_HEADERS}
        return HTMLResponse(f"{_MAIL_HEAD}{text}", headers=headers)

    async def _attachment(self, request: Request) -> Response:
        mail = self._mail_of(request)
        number = request.path_params["number"]
        if mail is None or number >= len(mail.attachments):
            return gone("attachment")
        attachment = mail.attachments[number]
        return _file(attachment.content, attachment.media_type)

    def _mail_of(self, request: Request) -> Mail | None:
        return self._mail.mailbox.get(request.path_params["mail_id"])


def _file(content: bytes, media_type: str) -> Response:
    shown = media_type in SHOWN_MEDIA_TYPES
    headers = {
        **COMMON_HEADERS,
        "content-security-policy": "sandbox; default-src 'none'",
        "content-disposition": "inline" if shown else "attachment",
    }
    return Response(content, media_type=media_type if shown else "application/octet-stream", headers=headers)


def _whole_number(text: object) -> object:
    """The number that a form field holds; what is no number stays as it is, for the rule's own check to refuse."""
    return int(text) if isinstance(text, str) and text.isdecimal() else text
