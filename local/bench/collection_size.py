"""The Firestore server: point read, write and indexed query at one thousand and at one million documents."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from google.cloud import firestore
from google.cloud.firestore import FieldFilter

from emulator.firestore import messages
from local.bench.filling import DOCUMENTS, fill
from local.bench.rows import Row
from local.bench.server import serving

AREA = "collection size"
SIZES = (1_000, 1_000_000)
SAMPLES = 400
RATIO_MAX = 1.5
Act = Callable[[int], Any]


def measure() -> list[Row]:
    """Medians through the real client over a socket, and how they grow with the collection.

    Both servers run side by side and are asked in turn, so that whatever else the machine does meets both. Everything
    is asked once before it is timed: how fast a disk gives pages that nobody has touched is not the server's doing.
    """
    with ExitStack() as stack:
        small, large = (_Collection(stack.enter_context(_filled(size)), size) for size in SIZES)
        rows: list[Row] = []
        for what in small.acts:
            fast, slow = _medians(small.acts[what], large.acts[what])
            rows.append(Row(AREA, f"{what}: 1M / 1k", slow / fast, "x", RATIO_MAX, note=f"{SAMPLES} each, in turn"))
            rows.append(Row(AREA, f"{what} at 1k", fast * 1000, "ms"))
            rows.append(Row(AREA, f"{what} at 1M", slow * 1000, "ms"))
        return rows


class _Collection:
    """A collection of so many documents, and what can be asked of it by number."""

    def __init__(self, client: firestore.Client, size: int) -> None:
        collection = client.collection("items")
        self.acts: dict[str, Act] = {
            "point read": lambda n: collection.document(_name(n * 7919 % size)).get(),
            "write": lambda n: collection.document(f"new-{n}").set(_fields(size + n)),
            "equality query": lambda n: _ten(collection, "bucket", "==", n * 7919 % size // 10),
            "range query": lambda n: _ten(collection, "number", ">=", n * 7919 % size),
        }


def _medians(first: Act, second: Act) -> tuple[float, float]:
    """Seconds of each act, at the median, taken in turn."""
    acts = (first, second)
    for number in range(SAMPLES):
        for act in acts:
            act(number)
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(SAMPLES):
        for act, times in zip(acts, seconds, strict=True):
            began = time.perf_counter()
            act(number)
            times.append(time.perf_counter() - began)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


@contextmanager
def _filled(size: int) -> Iterator[firestore.Client]:
    """A client of a server whose collection ``items`` has ``size`` documents."""
    with tempfile.TemporaryDirectory(prefix="imagesfactory-bench-") as folder:
        fill(Path(folder), _documents(size))
        with serving(Path(folder)) as server:
            yield server.client


def _ten(collection: Any, field: str, operator: str, value: int) -> list[Any]:
    return list(collection.where(filter=FieldFilter(field, operator, value)).limit(10).stream())


def _name(number: int) -> str:
    return f"item-{number:07}"


def _fields(number: int) -> dict[str, int]:
    return {"number": number, "bucket": number // 10}


def _documents(size: int) -> Iterator[messages.Document]:
    for number in range(size):
        document = messages.Document(name=f"{DOCUMENTS}/items/{_name(number)}")
        for field, value in _fields(number).items():
            document.fields[field].integer_value = value
        yield document
