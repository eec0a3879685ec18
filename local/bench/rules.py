"""Security rules: how long the project's own rules take to answer one request."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from emulator.firestore import messages as m
from emulator.firestore.query import compile_query
from emulator.firestore_rules.guard import Identity, RulesGuard
from emulator.rules import compile_rules
from local.bench.rows import Row
from local.suite.suite import ROOT

AREA = "security rules"
DATABASE = "projects/demo-bench/databases/(default)"
MEMBER = "a-member-of-the-service"
MILLISECONDS_MAX = 1.0
SAMPLES = 2_000


def measure() -> list[Row]:
    """The median of one `get` and one `list` of a member's jobs, the reading of the profile included."""
    ruleset = compile_rules(Path(ROOT / "firestore.rules").read_text(encoding="utf-8"))
    profile = _document(f"users/{MEMBER}", status="active", uid=MEMBER)
    job = _document("jobs/1", owner=MEMBER, status="finished")
    stored = {document.name: document.SerializeToString() for document in (profile, job)}

    def read(name: str) -> m.Document | None:
        return m.Document.FromString(stored[name]) if name in stored else None

    def guard() -> RulesGuard:
        return RulesGuard(ruleset, Identity(MEMBER, {"email_verified": True}), DATABASE, read, lambda value: None)

    jobs = compile_query(f"{DATABASE}/documents", _own_jobs())
    return [
        _row("get of an own job", lambda: guard().check_get(job.name, job)),
        _row("list of the own jobs", lambda: guard().check_query(jobs)),
    ]


def _row(what: str, ask: Callable[[], None]) -> Row:
    seconds = []
    for _ in range(SAMPLES):
        began = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - began)
    return Row(AREA, what, statistics.median(seconds) * 1000, "ms", MILLISECONDS_MAX)


def _document(path: str, **fields: str) -> m.Document:
    document = m.Document(name=f"{DATABASE}/documents/{path}")
    for name, text in fields.items():
        document.fields[name].string_value = text
    return document


def _own_jobs() -> m.StructuredQuery:
    query = m.StructuredQuery(limit={"value": 20})
    query.from_.add(collection_id="jobs")
    query.where.field_filter.field.field_path = "owner"
    query.where.field_filter.op = 5
    query.where.field_filter.value.string_value = MEMBER
    return query
