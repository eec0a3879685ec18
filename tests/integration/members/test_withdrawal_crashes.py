"""Kill a withdrawal after every single outside call; what the platform delivers again brings the same end."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.service import Visit
from imagesfactory.kit.errors import RetryLater
from imagesfactory.withdrawal.model import LAST_LOOK_AFTER

from local.doubles import Doubles
from tests.crashes import Intercepted, Killed, Reaper, mortal_client
from tests.firestore_process import FirestoreProcess
from tests.members import Members, both_clean

CALLS_MAX = 400
STRIDE = 1 if os.environ.get("EVERY_CALL") else 4
"""Of the long middle, every fourth call; with EVERY_CALL=1 in the environment, each one (a minute)."""
UID = "uid-of-jisu-0000000000000000"
EMAIL = "jisu@example.com"


def begins(house: Members) -> None:
    house.withdraw(UID)


def goes_on(house: Members) -> None:
    house.process.proceed(UID)


def looks_again(house: Members) -> None:
    house.clock.move(LAST_LOOK_AFTER + timedelta(seconds=1))
    house.process.proceed(UID)


FLOW = (begins, goes_on, looks_again)


@pytest.mark.parametrize("fatal", FLOW, ids=lambda act: act.__name__)
def test_killed_anywhere_the_end_is_the_same(firestore_process: FirestoreProcess, doubles: Doubles, fatal: Any) -> None:
    """Each kill has a member, two databases and a subject of its own, in one pair of databases."""
    ends: Counter[str] = Counter()
    letters: Counter[int] = Counter()
    for at in range(1, CALLS_MAX, STRIDE if fatal is goes_on else 2 if STRIDE > 1 else 1):
        end, was_killed = play(firestore_process, doubles, fatal, at)
        ends[end] += 1
        letters[len(doubles.control.mails(to=EMAIL))] += 1
        if not was_killed:
            break
    else:
        raise AssertionError("the flow never ran through")
    assert len(ends) == 1, ends
    assert letters[1] >= ends.total() - 1, "one letter, except after the kill between the carrier's yes and our commit"
    assert ends.total() > 5, "nothing was ever killed"


def play(process: FirestoreProcess, doubles: Doubles, fatal: Any, at: int) -> tuple[str, bool]:
    doubles.control.reset()
    reaper, project = Reaper(), f"demo-leaving-{fatal.__name__.replace('_', '-')}"
    client = mortal_client(process.address, project, reaper)
    archive = mortal_client(process.address, project, reaper, "archive")
    with both_clean(process, client, archive):
        house = Members(client, archive, doubles, wrap=partial(intercepted, reaper))
        lives(house)
        was_killed = False
        for act in FLOW:
            if act is fatal:
                reaper.calls, reaper.at = 0, at
            try:
                act(house)
            except Killed:
                was_killed = True
            finally:
                reaper.rest()
        recovers(house, begun=not (was_killed and fatal is begins))
        return the_end(house), was_killed


def intercepted(reaper: Reaper, _name: str, outsider: Any) -> Intercepted:
    return Intercepted(outsider, reaper)


def lives(house: Members) -> None:
    house.member(UID, EMAIL)
    house.accounts.sign_in(Identity(UID, EMAIL, "password"), Visit("e1", "198.51.100.7", "Firefox"), house.clock.now())
    house.buy_with_toss(UID)
    house.bucket.put(f"images/{UID}/job/0.png", b"picture")


def recovers(house: Members, *, begun: bool) -> None:
    """The client asks again if it got no answer; the queue has lost its tasks; the sweep finds the rest."""
    house.queue.waiting.clear()
    if not begun and house.everything().get(f"users/{UID}", {}).get("status") == "active":
        house.withdraw(UID)
    for _ in range(4):
        house.clock.move(timedelta(hours=1))
        try:
            house.withdrawal_sweep.run(house.clock.now(), 10)
        except RetryLater:
            continue


def the_end(house: Members) -> str:
    """What is left, told without the names that chance gave."""
    here, archive = house.everything(), house.everything(house.archive_client)
    assert not [path for path, content in {**here, **archive}.items() if UID in path or UID in repr(content)]
    assert EMAIL not in repr(archive)
    assert house.bucket.files == {}
    assert house.sign_ins.deleted == {UID}
    assert len(house.doubles.control.erasures()) >= 1
    (evidence,) = [content for path, content in here.items() if path.startswith("withdrawn/")]
    assert evidence["completed_at"] is not None
    assert evidence["archived"]["orders/{id}"] == 1
    legs: Counter[str] = Counter()
    for path, content in archive.items():
        if "/entries/" in path:
            legs.update(content["legs"])
    kinds = Counter(path.split("/")[0] for path in archive)
    return repr((sorted(legs.items()), sorted(kinds.items()), sorted({path.split("/")[0] for path in here})))
