"""The checker and the whole simulation are tried themselves: whatever is wrong with a record is noticed.

The first part shows the checker records that it would have to complain of; the second part spoils the backend (its
table, its calendar, its purge, its withdrawal) and lets a short story run on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import yaml
from dateutil.relativedelta import relativedelta
from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.types import Document
from imagesfactory.policy import reader, retention
from imagesfactory.policy.retention import Retention
from imagesfactory.privacy.purge import model
from imagesfactory.privacy.purge.store import DuePlace
from imagesfactory.privacy.records import OwnedPlace
from imagesfactory.withdrawal.erasure import Erasure

from local.doubles import Doubles
from tests.firestore_process import FirestoreProcess
from tests.simulation.checker import DAY, Checker, Told
from tests.simulation.deeds import Deeds
from tests.simulation.observer import ARCHIVE, BUCKET, DEFAULT, Seen, Snapshot, Where
from tests.simulation.run import prepared
from tests.simulation.seoul_days import begin_of, day_of, days, last_day, months, years
from tests.simulation.story import JISU, Story
from tests.thorough import IS_THOROUGH

MORNING = begin_of(date(2027, 12, 1)) + timedelta(hours=1)
LAST_DAY = date(2028, 3, 1)
"""Of what began on that morning and lives for three months."""
UID, EMAIL, NAME = "uid-of-jisu", "jisu@mail.example", "김지수"
VISIT = Where(DEFAULT, "visits/1")


@pytest.mark.parametrize(
    ("started", "span", "last"),
    [
        ("2027-08-31", months(6), "2028-02-29"),
        ("2026-08-31", months(6), "2027-02-28"),
        ("2027-11-30", months(3), "2028-02-29"),
        ("2027-12-31", months(3), "2028-03-31"),
        ("2028-02-29", years(1), "2029-02-28"),
        ("2028-02-29", years(5), "2033-02-28"),
        ("2028-02-29", years(4), "2032-02-29"),
        ("2096-02-29", years(5), "2101-02-28"),
        ("2027-12-31", days(90), "2028-03-30"),
        ("2027-10-31", months(1), "2027-11-30"),
        ("2027-12-31", years(3), "2030-12-31"),
    ],
)
def test_the_checkers_calendar(started: str, span: Any, last: str) -> None:
    assert last_day(date.fromisoformat(started), span) == date.fromisoformat(last)


def test_the_checkers_day_begins_at_midnight_in_seoul() -> None:
    assert day_of(datetime.fromisoformat("2027-12-31T14:59:59+00:00")) == date(2027, 12, 31)
    assert day_of(datetime.fromisoformat("2027-12-31T15:00:00+00:00")) == date(2028, 1, 1)
    assert begin_of(date(2028, 1, 1)) == datetime.fromisoformat("2028-01-01T00:00:00+09:00")


# -- the checker alone


def seen(version: str = "1", **fields: Any) -> Seen:
    document = Document(fields=encode_dict({"owner": UID, **fields}))
    return Seen(version, Document.pb(document).SerializeToString(deterministic=True), Document.pb(document).fields)


def begun(snapshot: Snapshot | None = None) -> tuple[Checker, Snapshot]:
    """A checker that knows a member and her visit."""
    checker = Checker()
    checker.know(UID, EMAIL, NAME)
    first = {VISIT: seen()} if snapshot is None else snapshot
    checker.after_act(Told("begin", touches={UID}), first, MORNING)
    assert checker.problems == []
    return checker, first


def purged(checker: Checker, day: date, now: Snapshot, counted: int = 0) -> list[str]:
    checker.after_purge(now, begin_of(day) + timedelta(minutes=10), counted)
    return checker.problems


def test_on_its_day_nobody_complains() -> None:
    checker, snapshot = begun()
    assert purged(checker, LAST_DAY, snapshot) == []
    assert purged(checker, LAST_DAY + DAY, {}, 1) == []
    assert (checker.born["visit records"], checker.died["visit records"]) == (1, 1)


def test_a_day_early_and_a_day_late_are_noticed() -> None:
    checker, _ = begun()
    assert "before its last day was over: 2028-03-01" in purged(checker, LAST_DAY, {}, 1)[0]
    checker, snapshot = begun()
    purged(checker, LAST_DAY, snapshot)
    assert "outlived its last day" in purged(checker, LAST_DAY + DAY, snapshot)[0]


def test_a_day_that_was_left_out_wrongly_is_noticed() -> None:
    checker, _ = begun()
    assert "did not run" in purged(checker, LAST_DAY + DAY, {}, 1)[0]
    checker, snapshot = begun()
    purged(checker, LAST_DAY, snapshot)
    assert "days after" in purged(checker, LAST_DAY + 2 * DAY, {}, 1)[0]


def test_a_purge_that_counts_wrongly_changes_or_writes_anything_is_noticed() -> None:
    checker, snapshot = begun()
    assert "counts 1 records, and 0" in purged(checker, LAST_DAY, snapshot, 1)[0]
    checker, snapshot = begun()
    assert "was changed" in purged(checker, LAST_DAY, {VISIT: seen("2")})[0]
    checker, snapshot = begun()
    assert "appeared" in purged(checker, LAST_DAY, {**snapshot, Where(DEFAULT, "visits/2"): seen()})[0]


@pytest.mark.parametrize(
    ("told", "now", "complaint"),
    [
        (Told("act", touches={UID}), {}, "vanished"),
        (Told("act"), {VISIT: seen("2")}, "was changed"),
        (Told("act"), {VISIT: seen(), Where(DEFAULT, "diaries/1"): seen()}, "registered nowhere"),
        (Told("act"), {VISIT: seen(), Where(BUCKET, "images/stray.png"): Seen("1", b"png")}, "registered nowhere"),
        (Told("act"), {VISIT: seen(), Where(ARCHIVE, "misuse/1"): seen(owner="")}, "not for the archive"),
        (Told("act"), {VISIT: seen(), Where(ARCHIVE, "ads/1"): seen()}, "names a member"),
    ],
)
def test_what_no_act_may_do_is_noticed(told: Told, now: Snapshot, complaint: str) -> None:
    checker, _ = begun()
    checker.after_act(told, now, MORNING + timedelta(hours=1))
    assert len(checker.problems) == 1
    assert complaint in checker.problems[0]


def test_what_no_sweep_may_do_is_noticed() -> None:
    checker, _ = begun()
    checker.after_sweep({}, MORNING)
    assert "vanished" in checker.problems[0]
    checker, _ = begun()
    checker.after_sweep({VISIT: seen("2")}, MORNING)
    assert "was changed" in checker.problems[0]
    user = Where(DEFAULT, f"users/{UID}")
    checker, snapshot = begun()
    checker.after_act(Told("sign-up", unfinished={UID: MORNING}), {**snapshot, user: seen()}, MORNING)
    checker.after_sweep({**snapshot, user: seen()}, MORNING + timedelta(hours=23))
    assert checker.problems == []
    checker.after_sweep({**snapshot, user: seen()}, MORNING + timedelta(hours=24))
    assert "never completed" in checker.problems[0]


EVIDENCE = {Where(DEFAULT, "withdrawn/subject-1"): seen(owner="")}
TWIN = {Where(ARCHIVE, "visits/1"): seen(owner="subject-1")}


@pytest.mark.parametrize(
    ("left", "complaint"),
    [
        (EVIDENCE | TWIN, None),
        (EVIDENCE, "was not kept"),
        (EVIDENCE | TWIN | {VISIT: seen()}, "was not erased"),
        (EVIDENCE | {Where(ARCHIVE, "visits/1"): seen(owner="subject-1", at=1)}, "is not what"),
        (EVIDENCE | TWIN | {Where(DEFAULT, "policies/1"): seen(owner="", told_after=UID)}, "names somebody who left"),
        (EVIDENCE | TWIN | {Where(DEFAULT, "mail/1"): seen(owner="", to=EMAIL)}, "names somebody who left"),
        (EVIDENCE | TWIN | {Where(ARCHIVE, "refunds/1"): seen(owner="subject-1", to=NAME)}, "names somebody who left"),
        (EVIDENCE | TWIN | {Where(BUCKET, f"images/{UID}/1/0.png"): Seen("1", b"png")}, "names somebody who left"),
        (TWIN, "0 records of evidence"),
    ],
)
def test_whoever_leaves_leaves_nothing_but_what_a_law_keeps(left: Snapshot, complaint: str | None) -> None:
    checker, _ = begun()
    checker.after_act(Told("withdrawal", leaves=UID), left, MORNING + timedelta(days=9))
    assert bool(checker.problems) == bool(complaint)
    assert complaint is None or complaint in " ".join(checker.problems)


def test_the_archive_keeps_for_the_rest_of_the_period() -> None:
    checker, _ = begun()
    checker.after_act(Told("withdrawal", leaves=UID), EVIDENCE | TWIN, MORNING + timedelta(days=9))
    assert purged(checker, LAST_DAY, EVIDENCE | TWIN) == []
    assert purged(checker, LAST_DAY + DAY, EVIDENCE, 1) == []


def test_the_clock_of_a_counter_starts_again_when_it_counts() -> None:
    counter = Where(DEFAULT, "receipt_numbers/2027-1")
    checker, _ = begun({counter: seen(owner="")})
    later = MORNING + timedelta(days=30)
    checker.after_act(Told("a payment", places={"receipt_numbers/*"}), {counter: seen("2", owner="")}, later)
    ends = last_day(day_of(later), years(5))
    assert purged(checker, ends, {counter: seen("2", owner="")}) == []
    assert purged(checker, ends + DAY, {}, 1) == []


AD, LETTER = Where(DEFAULT, "ads/1"), Where(DEFAULT, "mail/1")
ASKED_ON, ANNIVERSARY = date(2029, 11, 1), date(2029, 12, 1)


@pytest.mark.parametrize(
    ("day", "new", "complaint"),
    [
        (ANNIVERSARY - DAY, {AD: seen()}, None),
        (ANNIVERSARY, {AD: seen()}, "whose consent does not hold"),
        (ASKED_ON - DAY, {}, None),
        (ASKED_ON - DAY, {LETTER: seen(kind="consent-reminder")}, "need not be confirmed today"),
        (ASKED_ON, {}, "was not asked"),
        (ASKED_ON + DAY, {LETTER: seen(kind="consent-reminder")}, "need not be confirmed today"),
    ],
)
def test_a_consent_that_is_used_too_long_or_asked_for_on_a_wrong_day_is_noticed(
    day: date, new: Snapshot, complaint: str | None
) -> None:
    checker, snapshot = begun()
    checker.after_act(Told("agrees", agrees={UID: MORNING}), snapshot, MORNING)
    at = begin_of(day) + timedelta(hours=9)
    if complaint is None or AD in new:
        checker.after_act(Told("campaign"), {**snapshot, **new}, at)
    else:
        checker.after_sweep({**snapshot, **new}, at)
    assert bool(checker.problems) == bool(complaint)
    assert complaint is None or complaint in checker.problems[0]


def test_a_consent_is_asked_for_once_and_by_nobody_once_it_was_taken_back() -> None:
    checker, snapshot = begun()
    checker.after_act(Told("agrees", agrees={UID: MORNING}), snapshot, MORNING)
    at = begin_of(ASKED_ON)
    asked = {**snapshot, LETTER: seen(kind="consent-reminder")}
    checker.after_sweep(asked, at)
    checker.after_sweep(asked, at + DAY)
    assert checker.problems == []
    twice = {**asked, Where(DEFAULT, "mail/2"): seen(kind="consent-reminder")}
    checker.after_sweep(twice, at)
    assert "need not be confirmed today" in checker.problems.pop()
    checker.after_act(Told("takes it back", agrees={UID: None}), {**twice, AD: seen()}, at)
    assert "whose consent does not hold" in checker.problems[0]


def test_the_log_names_nobody() -> None:
    checker, _ = begun()
    checker.read_log('{"uid": "uid-of-jisu"}', leaving="")
    assert checker.problems == []
    checker.read_log("a letter to jisu@mail.example", leaving="")
    assert "somebody is named" in checker.problems[0]
    checker, _ = begun()
    checker.after_act(Told("withdrawal", leaves=UID), EVIDENCE | TWIN, MORNING)
    checker.read_log('{"uid": "uid-of-jisu"}', leaving="")
    assert "somebody who left is named" in checker.problems[0]


# -- a spoilt backend

Spoil = Callable[[pytest.MonkeyPatch], None]


def a_visit_after_midnight(deeds: Deeds) -> Story:
    """Half past midnight in Seoul, when it is still November in UTC; and the last day of a month."""
    story = Story()
    story.on("2027-11-29", "10:00", "she joins", deeds.join, JISU)
    story.on("2027-11-30", "10:00", "she visits", deeds.visit, JISU)
    story.on("2027-12-01", "00:30", "she visits after midnight", deeds.visit, JISU)
    return story


def a_short_membership(deeds: Deeds) -> Story:
    story = Story()
    story.on("2027-11-29", "10:00", "she joins", deeds.join, JISU)
    story.on("2027-11-29", "10:10", "her telephone", deeds.register_device, JISU, "telephone-1")
    story.on("2027-11-29", "10:20", "she withdraws", deeds.withdraw, JISU)
    return story


def with_months(count: int) -> Spoil:
    """retention.yaml with another period for visits."""

    def spoil(patch: pytest.MonkeyPatch) -> None:
        text = (reader._FOLDER / "retention.yaml").read_text(encoding="utf-8")
        changed = text.replace("period: { months: 3 }", f"period: {{ months: {count} }}")
        assert changed != text
        table = Retention.model_validate(yaml.safe_load(changed))
        patch.setattr(retention, "retention", lambda: table)

    return spoil


def with_calendar(end_of: Callable[[Any, datetime], datetime]) -> Spoil:
    """Another way to count than the law's."""
    return lambda patch: patch.setattr(retention, "end_of", end_of)


def day_early(true: Any, period: Any, started: datetime) -> Any:
    return true(period, started) - DAY


def day_late(true: Any, period: Any, started: datetime) -> Any:
    return true(period, started) + DAY


def by_the_days_of_utc(_: Any, period: Any, started: datetime) -> datetime:
    step = relativedelta(years=period.years or 0, months=period.months or 0, days=period.days or 0)
    return begin_of(started.date() + step + DAY)


def months_of_thirty_days(_: Any, period: Any, started: datetime) -> datetime:
    length = 365 * (period.years or 0) + 30 * (period.months or 0) + (period.days or 0)
    return begin_of(day_of(started) + timedelta(days=length + 1))


def over_the_end_of_the_month(true: Any, period: Any, started: datetime) -> Any:
    """30 November + 3 months = 30 February = 1 March."""
    end = true(period, started)
    return end + timedelta(days=max(0, day_of(started).day - day_of(end - DAY).day)) if period.months else end


def without_visits(patch: pytest.MonkeyPatch) -> None:
    steps = tuple(step for step in model.steps() if step.path != "visits/{id}")
    patch.setattr(model, "steps", lambda: steps)


def eager(patch: pytest.MonkeyPatch) -> None:
    page = DuePlace.page
    patch.setattr(DuePlace, "page", lambda self, due, *rest: page(self, due + DAY, *rest))


def counting_nothing(patch: pytest.MonkeyPatch) -> None:
    noted = model.noted
    patch.setattr(model, "noted", lambda run, *rest: replace(noted(run, *rest), destroyed={}))


def archiving_no_visits(patch: pytest.MonkeyPatch) -> None:
    kept = OwnedPlace.is_archived.fget  # type: ignore[attr-defined]
    patch.setattr(OwnedPlace, "is_archived", property(lambda self: self.path != "visits/{id}" and kept(self)))


def erasing_no_devices(patch: pytest.MonkeyPatch) -> None:
    erase = Erasure.place
    patch.setattr(
        Erasure, "place", lambda self, where, *rest: 0 if "devices" in where.path else erase(self, where, *rest)
    )


OF_EACH_KIND: list[tuple[Callable[[Deeds], Story], Any, str | None]] = [
    (a_visit_after_midnight, None, None),
    (a_visit_after_midnight, with_months(2), "went on 2028-01-31, before its last day was over: 2028-02-29"),
    (a_visit_after_midnight, day_late, "outlived its last day, 2028-02-29"),
    (a_visit_after_midnight, counting_nothing, "its evidence counts 0 records"),
    (a_short_membership, None, None),
    (a_short_membership, archiving_no_visits, "was not kept"),
]
ALIKE: list[tuple[Callable[[Deeds], Story], Any, str | None]] = [
    (a_visit_after_midnight, with_months(4), "outlived its last day, 2028-02-29"),
    (a_visit_after_midnight, day_early, "went on 2028-02-29, before its last day was over: 2028-02-29"),
    (a_visit_after_midnight, by_the_days_of_utc, "went on 2028-03-01, before its last day was over: 2028-03-01"),
    (a_visit_after_midnight, months_of_thirty_days, "went on 2028-02-29, before its last day was over: 2028-02-29"),
    (a_visit_after_midnight, over_the_end_of_the_month, "outlived its last day, 2028-02-29"),
    (a_visit_after_midnight, without_visits, "outlived its last day, 2028-02-29"),
    (a_visit_after_midnight, eager, "before its last day was over"),
    (a_short_membership, erasing_no_devices, "was not erased"),
]


@pytest.mark.parametrize(("tell_story", "spoil", "complaint"), OF_EACH_KIND + (ALIKE if IS_THOROUGH else []))
def test_a_spoilt_backend_does_not_pass(
    firestore_process: FirestoreProcess,
    doubles: Doubles,
    monkeypatch: pytest.MonkeyPatch,
    tell_story: Callable[[Deeds], Story],
    spoil: Any,
    complaint: str | None,
) -> None:
    if spoil is not None and "period" in getattr(spoil, "__annotations__", {}):
        with_calendar(partial(spoil, retention.end_of))(monkeypatch)
    elif spoil is not None:
        spoil(monkeypatch)
    with prepared(firestore_process, doubles, tell_story) as simulation:
        simulation.run(date(2027, 11, 29), date(2028, 3, 3))
    assert bool(simulation.checker.problems) == bool(complaint)
    assert complaint is None or complaint in " ".join(simulation.checker.problems)
