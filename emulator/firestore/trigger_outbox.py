"""Keeps trigger events until they are acknowledged, in the data file itself: an event and its commit stand together."""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SCHEMA = """
CREATE TABLE IF NOT EXISTS trigger_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    created_seconds REAL NOT NULL,
    project TEXT NOT NULL,
    trigger_key TEXT NOT NULL,
    document TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One HTTP request that a trigger's function has to receive. `created_seconds` is Unix time (UTC)."""

    project: str
    trigger_key: str
    document: str
    headers: dict[str, str]
    body: bytes
    created_seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where an undelivered event belongs: its place in line and whose line it is."""

    sequence: int
    trigger_key: str
    document: str


class Outbox:
    """Undelivered events in commit order. The connection belongs to the storage engine."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.execute(SCHEMA)

    def add(self, events: Iterable[Event]) -> list[Waiting]:
        """Stores the events of one commit; call it within the commit's storage transaction."""
        added = []
        for event in events:
            cursor = self._connection.execute(
                "INSERT INTO trigger_events (created_seconds, project, trigger_key, document, headers, body)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    event.created_seconds,
                    event.project,
                    event.trigger_key,
                    event.document,
                    json.dumps(event.headers),
                    event.body,
                ),
            )
            added.append(Waiting(cursor.lastrowid or 0, event.trigger_key, event.document))
        return added

    def get(self, sequence: int) -> Event | None:
        """One event; None when it was removed meanwhile."""
        row = self._connection.execute(
            "SELECT project, trigger_key, document, headers, body, created_seconds"
            " FROM trigger_events WHERE sequence = ?",
            (sequence,),
        ).fetchone()
        if row is None:
            return None
        project, trigger_key, document, headers, body, created_seconds = row
        return Event(project, trigger_key, document, json.loads(headers), body, created_seconds)

    def remove(self, sequence: int) -> None:
        """Forgets an acknowledged (or given up) event."""
        self._connection.execute("DELETE FROM trigger_events WHERE sequence = ?", (sequence,))

    def remove_database(self, database: str) -> None:
        """Forgets the events of a database (`projects/p/databases/d`) that was cleared."""
        start = database + "/documents/"
        self._connection.execute("DELETE FROM trigger_events WHERE substr(document, 1, ?) = ?", (len(start), start))

    def waiting(self) -> Iterator[Waiting]:
        """All undelivered events, oldest first."""
        rows = self._connection.execute("SELECT sequence, trigger_key, document FROM trigger_events ORDER BY sequence")
        return (Waiting(*row) for row in rows)

    def count(self) -> int:
        """Undelivered events."""
        return int(self._connection.execute("SELECT count(*) FROM trigger_events").fetchone()[0])


def age_seconds(event: Event) -> float:
    """Time since the commit that caused the event."""
    return time.time() - event.created_seconds
