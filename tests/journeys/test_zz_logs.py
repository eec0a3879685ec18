"""After all journeys: nothing that was typed, no address and no token stands in any log of the whole run."""

from __future__ import annotations

import re

from local.suite import Suite

PROMPT_WORDS = ("달빛 아래 종이배", "비밀스러운 고래")
EMAIL = re.compile(r"[\w.+-]+@(?:example|gmail|googlemail)\.com")
ID_TOKEN = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}")
ESCAPED = tuple(word.encode("unicode_escape").decode() for word in PROMPT_WORDS)


def test_the_functions_logged_their_work(suite: Suite) -> None:
    said = "\n".join(suite.functions_output())
    assert '"message": "signup.completed"' in said


def test_no_prompt_no_address_no_token_in_what_the_functions_log(suite: Suite) -> None:
    said = "\n".join(suite.functions_output())
    assert not [word for word in (*PROMPT_WORDS, *ESCAPED) if word in said]
    assert not EMAIL.findall(said)
    assert not ID_TOKEN.findall(said)


def test_nor_in_the_log_of_the_database(suite: Suite) -> None:
    said = (suite.logs / "firestore-debug.log").read_text(errors="replace")
    assert not [word for word in (*PROMPT_WORDS, *ESCAPED) if word in said]
    assert not ID_TOKEN.findall(said)
    assert not EMAIL.findall(said)
