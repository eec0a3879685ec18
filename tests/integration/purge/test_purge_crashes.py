"""The purge killed before and after each of its outside calls: whoever goes on comes to the same end, and the evidence
never claims more than went.
"""

from __future__ import annotations

from typing import Any

import pytest
from imagesfactory.privacy.purge import model
from imagesfactory.privacy.purge.model import Run
from imagesfactory.privacy.purge.service import LeaseLost, Purge
from imagesfactory.privacy.purge.store import RunStore

from tests.crashes import Intercepted, Killed, Moment, Reaper, mortal_client
from tests.documents import all_documents
from tests.firestore_process import FirestoreProcess
from tests.purging import Purging

PAGE = 3
PLACES = ("default wallets/{uid}/entries/{id}", "default jobs/{id}", "default visits/{id}", "archive orders/{id}")
GOES = {PLACES[0]: 2, PLACES[1]: 2 + 2, PLACES[2]: 4, PLACES[3]: 1}
"""Records and files of each place that are due; a job counts with its file."""
KILLS_MAX = 80


def furnish(purging: Purging) -> None:
    now = purging.clock.now()
    wallet = {"uid": "jisu", "carried": {}, "lots": {}, "holds": {}}
    purging.client.document("wallets/jisu").set(wallet)
    for index in range(2):
        legs = {"issued_paid": -5, "available_paid": 5}
        purging.client.document(f"wallets/jisu/entries/{index}").set({"destroy_at": now, "legs": legs})
        file = f"images/jisu/job-{index}/0.png"
        images = {"0": {"file": file}}
        job = {"owner": "jisu", "images": images, "finished_at": now, "destroy_at": now}
        purging.client.document(f"jobs/job-{index}").set(job)
        purging.bucket.put(file, b"png")
    for index in range(4):
        purging.client.document(f"visits/{index}").set({"destroy_at": now})
    purging.archive.document("orders/1").set({"destroy_at": now})


class Killing:
    """A purge that dies at one of its outside calls."""

    def __init__(self, purging: Purging, process: FirestoreProcess, at: int, moment: Moment) -> None:
        self.reaper = Reaper(at, moment)
        self.purging = purging
        client = mortal_client(process.address, purging.client.project, self.reaper)
        archive = mortal_client(process.address, purging.client.project, self.reaper, "archive")
        self._clients = client, archive
        bucket: Any = Intercepted(purging.bucket, self.reaper)
        self.purge = Purge(client, archive, bucket, clock=purging.clock, queue=purging.queue, page=PAGE)
        bucket_step = next(step for step in model.steps() if step.name == "bucket images/{uid}/{job}/{file}")
        by_name = {step.name: step for step in model.steps()}
        self.purge._steps = (*(by_name[name] for name in PLACES), bucket_step)

    def run_until_done(self) -> Run:
        """Die, and let the scheduler come again once the lease is over."""
        while True:
            try:
                run = self.purge.run()
            except (Killed, LeaseLost):
                run = None
            if run is not None and run.is_finished:
                return run
            latest = RunStore(self.purging.client).latest()
            if latest is not None and latest.is_finished:
                return latest
            self.reaper.rest()
            self.purging.move(minutes=16)

    def close(self) -> None:
        for client in self._clients:
            client.close()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_purge_killed_anywhere_comes_to_the_same_end(
    purging: Purging, firestore_process: FirestoreProcess, moment: Moment
) -> None:
    for at in range(1, KILLS_MAX):
        for database in (purging.client, purging.archive):
            for path in all_documents(database):
                database.document(path).delete()
        furnish(purging)
        killing = Killing(purging, firestore_process, at, moment)
        run = killing.run_until_done()
        killing.close()

        assert not purging.bucket.files
        assert not all_documents(purging.archive)
        left = {path for path in all_documents(purging.client) if not path.startswith("purges/")}
        assert left == {"wallets/jisu"}, (moment, at)
        assert purging.client.document("wallets/jisu").get().get("carried") == {
            "issued_paid": -10,
            "available_paid": 10,
        }
        assert run.failed == {}
        assert all(run.destroyed.get(place, 0) <= count for place, count in GOES.items()), (moment, at)
        interrupted = [place for place, count in GOES.items() if run.destroyed.get(place, 0) < count]
        assert len(interrupted) <= 1, "only the page in hand may go uncounted"
        assert model.broken_links([run]) == []
        if killing.reaper.calls < at:  # it ran through before its turn to die
            assert at > 10, "the harness saw the calls"
            assert run.destroyed == GOES
            return
    pytest.fail("it never runs through")
