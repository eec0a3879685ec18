"""What a withdrawal may cost at Firestore for each record: counts, which do not depend on the machine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from imagesfactory.privacy.records import PAGE

from tests.firestore_process import FirestoreProcess
from tests.members import Members
from tests.usage import Bill, billed

READS_OF_AN_ERASED_ONE, READS_OF_A_KEPT_ONE = 1, 5
"""One that is only erased is read once. One that a law keeps is read to be copied, looked for in the archive, read back
from there, and, before it is erased, read and compared once more."""
ROUND_TRIPS_OF_A_PAGE = 9
"""Of kept records: read, look, copy, read back; to be erased: read, compare, erase; and twice the end is looked for."""


def test_each_record_more_costs_the_same_few_reads(house: Members, firestore_process: FirestoreProcess) -> None:
    few = _withdrawal(house, firestore_process, "few", 10)
    many = _withdrawal(house, firestore_process, "many", 10 + 2 * PAGE)

    more = 2 * PAGE
    assert many.reads - few.reads <= more * (READS_OF_AN_ERASED_ONE + READS_OF_A_KEPT_ONE)
    assert many.writes - few.writes == more  # the copies
    assert many.deletes - few.deletes == 2 * more
    assert len(many.entries) - len(few.entries) <= 2 * 2 * ROUND_TRIPS_OF_A_PAGE


def _withdrawal(house: Members, process: FirestoreProcess, uid: str, of_each: int) -> Bill:
    house.member(uid, f"{uid}@example.com")
    _fill(house, uid, of_each)
    house.withdraw(uid)
    with billed(process) as bill:
        house.process.proceed(uid)
    return bill


def _fill(house: Members, uid: str, of_each: int) -> None:
    """So many sign-ins, which a law keeps, and so many alerts, which go with the member."""
    now = house.clock.now()
    visit = {"owner": uid, "ip_address": "192.0.2.1", "user_agent": "test", "at": now}
    alert: dict[str, Any] = {"owner": uid, "kind": "test", "ko": "", "en": "", "at": now}
    batch = house.client.batch()
    for number in range(of_each):
        line = {**visit, "destroy_at": now + timedelta(days=90)}
        batch.create(house.client.document(f"visits/{uid}-{number}"), line)
        batch.create(house.client.document(f"users/{uid}/alerts/{number}"), alert)
    batch.commit()
