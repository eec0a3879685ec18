"""Remembers what each request cost, as Google would bill it: running totals and a bounded list of entries."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from emulator.firestore.usage import Usage

ENTRIES_MAX = 10_000
"""Older entries fall out of the list; the totals keep them."""


@dataclass(frozen=True, slots=True)
class UsageEntry:
    """One request: a round trip, or one delivery on a listening stream."""

    sequence: int
    method: str
    database: str
    reads: int
    writes: int
    deletes: int
    milliseconds: float
    status: str


@dataclass(slots=True)
class UsageTotals:
    """Sums since the start or the last reset; `round_trips` counts requests per method."""

    reads: int = 0
    writes: int = 0
    deletes: int = 0
    milliseconds: float = 0.0
    round_trips: Counter[str] = field(default_factory=Counter)

    def add(self, entry: UsageEntry) -> None:
        """Adds one entry."""
        self.reads += entry.reads
        self.writes += entry.writes
        self.deletes += entry.deletes
        self.milliseconds += entry.milliseconds
        self.round_trips[entry.method] += 1


class UsageLog:
    """The billed usage of one server process."""

    def __init__(self) -> None:
        self._entries: deque[UsageEntry] = deque(maxlen=ENTRIES_MAX)
        self._sequence = 0
        self.totals = UsageTotals()

    def record(self, method: str, database: str, usage: Usage, milliseconds: float, status: str = "OK") -> None:
        """Adds one finished request."""
        self._sequence += 1
        entry = UsageEntry(
            self._sequence,
            method,
            database,
            usage.reads,
            usage.writes,
            usage.deletes,
            round(milliseconds, 3),
            status,
        )
        self._entries.append(entry)
        self.totals.add(entry)

    def since(self, sequence: int) -> Iterator[UsageEntry]:
        """The remembered entries after `sequence`, oldest first."""
        return (entry for entry in self._entries if entry.sequence > sequence)

    def reset(self) -> None:
        """Forgets entries and totals; sequence numbers go on, so that a poller is not confused."""
        self._entries.clear()
        self.totals = UsageTotals()

    def as_json(self, since: int | None = None) -> dict[str, Any]:
        """The totals, and with `since` the entries after that sequence number."""
        totals = self.totals
        answer: dict[str, Any] = {
            "sequence": self._sequence,
            "totals": {
                "reads": totals.reads,
                "writes": totals.writes,
                "deletes": totals.deletes,
                "milliseconds": round(totals.milliseconds, 3),
            },
            "roundTrips": dict(sorted(totals.round_trips.items())),
        }
        if since is not None:
            answer["entries"] = [asdict(entry) for entry in self.since(since)]
        return answer
