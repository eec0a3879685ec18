"""The webhook functions as deployed: what is genuine is stored once, all else is refused and leaves nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import stripe
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imagesfactory import bootstrap
from imagesfactory.payments.model import Channel, Order
from imagesfactory.payments.store import PaymentStore

from tests.integration.webhooks.conftest import SECRET, Endpoint, forget_settings

ORDER_ID = "a" * 24
ORDER_SECRET = "ps_of_the_order"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def _event(**changes: Any) -> bytes:
    subject = {"id": "cs_1", "object": "checkout.session", "client_reference_id": ORDER_ID, "metadata": {}}
    event = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": subject}}
    return json.dumps(event | changes).encode()


def _signed(body: bytes, *, secret: str = SECRET, age_seconds: int = 0) -> dict[str, str]:
    text = body.decode()
    stamp = int(time.time()) - age_seconds
    return {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(text, secret, timestamp=stamp)}


def _dated(signature: str) -> dict[str, str]:
    """What anybody could send: of now, and signed by nobody."""
    return {"Stripe-Signature": f"t={int(time.time())},v1={signature}"}


def _stored(inbox: Any) -> int:
    return len(list(inbox.stream()))


def _put_order(inbox: Any) -> None:
    from imagesfactory.kit import unit_of_work

    now = bootstrap.clock().now()
    order = Order(
        ORDER_ID, "jisu", "", "toss", Channel.WIDGET, "basic", 1000, 100, 10_000, "KRW", "2026-11-24", now, now
    )
    order = replace(order, secret=ORDER_SECRET)
    unit_of_work.run(inbox._client, lambda unit: PaymentStore(inbox._client).create_order(unit, order))


def test_a_signed_event_is_stored_once_and_answered(endpoint: Endpoint, inbox: Any) -> None:
    door, body = endpoint("stripe_webhook"), _event()
    for _ in range(3):
        assert door.post("/", data=body, headers=_signed(body)).status_code == 200
    (record,) = inbox.stream()
    assert record.id == "stripe-evt_1"
    assert record.get("order_id") == ORDER_ID


@pytest.mark.parametrize(
    "headers",
    [
        dict,
        lambda: {"Stripe-Signature": ""},
        lambda: {"Stripe-Signature": "t=1,v1=00"},
        lambda: {"Stripe-Signature": "t=now,v1=ä"},
        lambda: _dated("ä"),
        lambda: _signed(_event(), secret="whsec_other"),
        lambda: _signed(_event(), age_seconds=900),
        lambda: _signed(_event(), age_seconds=-900),
        lambda: _signed(_event(id="evt_2")),
    ],
    ids=["none", "empty", "invented", "unreadable", "no-hex", "other-secret", "stale", "future", "other-event"],
)
def test_forged_stale_and_future_events_are_refused(
    endpoint: Endpoint, inbox: Any, headers: Callable[[], dict[str, str]]
) -> None:
    """Signed when the test runs, since what lies ahead comes nearer."""
    assert endpoint("stripe_webhook").post("/", data=_event(), headers=headers()).status_code == 400
    assert _stored(inbox) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"id": 1}', b'{"id": "evt_1", "type": "x", "data": []}'])
def test_what_stripe_signed_but_is_no_event_is_refused(endpoint: Endpoint, inbox: Any, body: bytes) -> None:
    assert endpoint("stripe_webhook").post("/", data=body, headers=_signed(body)).status_code == 400
    assert _stored(inbox) == 0


def test_kinds_that_are_not_ours_are_answered_and_forgotten(endpoint: Endpoint, inbox: Any) -> None:
    body = _event(type="customer.created")
    assert endpoint("stripe_webhook").post("/", data=body, headers=_signed(body)).status_code == 200
    assert _stored(inbox) == 0


@pytest.mark.parametrize("name", ["stripe_webhook", "toss_webhook"])
def test_only_posts_of_sensible_size_are_let_in(endpoint: Endpoint, inbox: Any, name: str) -> None:
    door = endpoint(name)
    assert door.get("/__/health").status_code == 405
    assert door.put("/", data=b"{}").status_code == 405
    assert door.post("/", data=b"x" * 600_000).status_code == 413
    assert _stored(inbox) == 0


@pytest.mark.parametrize(
    ("name", "secret"), [("stripe_webhook", "STRIPE_WEBHOOK_SECRET"), ("toss_webhook", "TOSS_SECRET_KEY")]
)
def test_an_unset_secret_switches_the_endpoint_off_loudly(
    endpoint: Endpoint,
    inbox: Any,
    name: str,
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(secret, "")
    forget_settings()
    body = _event()
    assert endpoint(name).post("/", data=body, headers=_signed(body, secret="")).status_code == 503
    assert '"severity": "ERROR", "message": "webhook.switched_off"' in capsys.readouterr().out
    assert _stored(inbox) == 0


@pytest.mark.parametrize(("name", "key"), [("STRIPE_SECRET_KEY", "rk_live_x"), ("TOSS_SECRET_KEY", "live_gsk_x")])
def test_a_laptop_takes_no_real_money(
    environment: dict[str, str],
    name: str,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert set(bootstrap._payment_providers()) == {"stripe", "toss"}
    monkeypatch.setenv(name, key)
    forget_settings()
    refused = name.split("_", 1)[0].lower()
    assert set(bootstrap._payment_providers()) == {"stripe", "toss"} - {refused}
    assert "payments.live_key_refused" in capsys.readouterr().out
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "false")
    forget_settings()
    assert refused in bootstrap._payment_providers()


def test_a_toss_event_counts_only_for_what_could_be_an_order_of_ours(endpoint: Endpoint, inbox: Any) -> None:
    door = endpoint("toss_webhook")
    data = {"orderId": "no_order-of-ours", "paymentKey": "k", "status": "DONE"}
    body = {"eventType": "PAYMENT_STATUS_CHANGED", "data": data}
    assert door.post("/", json=body).status_code == 200
    assert _stored(inbox) == 0
    data["orderId"] = ORDER_ID
    _put_order(inbox)
    headers = {"tosspayments-webhook-transmission-id": "whevt_12345678"}
    for _ in range(2):
        assert door.post("/", json=body, headers=headers).status_code == 200
    (record,) = inbox.stream()
    assert record.id == "toss-whevt_12345678"


@pytest.fixture
def ordered(inbox: Any) -> None:
    """An order of ours waits for its payment, which came with a secret."""
    _put_order(inbox)


@FUZZ
@given(body=st.binary(max_size=400), signature=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))
def test_noise_never_breaks_the_doors(endpoint: Endpoint, inbox: Any, body: bytes, signature: str) -> None:
    sent = [("stripe_webhook", {"Stripe-Signature": signature}), ("stripe_webhook", _dated(signature))]
    for name, headers in (*sent, ("toss_webhook", {})):
        assert 400 <= _door(endpoint, name).post("/", data=body, headers=headers).status_code < 500


@FUZZ
@given(event=JSON, changes=st.dictionaries(st.sampled_from(["id", "type", "data"]), JSON))
def test_nothing_that_stripe_could_sign_breaks_the_door(
    endpoint: Endpoint, inbox: Any, event: Any, changes: dict[str, Any]
) -> None:
    for body in (json.dumps(event).encode(), _event(**changes)):
        assert _door(endpoint, "stripe_webhook").post("/", data=body, headers=_signed(body)).status_code < 500


@FUZZ
@given(
    subject=st.dictionaries(
        st.sampled_from(["id", "object", "metadata", "client_reference_id", "payment_intent", "charge"]), JSON
    )
)
def test_no_subject_of_a_handled_event_breaks_the_door(endpoint: Endpoint, inbox: Any, subject: dict[str, Any]) -> None:
    body = _event(type="charge.refunded", data={"object": subject})
    assert _door(endpoint, "stripe_webhook").post("/", data=body, headers=_signed(body)).status_code < 500


@FUZZ
@given(
    event=st.dictionaries(st.sampled_from(["eventType", "createdAt", "data", "secret", "status", "orderId"]), JSON),
    kind=st.sampled_from(["PAYMENT_STATUS_CHANGED", "DEPOSIT_CALLBACK", "CANCEL_STATUS_CHANGED", "OTHER"]),
    order_id=JSON | st.sampled_from([ORDER_ID, "__proto__", "../users", "a/b", "."]),
    transmission_id=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30),
    secret=st.text(st.characters(), max_size=30) | st.sampled_from(["", ORDER_SECRET, "\ud800"]),
)
def test_no_toss_event_breaks_the_door(
    endpoint: Endpoint,
    ordered: None,
    event: dict[str, Any],
    kind: str,
    order_id: Any,
    transmission_id: str,
    secret: str,
) -> None:
    shaped = {"eventType": kind, "data": {"orderId": order_id}, "secret": secret, **event}
    headers = {"tosspayments-webhook-transmission-id": transmission_id}
    for body in (event, shaped):
        assert _door(endpoint, "toss_webhook").post("/", json=body, headers=headers).status_code < 500


def test_a_secret_that_no_utf8_can_spell_is_forged(endpoint: Endpoint, inbox: Any, ordered: None) -> None:
    body = {"eventType": "DEPOSIT_CALLBACK", "data": {"orderId": ORDER_ID}, "secret": "\ud800"}
    assert endpoint("toss_webhook").post("/", json=body).status_code == 400
    assert _stored(inbox) == 0


_doors: dict[str, FlaskClient] = {}


def _door(endpoint: Endpoint, name: str) -> FlaskClient:
    """One app for all examples: opening a function costs more than calling it."""
    if name not in _doors:
        _doors[name] = endpoint(name)
    return _doors[name]
