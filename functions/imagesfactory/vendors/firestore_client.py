"""The one client of the default database."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from imagesfactory.vendors.once import Once

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.settings import Settings

_lock = Lock()
_clients: dict[str, Once[Client]] = {}


def default_database(settings: Settings) -> Client:
    """The client of the project's default database, made once; it is thread-safe and holds its connections.

    FIRESTORE_EMULATOR_HOST, which the library reads itself, leads it to an emulator.
    """
    project = settings.project
    with _lock:
        once = _clients.setdefault(project, Once(lambda: _connect(project)))
    return once()


def _connect(project: str) -> Client:
    from google.cloud import firestore

    return firestore.Client(project=project)
