"""What all the doubles of one process share: one journal, one book of faults, one album."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.doubles.core.faults import FaultBook
from local.doubles.core.journal import Journal
from local.doubles.pictures.album import Album


@dataclass
class Backstage:
    """Shared state; made inside the doubles' event loop and used only there."""

    journal: Journal = field(default_factory=Journal)
    faults: FaultBook = field(default_factory=FaultBook)
    album: Album = field(default_factory=Album)

    def reset(self) -> None:
        """Forget calls, faults and pictures; held calls go on."""
        self.faults.clear()
        self.journal.clear()
        self.album.clear()
