"""The style that ruff cannot know: short functions, modules with one reason to exist, nothing left unfinished."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("functions/main.py", "functions/imagesfactory", "emulator", "local")
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 500
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
DOWNLOAD_ADDRESS = re.compile(
    r'"resolve[d]": *"http|^ *(--)?(extra-)?index[-]url|--find[-]links|^registr[y] *=', re.MULTILINE
)


def tracked(*places: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *places],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for path in tracked(*PRODUCT) if path.suffix == ".py"]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    found = {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules()}
    assert len(found) > 200
    return found


def test_every_module_says_why_it_exists(trees: dict[Path, ast.Module]) -> None:
    assert not [path for path, tree in trees.items() if not ast.get_docstring(tree)]


def test_functions_are_short(trees: dict[Path, ast.Module]) -> None:
    long = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}": lines
        for path, tree in trees.items()
        for function in functions(tree)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert not long


def test_modules_are_small() -> None:
    large = {path: lines for path in modules() if (lines := len(path.read_text().splitlines())) > MODULE_LINES_MAX}
    assert not large


def test_every_test_module_has_a_name_of_its_own() -> None:
    names = [path.name for path in tracked("tests") if path.name.startswith("test_") and path.suffix == ".py"]
    assert len(names) > 100
    assert not {name for name in names if names.count(name) > 1}, "pytest imports them by this name"


def test_nothing_is_left_unfinished() -> None:
    assert not [path for path in modules() if UNFINISHED.search(path.read_text())]


def test_no_file_names_where_packages_are_downloaded() -> None:
    texts = [
        path
        for path in tracked()
        if path.suffix in {".txt", ".json", ".toml", ".yaml", ".cfg"} or path.name == ".npmrc"
    ]
    assert len(texts) > 10
    assert not [path for path in texts if DOWNLOAD_ADDRESS.search(path.read_text(encoding="utf-8"))]


def test_rooms_print_nothing_but_log_lines(trees: dict[Path, ast.Module]) -> None:
    printing = [
        path
        for path, tree in trees.items()
        if "imagesfactory" in path.parts
        and path.name != "log.py"
        and any(isinstance(node, ast.Name) and node.id == "print" for node in ast.walk(tree))
    ]
    assert not printing
