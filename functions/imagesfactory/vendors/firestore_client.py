"""The one client of each database: the default one, and the archive of what the law keeps after a withdrawal."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from imagesfactory.vendors.once import Once

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.settings import Settings

ARCHIVE = "archive"

_lock = Lock()
_clients: dict[tuple[str, str], Once[Client]] = {}


def default_database(settings: Settings) -> Client:
    """The client of the project's default database, made once; it is thread-safe and holds its connections.

    FIRESTORE_EMULATOR_HOST, which the library reads itself, leads it to an emulator.
    """
    return _database(settings.project, "(default)")


def archive_database(settings: Settings) -> Client:
    """The client of the database that keeps, apart, what laws demand after a withdrawal."""
    return _database(settings.project, ARCHIVE)


def _database(project: str, database: str) -> Client:
    with _lock:
        once = _clients.setdefault((project, database), Once(lambda: _connect(project, database)))
    return once()


def _connect(project: str, database: str) -> Client:
    from google.cloud import firestore

    return firestore.Client(project=project, database=database)
