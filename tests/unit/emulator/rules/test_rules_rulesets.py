"""Match blocks, functions, versions, limits and reasons of whole rules files."""

from typing import Any

import pytest

from emulator.rules import (
    GAP,
    UNKNOWN_SEGMENT,
    AccessBudget,
    Decision,
    NoDocuments,
    Request,
    RulesError,
    Ruleset,
    compile_rules,
    limits,
)
from emulator.rules.environment import Operation, RequestSegment
from emulator.rules.values import Path

SERVICE = "cloud.firestore"


def ruleset(body: str, version: int = 2) -> Ruleset:
    return compile_rules(f"rules_version = '{version}';\nservice {SERVICE} {{\n{body}\n}}")


def decide(rules: Ruleset, path: str | tuple[RequestSegment, ...], operation: Operation = "get") -> Decision:
    segments = Path.parse(path).segments if isinstance(path, str) else path
    variables = {"request": {"auth": None}, "resource": None}
    return rules.evaluate(SERVICE, Request(operation, segments, variables), NoDocuments())


@pytest.mark.parametrize(
    ("pattern", "path", "version", "captured"),
    [
        ("/a/b", "/a/b", 2, {}),
        ("/a/{x}", "/a/b", 2, {"x": "'b'"}),
        ("/a/{x}", "/a", 2, None),
        ("/a/{x}", "/a/b/c", 2, None),
        ("/a/{x=**}", "/a/b/c", 2, {"x": "/b/c"}),
        ("/a/{x=**}", "/a", 2, {}),
        ("/a/{x=**}", "/a", 1, None),
        ("/a/{x=**}", "/a/b", 1, {"x": "/b"}),
        ("/{x=**}/c/{y}", "/a/b/c/d", 2, {"x": "/a/b", "y": "'d'"}),
        ("/{x=**}/c/{y}", "/c/d", 2, {"y": "'d'"}),
        ("/{x=**}/c/{y}", "/c/d/e", 2, None),
        ("/{x=**}/c", "/c/c", 2, {"x": "/c"}),
        ("/{x}/{y=**}", "/a", 2, {"x": "'a'"}),
    ],
)
def test_paths(pattern: str, path: str, version: int, captured: dict[str, str] | None) -> None:
    condition = " && ".join(f"{name} == {value}" for name, value in (captured or {}).items()) or "true"
    rules = ruleset(f"match {pattern} {{ allow get: if {condition}; }}", version)
    assert decide(rules, path).allowed is (captured is not None)


def test_nested_blocks_concatenate_and_shadow() -> None:
    rules = ruleset("match /a/{x} { match /b/{x} { allow get: if x == 'inner'; } allow get: if x == 'outer'; }")
    assert decide(rules, "/a/outer").allowed
    assert decide(rules, "/a/outer/b/inner").allowed
    assert not decide(rules, "/a/inner/b/outer").allowed


def test_a_recursive_wildcard_above_a_nested_block() -> None:
    rules = ruleset("match /{any=**} { match /leaf/{id} { allow get: if any == /a/b && id == 'x'; } }")
    assert decide(rules, "/a/b/leaf/x").allowed
    assert not decide(rules, "/a/leaf/x").allowed


def test_allow_statements_are_alternatives_in_order() -> None:
    rules = ruleset("match /a {\n allow get: if nothing.x;\n allow get: if 1 == 2;\n allow read: if true; }")
    assert decide(rules, "/a") == Decision(allowed=True)
    rules = ruleset("match /a {\n allow get: if nothing.x;\n allow get: if 1 == 2; }")
    assert decide(rules, "/a").explain() == (
        "\nevaluation error at L4:16 for 'get' @ L4, "
        "Variable not found error: Name: [nothing]. for 'get' @ L4, false for 'get' @ L5"
    )


def test_without_a_matching_block_nothing_is_allowed() -> None:
    assert decide(ruleset(""), "/a").explain() == "\nNo matching allow statements"
    assert not compile_rules("").evaluate(SERVICE, Request("get", ("a",), {}), NoDocuments()).allowed
    other = compile_rules("service firebase.storage { match /a { allow read; } }")
    assert not decide(other, "/a").allowed
    assert other.services == ("firebase.storage",)


@pytest.mark.parametrize(
    ("operations", "granted"),
    [
        ("read", {"get", "list", "read"}),
        ("write", {"create", "update", "delete", "write"}),
        ("get", {"get"}),
        ("list", {"list"}),
        ("create, delete", {"create", "delete"}),
        ("read, update", {"get", "list", "read", "update"}),
    ],
)
def test_operations(operations: str, granted: set[str]) -> None:
    rules = ruleset(f"match /a {{ allow {operations}; }}")
    every: list[Operation] = ["read", "write", "get", "list", "create", "update", "delete"]
    assert {operation for operation in every if decide(rules, "/a", operation).allowed} == granted


def test_a_path_with_unknown_parts_needs_a_block_for_all_of_them() -> None:
    query = ("a", UNKNOWN_SEGMENT)
    assert decide(ruleset("match /a/{id} { allow list; }"), query, "list").allowed
    assert decide(ruleset("match /{rest=**} { allow list; }"), query, "list").allowed
    assert not decide(ruleset("match /a/b { allow list; }"), query, "list").allowed
    assert not decide(ruleset("match /a/{id} { allow list: if id == 'b'; }"), query, "list").allowed
    assert not decide(ruleset("match /a/{rest=**} { allow list: if rest == /b; }"), query, "list").allowed
    group = (GAP, "a", UNKNOWN_SEGMENT)
    assert decide(ruleset("match /{any=**}/a/{id} { allow list; }"), group, "list").allowed
    assert not decide(ruleset("match /x/{y}/a/{id} { allow list; }"), group, "list").allowed
    assert not decide(ruleset("match /a/{id} { allow list; }"), group, "list").allowed


def test_many_ways_to_match_end_in_a_refusal() -> None:
    nested = "".join(f"match /{{w{index}=**}} {{" for index in range(limits.MATCH_DEPTH))
    rules = ruleset(nested + "allow get: if 1 == 2;" + "}" * limits.MATCH_DEPTH)
    decision = decide(rules, "/a" * 100)
    assert decision.reasons[-1].cause is not None
    assert not decision.allowed


def test_functions_see_the_names_around_their_declaration() -> None:
    rules = ruleset(
        "function outer() { return true; }"
        "match /a/{x} { function f(y) { let z = y + x; return outer() && z == '12'; }"
        " match /b/{w} { function outer() { return false; }"
        " allow get: if f('1') && w == 'w'; allow list: if outer(); } }"
    )
    assert decide(rules, "/a/2/b/w").allowed
    assert not decide(rules, "/a/3/b/w").allowed
    assert not decide(rules, "/a/2/b/w", "list").allowed


def test_functions_outside_any_service_are_for_all() -> None:
    rules = compile_rules(
        "function yes() { return true; } service cloud.firestore { match /a { allow get: if yes(); } }"
    )
    assert decide(rules, "/a").allowed


def test_a_failed_argument_or_let_counts_only_where_it_is_used() -> None:
    rules = ruleset(
        "function f(unused, used) { let broken = used.x.y; return used == 1 || broken == 2; }"
        "match /a { allow get: if f(request.nothing, 1); } match /b { allow get: if f(1, request.nothing); }"
    )
    assert decide(rules, "/a").allowed
    assert not decide(rules, "/b").allowed


def test_the_condition_of_a_ternary_decides_what_is_evaluated() -> None:
    rules = ruleset("match /{x} { allow get: if x == 'a' ? true : request.nothing; }")
    assert decide(rules, "/a").allowed
    assert not decide(rules, "/b").allowed


def chain(functions: int) -> str:
    links = "".join(f"function f{index}() {{ return f{index + 1}(); }}" for index in range(functions - 1))
    return links + f"function f{functions - 1}() {{ return true; }} match /a {{ allow get: if f0(); }}"


def test_calls_nest_up_to_the_limit() -> None:
    assert decide(ruleset(chain(limits.CALL_DEPTH + 1)), "/a").allowed
    for functions in (limits.CALL_DEPTH + 2, limits.CALL_DEPTH + 3):
        with pytest.raises(RulesError) as refused:
            ruleset(chain(functions))
        stack = "->".join(f"f{index}" for index in range(limits.CALL_DEPTH + 1))
        (issue,) = refused.value.issues
        assert issue.description == f"Maximum allowed call depth of 20 is reached for [{stack}] call stack."


def balanced(terms: int) -> str:
    """Comparisons in functions of ten, joined two by two in further functions."""
    leaves = [range(start, min(start + 10, terms)) for start in range(0, terms, 10)]
    level = [f"leaf{number}" for number in range(len(leaves))]
    functions = [
        f"function {name}() {{ return " + " && ".join(f"request.auth.token.n >= {term}" for term in leaf) + "; }"
        for name, leaf in zip(level, leaves, strict=True)
    ]
    while len(level) > 1:
        pairs = [level[index : index + 2] for index in range(0, len(level), 2)]
        level = []
        for pair in pairs:
            name = "and".join(pair) if len(pair) == 2 else pair[0]
            level.append(name)
            if len(pair) == 2:
                functions.append(f"function {name}() {{ return {pair[0]}() && {pair[1]}(); }}")
    return "\n".join(functions) + f" match /a {{ allow get: if {level[0]}(); allow get; }}"


@pytest.mark.parametrize(("terms", "allowed"), [(100, True), (120, True), (125, False), (150, False), (300, False)])
def test_evaluated_expressions_are_bounded_and_no_branch_rescues(terms: int, allowed: bool) -> None:
    """The verdicts for these numbers of terms restate recordings of the production service."""
    variables = {"request": {"auth": {"token": {"n": 10_000}}}, "resource": None}
    decision = ruleset(balanced(terms)).evaluate(SERVICE, Request("get", ("a",), variables), NoDocuments())
    assert decision.allowed is allowed
    if not allowed:
        assert decision.reasons[-1].cause == "The maximum of 1000 expressions to evaluate has been reached."


@pytest.mark.parametrize(
    ("start", "twice"),
    [
        ("'aaaaaaaa'", "x + x"),
        ("[1, 2, 3, 4]", "x.concat(x)"),
        ("'aaaaaaaa'", "x.replace('a', x)"),
        ("'ab'", "[x, x].join(x)"),
    ],
)
def test_values_that_double_end_in_an_error(start: str, twice: str) -> None:
    chain = "".join(f"function f{index}(x) {{ return f{index + 1}({twice}); }}" for index in range(20))
    nested = (
        f"{chain} function f20(x) {{ let y = {twice}; let z = y.size(); return {twice.replace('x', 'y')}.size() > z; }}"
    )
    decision = decide(ruleset(f"{nested} match /a {{ allow get: if f0({start}).size() > 0; }}"), "/a")
    assert decision.reasons[-1].cause == "The value is too long."


class Counting(NoDocuments):
    """Every document exists; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, path: Path) -> Any:
        self.asked.append(str(path))
        return {"data": {}}

    def get_after(self, path: Path) -> Any:
        return self.get(path)


def reading(names: list[str], function: str = "exists") -> Ruleset:
    return ruleset("match /a { allow get: if " + " && ".join(f"{function}(/d/{name})" for name in names) + "; }")


def allowed_with(rules: Ruleset, environment: Counting, access: AccessBudget | None = None) -> bool:
    request = Request("get", ("a",), {"request": {}, "resource": None})
    return rules.evaluate(SERVICE, request, environment, access).allowed


def test_documents_read_are_bounded_and_counted_once() -> None:
    names = [f"n{index}" for index in range(limits.DOCUMENT_ACCESSES_SINGLE)]
    world = Counting()
    assert allowed_with(reading([*names, *names]), world)
    assert len(world.asked) == len(names)
    assert not allowed_with(reading([*names, "more"]), Counting())
    assert allowed_with(ruleset("match /a { allow get: if get(/d/x).data == {} && exists(/d/x); }"), world)


def test_looking_after_the_request_is_another_access() -> None:
    names = [f"n{index}" for index in range(limits.DOCUMENT_ACCESSES_SINGLE)]
    both = ruleset(
        "match /a { allow get: if " + " && ".join(f"exists(/d/{name})" for name in names) + " && existsAfter(/d/n0); }"
    )
    assert not allowed_with(both, Counting())


def test_a_batch_shares_its_bound() -> None:
    shared = AccessBudget(limits.DOCUMENT_ACCESSES_MULTIPLE)
    first, second = [[f"{part}{index}" for index in range(10)] for part in "ab"]
    assert allowed_with(reading(first), Counting(), AccessBudget(shared=shared))
    assert allowed_with(reading(second), Counting(), AccessBudget(shared=shared))
    assert allowed_with(reading(first), Counting(), AccessBudget(shared=shared))
    assert not allowed_with(reading(["c"]), Counting(), AccessBudget(shared=shared))


def test_reasons_hold_no_data() -> None:
    rules = ruleset("match /a { allow get: if request.secret[request.key] == 1 || request.secret.matches('x') < 1; }")
    variables = {"request": {"secret": {"name": "s3cret"}, "key": "s3cret-key"}, "resource": None}
    decision = rules.evaluate(SERVICE, Request("get", ("a",), variables), NoDocuments())
    assert not decision.allowed
    assert "s3cret" not in decision.explain()
