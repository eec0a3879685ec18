"""The Firestore server: point read, write and indexed query at one thousand and at one million documents."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.cloud.firestore import FieldFilter

from emulator.firestore import messages
from emulator.firestore.service import FirestoreService
from emulator.firestore.usage import Usage
from local.bench.rows import Row
from local.bench.server import PROJECT, serving

SIZES = (1_000, 1_000_000)
BATCH = 1_000
SAMPLES = 400
RATIO_MAX = 1.5
DOCUMENTS = f"projects/{PROJECT}/databases/(default)/documents"


def measure() -> list[Row]:
    """Medians through the real client over a socket, and how they grow with the collection."""
    small, large = (_at_size(size) for size in SIZES)
    rows: list[Row] = []
    for what, fast in small.items():
        rows.append(Row("collection size", f"{what}: 1M / 1k", large[what] / fast, "x", RATIO_MAX))
        rows.append(Row("collection size", f"{what} at 1k", fast * 1000, "ms"))
        rows.append(Row("collection size", f"{what} at 1M", large[what] * 1000, "ms"))
    return rows


def _at_size(size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="imagesfactory-bench-") as folder:
        asyncio.run(_fill(Path(folder), size))
        with serving(Path(folder)) as server:
            collection = server.client.collection("items")
            return {
                "point read": _median(lambda n: collection.document(_name(n * 7919 % size)).get()),
                "write": _median(lambda n: collection.document(f"new-{n}").set(_fields(size + n))),
                "equality query": _median(lambda n: _ten(collection, "bucket", "==", n * 7919 % size // 10)),
                "range query": _median(lambda n: _ten(collection, "number", ">=", n * 7919 % size)),
            }


def _median(act: Callable[[int], Any]) -> float:
    for number in range(50):
        act(SAMPLES + number)
    seconds = []
    for number in range(SAMPLES):
        began = time.perf_counter()
        act(number)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _ten(collection: Any, field: str, operator: str, value: int) -> list[Any]:
    return list(collection.where(filter=FieldFilter(field, operator, value)).limit(10).stream())


def _name(number: int) -> str:
    return f"item-{number:07}"


def _fields(number: int) -> dict[str, int]:
    return {"number": number, "bucket": number // 10}


async def _fill(folder: Path, size: int) -> None:
    service = FirestoreService.open(folder)
    try:
        for start in range(0, size, BATCH):
            request = messages.CommitRequest(database=DOCUMENTS.removesuffix("/documents"))
            for number in range(start, start + BATCH):
                document = request.writes.add().update
                document.name = f"{DOCUMENTS}/items/{_name(number)}"
                for field, value in _fields(number).items():
                    document.fields[field].integer_value = value
            await service.commit(request, usage=Usage())
    finally:
        service.close()
