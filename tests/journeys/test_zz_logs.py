"""After all journeys: nothing that was typed, no address and no token stands in any log of the whole run."""

from __future__ import annotations

from local.suite import Suite
from local.suite.confidences import confidences

PROMPT_WORDS = ("달빛 아래 종이배", "비밀스러운 고래")


def test_the_functions_logged_their_work(suite: Suite) -> None:
    said = "\n".join(suite.functions_output())
    assert '"message": "signup.completed"' in said


def test_no_prompt_no_address_no_token_in_what_the_functions_log(suite: Suite) -> None:
    assert not confidences(
        "\n".join(suite.functions_output()), typed=PROMPT_WORDS, secrets=suite.given.secrets.values()
    )


def test_nor_in_the_log_of_the_database(suite: Suite) -> None:
    said = (suite.logs / "firestore-debug.log").read_text(errors="replace")
    assert not confidences(said, typed=PROMPT_WORDS, secrets=suite.given.secrets.values())
