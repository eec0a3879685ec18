"""Random rules and random expressions: the compiler raises RulesError only, the evaluator nothing at all."""

import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.rules import NoDocuments, Request, RulesError, compile_rules, library
from emulator.rules.coverage import value_as_json
from emulator.rules.symbolic import UNKNOWN, FieldConstraint, OpenMap, document_data
from emulator.rules.values import Duration, LatLng, Path, RulesSet, Timestamp, Undetermined, contains, equal, identity

TOKENS = [
    *"{}()[],;:?!/*+-%<>=&|.'\"$\\ \n",
    *["rules_version", "=", "'2'", "service", "cloud.firestore", "match", "allow", "read", "if", "function", "let"],
    *["return", "true", "false", "null", "in", "is", "int", "request", "resource", "x", "/a", "{x}", "{x=**}", "$("],
    *[
        "&&",
        "||",
        "==",
        "1",
        "1.5",
        "'a'",
        "//",
        "/*",
        "*/",
        "debug",
        "get",
        "math.abs",
        "\u00e9",
        "\U0001f680",
        "\ud800",
    ],
]
VALID = (
    "rules_version = '2'; service cloud.firestore { match /a/{x} { function f(y) { let z = y; return z; }"
    " allow read: if f(x) == 'b' && !(1 + 2 in [3, /c/$(x)]) || {'k': -1.5}.k is float; } }"
)

atoms = st.sampled_from(
    [
        *["null", "true", "false", "0", "1", "-7", "9223372036854775807", "1.5", "1e308", "''", "'ab'", "'[a'", "x"],
        *["request", "resource", "resource.data", "resource.data.n", "resource.data.missing", "nobody", "[]", "{}"],
        *[
            "(/a/b)",
            "timestamp.value(0)",
            "duration.value(1, 'd')",
            "latlng.value(1, 2)",
            "'ab'.toUtf8()",
            "[1].toSet()",
        ],
        *["timestamp.value(9223372036854775807)", "duration.value(9223372036854775807, 'w')", "{}.diff({'a': 1})"],
    ]
)
BINARY = ["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "in", "&&", "||"]
NAMESPACED = [f"{space}.{name}" for space, names in library.NAMESPACES.items() for name in names]


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.lists(inner, max_size=4).map(", ".join)
    return st.one_of(
        st.builds(lambda a, o, b: f"({a} {o} {b})", inner, st.sampled_from(BINARY), inner),
        st.builds(lambda o, a: f"({o}{a})", st.sampled_from("!-"), inner),
        st.builds(lambda a, b, c: f"({a} ? {b} : {c})", inner, inner, inner),
        st.builds(lambda a, n, b: f"({a}).{n}({b})", inner, st.sampled_from(sorted(library.METHODS)), arguments),
        st.builds(
            lambda n, b: f"{n}({b})", st.sampled_from([*NAMESPACED, *library.FUNCTIONS, "get", "exists"]), arguments
        ),
        st.builds(lambda a, b: f"({a})[{b}]", inner, inner),
        st.builds(lambda a, b, c: f"({a})[{b}:{c}]", inner, inner, inner),
        st.builds(lambda a, n: f"({a}).{n}", inner, st.sampled_from(["data", "n", "zz"])),
        st.builds(lambda a, t: f"({a} is {t})", inner, st.sampled_from(["int", "map", "number", "path"])),
        st.builds(lambda a: f"(/p/$({a}))", inner),
        arguments.map(lambda items: f"[{items}]"),
        st.builds(lambda k, v: f"{{{k}: {v}}}", inner, inner),
    )


expressions = st.recursive(atoms, compound, max_leaves=12)
resources = st.sampled_from(
    [
        None,
        {"data": {"n": 1}},
        OpenMap({"data": document_data([FieldConstraint(("n",), ">", 1), FieldConstraint(("n",), "!=", 5)])}),
        OpenMap({"data": document_data([FieldConstraint(("n",), "array-contains", "ab")])}),
        UNKNOWN,
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=40).map("".join))
def test_any_text_compiles_or_raises_rules_error(text: str) -> None:
    with contextlib.suppress(RulesError):
        compile_rules(text)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(VALID)), st.integers(0, 12), st.sampled_from(TOKENS))
def test_any_damage_to_valid_rules_compiles_or_raises_rules_error(position: int, cut: int, token: str) -> None:
    with contextlib.suppress(RulesError):
        compile_rules(VALID[:position] + token + VALID[position + cut :])


@settings(max_examples=400, deadline=None)
@given(expressions, resources, st.booleans())
def test_any_expression_has_a_decision(expression: str, resource: Any, with_coverage: bool) -> None:
    source = f"rules_version = '2'; service s {{ match /{{x}} {{ allow get: if {expression}; }} }}"
    rules = compile_rules(source, with_coverage=with_coverage)
    variables = {"request": {"auth": None, "time": Timestamp(0)}, "resource": resource}
    decision = rules.evaluate("s", Request("get", ("a",), variables), NoDocuments())
    assert decision.allowed or len(decision.reasons) == 1
    assert decision.allowed or decision.explain()
    if rules.coverage is not None:
        rules.coverage.as_json()


plain = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.sampled_from([0.0, -0.0, 1.0, 1.5, float("inf")]),
        st.sampled_from(["", "a", "1"]),
        st.sampled_from([b"", b"a"]),
        st.sampled_from([Timestamp(0), Duration(0), LatLng(0, 0), Path(("a",)), Path(())]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        st.lists(inner, max_size=3).map(RulesSet),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(plain, plain)
def test_equality_and_identity_agree(left: Any, right: Any) -> None:
    assert equal(left, right) == equal(right, left) == (identity(left) == identity(right))
    assert equal(left, left)
    assert (right in RulesSet([left])) == equal(left, right) == contains([left], right)
    value_as_json(left)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([">", ">=", "<", "<=", "!=", "=="]), st.integers(-3, 3), st.integers(-4, 4), st.integers(-4, 4))
def test_what_is_proved_of_a_query_holds_for_every_result(
    comparison: Any, operand: int, bound: int, actual: int
) -> None:
    from emulator.rules import operators

    meets = {
        ">": actual > operand,
        ">=": actual >= operand,
        "<": actual < operand,
        "<=": actual <= operand,
        "!=": actual != operand,
        "==": actual == operand,
    }
    if not meets[comparison]:
        return
    symbolic = document_data([FieldConstraint(("n",), comparison, operand)]).member("n")
    checks = [operators.less, operators.less_or_equal, operators.greater, operators.greater_or_equal, equal]
    for check in checks:
        with contextlib.suppress(Undetermined):
            assert check(symbolic, bound) == check(actual, bound)
        with contextlib.suppress(Undetermined):
            assert check(bound, symbolic) == check(bound, actual)
