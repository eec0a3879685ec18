"""Errors and warnings of the rules compiler, with their places and words."""

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.rules import RulesError, compile_rules, limits

TABLE = json.loads(Path("tests/conformance/rules/compile_issues.json").read_text("utf-8"))


def found(source: str) -> list[Any]:
    try:
        issues = compile_rules(source).warnings
    except RulesError as error:
        issues = error.issues
    return [
        [issue.severity, issue.span.line, issue.span.column, issue.span.start, issue.span.end, issue.description]
        for issue in issues
    ]


@pytest.mark.parametrize("case", [*TABLE["recorded"], *TABLE["own"]], ids=lambda case: case["source"][-60:])
def test_issues(case: dict[str, Any]) -> None:
    assert found(case["source"]) == case["issues"]


@pytest.mark.parametrize("case", TABLE["recorded"][:3], ids=["missing condition", "end of file", "bound twice"])
def test_an_error_is_raised_with_text_and_json(case: dict[str, Any]) -> None:
    with pytest.raises(RulesError, match=r"Error compiling rules:\nL\d+:\d+ ") as caught:
        compile_rules(case["source"])
    severity, line, column, start, end, description = case["issues"][-1]
    assert caught.value.issues[-1].as_json("firestore.rules") == {
        "sourcePosition": {
            "fileName": "firestore.rules",
            "line": line,
            "column": column,
            "currentOffset": start,
            "endOffset": end,
        },
        "description": description,
        "severity": severity,
    }


def nested(depth: int) -> str:
    return "service a {" + "match /x {" * depth + "allow get;" + "}" * depth + "}"


def long_path(segments: int) -> str:
    return "service a { match " + "/x" * segments + " { allow get; } }"


def captures(count: int) -> str:
    return "service a { match " + "".join(f"/{{x{index}}}" for index in range(count)) + " { allow get; } }"


def parameters(count: int) -> str:
    names = ", ".join(f"p{index}" for index in range(count))
    return f"service a {{ function f({names}) {{ return true; }} match /x {{ allow get: if f({names}); }} }}"


def lets(count: int) -> str:
    bindings = "".join(f"let v{index} = {index}; " for index in range(count))
    used = " + ".join(f"v{index}" for index in range(count)) or "0"
    return f"service a {{ function f() {{ {bindings} return {used} > 0; }} match /x {{ allow get: if f(); }} }}"


@pytest.mark.parametrize(
    ("write", "limit", "text"),
    [
        (nested, limits.MATCH_DEPTH, "nested match blocks"),
        (long_path, limits.PATH_SEGMENTS, "segments in one path"),
        (captures, limits.PATH_CAPTURES, "path variables"),
        (parameters, limits.FUNCTION_PARAMETERS, "function parameters"),
        (lets, limits.FUNCTION_LETS, "let bindings"),
    ],
)
def test_bounds_hold_at_their_edge(write: Any, limit: int, text: str) -> None:
    assert not [issue for issue in found(write(limit)) if issue[0] == "ERROR"]
    errors = [issue[-1] for issue in found(write(limit + 1)) if issue[0] == "ERROR"]
    assert errors
    assert all(error == f"Too many {text}: {limit + 1}, at most {limit} are allowed." for error in errors)


def test_the_source_is_bounded_in_bytes() -> None:
    source = "service a { }\n"
    padded = source + "//" + "x" * (limits.SOURCE_BYTES - len(source) - 2)
    assert found(padded) == []
    assert found(padded + "x")[0][-1].startswith("Rules source is larger than")


@pytest.mark.parametrize("source", ["(" * 5000 + "1" + ")" * 5000, "!" * 5000 + "true", "[" * 5000 + "]" * 5000])
def test_absurd_nesting_is_refused_or_survived(source: str) -> None:
    text = f"service a {{ match /x {{ allow get: if {source}; }} }}"
    assert {issue[0] for issue in found(text)} <= {"ERROR"}


def test_a_long_chain_is_no_nesting() -> None:
    chain = " || ".join(["1 == 2"] * 900)
    assert found(f"service a {{ match /x {{ allow get: if {chain}; }} }}") == []
