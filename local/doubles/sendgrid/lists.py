"""SendGrid's suppression lists and the recipients' data erasure, with their management endpoints."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.sendgrid.errors import refusal
from local.doubles.sendgrid.keys import answered, json_object
from local.doubles.sendgrid.validation import is_address

LISTS = ("bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes")
ERASURE_ADDRESSES_MAX = 5_000
ERASURE_BYTES_MAX = 256 * 1024
SCOPES = (
    "mail.send",
    "suppression.read",
    "suppression.delete",
    "recipients.erasejob.create",
    "recipients.erasejob.read",
)

_DROP_REASONS = {
    "bounces": "Bounced Address",
    "spam_reports": "Spam Reporting Address",
    "invalid_emails": "Invalid",
    "unsubscribes": "Unsubscribed Address",
}
_BYPASSES = {
    "bounces": "bypass_bounce_management",
    "spam_reports": "bypass_spam_management",
    "unsubscribes": "bypass_unsubscribe_management",
}
"""The setting with which a mail goes to addresses on that list. Source:
twilio.com/docs/sendgrid/api-reference/mail-send.
"""


class SuppressionLists:
    """The lists, and which addresses were erased. `forget` removes what else is remembered about addresses."""

    def __init__(self, forget: Callable[[set[str]], None]) -> None:
        self._lists: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in LISTS}
        self._groups: dict[int, dict[str, int]] = {}
        self._forget = forget
        self.erasures: list[dict[str, Any]] = []

    def clear(self) -> None:
        """Empty every list and forget the erasure jobs."""
        for entries in self._lists.values():
            entries.clear()
        self._groups.clear()
        self.erasures.clear()

    def add(self, name: str, address: str, reason: str, status: str) -> None:
        """Put an address on a list, as a bounce or a complaint does."""
        entry = {"created": int(time.time()), "email": address.lower(), "reason": reason, "status": status}
        self._lists[name].setdefault(address.lower(), entry)

    def drop_reason(self, address: str, group: int | None, settings: dict[str, Any]) -> str | None:
        """Why SendGrid would not even try to send to that address, or None. Blocks do not stop later mail, and the
        mail's settings may say that a list shall not.
        """
        for name, reason in _DROP_REASONS.items():
            is_bypassed = (settings.get(_BYPASSES.get(name, "")) or {}).get("enable")
            if address.lower() in self._lists[name] and not is_bypassed:
                return reason
        if group is not None and address.lower() in self._groups.get(group, {}):
            return "Unsubscribed Address"
        return None

    def routes(self) -> list[Route]:
        """The management endpoints."""
        group = "/v3/asm/groups/{group:int}/suppressions"
        return [
            Route("/v3/suppression/{name}", answered(self._get_list), methods=["GET"]),
            Route("/v3/suppression/{name}", answered(self._delete_many), methods=["DELETE"]),
            Route("/v3/suppression/{name}/{email:path}", answered(self._get_one), methods=["GET"]),
            Route("/v3/suppression/{name}/{email:path}", answered(self._delete_one), methods=["DELETE"]),
            Route("/v3/asm/suppressions/global", answered(self._add_global), methods=["POST"]),
            Route(group, answered(self._add_to_group), methods=["POST"]),
            Route(group, answered(self._get_group), methods=["GET"]),
            Route(group + "/{email:path}", answered(self._delete_from_group), methods=["DELETE"]),
            Route("/v3/recipients/erasejob", answered(self._erase), methods=["POST"]),
            Route("/v3/scopes", answered(self._scopes), methods=["GET"]),
        ]

    def _entries(self, request: Request) -> dict[str, dict[str, Any]]:
        name = request.path_params["name"]
        if name not in self._lists:
            raise refusal(404)
        return self._lists[name]

    async def _get_list(self, request: Request) -> Response:
        entries = list(self._entries(request).values())
        try:
            offset, limit = int(request.query_params.get("offset", "0")), int(request.query_params.get("limit", "500"))
        except ValueError:
            raise refusal(400, "limit and offset must be numbers", "limit") from None
        return JSONResponse(entries[max(0, offset) :][: max(0, limit)])

    async def _get_one(self, request: Request) -> Response:
        found = self._entries(request).get(request.path_params["email"].lower())
        return JSONResponse([found] if found else [])

    async def _delete_one(self, request: Request) -> Response:
        if self._entries(request).pop(request.path_params["email"].lower(), None) is None:
            raise refusal(404)
        return Response(status_code=204)

    async def _delete_many(self, request: Request) -> Response:
        entries, body = self._entries(request), await json_object(request)
        addresses = body.get("emails")
        if bool(body.get("delete_all")) == bool(addresses):
            raise refusal(400, "exactly one of delete_all and emails must be given")
        for address in list(entries) if body.get("delete_all") else _addresses(addresses, "emails"):
            entries.pop(address, None)
        return Response(status_code=204)

    async def _add_global(self, request: Request) -> Response:
        addresses = _addresses((await json_object(request)).get("recipient_emails"), "recipient_emails")
        for address in addresses:
            self.add("unsubscribes", address, "", "")
        return JSONResponse({"recipient_emails": addresses}, status_code=201)

    async def _add_to_group(self, request: Request) -> Response:
        addresses = _addresses((await json_object(request)).get("recipient_emails"), "recipient_emails")
        members = self._groups.setdefault(request.path_params["group"], {})
        members.update(dict.fromkeys(addresses, int(time.time())))
        return JSONResponse({"recipient_emails": addresses}, status_code=201)

    async def _get_group(self, request: Request) -> Response:
        return JSONResponse(list(self._groups.get(request.path_params["group"], {})))

    async def _delete_from_group(self, request: Request) -> Response:
        self._groups.get(request.path_params["group"], {}).pop(request.path_params["email"].lower(), None)
        return Response(status_code=204)

    async def _erase(self, request: Request) -> Response:
        if len(await request.body()) > ERASURE_BYTES_MAX:
            raise refusal(413)
        body = await json_object(request)
        addresses = _addresses(body.get("email_addresses"), "email_addresses")
        if len(addresses) > ERASURE_ADDRESSES_MAX:
            raise refusal(400, f"at most {ERASURE_ADDRESSES_MAX} addresses", "email_addresses")
        self._forget(set(addresses))
        job = {"job_id": secrets.token_hex(16)}
        self.erasures.append({**job, "email_addresses": addresses})
        return JSONResponse(job, status_code=202)

    async def _scopes(self, _: Request) -> Response:
        return JSONResponse({"scopes": list(SCOPES)})


def _addresses(given: Any, field: str) -> list[str]:
    if not isinstance(given, list) or not given or not all(is_address(one) for one in given):
        raise refusal(400, "a list of valid addresses is required", field)
    return [one.lower() for one in given]
