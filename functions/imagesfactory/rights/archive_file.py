"""The file a member takes along: JSON by category, the images, and a manifest that says what must be in it.

Written and read in pieces: neither a million records nor a thousand images are ever in memory at once. Layout of the
file: APPNOTE.TXT of PKWARE, written as a stream (4.4.4, bit 3) because an upload cannot be wound back.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

MANIFEST: Final = "manifest.json"
PIECE_BYTES: Final = 1024 * 1024


class ArchiveDamaged(Exception):
    """The stored file is not what was written."""


@dataclass(frozen=True)
class Part:
    """One file inside; ``count`` is the number of records, or 1 for an image."""

    name: str
    count: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What must be inside."""

    made_at: datetime
    records: dict[str, Part]
    """By place of the registry; a place without records has an empty list."""
    images: tuple[Part, ...]

    def as_json(self) -> bytes:
        """The manifest as it stands in the file."""
        records = {place: vars(part) for place, part in self.records.items()}
        content = {"made_at": self.made_at, "records": records, "images": [vars(part) for part in self.images]}
        return encoded(content)


def encoded(value: Any) -> bytes:
    """A value as JSON; instants in ISO 8601, UTC."""
    return json.dumps(value, ensure_ascii=False, default=_plain, sort_keys=True).encode()


class ArchiveWriter:
    """Writes the parts one after the other."""

    def __init__(self, file: IO[bytes], made_at: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._made_at = made_at
        self._records: dict[str, Part] = {}
        self._images: list[Part] = []

    def records(self, place: str, pages: Iterable[list[dict[str, Any]]]) -> None:
        """All records of one place, as one JSON list, page by page."""
        name = f"records/{place.replace('/', '.').replace('{', '').replace('}', '')}.json"
        counter = _Counter()
        self._records[place] = self._part(name, _as_list(pages, counter), counter, zipfile.ZIP_DEFLATED)

    def image(self, name: str, content: IO[bytes]) -> None:
        """One image, as it is stored."""
        pieces = iter(lambda: content.read(PIECE_BYTES), b"")
        self._images.append(self._part(name, pieces, _Counter(1), zipfile.ZIP_STORED))

    def close(self) -> Manifest:
        """Write the manifest and end the file."""
        manifest = Manifest(self._made_at, self._records, tuple(self._images))
        self._zip.writestr(MANIFEST, manifest.as_json())
        self._zip.close()
        return manifest

    def _part(self, name: str, pieces: Iterator[bytes], counter: _Counter, method: int) -> Part:
        digest, size = hashlib.sha256(), 0
        information = zipfile.ZipInfo(name, self._made_at.timetuple()[:6])
        information.compress_type = method
        with self._zip.open(information, "w", force_zip64=True) as part:
            for piece in pieces:
                part.write(piece)
                digest.update(piece)
                size += len(piece)
        return Part(name, counter.count, size, digest.hexdigest())


def verify(file: IO[bytes], manifest: Manifest) -> None:
    """Read the stored file back, whole, and compare every part with the manifest.

    Raises:
        ArchiveDamaged: something is missing, more, or different.

    """
    try:
        with zipfile.ZipFile(file) as stored:
            if stored.read(MANIFEST) != manifest.as_json():
                raise ArchiveDamaged
            parts = [*manifest.records.values(), *manifest.images]
            if sorted(stored.namelist()) != sorted([MANIFEST, *(part.name for part in parts)]):
                raise ArchiveDamaged
            for part in parts:
                _verify_part(stored, part)
    except (zipfile.BadZipFile, KeyError, EOFError):
        raise ArchiveDamaged from None


def _verify_part(stored: zipfile.ZipFile, part: Part) -> None:
    digest, size = hashlib.sha256(), 0
    with stored.open(part.name) as content:
        while piece := content.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
    if (size, digest.hexdigest()) != (part.bytes, part.sha256):
        raise ArchiveDamaged


@dataclass
class _Counter:
    count: int = 0


def _as_list(pages: Iterable[list[dict[str, Any]]], counter: _Counter) -> Iterator[bytes]:
    yield b"["
    for page in pages:
        for record in page:
            yield (b",\n" if counter.count else b"\n") + encoded(record)
            counter.count += 1
    yield b"\n]\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
