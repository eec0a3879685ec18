"""The truth page has teeth: each kind of untruth, planted in a lived-in service, turns its verdict red and no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from imagesfactory.kit.clock import legal_day
from imagesfactory.policy.company import Company, company
from imagesfactory.truth.model import AUDITED, Check, Page
from imagesfactory.truth.service import TruthPage

from tests.lived_in import KEEPER, SHOPPER, LivedIn
from tests.lived_in import Documents as Plant

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def look(service: LivedIn) -> Page:
    return TruthPage(service.client, service.archive_client, service.listing).look(service.clock.now())


def red(page: Page) -> dict[Check, tuple[str, ...]]:
    return {verdict.check: verdict.ids for verdict in page.verdicts if not verdict.is_green}


def test_a_lived_in_service_is_green_in_every_question(service: LivedIn) -> None:
    page = look(service)
    assert red(page) == {}
    assert {verdict.check for verdict in page.verdicts} == set(Check) - AUDITED
    assert page.members == ()


def entry(service: LivedIn, legs: dict[str, int]) -> dict[str, Any]:
    return {"uid": KEEPER, "kind": "grant", "source": "nowhere", "legs": legs, "at": service.began_at}


def job(service: LivedIn, **changes: Any) -> Plant:
    """Another job like the one that was finished."""
    return {"jobs/planted": {**service.job(service.job_id), "finished_at": None, "sweep_at": None, **changes}}


def new_job(service: LivedIn, now: datetime, **changes: Any) -> Plant:
    """The job as if it had been asked for just now."""
    return {f"jobs/{service.job_id}": {"deadline_at": now, **changes}}


PLANTS: list[tuple[str, Check, Callable[[LivedIn, datetime], Plant]]] = [
    (
        "an entry that does not balance",
        Check.LEDGER_BALANCED,
        lambda s, _: {f"wallets/{KEEPER}/entries/grant:nowhere": entry(s, {"issued_bonus": -7})},
    ),
    (
        "points that wallets carry and nobody issued",
        Check.LEDGER_BALANCED,
        lambda _s, _: {f"wallets/{KEEPER}": {"carried": {"issued_paid": -3}}},
    ),
    (
        "a debt below zero",
        Check.NOTHING_BELOW_ZERO,
        lambda s, _: {
            f"wallets/{KEEPER}": {"debt_points": -5},
            f"wallets/{KEEPER}/entries/grant:nowhere": entry(s, {"issued_bonus": -5, "debt_bonus": 5}),
        },
    ),
    ("a queued job", Check.JOBS, lambda s, now: job(s, status="queued", deadline_at=now - HOUR)),
    ("a running job", Check.JOBS, lambda s, now: job(s, status="running", deadline_at=now - HOUR)),
    ("an untidy job", Check.JOBS, lambda _, now: {"jobs/planted": {"is_tidy": False, "sweep_at": now - HOUR}}),
    ("a free image", Check.NEWEST_IMAGES, lambda s, now: new_job(s, now, captured_points=1)),
    (
        "an image whose charge is lost",
        Check.NEWEST_IMAGES,
        lambda s, now: {f"wallets/{KEEPER}/entries/settle:job:{s.job_id}": {"legs": {}}, **new_job(s, now)},
    ),
    ("a letter", Check.LETTERS, lambda _, now: {"mail/planted": {"sweep_at": now - HOUR}}),
    ("an order", Check.ORDERS, lambda s, now: {f"orders/{s.bought.id}": {"resume_at": now - HOUR}}),
    ("a refund", Check.REFUNDS, lambda _, now: {"refunds/planted": {"resume_at": now - HOUR}}),
    ("a refund to be sent", Check.REFUNDS, lambda _, now: {"refunds/planted": {"state": "requested", "due_at": now}}),
    ("a refund on its way", Check.REFUNDS, lambda _, now: {"refunds/planted": {"state": "sent", "due_at": now}}),
    ("a parked event", Check.EVENTS, lambda _, now: {"inbox/planted": {"state": "parked", "resume_at": now - HOUR}}),
    ("an event given up", Check.EVENTS, lambda _s, _: {"inbox/planted": {"state": "abandoned", "resume_at": None}}),
    (
        "a lost dispute",
        Check.DISPUTES,
        lambda _, now: {"disputes/planted": {"is_misuse_due": True, "closed_at": now - HOUR}},
    ),
    ("expired points", Check.EXPIRIES, lambda _, now: {f"wallets/{KEEPER}": {"next_expiry_at": now - HOUR}}),
    ("an export", Check.EXPORTS, lambda _, now: {"exports/planted": {"resume_at": now - HOUR}}),
    (
        "a correction",
        Check.CORRECTIONS,
        lambda _, now: {"corrections/planted": {"state": "pending", "due_at": now - HOUR}},
    ),
    (
        "a correction that Firebase was not told",
        Check.CORRECTIONS,
        lambda _, now: {f"users/{KEEPER}": {"copies_due_at": now - HOUR}},
    ),
    (
        "a correction that Firebase refuses each hour anew",
        Check.CORRECTIONS,
        lambda _, now: {f"users/{KEEPER}": {"copies_due_at": now + HOUR, "copies_open_since": now - 4 * HOUR}},
    ),
    ("a withdrawal", Check.WITHDRAWALS, lambda _, now: {"withdrawals/gone": {"resume_at": now - HOUR}}),
    ("a slow withdrawal", Check.WITHDRAWALS, lambda _, now: {"withdrawals/gone": {"requested_at": now - 6 * DAY}}),
    ("open money", Check.WITHDRAWALS, lambda _, now: {"withdrawn/planted": {"resume_at": now - HOUR}}),
    (
        "an unanswered inquiry",
        Check.INQUIRIES,
        lambda _, now: {"inquiries/planted": {"state": "open", "changed_at": now - 4 * DAY}},
    ),
    ("a quiet inquiry", Check.INQUIRIES, lambda _, now: {"inquiries/planted": {"settles_at": now - HOUR}}),
    (
        "a contact that the carrier still knows",
        Check.INQUIRIES,
        lambda _, now: {"inquiries/planted": {"forget_contact_at": now - HOUR}},
    ),
    ("an announcement", Check.ANNOUNCEMENTS, lambda _, now: {"policies/planted": {"resume_at": now - HOUR}}),
    ("a campaign", Check.ANNOUNCEMENTS, lambda _, now: {"campaigns/planted": {"resume_at": now - HOUR}}),
    ("an unfinished sign-up", Check.SIGN_UPS, lambda _, now: {"users/planted": {"destroy_at": now - HOUR}}),
    (
        "a member nobody asked",
        Check.CONSENTS,
        lambda _, now: {f"users/{KEEPER}": {"confirmation_due_at": now - HOUR}},
    ),
    ("a suspension", Check.SUSPENSIONS, lambda _, now: {"suspensions/planted": {"resume_at": now - HOUR}}),
    ("a collection of nobody's", Check.PLACES_REGISTERED, lambda _s, _: {"notes/1": {"text": "tall"}}),
    ("an overdue visit", Check.RECORDS_DESTROYED, lambda _, now: {"visits/planted": {"destroy_at": now - 2 * DAY}}),
    (
        "an overdue entry",
        Check.RECORDS_DESTROYED,
        lambda _, now: {f"wallets/{KEEPER}/entries/old": {"destroy_at": now - 2 * DAY}},
    ),
    ("no purge since", Check.PURGE_RAN, lambda s, now: s.runs_at(now - 2 * DAY)),
    ("a purge that failed", Check.PURGE_CLEAN, lambda s, _: {s.run_path: {"failed": {"default visits/{id}": 2}}}),
    ("files that purge missed", Check.PURGE_CLEAN, lambda s, _: {s.run_path: {"missing": 1}}),
    (
        "no settlement",
        Check.SETTLEMENT_MADE,
        lambda s, now: {f"settlements/{s.yesterday}": None, f"users/{SHOPPER}": {"created_at": now - 9 * DAY}},
    ),
    (
        "a difference",
        Check.SETTLEMENT_CLEAN,
        lambda s, _: {f"settlements/{s.yesterday}": {"difference_count": 1}},
    ),
    (
        "a night in which the ledger did not balance",
        Check.SETTLEMENT_CLEAN,
        lambda s, _: {"settlements/2026-01-02": {"day": "2026-01-02", "ledger": {"total": 4}}},
    ),
]


@pytest.mark.parametrize(("check", "plant"), [each[1:] for each in PLANTS], ids=[each[0] for each in PLANTS])
def test_it_turns_one_verdict_red(service: LivedIn, check: Check, plant: Callable[[LivedIn, datetime], Plant]) -> None:
    with service.planted(plant(service, service.clock.now())):
        assert list(red(look(service))) == [check]


def test_a_version_that_begins_unannounced_turns_it_red(service: LivedIn) -> None:
    tomorrow = (legal_day(service.clock.now()) + DAY).isoformat()
    coming = Company.model_validate(company().model_dump() | {"next_terms_version": tomorrow})
    page = TruthPage(service.client, service.archive_client, service.listing, coming)
    assert red(page.look(service.clock.now())) == {Check.ANNOUNCEMENTS: (f"policies/terms-{tomorrow}",)}
    with service.planted({f"policies/terms-{tomorrow}": {"resume_at": None}}):
        assert red(page.look(service.clock.now())) == {}


def test_the_archive_is_looked_at_as_well(service: LivedIn) -> None:
    overdue: Plant = {"orders/planted": {"destroy_at": service.clock.now() - 2 * DAY}}
    with service.planted(overdue, archive=True):
        assert red(look(service)) == {Check.RECORDS_DESTROYED: ("archive orders/{id}",)}


def test_a_place_that_the_archive_may_not_have_is_seen_and_so_is_a_folder(service: LivedIn) -> None:
    service.bucket.files["drafts/keeper/1.png"] = service.bucket.files["exported.zip"] = b"picture"
    try:
        with service.planted({"tombstones/1": {"uid": KEEPER}}, archive=True):
            found = red(look(service))
    finally:
        del service.bucket.files["drafts/keeper/1.png"], service.bucket.files["exported.zip"]
    assert found == {Check.PLACES_REGISTERED: ("archive tombstones", "bucket (none)", "bucket drafts")}


def test_an_image_of_the_newest_day_whose_file_is_lost_is_seen(service: LivedIn) -> None:
    name = next(name for name in service.bucket.files if name.startswith(f"images/{KEEPER}/{service.job_id}/"))
    content = service.bucket.files.pop(name)
    try:
        with service.planted(new_job(service, service.clock.now())):
            assert red(look(service)) == {Check.NEWEST_IMAGES: (f"jobs/{service.job_id}",)}
    finally:
        service.bucket.files[name] = content


def test_of_too_many_jobs_the_newest_are_looked_at(service: LivedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagesfactory.truth.pictures.NEWEST_MAX", 1)
    now, job = service.clock.now(), service.job(service.job_id)
    hours = {"jobs/just-now": now, "jobs/hours-ago": now - 20 * HOUR}
    uncharged: Plant = {path: {**job, "deadline_at": at, "captured_points": 1} for path, at in hours.items()}
    with service.planted(uncharged):
        assert red(look(service)) == {Check.NEWEST_IMAGES: ("jobs/just-now",)}


def test_jobs_that_came_all_at_once_are_looked_at_however_long_ago(
    service: LivedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagesfactory.truth.pictures.NEWEST_MAX", 1)
    then, job = service.clock.now() - 20 * HOUR, service.job(service.job_id)
    instants = {f"jobs/burst-{number}": then + timedelta(minutes=number) for number in range(3)}
    uncharged: Plant = {path: {**job, "deadline_at": at, "captured_points": 1} for path, at in instants.items()}
    with service.planted(uncharged):
        assert red(look(service)) == {Check.NEWEST_IMAGES: ("jobs/burst-2",)}


def test_every_question_of_the_page_was_planted() -> None:
    assert {check for _, check, _ in PLANTS} == set(Check) - AUDITED


def test_many_are_counted_and_few_are_named(service: LivedIn) -> None:
    many: Plant = {f"users/stray-{n:03}": {"destroy_at": service.clock.now() - DAY} for n in range(45)}
    with service.planted(many):
        page = look(service)
    (verdict,) = (verdict for verdict in page.verdicts if not verdict.is_green)
    assert (verdict.count, len(verdict.ids), verdict.is_more) == (45, 20, False)
    assert page.members == tuple(f"stray-{n:03}" for n in range(20))
