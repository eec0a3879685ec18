"""Webhooks of the payment doubles: signed as Stripe signs, and arriving as badly as they are told to."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import stripe

from local.doubles import ControlClient, Doubles, WebhookUrls, running
from local.doubles.control import ControlRefused
from local.doubles.webhook_client import StillWaiting
from tests.payment_shop import Receiver, Toss

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


@pytest.fixture
def told(control: ControlClient, receiver: Receiver) -> Receiver:
    control.stripe.set_webhook(receiver.url)
    control.toss.set_webhook(receiver.url)
    return receiver


def pay(shop: Any) -> Any:
    return shop.v1.payment_intents.create(
        {"amount": 5_000, "currency": "krw", "payment_method": "pm_card_visa", "confirm": True}
    )


def types(receiver: Receiver) -> list[str]:
    return [json.loads(body)["type"] for _, body in receiver.received]


def opened(doubles: Doubles, shop: Any, receiver: Receiver) -> list[Any]:
    secret = doubles.addresses.stripe_webhook_secret
    return [shop.construct_event(body, head["stripe-signature"], secret) for head, body in receiver.received]


def test_events_are_signed_and_in_order(doubles: Doubles, shop: Any, control: ControlClient, told: Receiver) -> None:
    intent = pay(shop)
    assert [one.state for one in control.stripe.messages()] == ["delivered"] * 3
    events = opened(doubles, shop, told)
    assert [one.type for one in events] == PAID
    assert events[-1].data.object.id == intent.id
    assert events[-1].request.id == intent.last_response.headers["request-id"]
    assert shop.v1.events.retrieve(events[0].id).type == PAID[0]
    listed = shop.v1.events.list({"types": ["charge.succeeded", "refund.created"]})
    assert [one.id for one in listed.data] == [events[1].id]


def test_snapshot_does_not_change_afterwards(shop: Any) -> None:
    intent = pay(shop)
    shop.v1.refunds.create({"payment_intent": intent.id})
    (event,) = shop.v1.events.list({"type": "charge.succeeded"}).data
    assert event.data.object["amount_refunded"] == 0


def test_copies_reordering_and_dropping(shop: Any, control: ControlClient, told: Receiver) -> None:
    control.stripe.set_webhook(told.url, copies=2, drop=("payment_intent.created",), keep_back=("charge.succeeded",))
    pay(shop)
    assert [one.state for one in control.stripe.messages()] == ["dropped", "kept back", "delivered"]
    assert types(told) == ["payment_intent.succeeded"] * 2
    assert control.stripe.release() == 1
    control.stripe.messages()
    assert types(told)[2:] == ["charge.succeeded"] * 2
    dropped = control.stripe.messages("payment_intent.created")[0]
    control.stripe.post_again(dropped.id)
    control.stripe.messages()
    assert types(told)[4:] == ["payment_intent.created"]


def test_any_order_can_be_made(shop: Any, control: ControlClient, told: Receiver) -> None:
    control.stripe.set_webhook(told.url, keep_back=("*",))
    pay(shop)
    kept = [one.id for one in control.stripe.kept_back()]
    assert told.received == []
    with pytest.raises(ControlRefused, match="not kept back"):
        control.stripe.release(["evt_none"])
    control.stripe.release([kept[1]])
    control.stripe.release(backwards=True)
    control.stripe.messages()
    assert types(told) == [PAID[1], PAID[2], PAID[0]]


def test_forged_and_stale_posts_are_found_out(
    doubles: Doubles, shop: Any, control: ControlClient, told: Receiver
) -> None:
    ways: list[dict[str, Any]] = [{"forge": ("*",)}, {"age_seconds": 301}]
    for settings in ways:
        told.received.clear()
        control.stripe.set_webhook(told.url, **settings)
        pay(shop)
        control.stripe.messages()
        with pytest.raises(stripe.SignatureVerificationError):
            opened(doubles, shop, told)
    assert json.loads(told.received[0][1])["type"] == PAID[0]


def test_failed_posts_are_tried_again_and_signed_anew(
    doubles: Doubles, shop: Any, control: ControlClient, told: Receiver
) -> None:
    told.answers = [500, 302]
    control.stripe.set_webhook(told.url, drop=tuple(PAID[1:]), retry_pauses_seconds=(0.0, 0.0, 0.0))
    pay(shop)
    (message, *_) = control.stripe.messages()
    assert (message.state, message.attempts) == ("delivered", [500, 302, 200])
    assert len(opened(doubles, shop, told)) == 3


def test_unreachable_endpoint_is_noted(shop: Any, control: ControlClient) -> None:
    control.stripe.set_webhook("http://127.0.0.1:9/webhook")
    pay(shop)
    assert [one.attempts for one in control.stripe.messages()] == [["ConnectError"]] * 3


def test_events_about_strangers(shop: Any, control: ControlClient, told: Receiver) -> None:
    control.stripe.emit_event("charge.refunded", {"id": "ch_never", "object": "charge", "payment_intent": "pi_never"})
    control.toss.emit_event("PAYMENT_STATUS_CHANGED", {"eventType": "PAYMENT_STATUS_CHANGED", "data": {"orderId": "x"}})
    control.stripe.messages()
    control.toss.messages()
    assert sorted(len(json.loads(body)) for _, body in told.received) == [3, 9]


def test_unclear_settings_are_refused(doubles: Doubles) -> None:
    unclear: list[Any] = [{"url": "ftp://x"}, {"copies": 0}, {"drop": [1]}, {"speed": 3}, []]
    for settings in unclear:
        url = f"{doubles.addresses.control}/stripe/webhook"
        assert requests.put(url, json=settings, timeout=30).status_code == 400


def test_toss_posts_payments_unsigned(control: ControlClient, toss: Toss, told: Receiver) -> None:
    key = control.toss.pay("order-1", 10_000)
    toss.confirm(key, "order-1", 10_000)
    toss.cancel(key, {"cancelAmount": 4_000})
    control.toss.messages()
    bodies = [json.loads(body) for _, body in told.received]
    assert [one["data"]["status"] for one in bodies] == ["DONE", "PARTIAL_CANCELED"]
    assert {one["eventType"] for one in bodies} == {"PAYMENT_STATUS_CHANGED"}
    head = told.received[0][0]
    assert head["tosspayments-webhook-transmission-retried-count"] == "0"
    assert "tosspayments-webhook-signature" not in head
    assert "+" not in bodies[0]["createdAt"]


def test_deposit_is_told_twice_over(control: ControlClient, toss: Toss, told: Receiver) -> None:
    key = control.toss.pay("order-1", 10_000, "virtual_account")
    payment = toss.confirm(key, "order-1", 10_000).json()
    control.toss.set_webhook(told.url, keep_back=("*",))
    control.toss.deposit("order-1")
    assert control.toss.release(backwards=True) == 2
    control.toss.messages()
    status, callback = (json.loads(body) for _, body in told.received)
    assert status["data"]["status"] == "DONE"
    assert (callback["secret"], callback["orderId"], callback["status"]) == (payment["secret"], "order-1", "DONE")
    assert set(callback) == {"createdAt", "secret", "status", "transactionKey", "orderId"}
    control.toss.set_webhook(told.url, forge=("DEPOSIT_CALLBACK",))
    control.toss.take_deposit_back("order-1")
    control.toss.messages()
    assert json.loads(told.received[-1][1])["secret"] != payment["secret"]


def test_urls_given_at_the_start_survive_a_reset(receiver: Receiver) -> None:
    with running(webhook_urls=WebhookUrls(toss=receiver.url)) as doubles:
        doubles.control.reset()
        control = doubles.control.toss
        Toss(doubles).confirm(control.pay("order-1", 10_000), "order-1", 10_000)
        assert [one.state for one in control.messages()] == ["delivered"]


def test_reset_gives_up_what_waits_for_its_next_attempt(shop: Any, control: ControlClient, told: Receiver) -> None:
    told.answers = [500] * 3
    control.stripe.set_webhook(told.url, retry_pauses_seconds=(3600.0,))
    pay(shop)
    with pytest.raises(StillWaiting):
        control.stripe.messages(timeout_seconds=0.0)
    control.reset()
    assert control.stripe.messages() == []
    assert shop.v1.events.list().data == []
