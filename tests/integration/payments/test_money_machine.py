"""A shop in which everything happens in any order: buying, spending, refunds, disputes, lost and repeated events, and
processes that die at any outside call. The ledger must hold after every step, and in the end every won is accounted
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.errors import Refusal, RetryLater
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.payments.model import Channel, Order
from imagesfactory.points.model import NotEnoughPoints
from imagesfactory.points.store import wallet_from

from local.doubles import Doubles
from local.doubles.control import ControlRefused
from tests.backend import clean_database
from tests.crashes import Intercepted, Killed, Reaper, mortal_client
from tests.firestore_process import FirestoreProcess
from tests.shop import Shop

UID = "jisu"
CRASHES = st.one_of(st.just(0), st.integers(1, 14))
"""At which outside call the process dies; 0 is never."""
CHANNELS = st.sampled_from([Channel.WIDGET, Channel.CHECKOUT])
FATES = st.sampled_from(["succeeded", "pending", "failed"])


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
        self.paid: list[Order] = []
        self.disputes: list[str] = []

    # -- what buyers do

    @rule(
        channel=st.sampled_from([Channel.WIDGET, Channel.CHECKOUT]),
        currency=st.sampled_from(["KRW", "USD"]),
        crash=CRASHES,
    )
    def buy(self, channel: Channel, currency: str, crash: int) -> None:
        wanted = {"pack": "starter", "request_id": f"request-{self._next()}"}
        wanted["currency"] = "KRW" if channel is Channel.WIDGET else currency
        with self._dying_at(crash):
            placed = self.shop.order(UID, channel, **wanted)
        with suppress(TooManyRequests):
            placed = self.shop.order(UID, channel, **wanted)
            order = placed.order
            if channel is Channel.WIDGET:
                key = self.doubles.control.toss.pay(order.id, order.amount)
                with self._dying_at(crash):
                    self.shop.confirm(UID, order, key)
                self._calmly(lambda: self.shop.confirm(UID, order, key))
            else:
                self.doubles.control.stripe.pay_checkout(placed.opening.reference)
            self.paid.append(order)

    @rule(points=st.integers(1, 700))
    def spend(self, points: int) -> None:
        from imagesfactory.kit import unit_of_work

        hold_id, now = f"job-{self._next()}", self.shop.clock.now()

        def work(unit: unit_of_work.UnitOfWork) -> None:
            wallet = wallet_from(unit.read(self.shop.points.wallet_reference(UID))[0])
            assert wallet is not None
            self.shop.points.hold(unit, wallet, hold_id, points, now, now)

        def settle(unit: unit_of_work.UnitOfWork) -> None:
            (snapshot,) = unit.read(self.shop.points.wallet_reference(UID))
            self.shop.points.settle(unit, snapshot, hold_id, points // 2, now)

        with suppress(NotEnoughPoints, TooManyRequests):
            unit_of_work.run(self.shop.client, work)
            unit_of_work.run(self.shop.client, settle)

    @precondition(lambda self: self.paid)
    @rule(
        data=st.data(),
        points=st.integers(1, 300),
        crash=CRASHES,
        fate=st.sampled_from(["succeeded", "pending", "failed"]),
    )
    def refund(self, data: st.DataObject, points: int, crash: int, fate: str) -> None:
        order = data.draw(st.sampled_from(self.paid))
        self.doubles.control.stripe.plan_refunds(*([fate] if order.provider == "stripe" else []))
        with self._dying_at(crash), suppress(Refusal):
            self.shop.ask_refund(UID, order, points, request_id=f"refund-{self._next()}")
        self.doubles.control.stripe.plan_refunds()

    # -- what banks and staff do

    @precondition(lambda self: self.paid)
    @rule(data=st.data(), amount=st.integers(1, 500))
    def refund_in_dashboard(self, data: st.DataObject, amount: int) -> None:
        order = data.draw(st.sampled_from(self.paid))
        with suppress(ControlRefused):
            if order.provider == "toss":
                self.doubles.control.toss.refund_in_dashboard(order.id, amount)
            else:
                self.doubles.control.stripe.refund_in_dashboard(self._reference(order), amount)

    @precondition(lambda self: self.paid)
    @rule(data=st.data(), part=st.integers(1, 4))
    def dispute(self, data: st.DataObject, part: int) -> None:
        order = data.draw(st.sampled_from(self.paid))
        if order.provider == "stripe":
            with suppress(ControlRefused):
                opened = self.doubles.control.stripe.open_dispute(
                    self._reference(order), amount=order.amount * part // 4
                )
                self.disputes.append(opened["id"])

    @precondition(lambda self: self.disputes)
    @rule(outcome=st.sampled_from(["won", "lost"]))
    def decide_dispute(self, outcome: str) -> None:
        self.doubles.control.stripe.close_dispute(self.disputes.pop(), outcome)

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
            assert order.is_paid
            refunds = self.shop.store.refunds_of(order)
            assert not any(refund.state.is_open for refund in refunds)
            disputes = [self.shop.document(f"disputes/{one}") for one in order.dispute_ids]
            value = sum(one.value for one in refunds if one.in_effect) + sum(one["value"] for one in disputes)
            points = sum(one.points for one in refunds if one.in_effect) + sum(one["points"] for one in disputes)
            assert (order.refunded_value, order.refunded_points) == (value, points)
            assert order.refunded_value <= order.amount
            assert order.refunded_points <= order.points
        report = self.shop.settlements.run(self.shop.clock.now(), legal_day(datetime.now(UTC)))  # the doubles' day
        assert report["differences"] == []

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
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
