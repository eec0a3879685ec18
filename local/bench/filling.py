"""A quick way to fill the folder of a Firestore server that does not run: by its engine, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from emulator.firestore import messages
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage
from local.bench.server import PROJECT

BATCH = 1_000
DATABASE = f"projects/{PROJECT}/databases/(default)"
DOCUMENTS = f"{DATABASE}/documents"


def fill(folder: Path, documents: Iterable[messages.Document]) -> None:
    """Write all documents into ``folder``."""
    asyncio.run(_fill(folder, iter(documents)))


async def _fill(folder: Path, documents: Iterator[messages.Document]) -> None:
    service = FirestoreService.open(folder)
    try:
        while batch := list(islice(documents, BATCH)):
            writes = [messages.Write(update=document) for document in batch]
            await service.commit(messages.CommitRequest(database=DATABASE, writes=writes), usage=Usage())
    finally:
        service.close()
