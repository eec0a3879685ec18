"""Every callable is sent what it declares, spoilt and unspoilt, by everybody: it refuses well or does its work.

More examples: IMAGESFACTORY_EXAMPLES=200 (each function; 12 without it), and new ones in every run with
IMAGESFACTORY_EXPLORE=1.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deployed.abuse import shapes
from tests.deployed.abuse.shapes import MARK, callables, schema_of
from tests.deployed.abuse.watch import assert_refused_well, recorded_writes, versions
from tests.deployed.abuse.who import JISU, NAMED, STAFF, STRANGER, Victim
from tests.deployed.functions import Deployed
from tests.deployed.surroundings import Surroundings
from tests.deployed.tokens import SignIn

EXAMPLES = int(os.environ.get("IMAGESFACTORY_EXAMPLES", "12"))
FUZZ = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
WITHOUT_INPUT = {
    "get_catalog",
    "get_packs",
    "get_policy_state",
    "export_my_data",
    "list_corrections",
    "resume_mail",
}
OPEN = {"get_catalog", "get_packs", "create_open_inquiry"}
LOOKS = "accesses/"
"""A look of staff is on record even if there was nothing to see."""
UNVERIFIED = SignIn("uid-of-nari-00000000000000000", "nari@example.com", is_verified=False)
CALLERS: dict[str, SignIn | None] = {
    "nobody": None,
    "a member": JISU,
    "a stranger": STRANGER,
    "somebody new": UNVERIFIED,
    **STAFF,
}


def test_every_callable_declares_what_it_takes_or_takes_nothing() -> None:
    assert {name for name in callables() if schema_of(name) is None} == WITHOUT_INPUT


def test_whatever_is_sent_is_refused_well_or_done(
    deployed: Deployed, victim: Victim, capfd: pytest.CaptureFixture[str]
) -> None:
    tokens = {who: deployed.token(one) if one else None for who, one in CALLERS.items()}
    for name in callables():
        try:
            _attack(name, deployed, victim, tokens)
        except AssertionError as failure:
            failure.add_note(f"This was {name}.")
            raise
    logged = "".join(capfd.readouterr())
    assert not [word for word in (MARK, *victim.secrets, "Traceback", *filter(None, tokens.values())) if word in logged]


def _attack(name: str, deployed: Deployed, victim: Victim, tokens: dict[str, str | None]) -> None:
    @FUZZ
    @given(data=shapes.well_formed(name) | shapes.spoilt(name), who=st.sampled_from(sorted(tokens)))
    def attack(data: Any, who: str) -> None:
        data = _aimed(data, victim)
        with recorded_writes() as writes:
            answer = deployed.call(name, data, tokens[who])
            changed = [path for path in writes.take() if who not in STAFF or not path.startswith(LOOKS)]
        assert answer.status < 500, (who, answer)
        if answer.status >= 400:
            assert_refused_well(answer)
            assert not changed, (who, answer)
        if who != "a member" and who not in STAFF:
            said = json.dumps(answer.body, ensure_ascii=False)
            assert not [secret for secret in victim.secrets if secret in said], who

    attack()


def _aimed(data: Any, victim: Victim) -> Any:
    """The same, with the ids of the victim in place of whatever ids were drawn."""
    if not isinstance(data, dict):
        return data
    return {key: victim.ids.get(key, value) if isinstance(value, str) else value for key, value in data.items()}


def test_somebody_elses_is_not_found_and_stays_as_it_is(
    deployed: Deployed, surroundings: Surroundings, victim: Victim, database: Any
) -> None:
    stranger, before, asked = deployed.token(STRANGER), versions(database), 0
    for name in callables():
        schema = schema_of(name)
        fields = set(schema.model_fields) & set(NAMED) if schema else set()
        if not fields:
            continue
        answer = deployed.call(name, _example(name, {field: victim.ids[field] for field in fields}), stranger)
        assert answer.status in {403, 404}, (name, answer)
        assert answer.body["error"]["details"]["code"].endswith(("not-found", "staff-only")), (name, answer)
        asked += answer.status == 404
    assert asked >= 6
    assert versions(database) == before


def _example(name: str, ids: dict[str, str]) -> dict[str, Any]:
    more: dict[str, Any] = {
        "confirm_toss_payment": {"payment_key": "key", "amount": 10_000},
        "request_refund": {"request_id": "request-9"},
        "reply_to_inquiry": {"request_id": "request-9", "text": "let me in"},
        "answer_inquiry": {"request_id": "request-9", "text": "let me in"},
        "delete_image": {"image": 0, "occasion": "now"},
        "close_account_for_guardian": {"account_email": JISU.email},
    }
    return {**more.get(name, {}), **ids}


@pytest.mark.parametrize("role", [*STAFF, "member", "nobody"])
def test_only_its_own_staff_opens_a_door_for_staff(
    role: str, deployed: Deployed, victim: Victim, database: Any
) -> None:
    before = versions(database)
    who = STAFF.get(role)
    token = deployed.token(who or JISU) if role != "nobody" else None
    statuses = {name: deployed.call(name, {"nothing": 1}, token).status for name in callables() if _is_staffs(name)}
    opened = {name for name, status in statuses.items() if status not in {401, 403}}
    assert opened == {name for name in statuses if role in _role_of(name)}
    assert versions(database) == before or opened


def _is_staffs(name: str) -> bool:
    return bool(_role_of(name))


def _role_of(name: str) -> str:
    return next((role for role, doors in DOORS_OF_STAFF.items() if name in doors), "")


DOORS_OF_STAFF = {
    "officer": {
        "announce_change",
        "begin_campaign",
        "close_account_for_guardian",
        "decide_correction",
        "list_accesses",
        "list_corrections",
        "list_disclosures",
        "record_disclosure",
    },
    "support": {"answer_inquiry", "list_inquiries", "read_inquiry", "settle_inquiry"},
    "finance": {"get_settlement", "record_refund_by_hand"},
    "operator": {"get_truth"},
}
