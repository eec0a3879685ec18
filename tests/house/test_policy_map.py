"""docs/policy_map.md tells the truth: every article is there, and what it names exists and runs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from imagesfactory.policy.privacy_policy import privacy_policy

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| (.+) \| `([^`:]+):([\w.]+)` \| `([^`:]+)::(\w+)` \|$")
SWITCHED_OFF = {"skip", "skipif", "xfail"}


@dataclass(frozen=True)
class Promise:
    article: int
    module: str
    name: str
    test_file: str
    test_name: str


def promises() -> list[Promise]:
    lines = (ROOT / "docs" / "policy_map.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")][2:]
    found = [ROW.match(row) for row in rows]
    assert not [row for row, match in zip(rows, found, strict=True) if match is None]
    return [Promise(int(match[1]), *match.group(3, 4, 5, 6)) for match in found if match is not None]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def defined(body: list[ast.stmt], name: str) -> ast.FunctionDef | ast.ClassDef | None:
    """What ``name`` (dotted: a method of a class) stands for in ``body``."""
    first, _, rest = name.partition(".")
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.name == first:
            return defined(statement.body, rest) if rest else statement
    return None


def test_every_article_of_the_policy_is_there() -> None:
    assert {one.article for one in promises()} == {article.number for article in privacy_policy().articles}


@pytest.mark.parametrize("promise", promises(), ids=lambda one: f"{one.article}-{one.name}-{one.test_name}")
def test_code_and_test_of_a_promise_exist_and_the_test_runs(promise: Promise) -> None:
    code = ROOT / "functions" / promise.module
    assert defined(tree(code).body, promise.name) is not None, promise.name
    test_file = ROOT / "tests" / promise.test_file
    test = defined(tree(test_file).body, promise.test_name)
    assert isinstance(test, ast.FunctionDef), promise.test_name
    marks = {node.attr for decorator in test.decorator_list for node in ast.walk(decorator) if hasattr(node, "attr")}
    whole = {node.attr for node in ast.walk(tree(test_file)) if isinstance(node, ast.Attribute)}
    assert not marks & SWITCHED_OFF
    assert "importorskip" not in whole
