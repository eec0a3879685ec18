"""Kill every step of a job's life at every outside call; what the platform delivers again brings the same end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from imagesfactory.accounts.model import Identity
from imagesfactory.generation.model import DEADLINE
from imagesfactory.kit.errors import RetryLater
from imagesfactory.mail.model import LEASE

from local.doubles import Doubles
from tests.backend import FOREVER, Backend, clean_database, job_request, signup_request
from tests.crashes import Intercepted, Killed, Moment, Reaper, mortal_client
from tests.firestore_process import FirestoreProcess

CALLS_MAX = 40
UID = "jisu"
Act = Callable[[Backend], None]


def signs_up(backend: Backend) -> None:
    now = backend.clock.now()
    backend.accounts.admit(Identity(UID, "jisu@example.com", "password"), now)
    backend.accounts.complete_signup(UID, signup_request(), now)


def asks(backend: Backend) -> None:
    two = [{"model": "gpt-image", "quality": "low", "count": 2}]
    backend.generation.create(UID, job_request(images=two), backend.clock.now())


def job_id(backend: Backend) -> str:
    (job,) = backend.client.collection("jobs").stream()
    return str(job.id)


def fans_out(backend: Backend) -> None:
    (job,) = backend.client.collection("jobs").stream()
    backend.generation.fan_out(backend.created.setdefault(job.id, job), backend.clock.now())


def makes_one(backend: Backend) -> None:
    backend.image_work.perform(job_id(backend), 0, "first")


def makes_the_last(backend: Backend) -> None:
    backend.image_work.perform(job_id(backend), 1, "first")


def announces_the_mail(backend: Backend) -> None:
    backend.mail.enqueue(f"{job_id(backend)}-finished", "first")


def delivers(backend: Backend) -> None:
    backend.mail.deliver(f"{job_id(backend)}-finished")


STORY: tuple[Act, ...] = (signs_up, asks, fans_out, makes_one, makes_the_last, announces_the_mail, delivers)
NEEDS_NO_CALLER: frozenset[Act] = frozenset(STORY[2:])
"""The platform, not the client, does these again."""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("fatal", STORY, ids=lambda act: act.__name__)
def test_killed_anywhere_the_end_is_the_same(
    firestore_process: FirestoreProcess, doubles: Doubles, fatal: Act, moment: Moment
) -> None:
    killed_at = 0
    for at in range(1, CALLS_MAX):
        doubles.control.reset()
        reaper = Reaper(0, moment)
        client = mortal_client(firestore_process.address, f"demo-crash-{fatal.__name__}-{moment}", reaper)
        with clean_database(client, firestore_process.url):
            backend = Backend(client, doubles, wrap=partial(intercepted, reaper))
            was_killed = play(backend, reaper, fatal, at)
            check_the_end(backend, may_repeat_mail=fatal is delivers)
        if not was_killed:
            break
        killed_at = at
    else:
        raise AssertionError("the flow never ran through")
    assert killed_at >= 1, "nothing was ever killed"


def play(backend: Backend, reaper: Reaper, fatal: Act, at: int) -> bool:
    was_killed = False
    for act in STORY:
        if act is not fatal:
            repeat(backend, act)
            continue
        reaper.calls, reaper.at = 0, at
        try:
            act(backend)
        except Killed:
            was_killed = True
        finally:
            reaper.rest()
        if act in NEEDS_NO_CALLER and was_killed:
            break
        repeat(backend, act)
    recover(backend)
    return was_killed


def repeat(backend: Backend, act: Act) -> None:
    """Do it (again), as often as it asks for."""
    for _ in range(20):
        try:
            act(backend)
        except RetryLater as later:
            backend.clock.move(max(later.delay, timedelta(seconds=1)))
        else:
            return
    raise AssertionError("it never ends")


def performs(function: str, payload: dict[str, str | int], backend: Backend) -> None:
    backend.perform(function, payload)


def intercepted(reaper: Reaper, _name: str, outsider: Any) -> Intercepted:
    return Intercepted(outsider, reaper)


def recover(backend: Backend) -> None:
    """Only the sweep and the queue: triggers and tasks of what was killed are lost."""
    for _ in range(6):
        backend.clock.move(LEASE + timedelta(minutes=2))
        backend.sweep()
        while backend.queue.waiting:
            function, payload = backend.queue.waiting.popleft()
            repeat(backend, partial(performs, function, payload))
    backend.clock.move(DEADLINE)
    backend.sweep()


def check_the_end(backend: Backend, *, may_repeat_mail: bool) -> None:
    job = backend.job(job_id(backend))
    assert job["status"] == "finished"
    stored = [image for image in job["images"].values() if image["state"] == "stored"]
    assert len(stored) == 2
    assert sorted(image["file"] for image in stored) == sorted(backend.bucket.files)
    assert job["captured_points"] == 10
    wallet = backend.wallet(UID)
    assert (wallet["available_points"], wallet["held_points"], wallet["holds"]) == (90, 0, {})
    assert backend.balance().is_balanced
    letter = backend.document(f"mail/{job_id(backend)}-finished")
    assert (letter["state"], letter["words"]) == ("sent", None)
    mails = backend.doubles.control.mails()
    assert 1 <= len(mails) <= (2 if may_repeat_mail else 1)
    backend.clock.move(FOREVER)
    backend.sweep()
    assert not backend.queue.waiting, "nothing is left to do"
