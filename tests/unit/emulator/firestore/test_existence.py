"""Bloom filters of names: none is ever missed, and others are rarely found."""

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.firestore.existence import bits_of, bloom_filter


@settings(max_examples=50)
@given(st.sets(st.text(max_size=20), max_size=40))
def test_every_name_is_found(names: set[str]) -> None:
    bitmap, padding, hash_count = bloom_filter(names)
    size = len(bitmap) * 8 - padding
    assert (size == 0) == (not names)
    for name in names:
        assert all(bitmap[bit // 8] >> bit % 8 & 1 for bit in bits_of(name, size, hash_count))


def test_other_names_are_rarely_found() -> None:
    bitmap, padding, hash_count = bloom_filter([f"name {number}" for number in range(1000)])
    size = len(bitmap) * 8 - padding
    wrong = sum(
        all(bitmap[bit // 8] >> bit % 8 & 1 for bit in bits_of(f"other {number}", size, hash_count))
        for number in range(1000)
    )
    assert wrong < 40
