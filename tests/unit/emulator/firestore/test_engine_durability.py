"""What was acknowledged survives a killed process, documents and index entries alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emulator.firestore.indexes import CompositeIndexes
from emulator.firestore.service import FirestoreService
from emulator.firestore.storage import Storage, StorageFormatError
from tests.unit.emulator.firestore.engine_support import DATABASE, Query, commit, paths, run, set_write

WRITER = """
import asyncio, sys
from pathlib import Path
from tests.unit.emulator.firestore.engine_support import commit, set_write
from emulator.firestore.service import FirestoreService

async def main():
    service = FirestoreService.open(Path(sys.argv[1]))
    for number in range(100_000):
        await commit(service, set_write(f"c/{number:06d}", {"n": number}), set_write("d/last", {"n": number}))
        print(number, flush=True)

asyncio.run(main())
"""


def test_a_killed_server_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[4])},
    )
    with writer:
        assert writer.stdout is not None
        acknowledged = -1
        for line in writer.stdout:
            acknowledged = int(line)
            if acknowledged == 300:
                writer.kill()
        writer.wait()

    async def check() -> None:
        service = FirestoreService.open(tmp_path)
        stored = await paths(service, Query())
        assert stored == [f"c/{number:06d}" for number in range(len(stored))]
        assert len(stored) > acknowledged
        assert await paths(service, Query(where=("n", ">=", acknowledged))) == stored[acknowledged:]
        assert service.version(DATABASE) == len(stored)
        service.close()

    run(check())


def test_databases_versions_and_times_continue_after_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        service = FirestoreService.open(tmp_path)
        first = await commit(service, set_write("c/x", {"n": 1}))
        service.close()
        service = FirestoreService.open(tmp_path)
        assert service.databases() == [DATABASE]
        assert service.version(DATABASE) == 1
        assert service.changes_since(DATABASE, 1) == []
        assert service.changes_since(DATABASE, 0) is None
        second = await commit(service, set_write("c/x", {"n": 2}))
        assert second.commit_time.ToMicroseconds() > first.commit_time.ToMicroseconds()
        assert await paths(service, Query(where=("n", "==", 2))) == ["c/x"]
        service.close()

    run(scenario())


def test_new_composite_indexes_are_filled_when_the_folder_is_opened(tmp_path: Path) -> None:
    wanted = CompositeIndexes.parse(
        {
            "indexes": [
                {
                    "collectionGroup": "c",
                    "queryScope": "COLLECTION",
                    "fields": [{"fieldPath": "a", "order": "ASCENDING"}, {"fieldPath": "n", "order": "DESCENDING"}],
                }
            ]
        }
    )
    query = Query(where=("a", "==", 1), orders=[("n", True)])

    async def scenario() -> None:
        service = FirestoreService.open(tmp_path)
        await commit(service, *(set_write(f"c/{n}", {"a": n % 2, "n": n}) for n in range(6)))
        service.close()
        service = FirestoreService.open(tmp_path, wanted, require_indexes=True)
        assert await paths(service, query) == ["c/5", "c/3", "c/1"]
        service.close()

    run(scenario())


def test_a_folder_of_another_format_is_refused(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.set_setting("format", "0")
    storage.close()
    with pytest.raises(StorageFormatError, match="format 0"):
        Storage(tmp_path)
