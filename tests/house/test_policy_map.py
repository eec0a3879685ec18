"""docs/policy_map.md tells the truth: articles, code and tests that exist, and a whole run that fails without them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from imagesfactory.policy.privacy_policy import privacy_policy

from tests.promises import ROOT, Promise, promises

SWITCHED_OFF = {"skip", "skipif", "xfail"}
A_RUN = {
    "pytest.ini": "[pytest]\ntestpaths = tests\n",
    "conftest.py": """
from tests.promises import PromisesKept

def pytest_configure(config):
    names = ("test_runs", "test_is_skipped", "test_has_a_case_left_out", "test_is_not_there")
    config.pluginmanager.register(PromisesKept(f"tests/test_some.py::{name}" for name in names))
""",
    "tests/test_some.py": """
import pytest

def test_runs(): pass

def test_is_skipped(): pytest.skip("not here")

@pytest.mark.parametrize("case", [1, pytest.param(2, marks=pytest.mark.xfail)])
def test_has_a_case_left_out(case): assert case == 1
""",
}


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


def test_nothing_is_promised_twice() -> None:
    counted = Counter((one.article, one.module, one.name, one.test) for one in promises())
    assert [row for row, times in counted.items() if times > 1] == []


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


@pytest.mark.parametrize(
    ("arguments", "is_broken"), [((), True), (("-n", "2"), True), (("-k", "runs"), False), (("tests",), False)]
)
def test_a_whole_run_fails_when_a_promised_test_did_not_run(
    tmp_path: Path, arguments: tuple[str, ...], *, is_broken: bool
) -> None:
    for name, content in A_RUN.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments]
    environment = {"PATH": "", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == (1 if is_broken else 0), done.stdout
    told = done.stdout.partition("but not run")[2]
    named = {name for name in ("runs", "is_skipped", "has_a_case_left_out", "is_not_there") if f"::test_{name}" in told}
    assert named == ({"is_skipped", "has_a_case_left_out", "is_not_there"} if is_broken else set())
