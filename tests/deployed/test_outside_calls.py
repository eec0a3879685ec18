"""No outside call is missed: what the watch saw is what the servers received, call by call."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from local.doubles import Doubles
from tests.deployed.outside_calls import Transports, Watch, watched_transports
from tests.deployed.scenes_images import image_task, mail_task
from tests.deployed.scenes_members import confirms as withdraws
from tests.deployed.scenes_members import is_leaving, sees_what_it_means, task
from tests.deployed.scenes_money import authorised, bought_with_stripe, confirms, refunds, settles
from tests.deployed.surroundings import HarnessClock, Surroundings, joined, task_queues
from tests.deployed.task_recorder import start_recorder
from tests.deployed.world import World
from tests.emulators import EmulatorAddresses
from tests.firestore_process import FirestoreProcess


@pytest.fixture(scope="module")
def transports() -> Iterator[Transports]:
    with watched_transports() as watched:
        yield watched


@pytest.fixture
def world(
    transports: Transports,
    firestore_process: FirestoreProcess,
    doubles: Doubles,
    emulators: EmulatorAddresses,
    clock: HarnessClock,
) -> Iterator[World]:
    with start_recorder(task_queues()) as tasks:
        surroundings = Surroundings(firestore_process, doubles, emulators, tasks, clock)
        with joined(surroundings) as functions:
            made = World(surroundings, functions, transports)
            made.reset()
            yield made
            made.close()


def received(surroundings: Surroundings) -> dict[str, int]:
    """How many requests each server has had."""
    usage = requests.get(f"{surroundings.firestore.url}/emulator/v1/usage", timeout=30).json()
    return {
        "database": sum(usage["roundTrips"].values()),
        "providers": len(surroundings.doubles.control.requests()),
        "queue": surroundings.tasks.received,
    }


@pytest.mark.parametrize(
    ("before", "call"),
    [
        (image_task, task),
        (mail_task, task),
        (authorised, confirms),
        (bought_with_stripe, refunds),
        (bought_with_stripe, settles),
        (sees_what_it_means, withdraws),
        (is_leaving, task),
    ],
    ids=["generate", "deliver", "confirm", "refund", "settle", "withdraw", "leave"],
)
def test_the_watch_sees_what_the_servers_receive(
    world: World, transports: Transports, before: Callable[[World], object], call: Callable[[World], object]
) -> None:
    before(world)
    surroundings, watch = world.surroundings, Watch()
    earlier = received(surroundings)
    transports.run(watch, lambda: call(world))
    later = received(surroundings)
    emulators = {surroundings.emulators.storage, surroundings.emulators.auth}
    place_of = {surroundings.firestore.address: "database", surroundings.tasks.address: "queue"}
    seen = dict.fromkeys(earlier, 0)
    for one in watch.calls:
        if one.to not in emulators:  # these count nothing; whoever connects to them unwatched is noted as escaped
            seen[place_of.get(one.to, "providers")] += 1
    assert seen == {name: later[name] - earlier[name] for name in earlier}
    assert sum(seen.values()) > 3
    assert not watch.escaped


def test_a_socket_that_nothing_watches_is_noted(transports: Transports, doubles: Doubles) -> None:
    import socket

    host, _, port = doubles.addresses.stripe_url.removeprefix("http://").rpartition(":")
    watch = Watch()
    transports.run(watch, lambda: socket.create_connection((host, int(port))).close())
    assert len(watch.escaped) == 1
