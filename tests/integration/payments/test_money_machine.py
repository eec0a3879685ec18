"""A shop in which everything happens in any order: buying at once and slowly, spending, refunds, disputes, bank errors,
lost and repeated events, and processes that die at any outside call. The ledger must hold after every step, and in the
end points are taken for exactly the money that the providers say is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from imagesfactory.kit import unit_of_work
from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.errors import Refusal, RetryLater
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.payments.model import Channel, DisputeState, Order, OrderStatus, RefundState
from imagesfactory.payments.orders import Placed
from imagesfactory.payments.ports import MoneyState
from imagesfactory.points.model import NotEnoughPoints
from imagesfactory.points.store import wallet_from

from local.doubles import Doubles
from local.doubles.control import ControlRefused
from local.doubles.core.faults import FaultRule
from tests.backend import START, clean_database
from tests.crashes import Intercepted, Killed, Reaper, mortal_client
from tests.firestore_process import FirestoreProcess
from tests.shop import Shop

UID = "jisu"
CRASHES = st.one_of(st.just(0), st.integers(1, 14))
"""At which outside call the process dies; 0 is never."""
SLOW = {"virtual_account", "pm_usBankAccount_success"}
WAYS = st.sampled_from(
    [
        (Channel.WIDGET, "card"),
        (Channel.WIDGET, "virtual_account"),
        (Channel.CHECKOUT, "pm_card_visa"),
        (Channel.CHECKOUT, "pm_usBankAccount_success"),
        (Channel.INTENT, "pm_card_visa"),
        (Channel.INTENT, "pm_usBankAccount_success"),
    ]
)
ACCOUNT = {"bank": "20", "account_number": "1002123456789", "holder_name": "김지수"}
FATES = st.sampled_from(["succeeded", "pending", "failed", "unanswered"])
QUARTERS = st.sampled_from([None, 1, 2, 3])
"""Of an order: so many quarters of it, or all that is left."""


class MoneyMachine(RuleBasedStateMachine):
    """See the module. ``address`` and ``doubles`` are set by the test."""

    process: FirestoreProcess
    doubles: Doubles

    def __init__(self) -> None:
        super().__init__()
        self.doubles.control.reset()
        self.reaper = Reaper()
        self.clean = clean_database(self.process.client("demo-machine"), self.process.url)
        self.clean.__enter__()
        client = mortal_client(self.process.address, "demo-machine", self.reaper)
        self.shop = Shop(client, self.doubles, lambda _name, outsider: Intercepted(outsider, self.reaper))
        self.shop.member(UID)
        self.count = 0
        self.jobs: list[tuple[str, int]] = []
        self.paid: list[Order] = []
        self.slow: list[Order] = []
        self.never_paid: list[Order] = []
        self.deposits: list[Order] = []
        self.bank_errors: set[str] = set()
        """Payments whose deposit was undone: Toss's books do not tell, so that the settlement lists them."""
        self.disputes: list[str] = []
        self.lost: list[str] = []

    # -- what buyers do

    @initialize(ways=st.lists(WAYS, min_size=1, max_size=2))
    def open_shop(self, ways: list[tuple[Channel, str]]) -> None:
        """Some purchases went well already."""
        for way in ways:
            self.buy(way, "USD", 0)
        while self.slow:
            self._end_slow(self.slow.pop(), comes=True)
        self.shop.receive_all()

    @rule(way=WAYS, currency=st.sampled_from(["KRW", "USD"]), crash=CRASHES)
    def buy(self, way: tuple[Channel, str], currency: str, crash: int) -> None:
        channel, method = way
        wanted = {"pack": "starter", "request_id": f"request-{self._next()}", "currency": currency}
        if channel is Channel.WIDGET or method in SLOW:
            wanted["currency"] = "KRW" if channel is Channel.WIDGET else "USD"
        with self._dying_at(crash):
            self.shop.order(UID, channel, **wanted)
        with suppress(TooManyRequests):
            placed = self.shop.order(UID, channel, **wanted)
            self._pay(placed, method, crash)
            (self.slow if method in SLOW else self.paid).append(placed.order)

    def _pay(self, placed: Placed, method: str, crash: int) -> None:
        order, reference = placed.order, placed.opening.reference
        if order.channel is Channel.WIDGET:
            key = self.doubles.control.toss.pay(order.id, order.amount, method)
            with self._dying_at(crash):
                self.shop.confirm(UID, order, key)
            self._calmly(lambda: self.shop.confirm(UID, order, key))
        elif order.channel is Channel.CHECKOUT:
            self.doubles.control.stripe.pay_checkout(reference, method)
        else:
            self.doubles.control.stripe.pay_intent(reference, method)

    @rule(points=st.integers(1, 700))
    def begin_job(self, points: int) -> None:
        hold_id, now = f"job-{self._next()}", self.shop.clock.now()

        def work(unit: unit_of_work.UnitOfWork) -> None:
            wallet = wallet_from(unit.read(self.shop.points.wallet_reference(UID))[0])
            assert wallet is not None
            self.shop.points.hold(unit, wallet, hold_id, points, now, now)

        with suppress(NotEnoughPoints, TooManyRequests):
            unit_of_work.run(self.shop.client, work)
            self.jobs.append((hold_id, points))

    @precondition(lambda self: self.jobs)
    @rule(part=st.integers(0, 2))
    def end_job(self, part: int) -> None:
        hold_id, points = self.jobs.pop(0)

        def settle(unit: unit_of_work.UnitOfWork) -> None:
            (snapshot,) = unit.read(self.shop.points.wallet_reference(UID))
            self.shop.points.settle(unit, snapshot, hold_id, points * part // 2, self.shop.clock.now())

        unit_of_work.run(self.shop.client, settle)

    @precondition(lambda self: self.paid)
    @rule(data=st.data(), quarters=QUARTERS, odd=st.integers(0, 9), crash=CRASHES, fate=FATES)
    def refund(self, data: st.DataObject, quarters: int | None, odd: int, crash: int, fate: str) -> None:
        order = data.draw(st.sampled_from(self.paid))
        points = None if quarters is None else order.points * quarters // 4 - odd
        if fate == "unanswered":
            for path in ("*/cancel", "/v1/refunds"):
                self.doubles.control.plan(FaultRule(path=path, effect="error", status=500))
        elif order.provider == "stripe":
            self.doubles.control.stripe.plan_refunds(fate)
        account = {"account": ACCOUNT} if order in self.deposits else {}
        with self._dying_at(crash), suppress(Refusal):
            self.shop.ask_refund(UID, order, points, request_id=f"refund-{self._next()}", **account)
        self.doubles.control.stripe.plan_refunds()
        self.doubles.control.clear_faults()

    # -- what banks and staff do

    @precondition(lambda self: self.slow)
    @rule(data=st.data(), comes=st.booleans())
    def slow_money(self, data: st.DataObject, comes: bool) -> None:
        self._end_slow(self.slow.pop(data.draw(st.integers(0, len(self.slow) - 1))), comes=comes)

    @precondition(lambda self: self.deposits)
    @rule(data=st.data(), then=st.sampled_from(["take-back", "deposit", "expire"]))
    def bank_error(self, data: st.DataObject, then: str) -> None:
        """A deposit is undone, and made again or not; only one that nothing was refunded of can be."""
        order, toss = data.draw(st.sampled_from(self.deposits)), self.doubles.control.toss
        act = {"take-back": toss.take_deposit_back, "deposit": toss.deposit, "expire": toss.expire}[then]
        with suppress(ControlRefused):
            act(order.id)
            self.bank_errors.add(self._reference(order))

    @precondition(lambda self: self.paid)
    @rule(data=st.data(), quarters=QUARTERS, odd=st.integers(0, 9))
    def refund_in_dashboard(self, data: st.DataObject, quarters: int | None, odd: int) -> None:
        order = data.draw(st.sampled_from(self.paid))
        amount = None if quarters is None else order.amount * quarters // 4 - odd
        with suppress(ControlRefused):
            if order.provider == "toss":
                self.doubles.control.toss.refund_in_dashboard(order.id, amount)
            else:
                self.doubles.control.stripe.refund_in_dashboard(self._reference(order), amount)

    @precondition(lambda self: self.paid)
    @rule(data=st.data(), part=st.integers(1, 4), inquiry=st.booleans())
    def dispute(self, data: st.DataObject, part: int, inquiry: bool) -> None:
        order = data.draw(st.sampled_from(self.paid))
        if order.provider == "stripe":
            with suppress(ControlRefused):
                amount = order.amount * part // 4
                opened = self.doubles.control.stripe.open_dispute(
                    self._reference(order), amount=amount, inquiry=inquiry
                )
                self.disputes.append(opened["id"])

    @precondition(lambda self: self.disputes)
    @rule(outcome=st.sampled_from(["won", "lost"]))
    def decide_dispute(self, outcome: str) -> None:
        self.lost.append(self.disputes.pop())
        self.doubles.control.stripe.close_dispute(self.lost[-1], outcome)

    @precondition(lambda self: self.lost)
    @rule()
    def decide_otherwise(self) -> None:
        """A lost dispute is won on appeal, an inquiry that was closed goes on."""
        dispute_id, stripe = self.lost.pop(), self.doubles.control.stripe
        with suppress(ControlRefused):
            stripe.win_appeal(dispute_id)
        with suppress(ControlRefused):
            stripe.escalate_inquiry(dispute_id)
            self.disputes.append(dispute_id)

    # -- what the network and the platform do

    @rule(data=st.data(), crash=CRASHES)
    def deliver_some_events(self, data: st.DataObject, crash: int) -> None:
        """Some events, in any order, some of them twice; the others are lost for now."""
        events = [("stripe", one) for one in self.shop.stripe_events()] + [
            ("toss", one) for one in self.shop.toss_events()
        ]
        if not events:
            return
        chosen = data.draw(st.lists(st.sampled_from(range(len(events))), max_size=6))
        for index in chosen:
            provider, event = events[index]
            with self._dying_at(crash):
                (self.shop.receive_stripe if provider == "stripe" else self.shop.receive_toss)(event)
                self.shop.process_inbox()

    @precondition(lambda self: self.paid)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        """Anybody may say that something happened to an order."""
        self.shop.settle(data.draw(st.sampled_from(self.paid)))

    @rule()
    def deliver_everything(self) -> None:
        self.shop.receive_all()

    @rule(crash=CRASHES, minutes=st.sampled_from([1, 15, 70]))
    def sweep(self, crash: int, minutes: int) -> None:
        self._move(minutes)
        with self._dying_at(crash):
            self.shop.payment_sweep.run(self.shop.clock.now(), 100)

    # -- what must hold

    @invariant()
    def the_ledger_balances(self) -> None:
        assert self.shop.balance().is_balanced

    @invariant()
    def nothing_is_below_zero(self) -> None:
        wallet = self.shop.wallet(UID)
        assert min(wallet["available_points"], wallet["held_points"], wallet["debt_points"]) >= 0
        assert all(lot["remaining_points"] >= 0 for lot in wallet["lots"].values())

    def teardown(self) -> None:
        """Every event arrives and the sweep has its way: then both books agree, to the won and to the point."""
        try:
            while self.jobs:
                self.end_job(1)
            while self.slow:
                self._end_slow(self.slow.pop(), comes=False)
            for dispute_id in self.disputes:
                self.doubles.control.stripe.close_dispute(dispute_id, "won")
            for _ in range(3):
                self.shop.receive_all()
                self._move(6 * 60)
                self.shop.payment_sweep.run(self.shop.clock.now(), 100)
            self._settle_pending_refunds()
            self._check_end()
        finally:
            self.shop.client.close()  # type: ignore[no-untyped-call]
            self.clean.__exit__(None, None, None)

    def _end_slow(self, order: Order, *, comes: bool) -> None:
        if order.provider == "stripe":
            self.doubles.control.stripe.settle_payment(self._reference(order), succeeded=comes)
        elif comes:
            self.doubles.control.toss.deposit(order.id)
            self.deposits.append(order)
        else:
            self.doubles.control.toss.expire(order.id)
        (self.paid if comes else self.never_paid).append(order)

    def _settle_pending_refunds(self) -> None:
        for order in self.paid:
            for refund in self.shop.store.refunds_of(self.shop.now_of(order)):
                if refund.state.is_open and refund.provider == "stripe":
                    self.doubles.control.stripe.settle_refund(refund.provider_refund_id, "succeeded")
        self.shop.receive_all()

    def _check_end(self) -> None:
        self.the_ledger_balances()
        self.nothing_is_below_zero()
        wallet = self.shop.wallet(UID)
        assert wallet["held_points"] == 0
        for order in map(self.shop.now_of, self.paid):
            self._check_paid(order)
        ends = {self.shop.now_of(order).status for order in self.never_paid}
        assert ends <= {OrderStatus.FAILED, OrderStatus.EXPIRED}
        report = self.shop.settlements.run(self.shop.clock.now(), legal_day(START))  # where the doubles stand
        assert [one for one in report["differences"] if not self._is_bank_error(one)] == []

    def _check_paid(self, order: Order) -> None:
        assert order.is_paid
        refunds = self.shop.store.refunds_of(order)
        assert not any(refund.state.is_open for refund in refunds)
        disputes = [self.shop.document(f"disputes/{one}") for one in order.dispute_ids]
        value = sum(one.value for one in refunds if one.in_effect) + sum(one["value"] for one in disputes)
        points = sum(one.points for one in refunds if one.in_effect) + sum(one["points"] for one in disputes)
        assert (order.refunded_value, order.refunded_points) == (value, points)
        assert order.refunded_value == min(order.amount, self._gone_money(order))
        # Each return may be rounded once: to a whole point, or to the points that the smallest coin stands for.
        exact = order.points * order.refunded_value // order.amount
        rounded = (len(refunds) + len(disputes)) * (1 + -(-order.points // order.amount))
        assert abs(order.refunded_points - exact) <= rounded

    def _gone_money(self, order: Order) -> int:
        """Of an order's amount, what its provider says is not ours any more."""
        truth = self.shop.providers[order.provider].read(order, len(order.refund_ids), len(order.dispute_ids))
        if truth.state is not MoneyState.PAID:
            return order.amount
        refunds = sum(one.amount for one in truth.refunds if one.state is not RefundState.FAILED)
        return refunds + sum(one.amount for one in truth.disputes if one.state is DisputeState.LOST)

    def _is_bank_error(self, difference: dict[str, Any]) -> bool:
        return any(key in str(difference) for key in self.bank_errors)

    # -- means

    def _reference(self, order: Order) -> str:
        return self.shop.now_of(order).reference

    def _next(self) -> int:
        self.count += 1
        return 10_000 + self.count

    def _move(self, minutes: int) -> None:
        self.shop.clock.move(timedelta(minutes=minutes))

    @contextmanager
    def _dying_at(self, call: int) -> Iterator[None]:
        """The process may die inside the block; the next one is born right after."""
        self.reaper.at, self.reaper.calls = call, 0
        try:
            with suppress(Killed, TooManyRequests, RetryLater):
                yield
        finally:
            self.reaper.rest()

    def _calmly(self, work: Callable[[], object]) -> None:
        with suppress(Refusal):
            work()


@pytest.mark.timeout(240)
def test_money_survives_everything(firestore_process: FirestoreProcess, doubles: Doubles) -> None:
    MoneyMachine.process, MoneyMachine.doubles = firestore_process, doubles
    run_state_machine_as_test(
        MoneyMachine,
        settings=settings(
            max_examples=8,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
