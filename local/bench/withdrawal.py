"""The withdrawal of a member with many records on the whole backend: billed operations, round trips, time a record."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud import firestore

from local.bench.backend import Bill, MeasuredBackend, measured_backend
from local.bench.rows import Row

AREA = "withdrawal"
SIZES = (500, 5_000)
"""Records of one member: half of them a law keeps (sign-ins), half it does not (alerts)."""
RATIO_MAX = 1.5
READS_MAX = 3.5
"""A record that is only erased is read once. One that is kept is read to be copied, looked for in the archive, read
back from there, and, before it is erased, read and compared once more: 5 in all. Half and half, that is 3, and the
steps' own reads come on top."""
BATCH = 500
SIGNED_OUT = ("withdrawal.step_done", '"code": "remove-sign-in"')


def measure() -> list[Row]:
    """Two members, alike but for how much is held about them, from their confirmation to the end of their sign-in."""
    with measured_backend() as backend:
        _leave(backend, 10)  # every function has started then
        few, many = (_leave(backend, size) for size in SIZES)
    return [
        _growth("reads", few.reads_a_record, many.reads_a_record),
        _growth("round trips", few.round_trips_a_record, many.round_trips_a_record),
        _growth("time", few.milliseconds_a_record, many.milliseconds_a_record),
        Row(AREA, "reads a record", many.reads_a_record, "reads", READS_MAX, note="half of them archived"),
        Row(AREA, "round trips", len(many.bill.entries), "calls", note=f"{SIZES[1]:,} records"),
        Row(AREA, "time a record", many.milliseconds_a_record, "ms"),
    ]


@dataclass(frozen=True)
class _Left:
    """One withdrawal."""

    records: int
    bill: Bill
    seconds: float

    @property
    def reads_a_record(self) -> float:
        return self.bill.billed("reads") / self.records

    @property
    def round_trips_a_record(self) -> float:
        return len(self.bill.entries) / self.records

    @property
    def milliseconds_a_record(self) -> float:
        return self.seconds * 1000 / self.records


def _growth(what: str, few: float, many: float) -> Row:
    note = f"a record, at {SIZES[1]:,} against {SIZES[0]:,} records"
    return Row(AREA, f"growth of {what}", many / few, "x", RATIO_MAX, note=note)


def _leave(backend: MeasuredBackend, records: int) -> _Left:
    member = backend.new_member()
    database = firestore.Client(project=backend.suite.project)
    made = list(_records(database, member.uid, records))
    for start in range(0, records, BATCH):
        batch = database.batch()
        for reference, document in made[start : start + BATCH]:
            batch.create(reference, document)
        batch.commit()
    gone = backend.lines(*SIGNED_OUT)
    shown = backend.app.call("withdraw", {}, member)
    since, began = backend.mark(), time.perf_counter()
    backend.app.call("withdraw", {"confirmed": shown["confirm"]}, member)
    backend.wait_for_lines(gone + 1, *SIGNED_OUT)
    left = _Left(records, backend.bill(since), time.perf_counter() - began)
    database.close()  # type: ignore[no-untyped-call]
    return left


def _records(database: firestore.Client, uid: str, count: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    now = datetime.now(UTC)
    for number in range(count):
        name = uuid.uuid4().hex
        if number % 2:
            yield database.collection("visits").document(name), _visit(uid, now)
        else:
            yield database.document(f"users/{uid}/alerts/{name}"), _alert(uid, now)


def _visit(uid: str, now: datetime) -> dict[str, Any]:
    end = now + timedelta(days=90)
    return {"owner": uid, "ip_address": "192.0.2.1", "user_agent": "bench", "at": now, "destroy_at": end}


def _alert(uid: str, now: datetime) -> dict[str, Any]:
    return {"owner": uid, "kind": "bench", "ko": "", "en": "", "at": now}
