"""The inbox of webhooks: how many events a second are written down, and acted on, by several workers at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from local.bench.rows import Row
from local.bench.shop import BenchShop, open_shop

AREA = "inbox"
EVENTS = 200
WORKERS = 8
KIND = "checkout.session.completed"


def measure() -> list[Row]:
    """Purchases of as many members, each with its own event: taken in, acted on, and taken in once more."""
    with open_shop() as shop, ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda _: shop.paid_on_stripes_page(shop.member()), range(EVENTS)))
        signed = shop.stripe_notices(KIND)
        event_ids: list[str] = []
        received = _rate(lambda: event_ids.extend(pool.map(lambda one: shop.receive_stripe(*one), signed)))
        processed = _rate(lambda: _all(pool.map(lambda one: _process(shop, one), event_ids)))
        known = _rate(lambda: _all(pool.map(lambda one: _process(shop, one), event_ids)))
    note = f"{WORKERS} workers, one machine with the doubles and the database"
    return [
        Row(AREA, "events written down", received, "1/s", note=note),
        Row(AREA, "purchases granted", processed, "1/s", note="re-read at Stripe, points, receipt number, letter"),
        Row(AREA, "events that are done already", known, "1/s"),
    ]


def _rate(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return EVENTS / (time.perf_counter() - began)


def _all(answers: Iterable[None]) -> None:
    for _ in answers:
        continue


def _process(shop: BenchShop, event_id: str) -> None:
    shop.inbox.process(event_id, datetime.now(UTC))
