"""Lays out an export as a folder of files, and finds the documents in one.

NAME/NAME.overall_export_metadata                                        what `emulators:start --import` names
NAME/all_namespaces/all_kinds/all_namespaces_all_kinds.export_metadata   which files hold entities
NAME/all_namespaces/all_kinds/output-0                                   the entities, one record each
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from google.protobuf.message import DecodeError

from emulator.firestore.messages import Document
from emulator.firestore_export.entities import EntityUnreadable, document_of, entity_of
from emulator.firestore_export.protocol import Kind, Overall
from emulator.firestore_export.record_log import LogDamaged, RecordWriter, read_records

OVERALL_SUFFIX = ".overall_export_metadata"
_KINDS = "all_namespaces/all_kinds"
_KIND_FILE = f"{_KINDS}/all_namespaces_all_kinds.export_metadata"
_OUTPUT = "output-0"
_OVERALL_MARK = b"3"
_VERSION = {"overall": 2, "entity": 3}


class ExportUnreadable(Exception):
    """An export cannot be read; the text says which file and why."""


def write_export(documents: Iterable[Document], folder: Path, name: str, at_micros: int) -> int:
    """Write documents as the export `folder`/`name`, replacing one of that name; returns how many there were.

    Args:
        documents: In any order.
        folder: Made when missing.
        name: Of the export; a single path segment.
        at_micros: When the documents were read, microseconds since 1970.

    Raises:
        OSError: When the files cannot be written.

    """
    target = folder / name
    (target / _KINDS).mkdir(parents=True, exist_ok=True)
    count = 0
    with (target / _KINDS / _OUTPUT).open("wb") as file:
        writer = RecordWriter(file)
        for document in documents:
            writer.write(entity_of(document))
            count += 1
    kind = Kind(interval={"prefix": name, "start_micros": at_micros, "end_micros": at_micros})
    kind.shard.add(name_space="", file=_OUTPUT)
    (target / _KIND_FILE).write_bytes(kind.SerializeToString())
    overall = Overall()
    overall.kind.add(version=_VERSION, file=_KIND_FILE, entities=count, bytes=writer.written)
    with (target / f"{name}{OVERALL_SUFFIX}").open("wb") as file:
        envelope = RecordWriter(file)
        envelope.write(_OVERALL_MARK)
        envelope.write(overall.SerializeToString())
    return count


def read_export(overall: Path, project: str | None) -> Iterator[Document]:
    """The documents of the export whose overall metadata file is given, moved into `project` if one is.

    Raises:
        ExportUnreadable: When a file is missing, damaged, or names files outside the export.

    """
    reading = overall
    try:
        for kind_file in _kind_files(overall):
            reading = kind_file
            for shard in Kind.FromString(kind_file.read_bytes()).shard:
                reading = _inside(overall.parent, kind_file.parent / shard.file)
                with reading.open("rb") as file:
                    for record in read_records(file):
                        yield document_of(record, project)
    except (OSError, LogDamaged, DecodeError, EntityUnreadable, ValueError) as error:
        raise ExportUnreadable(f"{reading} cannot be read: {error}") from error


def _kind_files(overall: Path) -> list[Path]:
    with overall.open("rb") as file:
        mark, content = [*read_records(file), b"", b""][:2]
    if mark != _OVERALL_MARK:
        raise LogDamaged("it is no overall export metadata")
    return [_inside(overall.parent, overall.parent / kind.file) for kind in Overall.FromString(content).kind]


def _inside(folder: Path, path: Path) -> Path:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ExportUnreadable(f"{path} lies outside the export")
    return path
