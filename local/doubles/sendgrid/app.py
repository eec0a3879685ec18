"""The HTTP side of the SendGrid double: mail send, the webhook's settings, and its part of the control API."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.core.control_api import json_body, wait_seconds
from local.doubles.core.control_api import refusal as control_refusal
from local.doubles.sendgrid.errors import refusal
from local.doubles.sendgrid.events import Batch, EventWebhook, WebhookSettings, delivery_to, event
from local.doubles.sendgrid.keys import answered, json_object
from local.doubles.sendgrid.lists import SuppressionLists
from local.doubles.sendgrid.mailbox import Mail, Mailbox, mails_of
from local.doubles.sendgrid.validation import MESSAGE_BYTES_MAX, check_mail

PROVIDER = "sendgrid"
PREFIXES = ("/v3/",)


class SendGridDouble:
    """The double with its mailbox, lists and webhook."""

    def __init__(self, events_url: str | None) -> None:
        self._settings = WebhookSettings(url=events_url)
        self.mailbox = Mailbox()
        self.webhook = EventWebhook(self._settings)
        self.lists = SuppressionLists(self._forget_addresses)

    def reset(self) -> None:
        """Empty the mailbox and the lists, set the webhook back to how it was at the start."""
        self.mailbox.clear()
        self.lists.clear()
        self.webhook.settings = self._settings
        self.webhook.posted.clear()

    def routes(self) -> list[Route]:
        """The provider's endpoints, the mailbox's JSON API and the control API's part."""
        return [
            Route("/v3/mail/send", answered(self._send), methods=["POST"]),
            Route("/v3/user/webhooks/event/settings/signed", answered(self._signed), methods=["GET"]),
            *self.lists.routes(),
            Route("/v3/{rest:path}", answered(_unknown), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            Route("/mailbox/messages", self._list_mails, methods=["GET"]),
            Route("/mailbox/messages", self._clear_mails, methods=["DELETE"]),
            Route("/mailbox/messages/{mail_id}", self._show_mail, methods=["GET"]),
            Route("/_control/sendgrid/webhook", self._configure_webhook, methods=["PUT"]),
            Route("/_control/sendgrid/webhook", self._show_webhook, methods=["GET"]),
            Route("/_control/sendgrid/events", self._emit_event, methods=["POST"]),
            Route("/_control/sendgrid/erasures", self._list_erasures, methods=["GET"]),
        ]

    async def _send(self, request: Request) -> Response:
        if len(await request.body()) >= MESSAGE_BYTES_MAX:
            raise refusal(413)
        body = await json_object(request)
        check_mail(body)
        if _is_sandbox(body):
            return Response(status_code=200)
        message_id = secrets.token_urlsafe(16)
        for mail in mails_of(body, message_id):
            self._deliver(mail)
            await self.mailbox.put(mail)
            self.webhook.enqueue(Batch(list(mail.events)))
        return Response(status_code=202, headers={"x-message-id": message_id})

    def _deliver(self, mail: Mail) -> None:
        group = (mail.settings.get("asm") or {}).get("group_id")
        settings = mail.settings.get("mail_settings") or {}
        for address in mail.addresses:
            delivery = delivery_to(address, self.lists.drop_reason(address, group, settings))
            mail.states[address] = delivery.state
            mail.events += [event(mail, address, kind, details) for kind, details in delivery.events]
            if delivery.suppression:
                name, reason, status = delivery.suppression
                self.lists.add(name, address, reason, status)

    async def _signed(self, _: Request) -> Response:
        return JSONResponse({"public_key": self.webhook.key.public_key})

    async def _list_mails(self, request: Request) -> Response:
        query = request.query_params
        try:
            count = int(query.get("at_least", "0"))
            found = await self.mailbox.wait_for(count, wait_seconds(request), query.get("to"))
        except ValueError:
            return control_refusal(400, "at_least and timeout_seconds must be numbers")
        return JSONResponse({"messages": [mail.to_json() for mail in found]})

    async def _clear_mails(self, _: Request) -> Response:
        self.mailbox.clear()
        return Response(status_code=204)

    async def _show_mail(self, request: Request) -> Response:
        mail = self.mailbox.get(request.path_params["mail_id"])
        return JSONResponse(mail.to_json()) if mail else control_refusal(404, "no such mail")

    async def _configure_webhook(self, request: Request) -> Response:
        body = await json_body(request)
        url = body.get("url") if isinstance(body, dict) else 0
        if not (url is None or (isinstance(url, str) and url.startswith(("http://", "https://")))):
            return control_refusal(400, "url must be an http address or null")
        self.webhook.settings = WebhookSettings(
            url=url, duplicate=bool(body.get("duplicate")), reverse=bool(body.get("reverse"))
        )
        return Response(status_code=204)

    async def _show_webhook(self, request: Request) -> Response:
        try:
            drained = await self.webhook.drain(wait_seconds(request))
        except ValueError:
            return control_refusal(400, "timeout_seconds must be a number")
        posted = [one.to_json() for one in self.webhook.posted]
        return JSONResponse(
            {
                "url": self.webhook.settings.url,
                "public_key": self.webhook.key.public_key,
                "drained": drained,
                "posted": posted,
            }
        )

    async def _emit_event(self, request: Request) -> Response:
        """Post one more event about a mail: `{mail_id, event, email?, details?, tampered?, offset_seconds?}`."""
        body = await json_body(request)
        mail = self.mailbox.get(str(body.get("mail_id"))) if isinstance(body, dict) else None
        if mail is None or not isinstance(body.get("event"), str):
            return control_refusal(404, "mail_id must name a mail, event a kind of event")
        address = str(body.get("email") or mail.addresses[0])
        made = event(mail, address, body["event"], dict(body.get("details") or {}))
        mail.events.append(made)
        self.webhook.enqueue(Batch([made], bool(body.get("tampered")), int(body.get("offset_seconds", 0))))
        return JSONResponse(made, status_code=202)

    async def _list_erasures(self, _: Request) -> Response:
        return JSONResponse({"erasures": self.lists.erasures})

    def _forget_addresses(self, addresses: set[str]) -> None:
        """Erase the provider's records of these people. The mails stay: they lie in the recipients' own mailboxes."""
        for mail in self.mailbox.mails():
            mail.events = [one for one in mail.events if one["email"] not in addresses]


def _is_sandbox(body: dict[str, Any]) -> bool:
    mode = (body.get("mail_settings") or {}).get("sandbox_mode") or {}
    return bool(mode.get("enable"))


async def _unknown(_: Request) -> Response:
    raise refusal(404)
