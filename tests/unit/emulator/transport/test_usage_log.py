"""The bill: totals, entries, bounds."""

from emulator.firestore.usage import Usage
from emulator.transport.usage_log import ENTRIES_MAX, UsageLog


def test_totals_outlive_the_bounded_entries() -> None:
    log = UsageLog()
    for _ in range(ENTRIES_MAX + 5):
        log.record("Commit", "d", Usage(reads=1, writes=2, deletes=3), 0.5)
    answer = log.as_json(since=0)
    assert len(answer["entries"]) == ENTRIES_MAX
    assert answer["entries"][0]["sequence"] == 6
    assert answer["totals"]["writes"] == 2 * (ENTRIES_MAX + 5)
    assert answer["roundTrips"] == {"Commit": ENTRIES_MAX + 5}


def test_since_gives_what_came_after_and_a_reset_keeps_counting_on() -> None:
    log = UsageLog()
    log.record("GetDocument", "d", Usage(reads=1), 1.0)
    log.record("Commit", "d", Usage(writes=1), 1.0, "ABORTED")
    assert [entry["status"] for entry in log.as_json(since=1)["entries"]] == ["ABORTED"]
    assert "entries" not in log.as_json()
    log.reset()
    log.record("GetDocument", "d", Usage(reads=1), 1.0)
    answer = log.as_json(since=2)
    assert (answer["sequence"], answer["totals"]["reads"], len(answer["entries"])) == (3, 1, 1)
