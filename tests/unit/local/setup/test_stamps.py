"""Stamps of finished installations."""

from pathlib import Path

from local.setup import stamps


def test_a_stamp_holds_for_its_key_alone(tmp_path: Path) -> None:
    stamps.stamp(tmp_path, "key")

    assert stamps.is_stamped(tmp_path, "key")
    assert not stamps.is_stamped(tmp_path, "other")
    stamps.unstamp(tmp_path)
    assert not stamps.is_stamped(tmp_path, "key")


def test_a_missing_folder_is_not_stamped(tmp_path: Path) -> None:
    assert not stamps.is_stamped(tmp_path / "none", "key")


def test_the_key_changes_with_any_file_and_fact(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    two.write_text("c")
    before = stamps.key_of([one, two], "3.11")

    assert before == stamps.key_of([one, two], "3.11")
    assert before != stamps.key_of([one, two], "3.12")
    one.write_text("a")
    two.write_text("bc")
    assert before != stamps.key_of([one, two], "3.11")
