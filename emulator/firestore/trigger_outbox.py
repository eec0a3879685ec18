"""Keeps trigger events until they are acknowledged, across restarts when it has a file."""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
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
    """Undelivered events in commit order; a file in `location`, or memory when that is None."""

    def __init__(self, location: Path | None) -> None:
        self._connection = sqlite3.connect(str(location) if location else ":memory:", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(SCHEMA)

    def add(self, events: Iterable[Event]) -> list[Waiting]:
        """Stores the events of one commit together; they survive the end of the process from here on."""
        added = []
        self._connection.execute("BEGIN IMMEDIATE")
        for event in events:
            cursor = self._connection.execute(
                "INSERT INTO events (created_seconds, project, trigger_key, document, headers, body)"
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
        self._connection.execute("COMMIT")
        return added

    def get(self, sequence: int) -> Event | None:
        """One event; None when it was removed meanwhile."""
        row = self._connection.execute(
            "SELECT project, trigger_key, document, headers, body, created_seconds FROM events WHERE sequence = ?",
            (sequence,),
        ).fetchone()
        if row is None:
            return None
        project, trigger_key, document, headers, body, created_seconds = row
        return Event(project, trigger_key, document, json.loads(headers), body, created_seconds)

    def remove(self, sequence: int) -> None:
        """Forgets an acknowledged (or given up) event."""
        self._connection.execute("DELETE FROM events WHERE sequence = ?", (sequence,))

    def remove_database(self, database: str) -> None:
        """Forgets the events of a database (`projects/p/databases/d`) that was cleared."""
        start = database + "/documents/"
        self._connection.execute("DELETE FROM events WHERE substr(document, 1, ?) = ?", (len(start), start))

    def waiting(self) -> Iterator[Waiting]:
        """All undelivered events, oldest first."""
        rows = self._connection.execute("SELECT sequence, trigger_key, document FROM events ORDER BY sequence")
        return (Waiting(*row) for row in rows)

    def count(self) -> int:
        """Undelivered events."""
        return int(self._connection.execute("SELECT count(*) FROM events").fetchone()[0])

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def age_seconds(event: Event) -> float:
    """Time since the commit that caused the event."""
    return time.time() - event.created_seconds
