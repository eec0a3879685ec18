"""Any deployed function may end at any outside call, come again, or never come again: the end is the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.doubles import Doubles
from tests.deployed import scenes_images, scenes_members, scenes_money, scenes_office, scenes_officer, scenes_platform
from tests.deployed.functions import names
from tests.deployed.matrix import Kill, Matrix
from tests.deployed.outside_calls import OutsideCall, watched_transports
from tests.deployed.rights import beyond
from tests.deployed.scenes import Scene
from tests.deployed.surroundings import HarnessClock, Surroundings, joined, task_queues
from tests.deployed.task_recorder import start_recorder
from tests.deployed.world import World
from tests.emulators import EmulatorAddresses
from tests.firestore_process import FirestoreProcess

SCENES = (
    *scenes_members.SCENES,
    *scenes_images.SCENES,
    *scenes_money.SCENES,
    *scenes_office.SCENES,
    *scenes_officer.SCENES,
    *scenes_platform.SCENES,
)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Who is killed closes no socket."""


@pytest.fixture(scope="module")
def matrix(
    firestore_process: FirestoreProcess, doubles: Doubles, emulators: EmulatorAddresses, clock: HarnessClock
) -> Iterator[Matrix]:
    with watched_transports() as transports, start_recorder(task_queues()) as tasks:
        surroundings = Surroundings(firestore_process, doubles, emulators, tasks, clock)
        with joined(surroundings) as functions:
            world = World(surroundings, functions, transports)
            yield Matrix(world, transports)
            world.close()


def test_every_deployed_function_has_a_scene() -> None:
    assert {scene.function for scene in SCENES} == set(names())


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_killed_at_an_outside_call_the_end_is_the_same(matrix: Matrix, scene: Scene) -> None:
    calls = matrix.play_through(scene)
    assert beyond(scene.function, calls, matrix.world.surroundings) == set(), "production would refuse this"
    failures: list[str] = []
    for kill in matrix.kills(scene, calls):
        try:
            matrix.play(scene, kill, calls)
        except AssertionError as failure:
            failures.append(told(kill, calls, failure))
    assert not failures, "\n\n".join(failures)


def told(kill: Kill, calls: list[OutsideCall], failure: AssertionError) -> str:
    """Where it was killed, for whoever has to find out why."""
    last = f"{'before' if kill.before else 'after'} {calls[kill.at - 1]}" if kill.at else "before anything"
    how = "delivered again" if kill.is_repeated else "lost, and late"
    return f"killed {last}, call {kill.at} of {len(calls)}, {how}:\n{failure}"
