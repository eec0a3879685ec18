"""The HTTP side of the Stripe double: keys, versions, idempotency, and which path leads where."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.doubles.core.backstage import Backstage
from local.doubles.core.clock import MovableClock
from local.doubles.core.faults import Call
from local.doubles.core.keyed_answers import KeptAnswer, KeyedAnswers, KeyInWork, KeyOfAnotherRequest
from local.doubles.core.postman import Postman, PostSettings
from local.doubles.stripe.charges import Charges
from local.doubles.stripe.customers import Customers
from local.doubles.stripe.desk import API_VERSION, Desk, RequestInWork, StripeObject, new_id
from local.doubles.stripe.disputes import Disputes
from local.doubles.stripe.errors import StripeRefusal, speak_error
from local.doubles.stripe.intents import PaymentIntents
from local.doubles.stripe.ledger import balance
from local.doubles.stripe.listing import listed, shown
from local.doubles.stripe.parameters import Parameters, parse_form
from local.doubles.stripe.refunds import Refunds
from local.doubles.stripe.sessions import CheckoutSessions
from local.doubles.stripe.signing import WebhookSigner, forged

PROVIDER = "stripe"
WORK = "stripe_work"
"""A fault planned for this name strikes a POST after its idempotency key was taken: a `hold` keeps the key in work,
an `error` is kept under the key as Stripe keeps a 500."""
PREFIXES = ("/v1/",)
KEY_LIFETIME = timedelta(hours=24)
KEY_CHARACTERS_MAX = 255
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
Work = Callable[[Parameters, dict[str, str]], StripeObject]


class StripeDouble:
    """The double with its objects, its ledger and its postman."""

    def __init__(self, backstage: Backstage, clock: MovableClock, settings: PostSettings) -> None:
        self._backstage, self._settings = backstage, settings
        self.signer = WebhookSigner()
        self.postman = Postman(settings, self.signer.headers, forged)
        self.desk = Desk(clock, self.postman)
        self.charges = Charges(self.desk)
        self.disputes = Disputes(self.desk)
        self.refunds = Refunds(self.desk, self.charges)
        self.intents = PaymentIntents(self.desk, self.charges, self.disputes)
        self.sessions = CheckoutSessions(self.desk, self.intents)
        self._customers = Customers(self.desk)
        self._kept = KeyedAnswers(KEY_LIFETIME)

    def reset(self) -> None:
        """Forget every object, key and message; the webhook goes where it went at the start."""
        self.desk.reset()
        self._kept.clear()
        self.postman.clear(self._settings)

    def routes(self) -> list[Route]:
        """The provider's endpoints."""
        post: dict[str, Callable[..., StripeObject]] = {
            "checkout/sessions": self.sessions.create,
            "checkout/sessions/{id}": self.sessions.update,
            "checkout/sessions/{id}/expire": self.sessions.expire,
            "payment_intents": self.intents.create,
            "payment_intents/{id}": self.intents.update,
            "payment_intents/{id}/confirm": self.intents.confirm,
            "payment_intents/{id}/cancel": self.intents.cancel,
            "refunds": self.refunds.create,
            "refunds/{id}": self.refunds.update,
            "disputes/{id}": self.disputes.update,
            "disputes/{id}/close": self.disputes.accept,
            "customers": self._customers.create,
            "customers/{id}": self._customers.update,
        }
        get: dict[str, Callable[..., StripeObject]] = {
            "checkout/sessions/{id}": self.sessions.retrieve,
            "payment_intents/{id}": self.intents.retrieve,
            "refunds/{id}": self.refunds.retrieve,
            "disputes/{id}": self.disputes.retrieve,
            "customers/{id}": self._customers.retrieve,
        }
        return [
            *[Route(f"/v1/{path}", self._posted(_work(do)), methods=["POST"]) for path, do in post.items()],
            *[Route(f"/v1/{path}", self._read(_work(do)), methods=["GET"]) for path, do in get.items()],
            Route("/v1/customers/{id}", self._posted(_work(self._customers.delete)), methods=["DELETE"]),
            Route("/v1/checkout/sessions/{id}/line_items", self._read(self._lines), methods=["GET"]),
            Route("/v1/charges/{id}", self._read(self._get("charge")), methods=["GET"]),
            Route("/v1/events/{id}", self._read(self._get("event")), methods=["GET"]),
            Route("/v1/balance_transactions/{id}", self._read(self._get("balance_transaction")), methods=["GET"]),
            Route("/v1/balance", self._read(lambda parameters, _: balance(self.desk)), methods=["GET"]),
            *self._list_routes(),
            Route("/v1/{rest:path}", self._posted(_unknown), methods=["GET", "POST", "DELETE"]),
        ]

    def _list_routes(self) -> list[Route]:
        lists = {
            "checkout/sessions": ("checkout.session", ("payment_intent", "status", "customer")),
            "payment_intents": ("payment_intent", ("customer",)),
            "charges": ("charge", ("payment_intent", "customer")),
            "refunds": ("refund", ("charge", "payment_intent")),
            "disputes": ("dispute", ("charge", "payment_intent")),
            "balance_transactions": ("balance_transaction", ("type", "source", "currency")),
            "customers": ("customer", ("email",)),
        }
        made = [
            Route(f"/v1/{path}", self._read(self._list(kind, f"/v1/{path}", filters)), methods=["GET"])
            for path, (kind, filters) in lists.items()
        ]
        return [*made, Route("/v1/events", self._read(self._list_events), methods=["GET"])]

    def _get(self, kind: str) -> Work:
        def work(parameters: Parameters, path: dict[str, str]) -> StripeObject:
            parameters.finish()
            return self.desk.store.get(kind, path["id"])

        return work

    def _list(self, kind: str, url: str, filters: tuple[str, ...]) -> Work:
        return lambda parameters, _: listed(parameters, self.desk.store.of(kind), url, filters)

    def _list_events(self, parameters: Parameters, _: dict[str, str]) -> StripeObject:
        types = parameters.texts("types")
        events = [one for one in self.desk.store.of("event") if not types or one["type"] in types]
        return listed(parameters, events, "/v1/events", ("type",))

    def _lines(self, parameters: Parameters, path: dict[str, str]) -> StripeObject:
        parameters.integer("limit")
        parameters.finish()
        lines: StripeObject = self.sessions.get(path["id"])["_lines"]
        return lines

    def _read(self, work: Work) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            request_id = new_id("req")
            try:
                _check_headers(request)
                response = self._done(work, request, request.url.query, RequestInWork(request_id, None))
            except StripeRefusal as refusal:
                response = refusal.response()
            return _with_headers(response, request, request_id)

        return answer

    def _posted(self, work: Work) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            request_id = new_id("req")
            try:
                account = _check_headers(request)
                response = await self._once(work, request, account, request_id)
            except StripeRefusal as refusal:
                response = refusal.response()
            return _with_headers(response, request, request_id)

        return answer

    async def _once(self, work: Work, request: Request, account: str, request_id: str) -> Response:
        """Do the work, or answer what was answered before under the same idempotency key."""
        body = (await request.body()).decode(errors="replace")
        key = request.headers.get("idempotency-key")
        if not key:
            return await self._struck(work, request, body, RequestInWork(request_id, None))
        if len(key) > KEY_CHARACTERS_MAX:
            raise StripeRefusal(f"Idempotency keys hold up to {KEY_CHARACTERS_MAX} characters.", worked=False)
        kept_under = (account, key)
        kept = self._claim(kept_under, _fingerprint(request, body), key)
        if kept is not None:
            headers = {"idempotent-replayed": "true", "original-request": kept.request_id}
            return Response(kept.body, kept.status, {**headers, "content-type": "application/json"})
        try:
            response = await self._struck(work, request, body, RequestInWork(request_id, key))
        except StripeRefusal as refusal:
            response = refusal.response()
            if not refusal.worked:
                self._kept.give_back(kept_under)
                return response
        except BaseException:
            self._kept.give_back(kept_under)
            raise
        self._kept.keep(kept_under, KeptAnswer(response.status_code, bytes(response.body), request_id))
        return response

    def _claim(self, kept_under: tuple[str, str], fingerprint: str, key: str) -> KeptAnswer | None:
        try:
            return self._kept.claim(kept_under, fingerprint, self.desk.clock.now())
        except KeyOfAnotherRequest:
            words = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise StripeRefusal(words, kind="idempotency_error", worked=False) from None
        except KeyInWork:
            words = f"There is currently another in-progress request using this idempotency key '{key}'."
            code = "idempotency_key_in_use"
            raise StripeRefusal(words, status=409, kind="idempotency_error", code=code, worked=False) from None

    async def _struck(self, work: Work, request: Request, body: str, in_work: RequestInWork) -> Response:
        faults = self._backstage.faults
        fault = faults.take(Call(provider=WORK, path=request.url.path, model=None, text=body))
        if fault is not None and fault.rule.effect == "hold":
            await faults.hold(fault)
        if fault is not None and fault.rule.effect == "error":
            return speak_error(fault.rule)
        return self._done(work, request, body, in_work)

    def _done(self, work: Work, request: Request, form: str, in_work: RequestInWork) -> Response:
        self.sessions.expire_due()
        parameters = Parameters(parse_form(form))
        expand = parameters.texts("expand")
        self.desk.request = in_work
        try:
            made = work(parameters, dict(request.path_params))
        finally:
            self.desk.request = None
        return JSONResponse(shown(self.desk.store, made, expand))


def _work(do: Callable[..., StripeObject]) -> Work:
    return lambda parameters, path: do(parameters, *path.values())


def _unknown(_: Parameters, path: dict[str, str]) -> StripeObject:
    raise StripeRefusal(f"Unrecognized request URL (/v1/{path.get('rest', '')}).", status=404, worked=False)


def _fingerprint(request: Request, body: str) -> str:
    return hashlib.sha256(f"{request.method} {request.url.path}\n{body}".encode()).hexdigest()


def _check_headers(request: Request) -> str:
    """The API key. Any test key counts, except an empty one, one with `invalid` in it, and a live one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise StripeRefusal("You did not provide an API key.", status=401, worked=False)
    if "invalid" in key or "_live_" in key:
        raise StripeRefusal("Invalid API Key provided.", status=401, worked=False)
    version = request.headers.get("stripe-version", API_VERSION)
    if not _VERSION.fullmatch(version):
        raise StripeRefusal(f"Invalid Stripe API version: {version}", worked=False)
    kind = request.headers.get("content-type", "")
    if request.method == "POST" and kind and "application/x-www-form-urlencoded" not in kind:
        raise StripeRefusal("Invalid content type: send application/x-www-form-urlencoded.", worked=False)
    return key


def _with_headers(response: Response, request: Request, request_id: str) -> Response:
    response.headers["request-id"] = request_id
    response.headers["stripe-version"] = request.headers.get("stripe-version", API_VERSION)
    key: Any = request.headers.get("idempotency-key")
    if key and request.method == "POST":
        response.headers["idempotency-key"] = key
        response.headers.setdefault("original-request", request_id)
    return response
