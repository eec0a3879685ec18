"""Ids, pseudonyms, log lines, settings, the unit of work's own guards."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagesfactory.kit import log
from imagesfactory.kit.errors import Refusal
from imagesfactory.kit.ids import derive_id, digest_of, keyed_hash, new_id
from imagesfactory.kit.settings import read_settings


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_derived_ids_are_equal_exactly_for_equal_parts(one: list[str], other: list[str]) -> None:
    assert (derive_id(*one) == derive_id(*other)) is (one == other)


def test_ids_are_safe_in_paths_and_task_names() -> None:
    for identifier in (derive_id("a", "b"), new_id()):
        assert identifier.isalnum()
        assert len(identifier) == 24


def test_a_pseudonym_needs_a_key_and_depends_on_it() -> None:
    assert keyed_hash("one", "jisu") != keyed_hash("two", "jisu")
    with pytest.raises(ValueError, match="empty"):
        keyed_hash("", "jisu")


def test_the_digest_ignores_the_order_of_keys() -> None:
    assert digest_of({"a": 1, "b": [1, 2]}) == digest_of({"b": [1, 2], "a": 1})
    assert digest_of({"b": [1, 2]}) != digest_of({"b": [2, 1]})


def test_a_failure_is_logged_by_type_and_place_never_by_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("jisu@example.com wrote a secret prompt")
    except ValueError as problem:
        log.failure("something.failed", problem, job_id="job")
    line = json.loads(capsys.readouterr().out)
    assert (line["severity"], line["error_type"], line["job_id"]) == ("ERROR", "ValueError", "job")
    assert "test_kit.py" in line["where"][-1]
    assert "jisu" not in json.dumps(line)


def test_what_libraries_log_is_reduced_to_leading_words(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    log.reduce_libraries()
    try:
        logging.getLogger("sdk").error("Error validating token: eyJsecret")
        logging.getLogger("sdk").error("Unhandled error %s", "jisu@example.com")
        logging.getLogger("sdk").error("jisu@example.com")
    finally:
        logging.setLogRecordFactory(before)
    assert [record.getMessage() for record in caplog.records] == [
        "Error validating token",
        "Unhandled error",
        "(no words)",
    ]


def test_settings_fall_back_to_the_providers_own_addresses() -> None:
    found = read_settings({"GCLOUD_PROJECT": "p", "OPENAI_API_KEY": " key "})
    assert (found.openai_address, found.openai_api_key) == ("https://api.openai.com/v1", "key")
    assert (found.bucket, found.is_local, found.app_check_required) == ("p.firebasestorage.app", False, False)
    assert found.features == frozenset()


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    found = read_settings({"GCLOUD_PROJECT": "p", "OPENAI_API_KEY": "sk-secret", "PSEUDONYM_KEY": "pepper"})
    assert "sk-secret" not in repr(found)
    assert "pepper" not in repr(found)


def test_every_refusal_has_a_stable_code_and_both_languages() -> None:
    import imagesfactory.accounts.errors
    import imagesfactory.doors.callers
    import imagesfactory.generation.errors
    import imagesfactory.points.model  # noqa: F401

    refusals = [each for each in _all(Refusal) if not each.__name__.startswith("_")]
    meanings = {(each.code, each.__name__) for each in refusals}
    codes = [code for code, _ in meanings]
    assert len(refusals) > 20
    assert sorted(codes) == sorted(set(codes)), "one code, one meaning; rooms may share both"
    for each in refusals:
        assert any("가" <= letter <= "힣" for letter in each.text.ko), each
        assert each.text.en.isascii(), each


def _all(base: type[Refusal]) -> list[type[Refusal]]:
    return [each for child in base.__subclasses__() for each in (child, *_all(child))]
