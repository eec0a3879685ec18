"""One 4-image job on the whole backend: billed Firestore operations, round trips, time."""

from __future__ import annotations

import os
import time
import uuid
from typing import Any

import requests

from local.bench.rows import Row
from local.client import ClientApp, Member
from local.doubles.control import ControlClient
from local.suite import Suite, running
from local.suite.backend import backend_options

READS_MAX, WRITES_MAX = 12, 16
SECONDS_MAX = 120.0
COMMIT, BATCH_GET = "Commit", "BatchGetDocuments"


def measure() -> list[Row]:
    """The second job of a member, so that every function has started before."""
    with running(backend_options()) as suite:
        os.environ.update(suite.client_environment())
        bench = _JobBench(suite)
        bench.run()
        entries, seconds = bench.run()
    admission = _admission(entries)
    billed = {name: sum(entry[name] for entry in entries) for name in ("reads", "writes", "deletes")}
    return [
        Row("4-image job", "document reads", billed["reads"], "reads", READS_MAX, note="four workers at once"),
        Row("4-image job", "document writes", billed["writes"], "writes", WRITES_MAX),
        Row("4-image job", "round trips", len(entries), "calls"),
        Row("4-image job", "create_job: read round trips", admission.count(BATCH_GET), "calls", 1),
        Row("4-image job", "create_job: commits", admission.count(COMMIT), "calls", 1),
        Row("4-image job", "asked to mailed", seconds, "s"),
    ]


class _JobBench:
    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._app = ClientApp(suite)
        self._doubles = ControlClient(suite.doubles["home"])
        self._usage = f"{suite.addresses.firestore.url}/emulator/v1/usage"
        self._member = self._new_member()

    def run(self) -> tuple[list[dict[str, Any]], float]:
        """One job; its Firestore requests in order, and its seconds."""
        since = requests.get(self._usage, timeout=30).json()["sequence"]
        began = time.perf_counter()
        images = [{"model": "gpt-image", "quality": "low", "count": 2}, {"model": "stability-core", "count": 2}]
        body = {"request_id": f"bench-{uuid.uuid4().hex}", "prompt": "a paper boat", "images": images}
        job_id = self._app.call("create_job", body, self._member)["job_id"]
        self._wait_until_mailed(job_id)
        seconds = time.perf_counter() - began
        return requests.get(self._usage, params={"since": since}, timeout=30).json()["entries"], seconds

    def _wait_until_mailed(self, job_id: str) -> None:
        wanted = f'"mail_id": "{job_id}-finished", "code": "sent"'
        give_up_at = time.monotonic() + SECONDS_MAX
        while not any(wanted in line for line in self._suite.functions_output()):
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"the job was not mailed in {SECONDS_MAX:.0f} s; see {self._suite.logs}")
            time.sleep(0.1)

    def _new_member(self) -> Member:
        member = self._app.verify_email(self._app.sign_up(f"{uuid.uuid4().hex}@example.com", "correct horse battery"))
        catalog = self._app.call("get_catalog")
        statements = {
            "name": "Bench",
            "is_over_fourteen": True,
            "terms_version": catalog["terms_version"],
            "privacy_version": catalog["privacy_version"],
            "agrees_to_terms": True,
            "agrees_to_privacy": True,
        }
        self._app.call("complete_signup", statements, member)
        return member


def _admission(entries: list[dict[str, Any]]) -> list[str]:
    """The methods that create_job called: all up to the first commit, which starts everything else."""
    methods = [str(entry["method"]) for entry in entries]
    return methods[: methods.index(COMMIT) + 1]
