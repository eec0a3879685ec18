"""The inbox: every order of events ends the same, duplicates count once, and what cannot be placed is parked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.payments.inbox import ATTEMPTS_MAX
from imagesfactory.payments.ports import Forged, Notice
from imagesfactory.policy.limits import limits

from local.doubles import Doubles
from local.doubles.core.faults import FaultRule
from local.doubles.webhook_client import PostedMessage
from tests.backend import clean_database, clear_database
from tests.documents import all_documents
from tests.firestore_process import FirestoreProcess
from tests.shop import Shop

SIGNUP = 100


@dataclass(frozen=True)
class Life:
    """What became of one purchase: its events, one of each kind, and the points and the debt it ends with."""

    events: list[PostedMessage]
    available_points: int
    refunded_points: int


def _lost_purchase(shop: Shop, uid: str) -> Life:
    """A purchase that was partly refunded in the dashboard, then disputed and lost."""
    reference = _bought(shop, uid)
    stripe = shop.doubles.control.stripe
    stripe.refund_in_dashboard(reference, 200)
    stripe.close_dispute(stripe.open_dispute(reference, amount=599)["id"], "lost")
    wanted = ["checkout.session.completed", "refund.created", "charge.dispute.created", "charge.dispute.closed"]
    return Life(_last(shop.stripe_events(), wanted), SIGNUP, 1000)


def _regained_purchase(shop: Shop, uid: str) -> Life:
    """A purchase with a refund that failed and a dispute that was lost, and won on appeal."""
    reference = _bought(shop, uid)
    stripe = shop.doubles.control.stripe
    stripe.settle_refund(stripe.refund_in_dashboard(reference, 200)["id"], "failed")
    dispute = stripe.open_dispute(reference)["id"]
    stripe.close_dispute(dispute, "lost")
    stripe.win_appeal(dispute)
    wanted = ["checkout.session.completed", "refund.failed", "charge.dispute.closed", "charge.dispute.updated"]
    return Life(_last(shop.stripe_events(), wanted), SIGNUP + 1100, 0)


def _deposited_twice(shop: Shop, uid: str) -> Life:
    """A deposit that the bank took back and then made, of which staff gave a part back."""
    order, toss = shop.buy_with_toss(uid, "virtual_account"), shop.doubles.control.toss
    toss.deposit(order.id)
    first = shop.toss_events()
    toss.take_deposit_back(order.id)
    toss.deposit(order.id)
    toss.refund_in_dashboard(order.id, 2_000)
    later = [one for one in shop.toss_events() if one.id not in {event.id for event in first}]
    wanted = ["DEPOSIT_CALLBACK", "PAYMENT_STATUS_CHANGED"]
    return Life([*_last(first, wanted), *_last(later, wanted)], SIGNUP + 880, 200)


def _bought(shop: Shop, uid: str) -> str:
    return str(shop.now_of(shop.buy_with_stripe(uid)).reference)


def _last(events: list[PostedMessage], kinds: list[str]) -> list[PostedMessage]:
    by_type = {event.type: event for event in events}
    return [by_type[kind] for kind in kinds]


def _receive(shop: Shop, event: PostedMessage) -> None:
    """Both kinds of events go to the reader of their provider."""
    (shop.receive_stripe if "." in event.type else shop.receive_toss)(event)


@dataclass
class Table:
    """A shop whose database is laid anew for every turn."""

    shop: Shop
    url: str

    def lay(self, documents: dict[str, Any]) -> None:
        """Let the database hold these and nothing else."""
        client = self.shop.client
        clear_database(client, self.url)
        batch = client.batch()
        for path, document in documents.items():
            batch.set(client.document(path), document)
        batch.commit()


def _state(shop: Shop, uid: str) -> dict[str, Any]:
    """What the world looks like, without when and in which steps it came about."""
    wallet = shop.wallet(uid)
    (order,) = [one.to_dict() or {} for one in shop.client.collection("orders").stream()]
    return {
        "available": wallet["available_points"],
        "held": wallet["held_points"],
        "debt": wallet["debt_points"],
        "order": {name: order[name] for name in ("status", "refunded_value", "refunded_points", "frozen_hold")},
        "refunds": [(one.get("points"), one.get("state")) for one in shop.client.collection("refunds").stream()],
        "disputes": [(one.get("points"), one.get("state")) for one in shop.client.collection("disputes").stream()],
        "accounts": shop.balance().accounts,
    }


def _ends(
    tables: Sequence[Table], documents: dict[str, Any], left: list[PostedMessage], uid: str
) -> Iterator[dict[str, Any]]:
    """The states at the end of every order of the events that are left, from a database that holds ``documents``.

    What orders have in common at their beginning is played once; each length of it has a database of its own.
    """
    table, *others = tables
    for event in left:
        table.lay(documents)
        _receive(table.shop, event)
        table.shop.process_inbox()
        if others:
            yield from _ends(others, all_documents(table.shop.client), [one for one in left if one is not event], uid)
        else:
            yield {**_state(table.shop, uid), "accounts": None}


@pytest.mark.parametrize("live", [_lost_purchase, _regained_purchase, _deposited_twice])
def test_every_permutation_of_a_purchases_events_ends_in_the_same_state(
    firestore_process: FirestoreProcess, doubles: Doubles, live: Callable[[Shop, str], Life]
) -> None:
    """24 orders of delivery."""
    doubles.control.reset()
    client = firestore_process.client("demo-permutations")
    with clean_database(client, firestore_process.url):
        shop = Shop(client, doubles)
        uid = shop.member()
        life = live(shop, uid)
        before = {
            path: document
            for path, document in all_documents(client).items()
            if path.split("/")[0] in {"orders", "wallets", "users"} and path.count("/") == 1
        }
        with ExitStack() as stack:
            clients = [firestore_process.client(f"demo-permutations-{number}") for number in range(len(life.events))]
            for other in clients:
                stack.enter_context(clean_database(other, firestore_process.url))
            tables = [Table(Shop(other, doubles), firestore_process.url) for other in clients]
            states = list(_ends(tables, before, life.events, uid))
        for other in (client, *clients):
            other.close()
    assert len(states) == math.factorial(len(life.events)) == 24
    assert all(state == states[0] for state in states)
    assert (states[0]["available"], states[0]["held"], states[0]["debt"]) == (life.available_points, 0, 0)
    assert states[0]["order"]["refunded_points"] == life.refunded_points


def test_the_world_may_change_between_events(shop: Shop) -> None:
    """Old events that arrive after newer truth was read change nothing."""
    uid = shop.member()
    events = _lost_purchase(shop, uid).events
    shop.receive_stripe(events[-1])
    shop.process_inbox()
    state = _state(shop, uid)
    for event in events:
        shop.receive_stripe(event)
        shop.process_inbox()
    assert _state(shop, uid) == state
    assert shop.balance().is_balanced


def test_one_event_ten_times_at_once_grants_once(shop: Shop) -> None:
    uid = shop.member()
    shop.buy_with_stripe(uid)
    (event,) = [one for one in shop.stripe_events() if one.type == "checkout.session.completed"]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: shop.receive_stripe(event), range(10)))
        list(pool.map(lambda _: shop.process_inbox(), range(5)))
    assert len(list(shop.client.collection("inbox").stream())) == 1
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100
    assert shop.balance().is_balanced


def test_events_about_payments_that_are_not_ours_are_parked_and_then_given_to_an_operator(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    notice = Notice("stripe", "evt_1", "charge.refunded", "", "pi_unknown")
    assert shop.inbox.receive(notice, shop.clock.now())
    for _ in range(ATTEMPTS_MAX):
        shop.inbox.process("stripe-evt_1", shop.clock.now())
        shop.clock.move(timedelta(hours=7))
    assert shop.document("inbox/stripe-evt_1")["state"] == "abandoned"
    assert "webhook.abandoned" in capsys.readouterr().out


def test_an_event_waits_for_a_provider_that_is_down(shop: Shop) -> None:
    uid = shop.member()
    shop.buy_with_stripe(uid)
    (event,) = [one for one in shop.stripe_events() if one.type == "checkout.session.completed"]
    shop.receive_stripe(event)
    shop.doubles.control.plan(FaultRule(provider="stripe", effect="error", status=500))
    with pytest.raises(RetryLater):
        shop.inbox.process(f"stripe-{event.id}", shop.clock.now())
    shop.doubles.control.clear_faults()
    shop.clock.move(timedelta(minutes=10))
    shop.sweep()
    shop.work_off()
    assert shop.document(f"inbox/stripe-{event.id}")["state"] == "done"
    assert shop.wallet(uid)["available_points"] == SIGNUP + 1100


def test_a_deposit_callback_with_the_wrong_secret_is_forged(shop: Shop) -> None:
    uid = shop.member()
    order = shop.buy_with_toss(uid, "virtual_account")
    notice = Notice("toss", "transmission-1", "DEPOSIT_CALLBACK", order.id, "", "not the secret")
    with pytest.raises(Forged):
        shop.inbox.receive(notice, shop.clock.now())
    assert shop.inbox.receive(replace(notice, secret=order.secret), shop.clock.now())
    assert not shop.inbox.receive(replace(notice, order_id="__all__"), shop.clock.now())


def test_unsigned_events_about_orders_that_are_nowhere_are_few_and_end_in_silence(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """They may be in the archive, which is found out when the event is acted on."""
    most = limits().rate("events_of_orders_elsewhere").burst
    notices = [Notice("toss", f"event-{number}", "CANCEL_STATUS_CHANGED", "a" * 24, "") for number in range(most + 1)]
    for notice in notices[:most]:
        assert shop.inbox.receive(notice, shop.clock.now())
    with pytest.raises(TooManyRequests):
        shop.inbox.receive(replace(notices[most], order_id="b" * 24), shop.clock.now())
    shop.inbox.process("toss-event-0", shop.clock.now())
    assert shop.document("inbox/toss-event-0")["state"] == "done"
    assert '"severity": "ERROR"' not in capsys.readouterr().out


def test_a_forged_status_changes_nothing_because_the_truth_is_read(shop: Shop) -> None:
    uid = shop.member()
    order = shop.order(uid).order
    body = {"eventType": "PAYMENT_STATUS_CHANGED", "data": {"orderId": order.id, "status": "DONE", "paymentKey": "x"}}
    shop.receive_toss(PostedMessage("transmission-2", "PAYMENT_STATUS_CHANGED", body, "queued", []))
    shop.process_inbox()
    assert shop.now_of(order).status.value == "created"
    assert shop.wallet(uid)["available_points"] == SIGNUP


def test_inbox_records_hold_ids_only_and_die(shop: Shop) -> None:
    uid = shop.member()
    shop.buy_with_stripe(uid)
    shop.receive_all()
    record = next(iter(shop.client.collection("inbox").stream())).to_dict() or {}
    assert record["destroy_at"] > shop.clock.now() + timedelta(days=29)
    assert set(record) == {
        "provider",
        "kind",
        "order_id",
        "reference",
        "received_at",
        "state",
        "attempts",
        "problem",
        "resume_at",
        "destroy_at",
    }
