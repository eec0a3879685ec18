"""The HTTP side of the Toss double: Basic keys, idempotency by key alone, the endpoints, and the webhooks' bodies."""

from __future__ import annotations

import base64
import binascii
import copy
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.core.backstage import Backstage
from local.doubles.core.clock import MovableClock
from local.doubles.core.faults import Call
from local.doubles.core.keyed_answers import KeptAnswer, KeyedAnswers, KeyInWork
from local.doubles.core.postman import Message, Postman, PostSettings
from local.doubles.toss.cancelling import cancel
from local.doubles.toss.errors import TossRefusal, speak_error
from local.doubles.toss.methods import BANKS, SEOUL
from local.doubles.toss.payments import VIRTUAL_ACCOUNT_HOURS, TossPayments

PROVIDER = "toss"
WORK = "toss_work"
"""A fault planned for this name strikes a POST after its idempotency key was taken (see the Stripe double)."""
PREFIXES = ("/v1/",)
KEY_LIFETIME = timedelta(days=15)
KEY_CHARACTERS_MAX = 300
HOURS_MAX = 720
TRANSACTIONS_USUAL, TRANSACTIONS_MAX = 100, 5000


class TossDouble:
    """The double with its payments and its postman."""

    def __init__(self, backstage: Backstage, clock: MovableClock, settings: PostSettings) -> None:
        self._backstage, self._settings, self._clock = backstage, settings, clock
        self.postman = Postman(settings, self._envelope, forged)
        self.payments = TossPayments(clock, self._tell)
        self._kept = KeyedAnswers(KEY_LIFETIME)

    def reset(self) -> None:
        """Forget every payment, key and message; webhooks go where they went at the start."""
        self.payments.clear()
        self._kept.clear()
        self.postman.clear(self._settings)

    def routes(self) -> list[Route]:
        """The provider's endpoints."""
        return [
            Route("/v1/payments/confirm", self._posted(self._confirm), methods=["POST"]),
            Route("/v1/payments/orders/{order_id}", self._read(self._by_order), methods=["GET"]),
            Route("/v1/payments/{payment_key}", self._read(self._by_key), methods=["GET"]),
            Route("/v1/payments/{payment_key}/cancel", self._posted(self._cancel), methods=["POST"]),
            Route("/v1/virtual-accounts", self._posted(self._issue), methods=["POST"]),
            Route("/v1/transactions", self._read(self._transactions), methods=["GET"]),
            Route("/v1/{rest:path}", self._read(_unknown), methods=["GET", "POST", "DELETE"]),
        ]

    def tell(self, event_type: str, body: dict[str, Any]) -> Message:
        """Send a webhook of that type."""
        message = Message(f"whevt_{secrets.token_hex(12)}", event_type, copy.deepcopy(body))
        # The documented form has microseconds and no offset.
        message.body.setdefault("createdAt", self._clock.now().astimezone(SEOUL).replace(tzinfo=None).isoformat())
        self.postman.accept(message)
        return message

    def _tell(self, event_type: str, body: dict[str, Any]) -> None:
        self.tell(event_type, body)

    def _envelope(self, message: Message, _: bytes, age_seconds: int) -> dict[str, str]:
        sent = (datetime.now(UTC) - timedelta(seconds=age_seconds)).astimezone(SEOUL)
        return {
            "tosspayments-webhook-transmission-time": sent.isoformat(),
            "tosspayments-webhook-transmission-id": message.id,
            "tosspayments-webhook-transmission-retried-count": str(len(message.attempts)),
        }

    def _confirm(self, _: Request, body: dict[str, Any]) -> Any:
        payment_key, order_id, amount = (body.get(name) for name in ("paymentKey", "orderId", "amount"))
        texts = isinstance(payment_key, str) and isinstance(order_id, str)
        if not texts or isinstance(amount, bool) or not isinstance(amount, int):
            raise TossRefusal("INVALID_REQUEST")
        return self.payments.confirm(str(payment_key), str(order_id), amount).body

    def _cancel(self, request: Request, body: dict[str, Any]) -> Any:
        payment = self.payments.by_key(request.path_params["payment_key"])
        return cancel(self.payments, payment, body).body

    def _issue(self, _: Request, body: dict[str, Any]) -> Any:
        texts = [body.get(name) for name in ("orderId", "orderName", "customerName")]
        amount, hours, bank = body.get("amount"), body.get("validHours", VIRTUAL_ACCOUNT_HOURS), body.get("bank")
        if not all(isinstance(one, str) and one for one in texts) or not isinstance(amount, int):
            raise TossRefusal("INVALID_REQUEST")
        if not isinstance(hours, int) or not 1 <= hours <= HOURS_MAX:
            raise TossRefusal("INVALID_REQUEST", "validHours must be from 1 to 720")
        if bank not in BANKS:
            raise TossRefusal("INVALID_BANK")
        order_id, order_name, customer = (str(one) for one in texts)
        issued = self.payments.issue_account(
            order_id, amount, order_name, bank=str(bank), customer_name=customer, hours=hours
        )
        return issued.body

    def _by_key(self, request: Request) -> Any:
        return self.payments.by_key(request.path_params["payment_key"]).body

    def _by_order(self, request: Request) -> Any:
        return self.payments.by_order(request.path_params["order_id"]).body

    def _transactions(self, request: Request) -> Any:
        query = request.query_params
        try:
            start, end = (_moment(query[name]) for name in ("startDate", "endDate"))
            limit = int(query.get("limit", TRANSACTIONS_USUAL))
        except (KeyError, ValueError):
            raise TossRefusal("INVALID_REQUEST", "startDate and endDate are ISO 8601 moments") from None
        if not 1 <= limit <= TRANSACTIONS_MAX:
            raise TossRefusal("INVALID_REQUEST", "limit must be from 1 to 5000")
        rows = [one for one in self.payments.transactions if start <= _moment(one["transactionAt"]) <= end]
        keys = [one["transactionKey"] for one in rows]
        after = query.get("startingAfter")
        if after is not None and after not in keys:
            raise TossRefusal("NOT_FOUND")
        return rows[keys.index(after) + 1 if after else 0 :][:limit]

    def _read(self, work: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                _check_headers(request)
                self.payments.expire_due()
                return JSONResponse(work(request))
            except TossRefusal as refusal:
                return refusal.response()

        return answer

    def _posted(self, work: Callable[[Request, dict[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return await self._once(work, request, _check_headers(request))
            except TossRefusal as refusal:
                return refusal.response()

        return answer

    async def _once(self, work: Callable[[Request, dict[str, Any]], Any], request: Request, account: str) -> Response:
        """Do the work, or give the first answer under the same key again: refusals too, whatever the body says now."""
        key = request.headers.get("idempotency-key")
        if not key:
            return await self._struck(work, request)
        if len(key) > KEY_CHARACTERS_MAX:
            raise TossRefusal("INVALID_IDEMPOTENCY_KEY")
        kept_under = (account, request.method, request.url.path, key)
        try:
            kept = self._kept.claim(kept_under, "", self._clock.now())
        except KeyInWork:
            raise TossRefusal("IDEMPOTENT_REQUEST_PROCESSING") from None
        if kept is not None:
            return Response(kept.body, kept.status, media_type="application/json")
        try:
            response = await self._struck(work, request)
        except BaseException:
            self._kept.give_back(kept_under)
            raise
        self._kept.keep(kept_under, KeptAnswer(response.status_code, bytes(response.body), ""))
        return response

    async def _struck(self, work: Callable[[Request, dict[str, Any]], Any], request: Request) -> Response:
        faults = self._backstage.faults
        text = (await request.body()).decode(errors="replace")
        fault = faults.take(Call(provider=WORK, path=request.url.path, model=None, text=text))
        if fault is not None and fault.rule.effect == "hold":
            await faults.hold(fault)
        if fault is not None and fault.rule.effect == "error":
            return speak_error(fault.rule)
        try:
            self.payments.expire_due()
            return JSONResponse(work(request, await _json_object(request)))
        except TossRefusal as refusal:
            return refusal.response()


def forged(body: dict[str, Any]) -> dict[str, Any]:
    """What a stranger would post: the payment richer and done, the secret made up."""
    if "data" in body:
        data = body["data"]
        richer = {"totalAmount": data["totalAmount"] * 10, "balanceAmount": data["totalAmount"] * 10}
        return {**body, "data": {**data, **richer, "status": "DONE"}}
    return {**body, "secret": "ps_forged", "status": "DONE"}


def _unknown(_: Request) -> Any:
    raise TossRefusal("NOT_FOUND")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)


async def _json_object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise TossRefusal("INVALID_REQUEST") from None
    if not isinstance(body, dict):
        raise TossRefusal("INVALID_REQUEST")
    return body


def _check_headers(request: Request) -> str:
    """The secret key, unless it is no key or the caller asks for an error by name.

    Any test key counts, except one with `invalid` in it; a live key is refused, for it has no business here.
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise TossRefusal("INCORRECT_BASIC_AUTH_FORMAT") from None
    if scheme.lower() != "basic" or not colon or password or not user:
        raise TossRefusal("INCORRECT_BASIC_AUTH_FORMAT")
    if "invalid" in user or user.startswith("live_"):
        raise TossRefusal("UNAUTHORIZED_KEY")
    if re.match(r"test_g?ck_", user):
        raise TossRefusal("INVALID_API_KEY")
    asked = request.headers.get("tosspayments-test-code")
    if asked:
        raise TossRefusal(asked)
    return user
