"""The SQLite file under the server: documents and index entries, both ordered by byte keys.

Write-ahead log with ``synchronous=NORMAL``: a killed process loses nothing it has acknowledged; a power cut may
lose the newest commits but never tears one. Every key begins with the four-byte number of its database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from emulator.firestore.keys import following

FORMAT = 1
"""Version of the table layout and key encoding; a file of another version is refused."""

DatabaseNumber = bytes
Row = tuple[bytes, bytes]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, content TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS databases (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL DEFAULT 0, commit_micros INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS documents (key BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    index_key BLOB NOT NULL, document_key BLOB NOT NULL, PRIMARY KEY (index_key, document_key)) WITHOUT ROWID;
"""
_PRAGMAS = (
    "PRAGMA page_size = 4096",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -65536",
    "PRAGMA mmap_size = 4294967296",
    "PRAGMA wal_autocheckpoint = 8000",
    "PRAGMA temp_store = MEMORY",
)
_RANGE = "(e.index_key, e.document_key) >= (?, ?) AND (e.index_key, e.document_key) < (?, ?)"
# || makes text of two blobs; the cast takes the bytes back as they are.
_JOIN = "FROM entries e CROSS JOIN documents d ON d.key = CAST(? || e.document_key AS BLOB)"
_ASCENDING = "ORDER BY e.index_key, e.document_key"
_DESCENDING = "ORDER BY e.index_key DESC, e.document_key DESC"


class StorageFormatError(Exception):
    """The data folder was written by another version of this server."""


class Storage:
    """One open SQLite database; used from one thread only.

    Args:
        location: Folder for the file, made when missing; None keeps everything in memory.

    """

    def __init__(self, location: Path | None) -> None:
        target = ":memory:"
        if location is not None:
            location.mkdir(parents=True, exist_ok=True)
            target = str(location / "firestore.sqlite")
        self._connection = sqlite3.connect(target, isolation_level=None, cached_statements=256)
        for pragma in _PRAGMAS:
            self._connection.execute(pragma).close()
        self._connection.executescript(_SCHEMA)
        stored = self.setting("format")
        if stored not in {None, str(FORMAT)}:
            self.close()
            raise StorageFormatError(f"The data folder has format {stored}, this server writes {FORMAT}.")
        self.set_setting("format", str(FORMAT))

    @property
    def connection(self) -> sqlite3.Connection:
        """The open file, for a table of a neighbour that must stand or fall with a commit."""
        return self._connection

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        self._connection.close()

    def setting(self, name: str) -> str | None:
        """A stored setting."""
        row = self._connection.execute("SELECT content FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, name: str, content: str) -> None:
        """Store a setting."""
        self._connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, content))

    def databases(self) -> list[str]:
        """Names of all databases that were ever opened."""
        return [str(name) for (name,) in self._connection.execute("SELECT name FROM databases ORDER BY number")]

    def open_database(self, name: str) -> tuple[DatabaseNumber, int, int]:
        """The number, version and newest commit time (microseconds) of a database, made when new."""
        self._connection.execute("INSERT OR IGNORE INTO databases (name) VALUES (?)", (name,))
        query = "SELECT number, version, commit_micros FROM databases WHERE name = ?"
        number, version, commit_micros = self._connection.execute(query, (name,)).fetchone()
        return int(number).to_bytes(4, "big"), int(version), int(commit_micros)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is stored together or not at all."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def stamp(self, number: DatabaseNumber, version: int, commit_micros: int) -> None:
        """Record the newest version and commit time of a database."""
        self._connection.execute(
            "UPDATE databases SET version = ?, commit_micros = ? WHERE number = ?",
            (version, commit_micros, int.from_bytes(number, "big")),
        )

    def get(self, key: bytes) -> bytes | None:
        """The stored document of a full key."""
        row = self._connection.execute("SELECT content FROM documents WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def put(self, documents: Sequence[Row]) -> None:
        """Store documents by full key."""
        if documents:
            self._connection.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?)", documents)

    def delete(self, document_keys: Sequence[bytes]) -> None:
        """Delete documents by full key."""
        if document_keys:
            self._connection.executemany("DELETE FROM documents WHERE key = ?", ((key,) for key in document_keys))

    def add_entries(self, entries: Iterable[Row]) -> None:
        """Add index entries (index key with its database number, document key)."""
        self._connection.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?)", entries)

    def remove_entries(self, entries: Sequence[Row]) -> None:
        """Remove index entries."""
        if entries:
            self._connection.executemany("DELETE FROM entries WHERE index_key = ? AND document_key = ?", entries)

    def remove_database_entries(self, number: DatabaseNumber) -> None:
        """Remove all index entries of a database."""
        self._connection.execute(
            "DELETE FROM entries WHERE index_key >= ? AND index_key < ?", (number, following(number))
        )

    def scan(self, lower: Row, upper: Row, document_prefix: bytes, *, reverse: bool) -> Iterator[bytes]:
        """The documents behind the entries in [lower, upper), in entry order.

        Args:
            lower: First index key and document key.
            upper: Bound that is not reached any more.
            document_prefix: What stands before an entry's document key in the key of the document.
            reverse: Whether to go from the end.

        """
        order = _DESCENDING if reverse else _ASCENDING
        statement = f"SELECT d.content {_JOIN} WHERE {_RANGE} {order}"
        with closing(self._connection.execute(statement, (document_prefix, *lower, *upper))) as cursor:
            for (content,) in cursor:
                yield content

    def count(self, lower: Row, upper: Row, most: int) -> int:
        """The number of entries in [lower, upper), counting no further than `most`."""
        statement = f"SELECT count(*) FROM (SELECT 1 FROM entries e WHERE {_RANGE} LIMIT ?)"  # noqa: S608
        return int(self._connection.execute(statement, (*lower, *upper, most)).fetchone()[0])

    def next_entry(self, lower: Row, upper: Row, *, reverse: bool) -> Row | None:
        """The first (in reverse: last) entry in [lower, upper)."""
        order = _DESCENDING if reverse else _ASCENDING
        statement = f"SELECT e.index_key, e.document_key FROM entries e WHERE {_RANGE} {order} LIMIT 1"  # noqa: S608
        row: Row | None = self._connection.execute(statement, (*lower, *upper)).fetchone()
        return row

    def documents(self, lower: bytes, upper: bytes, *, reverse: bool = False) -> Iterator[Row]:
        """All documents (full key, content) with lower <= key < upper, in key order."""
        order = "DESC" if reverse else "ASC"
        statement = f"SELECT key, content FROM documents WHERE key >= ? AND key < ? ORDER BY key {order}"  # noqa: S608
        with closing(self._connection.execute(statement, (lower, upper))) as cursor:
            yield from cursor

    def next_document_key(self, lower: bytes, upper: bytes) -> bytes | None:
        """The least key of a document with lower <= key < upper."""
        statement = "SELECT key FROM documents WHERE key >= ? AND key < ? ORDER BY key LIMIT 1"
        row = self._connection.execute(statement, (lower, upper)).fetchone()
        return None if row is None else row[0]
