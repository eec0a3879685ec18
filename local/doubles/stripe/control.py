"""The control API's part about Stripe: what payers, their banks and the shop's own staff do, on a test's word."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from local.doubles.core.control_answers import Command, CommandInvalid, commanded, one_of, whole_number
from local.doubles.core.postman_api import postman_routes
from local.doubles.stripe.app import StripeDouble
from local.doubles.stripe.cards import METHODS
from local.doubles.stripe.desk import Exchange, StripeObject
from local.doubles.stripe.disputes import REASONS
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.listing import shown
from local.doubles.stripe.parameters import Parameters

PREFIX = "/_control/stripe"
PAYER = {"email": "payer@example.com", "name": "Test Payer"}
REFUND_FATES = ("succeeded", "pending", "failed")


class StripeControl:
    """Acts for the people around a Stripe account. The pages use it as well."""

    def __init__(self, double: StripeDouble) -> None:
        self._double = double

    def routes(self) -> list[Route]:
        """The routes under /_control/stripe."""
        commands: dict[str, Command] = {
            "sessions/{id}/pay": self._pay_session,
            "sessions/{id}/expire": lambda request, _: self.expire_session(request.path_params["id"]),
            "intents/{id}/pay": self._pay_intent,
            "intents/{id}/settle": self._settle,
            "charges/{id}/refund": self._refund,
            "charges/{id}/dispute": self._dispute,
            "charges/{id}/book": self._book_late,
            "bookings/plan": self._plan_bookings,
            "exchange/plan": self._plan_exchange,
            "refunds/plan": self._plan_refunds,
            "refunds/{id}/settle": self._settle_refund,
            "disputes/{id}/close": self._close_dispute,
            "disputes/{id}/escalate": self._escalate_dispute,
            "disputes/{id}/appeal": self._appeal_dispute,
            "events": self._emit,
        }
        made = [
            Route(f"{PREFIX}/{path}", commanded(self._shown(do), StripeRefusal), methods=["POST"])
            for path, do in commands.items()
        ]
        return [*made, *postman_routes(PREFIX, self._double.postman)]

    def pay_session(self, session_id: str, method_id: str, email: str, name: str) -> StripeObject:
        """The payer pays on the page. Raises StripeRefusal (declined, not open)."""
        self._double.sessions.expire_due()
        return self._double.sessions.pay(session_id, method_id, email, name)

    def expire_session(self, session_id: str) -> StripeObject:
        """The session's time is over. Raises StripeRefusal when it is not open."""
        return self._double.sessions.expire(Parameters({}), session_id)

    def settle(self, intent_id: str, *, succeeded: bool) -> StripeObject:
        """A payment in `processing` (named by intent or session) comes to an end."""
        named = self._double.desk.store.find(intent_id) or {}
        intent = self._double.desk.store.get("payment_intent", str(named.get("payment_intent", intent_id)), "intent")
        self._double.intents.settle(intent, succeeded=succeeded)
        session = self._double.sessions.of_intent(intent["id"])
        if session is not None:
            self._double.sessions.settled(session, succeeded=succeeded)
        return intent

    def refund(self, charge_id: str, amount: int | None, reason: str | None = None) -> StripeObject:
        """The shop's staff refund in Stripe's dashboard; charge, intent or session may be named."""
        charge = self._charge(charge_id)
        return self._double.refunds.make(charge, amount, reason or "requested_by_customer", {})

    def dispute(
        self, charge_id: str, reason: str = "fraudulent", amount: int | None = None, *, inquiry: bool = False
    ) -> StripeObject:
        """The payer's bank disputes a charge; charge, intent or session may be named."""
        charge = self._charge(charge_id)
        return self._double.disputes.open(
            charge, reason, charge["amount"] if amount is None else amount, inquiry=inquiry
        )

    def close_dispute(self, dispute_id: str, outcome: str) -> StripeObject:
        """The bank decides: won or lost."""
        dispute = self._double.desk.store.get("dispute", dispute_id)
        self._double.disputes.close(dispute, outcome)
        return dispute

    def settle_refund(self, refund_id: str, status: str) -> StripeObject:
        """A refund comes to its end: succeeded or failed."""
        refund = self._double.desk.store.get("refund", refund_id)
        if status == "failed":
            self._double.refunds.fail(refund)
        else:
            self._double.refunds.succeed(refund)
        return refund

    def _charge(self, named: str) -> StripeObject:
        found = self._double.desk.store.find(named)
        if found is not None and found["object"] == "checkout.session":
            named = str(found["payment_intent"])
        return self._double.charges.of(named)

    def _pay_session(self, request: Request, body: dict[str, Any]) -> StripeObject:
        method = one_of(body.get("method", "pm_card_visa"), tuple(METHODS))
        payer = {**PAYER, **{name: str(body[name]) for name in PAYER if body.get(name)}}
        return self.pay_session(request.path_params["id"], method, payer["email"], payer["name"])

    def _pay_intent(self, request: Request, body: dict[str, Any]) -> StripeObject:
        method = one_of(body.get("method", "pm_card_visa"), tuple(METHODS))
        intent = self._double.desk.store.get("payment_intent", request.path_params["id"], "intent")
        authenticated = bool(body.get("authenticated"))
        return self._double.intents.pay(intent, method, dict(PAYER), authenticated=authenticated)

    def _settle(self, request: Request, body: dict[str, Any]) -> StripeObject:
        return self.settle(request.path_params["id"], succeeded=bool(body.get("succeeded", True)))

    def _refund(self, request: Request, body: dict[str, Any]) -> StripeObject:
        amount = body.get("amount")
        return self.refund(request.path_params["id"], None if amount is None else whole_number(amount))

    def _dispute(self, request: Request, body: dict[str, Any]) -> StripeObject:
        reason = one_of(body.get("reason", "fraudulent"), REASONS)
        amount = None if body.get("amount") is None else whole_number(body["amount"])
        return self.dispute(request.path_params["id"], reason, amount, inquiry=bool(body.get("inquiry")))

    def _close_dispute(self, request: Request, body: dict[str, Any]) -> StripeObject:
        return self.close_dispute(request.path_params["id"], one_of(body.get("outcome"), ("won", "lost")))

    def _escalate_dispute(self, request: Request, _: dict[str, Any]) -> StripeObject:
        dispute = self._double.desk.store.get("dispute", request.path_params["id"])
        self._double.disputes.escalate(dispute)
        return dispute

    def _appeal_dispute(self, request: Request, _: dict[str, Any]) -> StripeObject:
        dispute = self._double.desk.store.get("dispute", request.path_params["id"])
        self._double.disputes.appeal(dispute)
        return dispute

    def _settle_refund(self, request: Request, body: dict[str, Any]) -> StripeObject:
        return self.settle_refund(request.path_params["id"], one_of(body.get("status"), ("succeeded", "failed")))

    def _book_late(self, request: Request, _: dict[str, Any]) -> StripeObject:
        charge = self._charge(request.path_params["id"])
        self._double.charges.book_late(charge)
        return charge

    def _plan_bookings(self, _: Request, body: dict[str, Any]) -> None:
        """Whether payments from now on are booked only on a word."""
        self._double.desk.books_late = bool(body.get("late"))

    def _plan_exchange(self, _: Request, body: dict[str, Any]) -> None:
        """What money is booked in from now on, and at which rate."""
        currency, rate = body.get("currency"), body.get("rate")
        if not isinstance(currency, str) or not isinstance(rate, int | float) or rate <= 0:
            raise CommandInvalid("an exchange has a currency and a rate")
        self._double.desk.exchange = Exchange(currency, float(rate))

    def _plan_refunds(self, _: Request, body: dict[str, Any]) -> None:
        """The fates of the next refunds, in order."""
        fates = body.get("statuses")
        if not isinstance(fates, list):
            raise CommandInvalid("statuses must be a list")
        self._double.desk.next_refund_status = [one_of(one, REFUND_FATES) for one in fates]

    def _emit(self, _: Request, body: dict[str, Any]) -> StripeObject:
        """Deliver an event made up by the caller: about an object that is known, or one that never was."""
        event_type, about = body.get("type"), body.get("object")
        if isinstance(about, str):
            about = self._double.desk.store.find(about)
        if not isinstance(event_type, str) or not isinstance(about, dict):
            raise CommandInvalid("an event has a type and an object (or the id of a known one)")
        return self._double.desk.tell(event_type, about)

    def _shown(self, command: Command) -> Command:
        def answer(request: Request, body: dict[str, Any]) -> Any:
            made = command(request, body)
            return None if made is None else shown(self._double.desk.store, made, ())

        return answer
