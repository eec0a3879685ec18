"""The audit has teeth: each kind of untruth turns its verdict red and no other, of the audit or of the page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from imagesfactory.truth.audit import DAYS, Audit
from imagesfactory.truth.model import AUDITED, Check, Verdict
from imagesfactory.truth.service import TruthPage

from tests.lived_in import KEEPER, SHOPPER, LivedIn
from tests.lived_in import Documents as Plant

LIVED_DAYS = 5
"""More than the service has lived."""


def audited(service: LivedIn, days: int = LIVED_DAYS) -> list[Verdict]:
    audit = Audit(service.client, service.archive_client, files=service.listing, settlements=service.settlements)
    return list(audit.verdicts(service.clock.now(), days))


def red(service: LivedIn) -> list[Check]:
    page = TruthPage(service.client, service.archive_client, service.listing).look(service.clock.now())
    return [verdict.check for verdict in (*page.verdicts, *audited(service)) if not verdict.is_green]


def test_a_lived_in_service_is_green_in_every_question(service: LivedIn) -> None:
    verdicts = audited(service, DAYS)
    assert [verdict for verdict in verdicts if not verdict.is_green] == []
    assert [verdict.check for verdict in verdicts] == [check for check in Check if check in AUDITED]


def grant(service: LivedIn, name: str, source: str, points: int) -> Plant:
    """A balanced grant of bought points that the wallet knows of."""
    wallet = service.wallet(SHOPPER)
    lot, rest = max(wallet["lots"].items(), key=lambda each: each[1]["remaining_points"])
    more = {**rest, "remaining_points": rest["remaining_points"] + points, "granted_points": 10**6}
    legs = {"available_paid": points, "issued_paid": -points}
    return {
        f"wallets/{SHOPPER}": {
            "available_points": wallet["available_points"] + points,
            "lots": {**wallet["lots"], lot: more},
        },
        f"wallets/{SHOPPER}/entries/{name}": {
            "uid": SHOPPER,
            "kind": "grant",
            "source": source,
            "legs": legs,
            "at": service.began_at,
        },
    }


def held(service: LivedIn, hold_id: str, purpose: str) -> Plant:
    """A balanced hold of three points that the wallet knows of."""
    wallet = service.wallet(KEEPER)
    lot, rest = next(iter(wallet["lots"].items()))
    hold = {"points": 3, "allocations": [{"lot_id": lot, "points": 3}], "deadline_at": None, "purpose": purpose}
    return {
        f"wallets/{KEEPER}": {
            "available_points": wallet["available_points"] - 3,
            "held_points": 3,
            "lots": {**wallet["lots"], lot: {**rest, "remaining_points": rest["remaining_points"] - 3}},
            "holds": {hold_id: hold},
        },
        f"wallets/{KEEPER}/entries/hold:planted": {
            "uid": KEEPER,
            "kind": "hold",
            "source": f"{purpose}:{hold_id}",
            "legs": {"available_bonus": -3, "held_bonus": 3},
            "at": service.began_at,
        },
    }


def used(service: LivedIn, entry_id: str, points: int) -> Plant:
    """A charge that the wallet knows of."""
    wallet = service.wallet(KEEPER)
    lot, rest = next(iter(wallet["lots"].items()))
    less = {**rest, "remaining_points": rest["remaining_points"] - points}
    return {
        f"wallets/{KEEPER}": {
            "available_points": wallet["available_points"] - points,
            "lots": {**wallet["lots"], lot: less},
        },
        f"wallets/{KEEPER}/entries/{entry_id}": {
            "uid": KEEPER,
            "kind": "settle",
            "source": entry_id.removeprefix("settle:"),
            "legs": {"available_bonus": -points, "used_bonus": points},
            "at": service.clock.now(),
        },
    }


def refunded_again(service: LivedIn) -> Plant:
    """Points taken for a refund a second time, from a wallet that knows of it."""
    (refund_id,) = service.bought.refund_ids
    planted = grant(service, f"take-back:refund:{refund_id}:9", f"refund:{refund_id}:9", -5)
    (entry,) = (document for path, document in planted.items() if "/entries/" in path)
    assert entry is not None
    entry |= {"kind": "take-back", "legs": {"available_paid": -5, "refunded_paid": 5}}
    return planted


def old_job(service: LivedIn, **changes: Any) -> Plant:
    """The job, too old for the page: only the audit looks at it."""
    return {f"jobs/{service.job_id}": {"deadline_at": service.began_at - timedelta(days=2), **changes}}


def stuck_job(service: LivedIn, changes: dict[str, Any]) -> Plant:
    """Another job like the one that was finished, still under way."""
    job = service.job(service.job_id) | {"status": "running", "finished_at": None, "captured_points": 0}
    images = {number: image | {"state": "running", "file": ""} for number, image in job["images"].items()}
    return {"jobs/planted": job | {"images": images, "deadline_at": service.clock.now()} | changes}


def payment(service: LivedIn, **changes: Any) -> Plant:
    """Another payment like the one that came in, of a provider that is not asked, and its order."""
    order_id = service.bought.id
    order = service.document(f"orders/{order_id}") | {"refund_ids": [], "dispute_ids": []}
    paid = service.document(f"payments/toss-{order_id}") | {"order_id": "planted", "provider": "nobody"}
    return {"orders/planted": order | changes, "payments/planted": paid}


PLANTS: list[tuple[str, Check, Callable[[LivedIn], Plant]]] = [
    (
        "a wallet with a point too many",
        Check.WALLETS_EQUAL_ENTRIES,
        lambda s: {f"wallets/{KEEPER}": {"debt_points": 1}},
    ),
    (
        "points of a lot that its balance does not know",
        Check.LOTS_AND_HOLDS,
        lambda s: {f"wallets/{KEEPER}": {"available_points": s.wallet(KEEPER)["available_points"] + 1}},
    ),
    ("a hold whose job is gone", Check.HOLDS_ALIVE, lambda s: held(s, "gone", "job")),
    ("a hold whose job is finished", Check.HOLDS_ALIVE, lambda s: held(s, s.job_id, "job")),
    ("a hold whose refund was decided", Check.HOLDS_ALIVE, lambda s: held(s, s.bought.refund_ids[0], "refund")),
    ("a hold that its order forgot", Check.HOLDS_ALIVE, lambda s: held(s, f"{s.bought.id}-9", "dispute")),
    ("a job that holds nothing", Check.HOLDS_ALIVE, lambda s: stuck_job(s, {})),
    ("an image that was not charged", Check.IMAGES_CHARGED, lambda s: old_job(s, captured_points=1)),
    ("a charge for a job that is not there", Check.IMAGES_CHARGED, lambda s: used(s, "settle:job:gone", 2)),
    ("a payment that granted nothing", Check.PAYMENTS_GRANTED, payment),
    (
        "a payment neither granted nor refunded, though that was tried",
        Check.PAYMENTS_GRANTED,
        lambda s: payment(s, is_granted=False, refund_ids=list(s.bought.refund_ids), refunded_value=0),
    ),
    (
        "a double grant",
        Check.PAYMENTS_GRANTED,
        lambda s: grant(s, f"grant:order:{s.bought.id}:2", f"order:{s.bought.id}", 1000),
    ),
    ("a grant of nothing", Check.PAYMENTS_GRANTED, lambda s: grant(s, "grant:order:gone", "order:gone", 7)),
    ("a refund that took twice", Check.RETURNS_TAKEN_BACK, refunded_again),
    (
        "a refund that took nothing",
        Check.RETURNS_TAKEN_BACK,
        lambda s: {f"refunds/{s.bought.refund_ids[0]}": {"points": 401}},
    ),
    (
        "a refund that is not at the provider",
        Check.PROVIDERS_AGREE,
        lambda s: {f"refunds/{s.bought.refund_ids[0]}": {"provider_refund_id": "made-up"}},
    ),
    ("notes about a member", Check.RECORDS_REGISTERED, lambda _: {f"users/{KEEPER}/notes/1": {"text": "tall"}}),
]


@pytest.mark.parametrize(("check", "plant"), [each[1:] for each in PLANTS], ids=[each[0] for each in PLANTS])
def test_it_turns_one_verdict_red(service: LivedIn, check: Check, plant: Callable[[LivedIn], Plant]) -> None:
    with service.planted(plant(service)):
        assert red(service) == [check]


@contextmanager
def file_changed(service: LivedIn, name: str, content: bytes | None) -> Any:
    before = service.bucket.files.pop(name, None)
    if content is not None:
        service.bucket.files[name] = content
    with ExitStack() as stack:
        stack.callback(service.bucket.files.pop, name, None)
        yield
    if before is not None:
        service.bucket.files[name] = before


def test_a_lost_file_turns_one_verdict_red(service: LivedIn) -> None:
    name = next(name for name in service.bucket.files if name.startswith(f"images/{KEEPER}/{service.job_id}/"))
    with service.planted(old_job(service)), file_changed(service, name, None):
        assert red(service) == [Check.IMAGES_STORED]


@pytest.mark.parametrize("folder", [f"{KEEPER}/gone", "nobody/gone"])
def test_a_file_of_nobody_turns_one_verdict_red(service: LivedIn, folder: str) -> None:
    with file_changed(service, f"images/{folder}/0.png", b"picture"):
        assert red(service) == [Check.FILES_NAMED]


def test_a_payment_that_nobody_recorded_turns_one_verdict_red(service: LivedIn) -> None:
    with service.planted({f"payments/toss-{service.bought.id}": None}):
        assert red(service) == [Check.PROVIDERS_AGREE]


def test_the_archive_holds_only_what_a_law_keeps_and_no_id_is_shown(service: LivedIn) -> None:
    with service.planted({f"orders/1/buyers/{KEEPER}": {"name": "Jisu"}}, archive=True):
        (verdict,) = (verdict for verdict in audited(service) if not verdict.is_green)
    assert (verdict.check, verdict.count, verdict.ids) == (Check.RECORDS_REGISTERED, 1, ("archive orders/*/buyers/*",))


def test_what_belongs_to_somebody_who_is_leaving_is_passed_over(service: LivedIn) -> None:
    leaving: Plant = {f"withdrawals/{KEEPER}": {"uid": KEEPER, "resume_at": None, "requested_at": service.clock.now()}}
    with service.planted({**leaving, **held(service, "gone", "job")}):
        assert red(service) == []


def test_every_question_of_the_audit_was_planted() -> None:
    planted = {check for _, check, _ in PLANTS} | {Check.IMAGES_STORED, Check.FILES_NAMED}
    assert planted == AUDITED
