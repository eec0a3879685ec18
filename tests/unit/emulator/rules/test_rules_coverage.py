"""The coverage report: the official form of the report, its counts and its page."""

from typing import Any

from emulator.rules import NoDocuments, Request, Ruleset, compile_rules
from emulator.rules.coverage import COMPARED_COLLECTIONS, DISTINCT_VALUES, value_as_json
from emulator.rules.coverage_page import coverage_page
from emulator.rules.symbolic import UNKNOWN
from emulator.rules.values import Duration, LatLng, MapDiff, Path, RulesSet, Timestamp

RESOURCE = {"data": {"visible": True}}


def covered(condition: str, functions: str = "") -> Ruleset:
    lines = [
        "rules_version = '2';",
        "service cloud.firestore {",
        " match /databases/{database}/documents {",
        functions,
        f"  match /items/{{item}} {{ allow get: if {condition}; }}",
        " }",
        "}",
    ]
    return compile_rules("\n".join(lines), with_coverage=True)


def ask(rules: Ruleset, resource: Any = RESOURCE) -> None:
    path = ("databases", "(default)", "documents", "items", "one")
    rules.evaluate("cloud.firestore", Request("get", path, {"request": {}, "resource": resource}), NoDocuments())


def report(rules: Ruleset) -> list[Any]:
    assert rules.coverage is not None
    return list(rules.coverage.as_json().get("report", []))


def spans(nodes: list[Any]) -> list[Any]:
    """The tree as (column, start, end, inner), as the recordings of the official server list it."""
    return [
        (
            node["sourcePosition"]["column"],
            node["sourcePosition"]["currentOffset"],
            node["sourcePosition"]["endOffset"],
            spans(node.get("children", [])),
        )
        for node in nodes
    ]


def test_places_are_those_of_the_official_report() -> None:
    field: Any = (39, 127, 147, [(39, 127, 139, [(39, 127, 134, [])])])
    assert spans(report(covered("true"))) == []
    assert spans(report(covered("resource.data.visible == true"))) == [(39, 127, 155, [field])]
    assert spans(report(covered("!resource.data.visible"))) == [
        (39, 127, 148, [(40, 128, 148, [(40, 128, 140, [(40, 128, 135, [])])])])
    ]
    assert spans(report(covered("[1, 2].size() == 2 && {'ok': true}.ok"))) == [
        (39, 127, 163, [(39, 127, 144, [(39, 127, 137, [(39, 127, 131, [])])]), (61, 149, 163, [(61, 149, 159, [])])])
    ]
    group: Any = (40, 128, 148, [(40, 128, 140, [(40, 128, 135, [])])])
    assert spans(report(covered("(resource.data.visible == true) || false"))) == [
        (39, 127, 166, [(39, 127, 156, [group])])
    ]
    assert spans(report(covered("exists(/databases/$(database)/documents/items/one)"))) == [
        (39, 127, 175, [(46, 134, 175, [(59, 147, 154, [])])])
    ]
    assert spans(report(covered("[1, 2, 3][1:2] == [2]"))) == [
        (39, 127, 146, [(39, 127, 139, [(39, 127, 134, [])]), (57, 145, 146, [])])
    ]
    assert spans(report(covered("('hello').size() == 5"))) == [(39, 127, 147, [(39, 127, 140, [])])]
    assert spans(report(covered("duration.value(1, 's') == duration.value(1000, 'ms')"))) == [
        (39, 127, 177, [(39, 127, 147, []), (65, 153, 177, [])])
    ]
    assert spans(report(covered("[1, 2].toSet().hasAll([1])"))) == [
        (39, 127, 150, [(39, 127, 138, [(39, 127, 131, [])]), (61, 149, 150, [])])
    ]


def test_functions_are_listed_in_the_order_of_the_source() -> None:
    rules = covered(
        "accept(resource.data.visible)", "  function accept(value) { let checked = value == true; return checked; }"
    )
    function, allow = spans(report(rules))
    assert function == (28, 115, 157, [(42, 129, 141, [(42, 129, 133, [])]), (64, 151, 157, [])])
    assert allow[:3] == (39, 200, 227)
    simple = covered("accept(resource.data.visible)", "  function accept(value) { return value; }")
    assert spans(report(simple))[0] == (35, 122, 126, [])
    assert spans(report(covered("accept()", "  function accept() { return true; }"))) == [(39, 163, 168, [])]


def test_values_are_counted_and_unreached_expressions_have_none() -> None:
    rules = covered("resource.data.visible == true && resource.data.other == 1")
    ask(rules)
    ask(rules)
    ask(rules, {"data": {"visible": False}})
    (root,) = report(rules)
    left, right = root["children"]
    error = {
        "causeMessage": "Property other is undefined on object.",
        "sourcePosition": right["children"][0]["sourcePosition"],
    }
    assert root["values"] == [
        {"value": {"undefined": error}, "count": 2},
        {"value": {"boolValue": False}, "count": 1},
    ]
    assert left["values"] == [{"value": {"boolValue": True}, "count": 2}, {"value": {"boolValue": False}, "count": 1}]
    assert right["values"] == [{"value": {"undefined": error}, "count": 2}]


def test_each_link_of_a_chain_has_its_own_values() -> None:
    rules = covered("resource.a || resource.b || resource.c")
    ask(rules, {"a": False, "b": True, "c": False})
    ask(rules, {"a": False, "b": False, "c": True})
    (root,) = report(rules)
    inner, last = root["children"]
    assert root["values"] == [{"value": {"boolValue": True}, "count": 2}]
    assert inner["values"] == [{"value": {"boolValue": True}, "count": 1}, {"value": {"boolValue": False}, "count": 1}]
    assert last["values"] == [{"value": {"boolValue": True}, "count": 1}]
    assert len(inner["children"]) == 2


def test_distinct_values_are_bounded() -> None:
    rules = covered("resource.data.number > 0")
    for number in range(1000):
        ask(rules, {"data": {"number": number}})
    (root,) = report(rules)
    (number_node,) = root["children"]
    (data_node,) = number_node["children"]
    for node, kept in ((number_node, DISTINCT_VALUES), (data_node, COMPARED_COLLECTIONS)):
        assert len(node["values"]) == kept + 1
        assert sum(value["count"] for value in node["values"]) == 1000


def test_the_report_begins_with_the_source() -> None:
    rules = covered("true")
    assert rules.coverage is not None
    answer = rules.coverage.as_json()
    assert answer["rules"]["files"] == [{"name": "firestore.rules", "content": rules.coverage.source}]
    assert "report" not in answer


def test_every_type_of_value_is_written() -> None:
    values = [None, True, 1, 1.5, "a", b"a", [1], RulesSet([1]), {"a": 1}, Path(("a",)), Timestamp(1), Duration(-1500)]
    assert [value_as_json(value) for value in values] == [
        {"nullValue": None},
        {"boolValue": True},
        {"intValue": "1"},
        {"floatValue": 1.5},
        {"stringValue": "a"},
        {"bytesValue": "YQ=="},
        {"listValue": {"values": [{"intValue": "1"}]}},
        {"setValue": {"values": [{"intValue": "1"}]}},
        {"mapValue": {"fields": {"a": {"intValue": "1"}}}},
        {"pathValue": {"segments": [{"simple": "a"}]}},
        {"timestampValue": "1970-01-01T00:00:00.000000001Z"},
        {"durationValue": "-0.0000015s"},
    ]
    assert value_as_json(LatLng(1, 2)) == {"latlngValue": {"latitude": 1, "longitude": 2}}
    diff = MapDiff(("a",), ("b",), ("c",), ("d",))
    statuses = {"a": "ADDED", "b": "REMOVED", "c": "CHANGED", "d": "UNMODIFIED"}
    assert value_as_json(diff) == {"mapDiffValue": {"keyStatuses": statuses}}
    assert "undefined" in value_as_json(UNKNOWN)


def test_the_page_marks_lines_and_escapes_text() -> None:
    rules = covered("resource.data.visible == '<b>' && resource.never")
    ask(rules)
    assert rules.coverage is not None
    page = coverage_page(rules.coverage.as_json())
    assert "class='line some'" in page
    assert "never evaluated" in page
    assert "<b>'" not in page
    assert "&lt;b&gt;" in page
