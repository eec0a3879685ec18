"""The advisory checks with the real pip-audit and npm, against a source that knows, does not, or is away."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.audit import licences, node_advisories, python_advisories
from local.audit.finding import Check, Verdict, exit_status

Answer = Callable[[Any], tuple[int, Any]]
"""Status and JSON body for a request's JSON body."""


@contextmanager
def source(answer: Answer) -> Iterator[str]:
    """A source of advisories on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = json.loads(raw) if self.headers.get("Content-Encoding") != "gzip" else None
            status, body = answer(asked)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    file = tmp_path / "constraints.txt"
    file.write_text("flask==1.0\nrequests==2.34.2\n")
    return file


def _python(pins: Path, answer: Answer) -> Check:
    with source(answer) as url:
        return python_advisories.check(pins, {"OSV": ("-s", "osv", "--osv-url", f"{url}/v1/query")})


def _vulnerable_flask(asked: Any) -> tuple[int, Any]:
    if asked["package"]["name"] != "flask":
        return 200, {}
    fix = {"package": {"name": "flask", "ecosystem": "PyPI"}, "ranges": [_fixed_in("2.3.2")]}
    return 200, {"vulns": [{"id": "GHSA-m2qf-hxjv-5gpq", "affected": [fix]}]}


def _fixed_in(version: str) -> dict[str, Any]:
    return {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}


def test_a_known_vulnerability_is_found_with_its_fix(pins: Path) -> None:
    check = _python(pins, _vulnerable_flask)
    assert check.verdict is Verdict.FOUND
    assert check.findings == ("flask 1.0: GHSA-m2qf-hxjv-5gpq, fixed in 2.3.2",)


def test_packages_without_advisories_are_clean(pins: Path) -> None:
    assert _python(pins, lambda _: (200, {})).verdict is Verdict.CLEAN


def test_a_source_that_answers_with_an_error_leaves_python_unchecked(pins: Path) -> None:
    assert _python(pins, lambda _: (503, {})).verdict is Verdict.UNCHECKED


def test_a_source_that_knows_no_package_is_no_clean_bill(pins: Path) -> None:
    """As PyPI's mirrors answer: pip-audit calls that success."""
    skipped = {"dependencies": [{"name": "flask", "skip_reason": "Dependency not found on PyPI"}], "fixes": []}
    check = python_advisories.judged("PyPI", skipped, expected=1)
    assert check.verdict is Verdict.UNCHECKED
    assert check.findings == ("PyPI: knows 0 of 1 packages",)
    assert exit_status([check]) == 3


@pytest.fixture
def node_folder(tmp_path: Path) -> Path:
    package = {"name": "tools", "version": "1.0.0", "dependencies": {"lodash": "4.17.15"}}
    entry = {"version": "4.17.15", "integrity": "sha512-" + "A" * 86 + "=="}
    lock = {"name": "tools", "version": "1.0.0", "lockfileVersion": 3, "requires": True}
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "package-lock.json").write_text(
        json.dumps({**lock, "packages": {"": package, "node_modules/lodash": entry}})
    )
    return tmp_path


def _node(folder: Path, status: int, body: Any) -> Check:
    with source(lambda _: (status, body)) as url:
        return node_advisories.check(folder, f"--registry={url}", "--fetch-retries=0", f"--cache={folder / 'cache'}")


def _advisory(severity: str) -> dict[str, Any]:
    advisory = {"id": 1, "url": "https://example.com/1", "title": "Prototype pollution", "severity": severity}
    return {"lodash": [{**advisory, "vulnerable_versions": "<4.17.21", "cwe": [], "cvss": {"score": 7.4}}]}


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, {}, Verdict.CLEAN),
        (200, _advisory("high"), Verdict.FOUND),
        (200, _advisory("low"), Verdict.CLEAN),
        (405, {}, Verdict.UNCHECKED),
        (503, {}, Verdict.UNCHECKED),
    ],
)
def test_npms_answer_is_told_as_it_is(node_folder: Path, status: int, body: Any, verdict: Verdict) -> None:
    check = _node(node_folder, status, body)
    assert check.verdict is verdict
    assert any(finding.startswith("lodash") for finding in check.findings) == ("lodash" in body)


def test_a_licence_must_be_among_the_accepted_ones() -> None:
    report = [{"Name": "Flask", "License": "GPL-3.0 OR BSD-3-Clause"}, {"Name": "other", "License": "GPL-3.0-only"}]
    accepted = {"BSD-3-Clause": "permissive"}
    assert licences.judged(report[:1], ["flask"], accepted).verdict is Verdict.CLEAN
    assert licences.judged(report, ["flask", "other"], accepted).findings == ("other: GPL-3.0-only",)
    assert licences.judged(report[:1], ["flask", "absent"], accepted).verdict is Verdict.UNCHECKED


def test_what_was_not_checked_never_ends_like_clean() -> None:
    clean, found, unchecked = (Check("name", "all", verdict) for verdict in Verdict)
    assert exit_status([clean, clean]) == 0
    assert exit_status([clean, unchecked]) == 3
    assert exit_status([found, unchecked]) == 1
