"""What may stand in no log is found there, however it is spelt, and is not repeated."""

from __future__ import annotations

import json

import pytest

from local.suite.confidences import confidences

NAME = "김지수"
TOKEN = ".".join(("eyJ" + "hbGciOiJub25lIn0", "eyJ" + "zdWIiOiJqaXN1In0", ""))
"""In parts: a whole one may stand in no file."""


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("sent to jisu.kim+1@mail.example.com at last", "e-mail address"),
        (f"Bearer {TOKEN}", "token"),
        (f"hello {NAME}", "something typed"),
        (json.dumps({"name": NAME}), "something typed"),
        ("key=whsec_0123456789abcdef", "secret"),
    ],
)
def test_it_is_found(line: str, kind: str) -> None:
    assert confidences(line, typed=[NAME], secrets=["whsec_0123456789abcdef", "local"]) == {kind: 1}


@pytest.mark.parametrize("word", ["café crème", "😀 달", 'say "hi"'])
def test_what_was_typed_is_found_as_json_spells_it(word: str) -> None:
    assert confidences(json.dumps({"prompt": word}), typed=[word]) == {"something typed": 1}


def test_what_is_fit_to_be_kept_is_let_by() -> None:
    line = '{"message": "mail.sent", "mail_id": "a-finished", "code": "sent", "host": "local@127.0.0.1"}'
    assert not confidences(line, typed=[NAME], secrets=["local"])
