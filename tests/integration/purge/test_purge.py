"""The purge on a real Firestore server: what is due goes, all else stays, whatever fails or dies on the way."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from imagesfactory.kit.errors import RetryLater
from imagesfactory.points.trial_balance import trial_balance
from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy.purge import model, service
from imagesfactory.privacy.purge.desk import PurgeDesk
from imagesfactory.privacy.purge.destroyers import Destroyer
from imagesfactory.privacy.purge.model import Run
from imagesfactory.privacy.purge.report import report
from rich.console import Console

from local.purge_report import __main__ as purge_report
from tests.documents import all_documents
from tests.purging import Purging

DAY = timedelta(days=1)


def write(purging: Purging, path: str, due: datetime | None, **fields: Any) -> None:
    purging.client.document(path).set({"destroy_at": due, **fields})


def paths(purging: Purging) -> set[str]:
    return {path for path in all_documents(purging.client) if not path.startswith("purges/")}


def finished(run: Run | None) -> Run:
    assert run is not None
    assert run.is_finished
    return run


def test_only_what_is_due_goes_from_both_databases(purging: Purging) -> None:
    now = purging.clock.now()
    for index in range(8):
        write(purging, f"visits/due-{index}", now - index * DAY)
        write(purging, f"visits/later-{index}", now + timedelta(microseconds=1 + index))
        purging.archive.document(f"orders/due-{index}").set({"destroy_at": now})
    purging.archive.document("orders/later").set({"destroy_at": now + DAY})
    write(purging, "disputes/open", None)
    write(purging, "users/unfinished", now - DAY)  # its sign-in has to go first: the sweep of accounts does that

    run = finished(purging.purge.run())

    assert paths(purging) == {*(f"visits/later-{index}" for index in range(8)), "disputes/open", "users/unfinished"}
    assert set(all_documents(purging.archive)) == {"orders/later"}
    assert run.destroyed == {"default visits/{id}": 8, "archive orders/{id}": 8}
    assert run.failed == {}
    assert purging.purge.run() is None, "once a day"


def test_ledger_entries_go_and_the_wallets_stay_in_balance(purging: Purging) -> None:
    now = purging.clock.now()
    for uid, carried in (("old", {"issued_paid": -5, "available_paid": 5}), ("new", {})):
        wallet = {
            "uid": uid, "status": "open", "available_points": 10 + 5 * bool(carried), "held_points": 0,
            "debt_points": 0, "lots": {}, "holds": {}, "rate_full_at": now, "next_expiry_at": None, "carried": carried,
        }  # fmt: skip
        lot = {"kind": "paid", "granted_points": 15, "acquired_at": now, "expires_at": None, "source": "x"}
        wallet["lots"] = {"x": {**lot, "remaining_points": wallet["available_points"]}}
        purging.client.document(f"wallets/{uid}").set(wallet)
        for index, (points, due) in enumerate(((7, now - DAY), (-2, now), (5, now + DAY))):
            legs = {"issued_paid": -points, "available_paid": points}
            write(purging, f"wallets/{uid}/entries/{index}", due, legs=legs)
    write(purging, "wallets/erased/entries/1", now, legs={"issued_paid": -1, "available_paid": 1})
    assert [trial_balance(purging.client).wrong_wallets, trial_balance(purging.client).total] == [(), 0]

    run = finished(purging.purge.run())

    assert run.destroyed == {"default wallets/{uid}/entries/{id}": 5}
    balance = trial_balance(purging.client)
    assert balance.is_balanced
    assert balance.accounts["available_paid"] == 25
    assert purging.client.document("wallets/new").get().get("carried") == {"issued_paid": -5, "available_paid": 5}
    assert {path for path in paths(purging) if "entries" in path} == {"wallets/old/entries/2", "wallets/new/entries/2"}


def job(purging: Purging, job_id: str, due: datetime, stored: int, owner: str = "jisu") -> list[str]:
    names = [f"images/{owner}/{job_id}/{index}.png" for index in range(stored)]
    images = {str(index): {"file": name} for index, name in enumerate(names)}
    ended = purging.clock.now()
    write(purging, f"jobs/{job_id}", due, owner=owner, images=images, finished_at=ended, deadline_at=ended)
    for name in names:
        purging.bucket.put(name, b"png")
    return names


def test_a_jobs_files_go_before_it_and_a_stuck_file_keeps_it(purging: Purging) -> None:
    due = purging.clock.now() + 2 * DAY
    first, second = job(purging, "a", due, 2), job(purging, "b", due, 2)
    kept = job(purging, "c", due + DAY, 2)
    purging.bucket.put("images/jisu/a/9.png", b"a released image's late file")
    purging.bucket.refused = {second[1]}
    purging.move(days=2)

    run = finished(purging.purge.run())

    assert set(purging.bucket.files) == {second[1], *kept}
    assert paths(purging) == {"jobs/b", "jobs/c"}
    assert run.failed == {"default jobs/{id}": 1}
    assert [failure.code for failure in run.failures] == ["PermissionError"]
    assert "jisu" not in str(run), "evidence names nobody"

    purging.bucket.refused = set()
    purging.move(days=1)
    finished(purging.purge.run())
    assert (purging.bucket.files, paths(purging)) == ({}, set()), "what failed was due still, and tried again"
    assert first


def test_files_and_index_are_compared_both_ways(purging: Purging) -> None:
    late = purging.clock.now() + 60 * DAY
    kept = [name for owner in ("a", "b", "c-d", "c") for name in job(purging, f"of-{owner}", late, 2, owner)]
    lost = job(purging, "lost", late, 3, "z")
    for name in lost:
        purging.bucket.delete(name)
    for name in ("images/a/of-a/7.png", "images/b/none/0.png", "images/zz/none/0.png"):
        purging.bucket.put(name, b"orphan")
    purging.client.document("jobs/working").set({"owner": "y", "images": {}, "finished_at": None, "destroy_at": late})
    purging.bucket.put("images/y/working/0.png", b"not written down yet")
    young = finished(purging.purge.run())
    assert (young.orphans, young.missing) == (0, 0), "work of today is left alone"
    purging.move(days=1)
    purging.bucket.put("images/q/young/0.png", b"orphan of today")

    run = finished(purging.purge.run())

    assert (run.orphans, run.missing) == (3, 3)
    assert set(purging.bucket.files) == {*kept, "images/y/working/0.png", "images/q/young/0.png"}


def test_a_file_dies_by_its_own_clock_without_any_index(purging: Purging) -> None:
    purging.bucket.put("images/a/b/0.png", b"x")
    purging.client.document("jobs/b").set({"owner": "a", "images": {"0": {"file": "images/a/b/0.png"}}})
    purging.move(days=90)
    finished(purging.purge.run())
    assert purging.bucket.files
    purging.move(days=1)
    run = finished(purging.purge.run())
    assert not purging.bucket.files
    assert run.destroyed == {"bucket images/{uid}/{job}/{file}": 1}


def test_a_long_run_is_handed_over_and_nobody_works_beside_it(purging: Purging) -> None:
    for index in range(20):
        write(purging, f"visits/{index}", purging.clock.now())
    purging.clock.tick = timedelta(seconds=30)

    parts = 0
    run = purging.purge.run(timedelta(minutes=2))
    while run is not None and not run.is_finished:
        parts += 1
        (function, payload) = purging.queue.waiting.popleft()
        assert (function, payload) == (service.TASK_FUNCTION, {"run": run.id})
        run = purging.made(3).run(timedelta(minutes=2))

    assert parts >= 2
    assert finished(run).part == parts + 1
    assert run is not None
    assert run.destroyed == {"default visits/{id}": 20}
    assert paths(purging) == set()


def test_a_worker_that_died_is_followed_by_another_and_cannot_come_back(
    purging: Purging, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(7):
        write(purging, f"visits/{index}", purging.clock.now())
    destroy = Destroyer.destroy
    pages = 0

    def dies(self: Destroyer, *args: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise SystemExit  # not an Exception: as if the machine had gone
        return destroy(self, *args)

    monkeypatch.setattr(Destroyer, "destroy", dies)
    with pytest.raises(SystemExit):
        purging.purge.run()
    with pytest.raises(RetryLater):  # its lease protects it, and whoever asked asks again
        purging.purge.run()
    purging.move(minutes=16)
    pages = 10

    left = purging.runs.latest()
    run = finished(purging.purge.run())
    assert run.part == 2
    assert paths(purging) == set()
    assert left is not None
    with pytest.raises(service.LeaseLost):
        purging.purge._work(left, purging.clock.now() + DAY)


def test_a_place_that_cannot_be_read_stops_no_other(purging: Purging, monkeypatch: pytest.MonkeyPatch) -> None:
    write(purging, "visits/1", purging.clock.now())
    broken = model.Step(model.Store.DEFAULT, "no//place", "visit")
    purging.purge._steps = (broken, *purging.purge._steps)
    run = finished(purging.purge.run())
    assert run.failed == {"default no//place": 1}
    assert run.destroyed == {"default visits/{id}": 1}


def test_a_record_that_changed_meanwhile_is_judged_again(purging: Purging) -> None:
    now = purging.clock.now()
    for name in ("stays-due", "prolonged", "gone", "same"):
        write(purging, f"visits/{name}", now)
    step = next(step for step in model.steps() if step.name == "default visits/{id}")
    page = list(purging.client.collection("visits").stream())
    write(purging, "visits/stays-due", now - DAY)
    write(purging, "visits/prolonged", now + DAY)
    purging.client.document("visits/gone").delete()

    outcome = Destroyer(purging.client, step, purging.bucket).destroy(page, now)

    assert (outcome.destroyed, outcome.failures) == (2, [])
    assert paths(purging) == {"visits/prolonged"}


def test_a_record_prolonged_while_its_page_was_read_ahead_stays(
    purging: Purging, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = purging.clock.now()
    for index in range(8):
        write(purging, f"visits/{index}", now - DAY + timedelta(seconds=index))
    destroy, pages = Destroyer.destroy, []

    def prolongs_the_next(self: Destroyer, page: list[Any], due_before: datetime) -> Any:
        pages.append([record.id for record in page])
        if pages[-1] == ["0", "1", "2"]:
            write(purging, "visits/4", now + DAY)
        return destroy(self, page, due_before)

    monkeypatch.setattr(Destroyer, "destroy", prolongs_the_next)
    assert finished(purging.purge.run()).destroyed == {"default visits/{id}": 7}
    assert paths(purging) == {"visits/4"}
    assert {record for page in pages for record in page} >= {str(index) for index in range(8)} - {"4"}


def test_evidence_is_chained_and_shows_what_was_changed(purging: Purging) -> None:
    for _ in range(4):
        write(purging, f"visits/{_}", purging.clock.now())
        finished(purging.purge.run())
        purging.move(days=1)
    runs = list(purging.runs.all())
    assert [run.sequence for run in runs] == [1, 2, 3, 4]
    assert runs[0].previous_hash == model.FIRST_HASH
    assert model.broken_links(runs) == []
    assert model.broken_links([runs[0], replace(runs[1], destroyed={"default visits/{id}": 2}), *runs[2:]]) == [2]
    assert model.broken_links([runs[0], *runs[2:]]) == [3]
    assert runs[0].due_before < runs[1].due_before
    (first,) = purging.client.collection("purges").order_by("sequence").limit(1).get()
    assert first.get("destroy_at") == destroy_at("destruction_evidence", runs[0].started_at)


def test_the_report_counts_by_day_and_names_what_is_overdue(purging: Purging) -> None:
    now = purging.clock.now()
    for due in (now - 2 * DAY, now - timedelta(hours=1), now + 5 * DAY, now + 20 * DAY, now + 99 * DAY, None):
        purging.client.collection("visits").add({"destroy_at": due})
    purging.archive.document("wallets/subject/entries/1").set({"destroy_at": now - DAY})
    purging.bucket.put("images/a/b/0.png", b"x")
    rows = {row.place: row for row in report(purging.client, purging.archive, purging.bucket, now)}
    visits = rows["default visits/{id}"]
    assert (visits.overdue, visits.today, visits.week, visits.month, visits.later, visits.undated) == (1, 1, 1, 1, 1, 1)
    assert rows["archive wallets/{uid}/entries/{id}"].overdue == 1
    assert rows["bucket images/{uid}/{job}/{file}"].later == 1
    assert rows["default users/{uid}"].record_class == "member_data"
    finished(purging.purge.run())
    assert sum(row.overdue for row in report(purging.client, purging.archive, purging.bucket, now)) == 0


def test_a_rehearsal_names_what_would_go_and_destroys_nothing(purging: Purging) -> None:
    now = purging.clock.now()
    desk = PurgeDesk(purging.client, purging.archive, purging.bucket)
    job(purging, "due", now + DAY, 2)
    write(purging, "visits/1", now)
    write(purging, "visits/later", now + 9 * DAY)
    purging.archive.document("orders/1").set({"destroy_at": now})
    purging.bucket.put("images/a/none/0.png", b"orphan")
    purging.move(days=1)
    before = paths(purging), dict(purging.bucket.files), set(all_documents(purging.archive))

    found = list(desk.would_go(purging.clock.now()))

    assert {one.path for one in found if one.due_at} == {"jobs/due", "visits/1", "orders/1"}
    assert [one.path for one in found if one.due_at is None] == ["images/a/none/0.png"]
    assert before == (paths(purging), dict(purging.bucket.files), set(all_documents(purging.archive)))
    finished(purging.purge.run())
    assert paths(purging) == {"visits/later"}
    assert not purging.bucket.files


def test_the_desk_tells_an_operator_what_is_overdue_and_whether_the_evidence_is_whole(purging: Purging) -> None:
    desk, said = PurgeDesk(purging.client, purging.archive, purging.bucket), io.StringIO()
    console = Console(file=said, width=200)
    write(purging, "visits/1", purging.clock.now() - 2 * DAY)
    assert not purge_report.show(console, desk, purging.clock.now(), all_places=False)
    assert "1 are overdue" in said.getvalue()
    for _ in range(2):
        finished(purging.purge.run())
        purging.move(days=1)
    assert purge_report.show(console, desk, purging.clock.now(), all_places=False)
    assert "The chain of 2 records of evidence is whole" in said.getvalue()
    purging.client.document("purges/00000001").update({"orphans": 7})
    assert not purge_report.show(console, desk, purging.clock.now(), all_places=False)
    assert "The chain is broken at 1" in said.getvalue()
