"""What a provider's word makes of an order: money comes, goes back and changes its mind; and random walks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imagesfactory.payments.fold import Outcome, Recorded, fold
from imagesfactory.payments.model import (
    Channel,
    Dispute,
    DisputeState,
    Order,
    OrderStatus,
    Refund,
    RefundOrigin,
    RefundReason,
    RefundState,
)
from imagesfactory.payments.ports import DisputeTruth, MoneyState, RefundTruth, Truth
from imagesfactory.points import model, reversal
from imagesfactory.points.model import Account, Entry, LotKind, Movement, Purpose, Wallet

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DUE = NOW + timedelta(days=3)
AMOUNT, POINTS, BONUS = 10_000, 1_000, 100


@dataclass
class Story:
    """One order whose provider says one thing after the other."""

    order: Order
    wallet: Wallet | None = field(default_factory=lambda: Wallet("jisu"))
    refunds: dict[str, Refund] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    now: datetime = NOW

    def told(self, truth: Truth) -> Outcome:
        """The provider says ``truth``."""
        known = tuple(self.refunds.values()), tuple(self.disputes.values())
        outcome = fold(Recorded(self.order, *known, self.wallet), truth, DUE, self.now)
        self.order = outcome.order
        self.refunds |= {one.id: one for one in outcome.refunds}
        self.disputes |= {one.id: one for one in outcome.disputes}
        if outcome.movement is not None:
            self.moved(outcome.movement)
        return outcome

    def moved(self, movement: Movement) -> None:
        self.wallet = movement.wallet
        self.entries.extend(movement.entries)

    def holds(self, points: int) -> None:
        """A job begins."""
        assert self.wallet is not None
        self.moved(model.hold(self.wallet, f"job-{len(self.entries)}", points, DUE, self.now))

    def releases(self, captured_points: int = 0) -> None:
        """The job ends."""
        assert self.wallet is not None
        (job,) = (hold for hold in self.wallet.holds if hold.purpose is Purpose.JOB)
        self.moved(model.settle(self.wallet, job.id, captured_points, self.now))

    def asks_refund(self, points: int, name: str = "asked") -> Refund:
        """The member asks for a refund, and it is on its way."""
        assert self.wallet is not None
        bonus, value = points // 10, points * 10
        refund = Refund(
            id=name,
            order_id=self.order.id,
            owner="jisu",
            provider=self.order.provider,
            origin=RefundOrigin.MEMBER,
            reason=RefundReason.WITHDRAWAL,
            state=RefundState.SENT,
            points=points,
            bonus_points=bonus,
            value=value,
            amount=value,
            currency="KRW",
            requested_at=NOW,
            due_at=DUE,
        )
        bought = self.order.lots(self.now)
        self.moved(reversal.lock(self.wallet, bought, name, Purpose.REFUND, (points, bonus), self.now))
        self.refunds[name] = refund
        self.order = replace(
            self.order,
            refund_ids=(*self.order.refund_ids, name),
            refunded_value=self.order.refunded_value + value,
            refunded_points=self.order.refunded_points + points,
            revision=self.order.revision + 1,
        )
        return refund

    @property
    def balance(self) -> tuple[int, int, int]:
        """Available, held and owed points."""
        assert self.wallet is not None
        return self.wallet.available_points, self.wallet.held_points, self.wallet.debt_points

    @property
    def gone_points(self) -> int:
        """Paid points that the ledger says went back."""
        sums: Counter[str] = Counter()
        for entry in self.entries:
            sums.update(entry.legs)
        return sum(sums[account.of(LotKind.PAID)] for account in (Account.REFUNDED, Account.CHARGED_BACK))


def an_order(channel: Channel = Channel.WIDGET, **known: object) -> Order:
    order = Order(
        id="a" * 24,
        owner="jisu",
        request_digest="",
        provider="toss" if channel is Channel.WIDGET else "stripe",
        channel=channel,
        pack_id="basic",
        points=POINTS,
        bonus_points=BONUS,
        amount=AMOUNT,
        currency="KRW",
        notice_version="",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        resume_at=NOW + timedelta(hours=1),
    )
    return replace(order, **known)  # type: ignore[arg-type]


def paid(*, refunds: tuple[RefundTruth, ...] = (), disputes: tuple[DisputeTruth, ...] = ()) -> Truth:
    return Truth(
        MoneyState.PAID,
        reference="key",
        provider_payment_id="key",
        amount=AMOUNT,
        currency="KRW",
        paid_at=NOW,
        booked_at=NOW,
        refunds=refunds,
        disputes=disputes,
    )


def a_refund(name: str, amount: int, state: RefundState = RefundState.SUCCEEDED, ours: str = "") -> RefundTruth:
    return RefundTruth(name, ours, amount, state, NOW)


def a_dispute(state: DisputeState, amount: int = AMOUNT, name: str = "du_1") -> DisputeTruth:
    return DisputeTruth(name, amount, state, "fraudulent", NOW)


def a_paid_story(channel: Channel = Channel.WIDGET) -> Story:
    story = Story(an_order(channel))
    story.told(paid())
    assert story.balance == (POINTS + BONUS, 0, 0)
    return story


# -- deposits


@pytest.mark.parametrize("end", [MoneyState.EXPIRED, MoneyState.FAILED, MoneyState.NONE])
def test_a_deposit_that_was_taken_back_mints_nothing_however_its_payment_ends(end: MoneyState) -> None:
    story = a_paid_story()
    story.told(Truth(MoneyState.WAITING, reference="key"))
    assert story.balance == (0, 0, 0)
    story.told(Truth(end, reference="key"))
    assert story.balance == (0, 0, 0)
    story.told(paid())
    assert story.balance == (POINTS + BONUS, 0, 0), "the deposit was made after all"


@pytest.mark.parametrize("end", [MoneyState.WAITING, MoneyState.EXPIRED, MoneyState.FAILED])
def test_a_deposit_whose_taking_back_nobody_saw_takes_the_points_back_when_its_payment_has_ended(
    end: MoneyState,
) -> None:
    story = a_paid_story()
    story.told(Truth(end, reference="key"))
    assert story.balance == (0, 0, 0)
    assert story.gone_points == story.order.refunded_points == POINTS


def test_a_payment_that_cannot_be_found_changes_nothing() -> None:
    story = a_paid_story()
    story.told(Truth(MoneyState.NONE))
    assert story.balance == (POINTS + BONUS, 0, 0)


# -- refunds that meet


def test_a_refund_in_the_dashboard_takes_its_points_once_the_members_own_has_failed() -> None:
    story = a_paid_story()
    asked = story.asks_refund(POINTS)
    story.told(paid(refunds=(a_refund("staff", 5_000),)))
    assert story.refunds[asked.id].state is RefundState.FAILED, "only 5,000 of its 10,000 won are left at the provider"
    assert story.balance == (550, 0, 0)
    assert (story.order.refunded_value, story.order.refunded_points) == (5_000, 500)


def test_a_refund_that_failed_after_it_succeeded_leaves_the_others_whole() -> None:
    story = a_paid_story()
    first, second = a_refund("first", 6_000), a_refund("second", 6_000)
    story.told(paid(refunds=(first, second)))
    assert story.order.refunded_value == AMOUNT
    story.told(paid(refunds=(replace(first, state=RefundState.FAILED), second)))
    assert (story.order.refunded_value, story.order.refunded_points) == (6_000, 600)
    assert story.balance == (440, 0, 0)


def test_a_refund_of_everything_in_the_dashboard_ends_the_members_own() -> None:
    story = a_paid_story()
    asked = story.asks_refund(300)
    story.told(paid(refunds=(a_refund("staff", AMOUNT),)))
    assert story.refunds[asked.id].state is RefundState.FAILED
    assert story.balance == (0, 0, 0)
    assert story.order.refunded_points == story.gone_points == POINTS


def test_a_members_refund_that_fits_beside_the_dashboards_goes_on() -> None:
    story = a_paid_story()
    asked = story.asks_refund(500)
    story.told(paid(refunds=(a_refund("staff", 5_000),)))
    assert story.refunds[asked.id].state is RefundState.SENT
    assert story.balance == (0, 550, 0)
    story.told(paid(refunds=(a_refund("staff", 5_000), a_refund("own", 5_000, ours=asked.id))))
    assert story.refunds[asked.id].state is RefundState.SUCCEEDED
    assert story.balance == (0, 0, 0)


def test_money_that_went_back_after_all_is_counted_within_the_order() -> None:
    story = a_paid_story()
    first = a_refund("first", 6_000)
    story.told(paid(refunds=(replace(first, state=RefundState.FAILED),)))
    story.told(paid(refunds=(replace(first, state=RefundState.FAILED),), disputes=(a_dispute(DisputeState.LOST),)))
    story.told(paid(refunds=(first,), disputes=(a_dispute(DisputeState.LOST),)))
    assert (story.order.refunded_value, story.order.refunded_points) == (AMOUNT, POINTS)
    story.told(paid(refunds=(first,), disputes=(a_dispute(DisputeState.WON),)))
    assert (story.order.refunded_value, story.order.refunded_points) == (6_000, 600)


# -- disputes


def test_a_lost_dispute_that_is_won_on_appeal_gives_the_points_back() -> None:
    story = a_paid_story(Channel.CHECKOUT)
    for state in (DisputeState.OPEN, DisputeState.LOST):
        story.told(paid(disputes=(a_dispute(state),)))
    assert story.balance == (0, 0, 0)
    story.disputes["du_1"] = replace(story.disputes["du_1"], is_misuse_due=False)
    story.told(paid(disputes=(a_dispute(DisputeState.WON),)))
    dispute = story.disputes["du_1"]
    assert story.balance == (POINTS + BONUS, 0, 0)
    assert (dispute.state, dispute.points, dispute.value) == (DisputeState.WON, 0, 0)
    assert dispute.is_misuse_due, "the register must hear that it was no misuse"
    assert story.gone_points == story.order.refunded_points == story.order.refunded_value == 0


def test_an_inquiry_that_was_closed_can_still_become_a_dispute() -> None:
    story = a_paid_story(Channel.CHECKOUT)
    story.told(paid(disputes=(a_dispute(DisputeState.WON),)))
    story.told(paid(disputes=(a_dispute(DisputeState.OPEN),)))
    dispute = story.disputes["du_1"]
    assert (dispute.state, dispute.closed_at) == (DisputeState.OPEN, None)
    assert story.balance == (0, POINTS + BONUS, 0)
    story.told(paid(disputes=(a_dispute(DisputeState.LOST),)))
    assert story.balance == (0, 0, 0)
    assert story.disputes["du_1"].points == POINTS


def test_what_a_failed_refund_gives_back_during_a_dispute_is_frozen() -> None:
    story = a_paid_story(Channel.CHECKOUT)
    asked = story.asks_refund(POINTS)
    story.told(paid(disputes=(a_dispute(DisputeState.OPEN),)))
    assert story.balance == (0, POINTS + BONUS, 0)
    story.told(
        paid(
            refunds=(a_refund("own", AMOUNT, RefundState.FAILED, asked.id),),
            disputes=(a_dispute(DisputeState.OPEN),),
        )
    )
    assert story.balance == (0, POINTS + BONUS, 0)
    story.told(
        paid(
            refunds=(a_refund("own", AMOUNT, RefundState.FAILED, asked.id),),
            disputes=(a_dispute(DisputeState.WON),),
        )
    )
    assert story.balance == (POINTS + BONUS, 0, 0)


def test_what_a_job_gives_back_during_a_dispute_is_frozen() -> None:
    story = a_paid_story(Channel.CHECKOUT)
    story.holds(POINTS + BONUS)
    story.told(paid(disputes=(a_dispute(DisputeState.OPEN),)))
    assert story.balance == (0, POINTS + BONUS, 0)
    story.releases(captured_points=300)
    assert story.balance == (0, 800, 0), "300 were used; the others wait for the bank"
    story.told(paid(disputes=(a_dispute(DisputeState.WON),)))
    assert story.balance == (800, 0, 0)
    assert story.wallet is not None
    assert not story.wallet.holds


def test_points_left_free_in_an_earlier_dispute_are_frozen_at_the_next_look() -> None:
    story = a_paid_story(Channel.CHECKOUT)
    story.told(paid(disputes=(a_dispute(DisputeState.OPEN),)))
    assert story.wallet is not None
    story.moved(reversal.unlock(story.wallet, story.order.frozen_hold, NOW))
    story.order = replace(story.order, frozen_hold="")
    story.told(paid(disputes=(a_dispute(DisputeState.OPEN),)))
    assert story.balance == (0, POINTS + BONUS, 0)


# -- orders without money


def test_a_slow_payment_that_failed_can_be_tried_again_in_the_app() -> None:
    story = Story(an_order(Channel.INTENT, reference="pi_1"))
    assert story.told(Truth(MoneyState.WAITING, reference="pi_1")).order.status is OrderStatus.WAITING
    story.told(Truth(MoneyState.NONE, reference="pi_1"))
    assert story.order.status is OrderStatus.CREATED
    assert story.order.resume_at == story.order.expires_at


def test_a_deposit_that_cannot_be_found_is_still_awaited() -> None:
    story = Story(an_order(status=OrderStatus.WAITING, reference="key"))
    story.told(Truth(MoneyState.NONE))
    assert story.order.status is OrderStatus.WAITING


def test_a_confirmation_that_nobody_knows_of_ends_with_its_order() -> None:
    begun = an_order(status=OrderStatus.CONFIRMING, reference="key", resume_at=NOW + timedelta(minutes=10))
    story = Story(begun, now=NOW + timedelta(minutes=30))
    story.told(Truth(MoneyState.NONE))
    assert story.order.status is OrderStatus.CONFIRMING
    story.now = NOW + timedelta(minutes=61)
    story.told(Truth(MoneyState.NONE))
    assert (story.order.status, story.order.resume_at) == (OrderStatus.EXPIRED, None)


def test_a_confirmation_that_has_just_begun_outlives_its_order() -> None:
    end = NOW + timedelta(minutes=60)
    begun = an_order(status=OrderStatus.CONFIRMING, reference="key", resume_at=end + timedelta(minutes=9))
    story = Story(begun, now=end)
    story.told(Truth(MoneyState.NONE))
    assert story.order.status is OrderStatus.CONFIRMING


@pytest.mark.parametrize("status", [OrderStatus.CREATED, OrderStatus.CONFIRMING])
@pytest.mark.parametrize("end", [MoneyState.FAILED, MoneyState.EXPIRED])
def test_an_attempt_that_failed_in_the_window_leaves_the_order_open_for_another(
    status: OrderStatus, end: MoneyState
) -> None:
    story = Story(an_order(status=status, reference="first"))
    story.told(Truth(end, reference="first"))
    assert (story.order.status, story.order.reference) == (OrderStatus.CREATED, "")
    assert story.order.resume_at == story.order.expires_at


def test_an_attempt_that_failed_ends_an_order_whose_time_is_over() -> None:
    story = Story(an_order(status=OrderStatus.CREATED, reference="first"), now=NOW + timedelta(hours=1))
    story.told(Truth(MoneyState.FAILED, reference="first"))
    assert story.order.status is OrderStatus.FAILED


# -- any walk

NAMES = ("first", "second", "third")
STATES = st.sampled_from([RefundState.SENT, RefundState.SUCCEEDED, RefundState.FAILED])
HUNDREDS = st.integers(1, AMOUNT // 100).map(lambda count: count * 100)
"""Amounts that stand for whole points and whole bonus points, so that nothing is rounded."""


@st.composite
def histories(draw: st.DrawFn) -> list[Truth]:
    """What a provider says one time after the other: what it told of once, it tells of ever after."""
    amounts = {name: draw(HUNDREDS) for name in NAMES}
    disputed = draw(HUNDREDS)
    truths: list[Truth] = []
    known: dict[str, RefundState] = {}
    dispute: DisputeState | None = None
    for _ in range(draw(st.integers(1, 8))):
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True)):
            left = AMOUNT - sum(amounts[one] for one, state in known.items() if state.value != "failed" and one != name)
            known[name] = draw(STATES) if amounts[name] <= left else RefundState.FAILED
        dispute = draw(st.sampled_from([dispute, *DisputeState]))
        truths.append(
            paid(
                refunds=tuple(a_refund(name, amounts[name], state) for name, state in known.items()),
                disputes=(a_dispute(dispute, disputed),) if dispute else (),
            )
        )
        if draw(st.integers(0, 3)) == 0:
            truths.append(Truth(draw(st.sampled_from([MoneyState.WAITING, MoneyState.EXPIRED, MoneyState.NONE]))))
    return [*truths, truths[0] if len(truths) == 1 else next(one for one in reversed(truths) if one.amount)]


def _gone_value(truth: Truth) -> int:
    """Of the order's amount, what the provider says is not ours any more."""
    refunds = sum(one.amount for one in truth.refunds if one.state is not RefundState.FAILED)
    lost = sum(one.amount for one in truth.disputes if one.state is DisputeState.LOST)
    return min(AMOUNT, refunds + lost)


def _check(story: Story, truth: Truth) -> None:
    """What holds after every word: points are taken for exactly the money that is gone."""
    if truth.state is MoneyState.PAID:
        assert story.order.refunded_value == _gone_value(truth)
    elif truth.state is not MoneyState.NONE:
        assert story.order.refunded_value == AMOUNT
    assert story.order.refunded_points == story.order.refunded_value * POINTS // AMOUNT == story.gone_points
    returns: list[Refund | Dispute] = [one for one in story.refunds.values() if one.in_effect]
    returns += story.disputes.values()
    assert sum(one.value for one in returns) == story.order.refunded_value
    assert sum(one.points for one in returns) == story.order.refunded_points


def _check_frozen(story: Story) -> None:
    is_disputed = any(one.state is DisputeState.OPEN for one in story.disputes.values())
    assert story.wallet is not None
    frozen = [hold for hold in story.wallet.holds if hold.purpose is Purpose.DISPUTE]
    assert [hold.id for hold in frozen] == ([story.order.frozen_hold] if story.order.frozen_hold else [])
    if is_disputed:
        assert reversal.unused(story.wallet, story.order.lots(story.now)) == (0, 0)
    else:
        assert not frozen


@settings(deadline=None, max_examples=30)
@given(histories())
def test_whatever_was_said_before_only_the_last_word_counts(truths: list[Truth]) -> None:
    story, short = Story(an_order(Channel.CHECKOUT)), Story(an_order(Channel.CHECKOUT))
    for truth in truths:
        story.told(truth)
        _check(story, truth)
        _check_frozen(story)
    short.told(truths[-1])
    assert story.balance == short.balance
    before = story.balance, len(story.entries)
    story.told(truths[-1])
    assert (story.balance, len(story.entries)) == before, "to hear it again changes nothing"


@settings(deadline=None, max_examples=30)
@given(histories(), st.lists(st.tuples(st.integers(0, POINTS + BONUS), st.integers(0, 3)), min_size=9, max_size=17))
def test_whatever_is_spent_meanwhile_every_point_is_accounted_for(
    truths: list[Truth], jobs: list[tuple[int, int]]
) -> None:
    story = Story(an_order(Channel.CHECKOUT))
    held = 0
    for truth, (points, part) in zip(truths, jobs, strict=False):
        story.told(truth)
        _check(story, truth)
        _check_frozen(story)
        if held:
            story.releases(held * part // 3)
            _check_frozen(story)
            held = 0
        elif story.wallet is not None and 0 < points <= story.wallet.available_points:
            story.holds(points)
            held = points
    available, still_held, owed = story.balance
    legs = Counter[str]()
    for entry in story.entries:
        legs.update(entry.legs)
    assert sum(legs.values()) == 0
    assert available == sum(legs[Account.AVAILABLE.of(kind)] for kind in LotKind)
    assert still_held == sum(legs[Account.HELD.of(kind)] for kind in LotKind)
    assert owed == -sum(legs[Account.DEBT.of(kind)] for kind in LotKind)
    assert min(available, still_held, owed) >= 0
