"""One 4-image job on the whole backend: billed Firestore operations, round trips, time."""

from __future__ import annotations

import os
import time
import uuid
from typing import Any

import requests

from local.bench.rows import Row
from local.client import ClientApp, Member
from local.doubles import FaultRule
from local.doubles.control import ControlClient
from local.suite import Suite, running
from local.suite.backend import backend_options

READS_MAX, WRITES_MAX = 12, 16
SECONDS_MAX = 120.0
IMAGES = (("openai", 1), ("openai", 2), ("stability", 1), ("stability", 2))
"""Each image of the job: its provider, and which call there."""
COMMIT, BATCH_GET = "Commit", "BatchGetDocuments"


def measure() -> list[Row]:
    """Jobs of a member whose functions have all started before: one whose images come one after the other, as
    providers' do, and one whose images all come at the same moment, which makes their workers race for the job.
    """
    with running(backend_options()) as suite:
        os.environ.update(suite.client_environment())
        bench = _JobBench(suite)
        bench.run()
        apart, _ = bench.run(one_by_one=True)
        together, seconds = bench.run()
    admission = _admission(apart)
    return [
        Row("4-image job", "document reads", _billed(apart, "reads"), "reads", READS_MAX, note="images come apart"),
        Row("4-image job", "document writes", _billed(apart, "writes"), "writes", WRITES_MAX),
        Row("4-image job", "round trips", len(apart), "calls"),
        Row("4-image job", "document reads, all at once", _billed(together, "reads"), "reads"),
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

    def run(self, *, one_by_one: bool = False) -> tuple[list[dict[str, Any]], float]:
        """One job until its mail is delivered; its Firestore requests in order, and its seconds until it was sent."""
        held = [self._doubles.plan(_hold(provider, call)) for provider, call in IMAGES] if one_by_one else []
        since = requests.get(self._usage, timeout=30).json()["sequence"]
        began = time.perf_counter()
        images = [{"model": "gpt-image", "quality": "low", "count": 2}, {"model": "stability-core", "count": 2}]
        body = {"request_id": f"bench-{uuid.uuid4().hex}", "prompt": "a paper boat", "images": images}
        job_id = self._app.call("create_job", body, self._member)["job_id"]
        for done, fault in enumerate(held, start=1):
            self._doubles.wait_until_held(fault)
            self._doubles.release(fault)
            self._wait_for_lines('"message": "image.settled", "job_id": "' + job_id, done)
        self._wait_for_lines(f'"mail_id": "{job_id}-finished", "code": "sent"', 1)
        seconds = time.perf_counter() - began
        self._doubles.clear_faults()
        entries = requests.get(self._usage, params={"since": since}, timeout=30).json()["entries"]
        # The carrier's events about the letter come later and would be counted with the next job.
        self._wait_for_lines(f'"mail_id": "{job_id}-finished", "code": "delivered"', 1)
        return entries, seconds

    def _wait_for_lines(self, wanted: str, count: int) -> None:
        give_up_at = time.monotonic() + SECONDS_MAX
        while sum(wanted in line for line in self._suite.functions_output()) < count:
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"the functions did not say {wanted!r} in time; see {self._suite.logs}")
            time.sleep(0.05)

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


def _hold(provider: str, call: int) -> FaultRule:
    return FaultRule(effect="hold", provider=provider, path="*generat*", calls=(call,))


def _billed(entries: list[dict[str, Any]], what: str) -> int:
    return sum(int(entry[what]) for entry in entries)


def _admission(entries: list[dict[str, Any]]) -> list[str]:
    """The methods that create_job called: all up to the first commit, which starts everything else."""
    methods = [str(entry["method"]) for entry in entries]
    return methods[: methods.index(COMMIT) + 1]
