"""Remembers what was installed from which files, so that a second set-up does nothing.

A stamp lies inside what it speaks of and is written last: whatever is half finished has none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

STAMP = ".imagesfactory-stamp"


def key_of(files: Iterable[Path], *facts: str) -> str:
    """One word for the contents of ``files`` and whatever else decides the result."""
    digest = hashlib.sha256()
    for part in [*facts, *(path.read_text() for path in files)]:
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()


def is_stamped(folder: Path, key: str) -> bool:
    """Whether ``folder`` was finished from exactly this."""
    try:
        return (folder / STAMP).read_text() == key
    except OSError:
        return False


def stamp(folder: Path, key: str) -> None:
    """Say that ``folder`` is finished."""
    (folder / STAMP).write_text(key)


def unstamp(folder: Path) -> None:
    """Say that ``folder`` is being changed."""
    (folder / STAMP).unlink(missing_ok=True)
