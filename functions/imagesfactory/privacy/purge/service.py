"""The purge, run once a day: page after page, note after note, in as many parts as it takes.

A run has one document. Its lease lets one worker at a time go on; a note after every page lets the next one go on from
there. What cannot be destroyed is recorded and left for tomorrow: it stays due, so it is found again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.clock import Clock
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.ids import new_id
from imagesfactory.kit.queue import Queue
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.privacy.purge import model
from imagesfactory.privacy.purge.ahead import PagesAhead
from imagesfactory.privacy.purge.destroyers import Destroyer
from imagesfactory.privacy.purge.files import FilePurge
from imagesfactory.privacy.purge.model import Position, Run, Step, Store, failure
from imagesfactory.privacy.purge.ports import FileStore
from imagesfactory.privacy.purge.store import DuePlace, RunStore, run_from

if TYPE_CHECKING:
    from datetime import datetime

    from google.cloud.firestore import Client

PAGE: Final = 500
"""Records of one page: as many as one BatchWrite takes (firebase.google.com/docs/firestore/quotas)."""
PART: Final = timedelta(minutes=8)
"""How long one part works before it hands over: task functions are stopped after ten minutes."""
TASK_FUNCTION: Final = "purgepage"


class LeaseLost(Exception):
    """Somebody else took the run over: this worker stops."""


class Purge:
    """Destroys whatever is due, in both databases and in the bucket."""

    def __init__(
        self, client: Client, archive: Client, files: FileStore, *, clock: Clock, queue: Queue, page: int = PAGE
    ) -> None:
        self._clients = {Store.DEFAULT: client, Store.ARCHIVE: archive, Store.BUCKET: client}
        self._client = client
        self._files = files
        self._runs = RunStore(client)
        self._clock = clock
        self._queue = queue
        self._page = page
        self._steps = model.steps()

    def run(self, part: timedelta = PART) -> Run | None:
        """Begin today's run, or go on with one that was left, for at most ``part``; what is left is queued.

        A run that was left on another day is finished as of that day before today's begins. Returns the last run it
        worked on; None when today's is done already.

        Raises:
            RetryLater: somebody else works on it, or died doing so: today's is done only if it is asked for again.
            LeaseLost: somebody else took over meanwhile.

        """
        until = self._clock.now() + part
        run: Run | None = None
        while (begun := unit_of_work.run(self._client, self._begin)) is not None:
            run = self._work(begun, until)
            if not run.is_finished:
                break
        return run

    def _begin(self, unit: UnitOfWork) -> Run | None:
        now = self._clock.now()
        latest = self._runs.latest()
        run = model.next_run(latest, now)
        if run is None:
            return None
        claimed = model.claimed(run, new_id(), now)
        if latest is None or run.sequence != latest.sequence:
            self._runs.create(unit, claimed)
            return claimed
        return self._take_over(unit, run, now)

    def _take_over(self, unit: UnitOfWork, run: Run, now: datetime) -> Run | None:
        (snapshot,) = unit.peek(self._runs.reference(run.id))
        present = run_from(snapshot)
        if present is None or not model.may_claim(present, now):
            log.info("purge.not_claimed", code=run.id)
            if present is not None and present.lease_until is not None and not present.is_finished:
                raise RetryLater("purge-under-way", present.lease_until - now)
            return None
        unit.tie(snapshot)
        claimed = model.claimed(present, new_id(), now)
        self._runs.update(unit, claimed)
        return claimed

    def _work(self, run: Run, until: datetime) -> Run:
        """Go on with a claimed run until it is finished or the time is over."""
        with PagesAhead(self._page) as pages:
            return self._work_off(run, until, pages)

    def _work_off(self, run: Run, until: datetime, pages: PagesAhead) -> Run:
        version = self._version(run)
        while run.position.step < len(self._steps):
            before, run = run, self._one_page(run, self._steps[run.position.step], pages)
            is_over = self._clock.now() >= until
            if is_over or model.is_worth_noting(before, run):
                version = self._note(run, version)
            else:
                run = replace(run, lease_until=before.lease_until)
            if is_over:
                self._note(model.put_down(run), version)
                self._queue.enqueue(TASK_FUNCTION, f"purge-{run.id}-{run.part}", {"run": run.id})
                log.info("purge.handed_over", code=run.id, attempt=run.part)
                return run
        run = model.finished(run, self._clock.now())
        self._note(run, version)
        _tell(run)
        return run

    def _one_page(self, run: Run, step: Step, pages: PagesAhead) -> Run:
        try:
            return self._files_page(run, step) if step.store is Store.BUCKET else self._records_page(run, step, pages)
        except Exception as problem:  # this place cannot be read at all: say so, and go on with the next
            log.failure("purge.place_failed", problem, code=step.name)
            failures = [failure(step.name, step.name, type(problem).__name__)]
            return model.noted(run, Position(run.position.step + 1), step.name, 0, failures, self._clock.now())

    def _records_page(self, run: Run, step: Step, pages: PagesAhead) -> Run:
        client = self._clients[step.store]
        page, follows = pages.take(DuePlace(client, step), run.due_before, run.position)
        outcome = Destroyer(client, step, self._files).destroy(page, run.due_before)
        position = follows or Position(run.position.step + 1)
        return model.noted(run, position, step.name, outcome.destroyed, outcome.failures, self._clock.now())

    def _files_page(self, run: Run, step: Step) -> Run:
        outcome = FilePurge(self._client, step, self._files).page(run.due_before, run.position.path, self._page)
        position = Position(run.position.step + 1)
        if not outcome.is_last:
            position = Position(run.position.step, None, outcome.after)
        counted = replace(run, orphans=run.orphans + outcome.orphans, missing=run.missing + outcome.missing)
        return model.noted(counted, position, step.name, outcome.destroyed, outcome.failures, self._clock.now())

    def _version(self, run: Run) -> datetime | None:
        snapshot = self._runs.reference(run.id).get()
        present = run_from(snapshot)
        if present is None or present.claim != run.claim:
            raise LeaseLost
        version: datetime | None = snapshot.update_time
        return version

    def _note(self, run: Run, version: datetime | None) -> datetime:
        from google.api_core.exceptions import FailedPrecondition, NotFound

        try:
            return self._runs.note(run, version)
        except (FailedPrecondition, NotFound):
            raise LeaseLost from None


def _tell(run: Run) -> None:
    for place, count in run.destroyed.items():
        log.info("purge.destroyed", code=place, count=count)
    for place, count in run.failed.items():
        log.error("purge.failed", code=place, count=count)
    if run.missing:
        log.error("purge.files_missing", count=run.missing)
    log.info("purge.done", code=run.id, count=sum(run.destroyed.values()), attempt=run.part)
