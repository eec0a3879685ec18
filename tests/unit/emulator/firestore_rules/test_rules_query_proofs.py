"""Queries are allowed by what they could return: the table of tests/conformance/rules/query_proofs.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.firestore.errors import StatusError
from emulator.firestore.query import compile_query
from emulator.firestore_rules.guard import Identity, RulesGuard
from emulator.rules import compile_rules
from tests.unit.emulator.firestore_rules.proto_values import DATABASE, ROOT, document, query

TABLE = json.loads(Path("tests/conformance/rules/query_proofs.json").read_text("utf-8"))
RULESET = compile_rules("\n".join(TABLE["rules"]))
DOCUMENTS = {f"{ROOT}/{path}": document(path, fields) for path, fields in TABLE["documents"].items()}


def name_of(case: dict[str, Any]) -> str:
    return json.dumps({key: item for key, item in case.items() if key != "allowed"})


@pytest.mark.parametrize("case", [*TABLE["recorded"], *TABLE["own"]], ids=name_of)
def test_query(case: dict[str, Any]) -> None:
    identity = Identity("member", {"email_verified": case.get("verified", True)})
    guard = RulesGuard(
        RULESET, identity if case.get("signed_in", True) else None, DATABASE, DOCUMENTS.get, lambda value: None
    )
    parent = f"{ROOT}/{case['parent']}" if "parent" in case else ROOT
    compiled = compile_query(parent, query(case))
    if case["allowed"]:
        guard.check_query(compiled)
    else:
        with pytest.raises(StatusError) as refused:
            guard.check_query(compiled)
        assert refused.value.code.name == "PERMISSION_DENIED"
        assert refused.value.message.startswith("\n")
