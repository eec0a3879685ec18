"""What a request would be billed as: document reads, writes and deletes.

Source: firebase.google.com/docs/firestore/pricing. A document returned, or looked for by name and missing,
is one read; a query without a result is one read; an aggregation is one read per 1000 index entries begun.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Usage:
    """Counters a caller hands in and every operation adds to.

    Attributes:
        reads: Billed document reads.
        writes: Billed document writes (also those that leave the document as it was).
        deletes: Billed document deletes.

    """

    reads: int = 0
    writes: int = 0
    deletes: int = 0

    def add(self, other: Usage) -> None:
        """Add the counts of `other` to these."""
        self.reads += other.reads
        self.writes += other.writes
        self.deletes += other.deletes
