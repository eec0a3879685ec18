"""The door at which security rules are asked, inside the same atomic step as the operation itself.

The state engine knows no rules: whoever serves a request of an end user hands in a `Guard`; requests of the
project's own servers hand in none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from emulator.firestore.messages import Document, Write
    from emulator.firestore.query import CompiledQuery


class BatchView(Protocol):
    """The documents around one commit, for rules that look beyond the written document."""

    def before(self, name: str) -> Document | None:
        """The document as it is before the commit; None when missing."""

    def after(self, name: str) -> Document | None:
        """The document as it will be once the whole commit is applied; None when missing."""


class Guard(Protocol):
    """Decides one caller's requests; every method raises StatusError(PERMISSION_DENIED) to refuse."""

    def check_get(self, name: str, document: Document | None) -> None:
        """Allow or refuse reading one document by name (also verify writes and missing documents)."""

    def check_query(self, query: CompiledQuery) -> None:
        """Allow or refuse a query by what it could return."""

    def check_write(self, before: Document | None, after: Document | None, write: Write, batch_view: BatchView) -> None:
        """Allow or refuse one write, given the document around it (earlier writes of the commit applied)."""
