"""One 4-image job on the whole backend: billed Firestore operations, round trips, time."""

from __future__ import annotations

import time
import uuid

from local.bench.backend import BATCH_GET, COMMIT, Bill, MeasuredBackend, measured_backend
from local.bench.rows import Row
from local.doubles import FaultRule
from local.doubles.control import ControlClient

AREA = "4-image job"
READS_MAX, WRITES_MAX = 12, 16
IMAGES = (("openai", 1), ("openai", 2), ("stability", 1), ("stability", 2))
"""Each image of the job: its provider, and which call there."""


def measure() -> list[Row]:
    """Jobs of a member whose functions have all started before: one whose images come one after the other, as
    providers' do, and one whose images all come at the same moment, which makes their workers race for the job.
    """
    with measured_backend() as backend:
        bench = _JobBench(backend)
        bench.run()
        apart, _ = bench.run(one_by_one=True)
        together, seconds = bench.run()
    admission = _admission(apart)
    until = "images come apart; until the carrier says delivered"
    return [
        Row(AREA, "document reads", apart.billed("reads"), "reads", READS_MAX, note=until),
        Row(AREA, "document writes", apart.billed("writes"), "writes", WRITES_MAX),
        Row(AREA, "round trips", len(apart.entries), "calls"),
        Row(AREA, "document reads, all at once", together.billed("reads"), "reads", note="four workers race"),
        Row(AREA, "create_job: read round trips", admission.count(BATCH_GET), "calls", 1),
        Row(AREA, "create_job: commits", admission.count(COMMIT), "calls", 1),
        Row(AREA, "asked to mailed", seconds, "s"),
    ]


class _JobBench:
    def __init__(self, backend: MeasuredBackend) -> None:
        self._backend = backend
        self._doubles = ControlClient(backend.suite.doubles["home"])
        self._member = backend.new_member()

    def run(self, *, one_by_one: bool = False) -> tuple[Bill, float]:
        """One job until its mail is delivered; its bill until then, and its seconds until the mail was sent."""
        held = [self._doubles.plan(_hold(provider, call)) for provider, call in IMAGES] if one_by_one else []
        since = self._backend.mark()
        began = time.perf_counter()
        images = [{"model": "gpt-image", "quality": "low", "count": 2}, {"model": "stability-core", "count": 2}]
        body = {"request_id": f"bench-{uuid.uuid4().hex}", "prompt": "a paper boat", "images": images}
        job_id = self._backend.app.call("create_job", body, self._member)["job_id"]
        for done, fault in enumerate(held, start=1):
            self._doubles.wait_until_held(fault)
            self._doubles.release(fault)
            self._backend.wait_for_lines(done, '"message": "image.settled", "job_id": "' + job_id)
        self._backend.wait_for_lines(1, f'"mail_id": "{job_id}-finished", "code": "sent"')
        seconds = time.perf_counter() - began
        self._doubles.clear_faults()
        self._backend.wait_for_lines(1, f'"mail_id": "{job_id}-finished", "code": "delivered"')
        return self._backend.bill(since), seconds


def _hold(provider: str, call: int) -> FaultRule:
    return FaultRule(effect="hold", provider=provider, path="*generat*", calls=(call,))


def _admission(bill: Bill) -> list[str]:
    """The methods that create_job called: all up to the first commit, which starts everything else."""
    return bill.methods[: bill.methods.index(COMMIT) + 1]
