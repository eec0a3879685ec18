"""Random rules, queries and documents: what a query is allowed to return, each result alone would be allowed too."""

from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from emulator.firestore.errors import StatusError
from emulator.firestore.query import compile_query
from emulator.firestore_rules.guard import RulesGuard
from emulator.rules import compile_rules
from tests.unit.emulator.firestore_rules.proto_values import DATABASE, ROOT, document, query

SCALARS = [None, 1, 2, 1.0, "x"]  # few, so that queries find documents
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]

fields = st.sampled_from(["a", "a", "b", "m.c"])
scalars = st.sampled_from(SCALARS)
literals = st.sampled_from(["null", "1", "2", "1.0", "'x'"])
lists = st.lists(literals, max_size=3).map(lambda items: f"[{', '.join(items)}]")

atoms = st.one_of(
    st.builds(lambda f, c, v: f"resource.data.{f} {c} {v}", fields, st.sampled_from(COMPARISONS), literals),
    st.builds(lambda v, c, f: f"{v} {c} resource.data.{f}", literals, st.sampled_from(COMPARISONS), fields),
    st.builds(lambda f, g: f"resource.data.{f} == resource.data.{g}", fields, fields),
    st.builds(lambda f, items: f"resource.data.{f} in {items}", fields, lists),
    st.builds(lambda v: f"{v} in resource.data.tags", literals),
    st.builds(lambda m, items: f"resource.data.tags.{m}({items})", st.sampled_from(["hasAny", "hasAll"]), lists),
    st.builds(lambda f, t: f"resource.data.{f} is {t}", fields, st.sampled_from(["string", "map", "number"])),
    st.builds(lambda v: f"resource.data.get('a', 0) == {v}", literals),
    st.sampled_from(["'a' in resource.data", "'c' in resource.data.m", "resource != null", "true", "false"]),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(lambda a, o, b: f"({a} {o} {b})", inner, st.sampled_from(["&&", "||"]), inner),
        inner.map(lambda condition: f"!({condition})"),
        st.builds(lambda a, b, c: f"({a} ? {b} : {c})", inner, inner, inner),
    ),
    max_leaves=5,
)

filters = st.one_of(
    st.builds(lambda f, c, v: [f, c, v], fields, st.sampled_from(["==", "!="]), scalars),
    st.builds(lambda f, c, v: [f, c, v], fields, st.sampled_from(COMPARISONS), st.sampled_from(SCALARS[1:])),
    st.builds(
        lambda f, o, v: [f, o, v], fields, st.sampled_from(["in", "not-in"]), st.lists(scalars, min_size=1, max_size=3)
    ),
    st.builds(lambda v: ["tags", "array-contains", v], scalars),
    st.builds(lambda v: ["tags", "array-contains-any", v], st.lists(scalars, min_size=1, max_size=3)),
)
wheres = st.one_of(
    filters,
    st.lists(filters, min_size=2, max_size=3).map(lambda parts: ["and", *parts]),
    st.lists(filters, min_size=2, max_size=2).map(lambda parts: ["or", *parts]),
)
documents = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "a": scalars,
            "b": scalars,
            "m": st.fixed_dictionaries({}, optional={"c": scalars}),
            "tags": st.lists(scalars, max_size=3),
        },
    ),
    min_size=8,
    max_size=16,
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(conditions, wheres, documents)
def test_no_query_returns_what_a_get_would_not(condition: str, where: Any, contents: list[dict[str, Any]]) -> None:
    rules = (
        "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents/c/{id} {"
        f" allow read: if {condition}; }} }}"
    )
    guard = RulesGuard(compile_rules(rules), None, DATABASE, lambda name: None, lambda value: None)
    try:
        compiled = compile_query(ROOT, query({"collection": "c", "where": where}))
    except StatusError:
        return  # not every combination of filters is a query
    try:
        guard.check_query(compiled)
    except StatusError:
        event("refused")
        return
    stored = [document(f"c/{number}", fields) for number, fields in enumerate(contents)]
    results = [one for one in stored if compiled.matches(one)]
    event(f"allowed with {min(len(results), 2)} results")
    for one in results:
        guard.check_get(one.name, one)
