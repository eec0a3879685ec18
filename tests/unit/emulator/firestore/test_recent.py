"""What the engine remembers of its newest commits: bounded, and never another version than the file has."""

from __future__ import annotations

from emulator.firestore.messages import Document
from emulator.firestore.recent import DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, RecentDocuments

ROWS = frozenset({(b"index", b"key")})


def test_entries_are_known_for_the_very_version_that_was_kept() -> None:
    recent, first, second = RecentDocuments(), Document(name="a"), Document(name="a")
    recent.keep("a", first, 10, ROWS)
    assert recent.document("a") is first
    assert recent.rows("a", first) is ROWS
    assert recent.rows("a", second) is None
    recent.keep("a", second, 10, ROWS)
    assert recent.rows("a", first) is None
    recent.forget("a")
    assert recent.document("a") is None


def test_the_one_not_used_for_the_longest_time_goes_first() -> None:
    recent = RecentDocuments()
    for number in range(DOCUMENTS_MAX):
        recent.keep(str(number), Document(), 10, ROWS)
    assert recent.document("0") is not None
    recent.keep("one more", Document(), 10, ROWS)
    assert recent.document("0") is not None
    assert recent.document("1") is None


def test_a_document_that_grew_too_large_is_not_kept_and_its_former_version_goes() -> None:
    recent = RecentDocuments()
    recent.keep("a", Document(), DOCUMENT_BYTES_MAX, ROWS)
    recent.keep("a", Document(), DOCUMENT_BYTES_MAX + 1, ROWS)
    assert recent.document("a") is None
