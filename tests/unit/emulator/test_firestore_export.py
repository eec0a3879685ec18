"""Export files: what is written comes back, damage is noticed, nothing outside the export is read."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.firestore.messages import Document
from emulator.firestore_export import ExportUnreadable, read_export, write_export
from emulator.firestore_export.protocol import Kind, Overall
from emulator.firestore_export.record_log import BLOCK_BYTES, LogDamaged, RecordWriter, read_records
from tests.unit.emulator.firestore.engine_support import value

ROOT = "projects/demo-a/databases/(default)/documents"
# A log as LevelDB writes it: the record "abc", masked CRC-32C first (computed by another implementation).
KNOWN_LOG = bytes.fromhex("0300") + bytes([1]) + b"abc"


def log_of(records: list[bytes]) -> bytes:
    file = io.BytesIO()
    writer = RecordWriter(file)
    for record in records:
        writer.write(record)
    assert writer.written == len(file.getvalue())
    return file.getvalue()


@settings(max_examples=40)
@given(st.lists(st.integers(0, 3 * BLOCK_BYTES), max_size=6), st.integers(0, 255))
def test_records_of_every_length_come_back(lengths: list[int], filler: int) -> None:
    records = [bytes([filler]) * length for length in lengths]
    assert list(read_records(io.BytesIO(log_of(records)))) == records


@pytest.mark.parametrize("room", range(9))
def test_records_that_end_near_the_end_of_a_block(room: int) -> None:
    records = [b"x" * (BLOCK_BYTES - 7 - room), b"second", b""]
    assert list(read_records(io.BytesIO(log_of(records)))) == records


def test_the_layout_is_leveldbs() -> None:
    assert log_of([b"abc"])[4:] == KNOWN_LOG


@settings(max_examples=40)
@given(st.data())
def test_damage_is_noticed(data: st.DataObject) -> None:
    log = bytearray(log_of([b"some", b"records" * 9000]))
    position = data.draw(st.integers(0, len(log) - 1))
    log[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(LogDamaged):
        list(read_records(io.BytesIO(log)))


def test_a_log_that_was_cut_off_is_noticed() -> None:
    log = log_of([b"records" * 9000])
    with pytest.raises(LogDamaged):
        list(read_records(io.BytesIO(log[:BLOCK_BYTES])))


def documents() -> list[Document]:
    everything: dict[str, Any] = {
        "none": None,
        "yes": True,
        "whole": -(2**63),
        "broken": 1.5,
        "endless": float("inf"),
        "text": "한글 🎨",
        "bytes": b"\x00\xff",
        "empty": [],
        "list": [1, "x", None, {"deep": [{"er": []}]}],
        "map": {"a.b": 1, "nothing": {}},
    }
    made = Document(name=f"{ROOT}/a/1")
    for name, content in everything.items():
        made.fields[name].CopyFrom(value(content))
    made.fields["time"].timestamp_value.FromMicroseconds(-1)
    made.fields["place"].geo_point_value.latitude = 1.0
    made.fields["place"].geo_point_value.longitude = -2.0
    made.fields["other"].reference_value = "projects/demo-z/databases/other/documents/a/__id7__/b/c"
    vector = made.fields["vector"].map_value.fields
    vector["__type__"].string_value = "__vector__"
    for number in (1.0, 2.0):
        vector["value"].array_value.values.add().double_value = number
    names = [f"{ROOT}/a/__id-5__/b/c", "projects/demo-a/databases/other/documents/x/y"]
    return [made, *(Document(name=name) for name in names)]


def test_documents_come_back_and_move_to_the_project(tmp_path: Path) -> None:
    assert write_export(documents(), tmp_path, "trial", 1_700_000_000_000_000) == 3
    overall = tmp_path / "trial" / "trial.overall_export_metadata"
    assert list(read_export(overall, None)) == documents()
    moved = list(read_export(overall, "demo-b"))
    assert [document.name for document in moved] == [
        document.name.replace("demo-a", "demo-b") for document in documents()
    ]
    assert moved[0].fields["other"].reference_value.startswith("projects/demo-z/")


@pytest.mark.parametrize("file", ["../outside", "missing"])
def test_metadata_that_names_other_files_is_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / "outside").write_bytes(b"")
    (tmp_path / "in").mkdir()
    overall = Overall()
    overall.kind.add(file=file)
    path = tmp_path / "in" / "x.overall_export_metadata"
    path.write_bytes(log_of([b"3", overall.SerializeToString()]))
    with pytest.raises(ExportUnreadable):
        list(read_export(path, None))
    path.write_bytes(b"nonsense")
    with pytest.raises(ExportUnreadable):
        list(read_export(path, None))


def test_the_metadata_is_what_the_official_emulator_takes() -> None:
    """The bytes are the header and one shard of a recording of the official emulator 1.22."""
    recorded = bytes.fromhex(
        "0a240a106669726573746f72655f6578706f727410a8a3b3c59dc0960318c3c1b3c59dc09603120c0a0012086f75747075742d30"
    )
    kind = Kind(interval=Kind.FromString(recorded).interval)
    kind.shard.add(name_space="", file="output-0")
    assert kind.interval.prefix == "firestore_export"
    assert kind.SerializeToString() == recorded
