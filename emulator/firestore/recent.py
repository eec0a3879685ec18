"""The documents written last, decoded, with the index entries that lie in the file for them.

What is changed was often changed before, and a change needs to know what to take away. What is kept here is what the
file holds; it is shared with the history and listeners, so nobody changes it in place.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.firestore.messages import Document

DOCUMENTS_MAX = 2048
DOCUMENT_BYTES_MAX = 8192
"""A larger document is not kept; together this bounds the memory, whatever clients write."""

Row = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class _Known:
    document: Document
    rows: frozenset[Row]
    """Its index entries as they are stored."""


class RecentDocuments:
    """Documents of all databases by full name; the one not used for the longest time goes first."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def document(self, name: str) -> Document | None:
        """The document of a name; None when it is not known here, which says nothing about the file."""
        known = self._known.get(name)
        if known is None:
            return None
        self._known.move_to_end(name)
        return known.document

    def rows(self, name: str, document: Document) -> frozenset[Row] | None:
        """The stored index entries of this very version of a document; None when they are not known."""
        known = self._known.get(name)
        return known.rows if known is not None and known.document is document else None

    def keep(self, name: str, document: Document, size: int, rows: frozenset[Row]) -> None:
        """Remember what the file holds now; `size` in bytes."""
        if size > DOCUMENT_BYTES_MAX:
            self.forget(name)
            return
        self._known[name] = _Known(document, rows)
        self._known.move_to_end(name)
        if len(self._known) > DOCUMENTS_MAX:
            self._known.popitem(last=False)

    def forget(self, name: str) -> None:
        """The document is gone, or another version than what is known here."""
        self._known.pop(name, None)
