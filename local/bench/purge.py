"""The purge against the bare deletion of as many records on the same server, and its memory from 10 thousand to a
million due records. ``python -m local.bench.purge 10000 1000000`` measures other sizes and shows how far it is.

Both are done in turn, slice by slice, by one process of its own, so that whatever else the machine does meets both. The
bare deletion knows every name beforehand and deletes 500 at a time without a condition: by BatchWrite, as the client
libraries' bulk deletes do, and by Commit. The purge has to find the records, delete each only as it was read, and note
where it is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.progress import Progress, TaskID, TimeElapsedColumn

from emulator.firestore import messages
from local.bench.filling import DOCUMENTS, fill
from local.bench.purge_worker import BARE, BARE_RECORDS_MAX, Figures, record_id
from local.bench.rows import Row
from local.bench.server import Server, serving
from local.suite.suite import ROOT

SIZES = (10_000, 100_000, 1_000_000)
SPEED_MIN = 0.8
GROWTH_MAX = 1.1
"""Of memory, from the smallest size to the largest; what a garbage collector leaves lying about."""
AREA = "purge"
TOLD_EVERY = 1_000

Tell = Callable[[str, int, int], None]


def measure(sizes: tuple[int, ...] = SIZES, tell: Tell = lambda _what, _done, _all: None) -> list[Row]:
    """Speed against the bare deletion at each size, and how memory grows from the first to the last."""
    figures = {size: _at_size(size, tell) for size in sizes}
    rows = [row for size, found in figures.items() for row in _speed(size, found)]
    rows += [Row(AREA, f"memory at {size:,}", found.memory_megabytes, "MB") for size, found in figures.items()]
    if len(sizes) > 1:
        small, large = figures[min(sizes)].memory_megabytes, figures[max(sizes)].memory_megabytes
        rows.append(Row(AREA, f"memory: {max(sizes):,} / {min(sizes):,}", large / small, "x", GROWTH_MAX))
    return rows


def _speed(size: int, found: Figures) -> Iterator[Row]:
    yield Row(
        AREA,
        f"{size:,} due: of the speed of bare batch writes",
        found.purge_rate / found.batch_write_rate,
        "x",
        SPEED_MIN,
        more_is_better=True,
        note=f"{found.purge_rate:,.0f}/s against {found.batch_write_rate:,.0f}/s",
    )
    yield Row(
        AREA,
        f"{size:,} due: of the speed of bare commits",
        found.purge_rate / found.commit_rate,
        "x",
        note=f"{found.commit_rate:,.0f}/s; the server works {found.purge_server:.0f} µs on a purged record, "
        f"{found.batch_write_server:.0f} and {found.commit_server:.0f} on one deleted barely",
    )


def _at_size(size: int, tell: Tell) -> Figures:
    with tempfile.TemporaryDirectory(prefix="imagesfactory-bench-") as folder:
        fill(
            Path(folder),
            _told(_records(size), f"{size:,} records are written", size + len(BARE) * _bare_size(size), tell),
        )
        with serving(Path(folder)) as server:
            return _worked(server, size, tell)


def _worked(server: Server, size: int, tell: Tell) -> Figures:
    """What the worker measured; its lines say how far it is, the last one what came out."""
    command = [sys.executable, "-m", "local.bench.purge_worker", server.address, str(server.pid), str(size)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603
        line: dict[str, Any] = {}
        for text in process.stdout or ():
            line = json.loads(text)
            tell(f"{size:,} records are purged", line["destroyed"], size)
    if process.returncode:
        msg = f"the worker ended with status {process.returncode}"
        raise RuntimeError(msg)
    return Figures(**line["figures"])


def _bare_size(size: int) -> int:
    return min(size, BARE_RECORDS_MAX)


def _records(size: int) -> Iterator[messages.Document]:
    """Visits that are due, and as many of the same for the bare deletion, as far as it goes."""
    now = datetime.now(UTC)
    counts = {"visits": size, **dict.fromkeys(BARE, _bare_size(size))}
    for place, count in counts.items():
        for number in range(count):
            yield _record(f"{DOCUMENTS}/{place}/{record_id(number)}", number, now)


def _record(name: str, number: int, now: datetime) -> messages.Document:
    record = messages.Document(name=name)
    record.fields["owner"].string_value = f"member-{number % 1000:022}"
    record.fields["ip_address"].string_value = f"203.0.113.{number % 256}"
    record.fields[
        "user_agent"
    ].string_value = "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile"
    record.fields["at"].timestamp_value.FromDatetime(now - timedelta(days=92))
    record.fields["destroy_at"].timestamp_value.FromDatetime(now - timedelta(seconds=1 + number % 86_400))
    return record


def _told(records: Iterator[messages.Document], what: str, count: int, tell: Tell) -> Iterator[messages.Document]:
    for done, record in enumerate(records):
        if done % TOLD_EVERY == 0:
            tell(what, done, count)
        yield record


def main() -> int:
    """Measure with a bar for each part; 1 when a budget is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m local.bench.purge", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="how many records are due")
    sizes = tuple(parser.parse_args().sizes)
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn()) as progress:
        bars: dict[str, TaskID] = {}

        def tell(what: str, done: int, count: int) -> None:
            bars.setdefault(what, progress.add_task(what, total=count) if what not in bars else bars[what])
            progress.update(bars[what], completed=done)

        rows = measure(sizes, tell)
    for row in rows:
        print(f"{row.what:<45} {row.measured:8.2f} {row.unit:<3} {row.note}")
    return 1 if any(row.is_within is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
