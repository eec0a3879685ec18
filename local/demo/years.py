"""The years after: what the law kept of a member who left dies on its day, and the purge leaves evidence of that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from imagesfactory.kit.clock import SEOUL, legal_day
from imagesfactory.privacy.purge.desk import Evidence
from rich.console import Console

from local.demo.office import Office
from local.demo.steps import Step
from local.purge_report.tables import evidence_table
from local.scheduler import EmulatorTargets, Scheduler, read_schedules
from local.suite import Suite
from local.suite.suite import ROOT

AN_HOUR = timedelta(hours=1)


class YearsFailed(Exception):
    """Something died early, late, or without evidence."""


class Years:
    """Lets time pass in a moment, and fires the purge as Cloud Scheduler does."""

    def __init__(self, suite: Suite, office: Office) -> None:
        self._clock = suite.clock
        self._office = office
        targets = EmulatorTargets(suite.addresses.functions.url, suite.project)
        self._scheduler = Scheduler(read_schedules(ROOT / "scheduler.yaml"), targets, suite.clock)

    def pass_to_the_last_day(self, step: Step) -> datetime:
        """To the evening of the last day of what is kept longest, and purge; returns that day's end."""
        ends = max(self._office.last_days())
        self._to(ends - AN_HOUR, step)
        kept = self._office.archived()
        if not kept:
            raise YearsFailed("what the law keeps was gone before its last day was over")
        day = legal_day(ends - AN_HOUR)
        step.result = f"{day} in Seoul: {kept} records are still kept by law"
        return ends

    def pass_an_hour(self, ends: datetime, step: Step) -> None:
        """Past midnight, and purge: nothing is left."""
        self._to(ends, step)
        left = self._office.archived()
        if left:
            raise YearsFailed(f"{left} records outlived their last day")
        step.result = f"{ends.astimezone(SEOUL).date()}: the archive is empty"

    def evidence(self, step: Step) -> Evidence:
        """What the purges wrote down of themselves, with its chain checked."""
        evidence = self._office.purges.evidence()
        if evidence.broken or any(run.failed for run in evidence.runs):
            raise YearsFailed("the evidence is broken, or tells of failures")
        destroyed = sum(sum(run.destroyed.values()) for run in evidence.runs)
        step.result = f"{len(evidence.runs)} runs, {destroyed} destroyed, chain whole, no one named"
        return evidence

    def _to(self, instant: datetime, step: Step) -> None:
        step.say("time passes")
        self._clock.move(seconds=(instant - self._clock.now()).total_seconds() + 1)
        step.say("the deployed purge runs")
        self._scheduler.fire_now("purge")


def print_evidence(console: Console, evidence: Evidence) -> None:
    """The purge's own words."""
    console.print()
    console.print(evidence_table(evidence))


def as_report(evidence: Evidence, ends: datetime) -> dict[str, Any]:
    """The part of the demo's report."""
    return {
        "kept_until": legal_day(ends - AN_HOUR).isoformat(),
        "left_the_day_after": 0,
        "chain_is_whole": not evidence.broken,
        "evidence": [
            {"run": run.sequence, "destroyed": run.destroyed, "failed": run.failed, "hash": run.hash}
            for run in evidence.runs
        ],
    }
