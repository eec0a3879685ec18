"""The crash matrix: a scene is played once to count its outside calls, then again, ended at one of them.

What the world outside saw of a process that ended before its n-th call is what it saw of one that ended after the call
before that; and after a call that changes nothing it is what it was before it. So the points that differ are: before
everything, and after each call that changes something. `make test` kills once, at the middle one of them; `make crash`
(THOROUGH=1 in the environment) relies on none of this, and kills before and after every single call.

A kill can be played in two ways, of which `make crash` plays both: the platform delivers the function again at once, as
it would; or everything of it is lost, days go by, and then it comes after all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.deployed.functions import Answer, Kind, kind_of
from tests.deployed.judgement import facts, problems
from tests.deployed.outside_calls import OutsideCall, Transports, Watch
from tests.deployed.scenes import Scene
from tests.deployed.surroundings import new_process
from tests.deployed.world import RETRY_PAUSE, World
from tests.thorough import IS_THOROUGH

CALLS_MAX = 600
REPEATS_MAX = 12


@dataclass(frozen=True)
class Kill:
    """Where the function ends, and whether it is delivered again at once."""

    at: int
    """After its n-th outside call; 0: it was never reached."""
    is_repeated: bool
    before: bool = False


class Matrix:
    """Plays scenes and kills in them."""

    def __init__(self, world: World, transports: Transports) -> None:
        self.world, self._transports = world, transports

    def play_through(self, scene: Scene) -> list[OutsideCall]:
        """Play the scene without a kill, and deliver it once more afterwards; returns its outside calls."""
        watch = self._begin(scene, Watch())
        assert not watch.escaped, f"calls that nothing watches: {watch.escaped}"
        self._repeat(scene, scene.refused_again)
        self._check_end(scene, 1, must_be_done=True)
        assert len(watch.calls) < CALLS_MAX
        return watch.calls

    def kills(self, scene: Scene, calls: list[OutsideCall]) -> list[Kill]:
        """The points at which the scene is ended, and how it comes again."""
        ways = (True, False) if scene.comes_late else (True,)
        if IS_THOROUGH:
            points = [(at, before) for at in range(1, len(calls) + 1) for before in (True, False)]
            kills = [Kill(at, is_repeated, before) for at, before in points for is_repeated in ways]
            return [Kill(0, is_repeated=False), *kills] if scene.ends_by_itself and scene.comes_late else kills
        changing = [at for at, call in enumerate(calls, start=1) if call.changes]
        middle = len(changing) // 2
        return [Kill(at, ways[len(changing) % len(ways)]) for at in changing[middle : middle + 1]]

    def play(self, scene: Scene, kill: Kill, calls: list[OutsideCall]) -> None:
        """Play the scene, whose calls these are, with a kill, and check everything."""
        letters_max = 2 if is_after_a_letter(calls, kill) else 1
        watch = self._begin(scene, Watch(kill.at, kill.before)) if kill.at else self._prepare(scene)
        assert watch.is_dead or not kill.at, f"{scene.name} made fewer calls than before: {len(watch.calls)}"
        new_process()
        if kill.is_repeated:
            self._repeat(scene, scene.refused_again)
            self._check_end(scene, letters_max, must_be_done=True)
            return
        self._check_end(scene, letters_max, must_be_done=scene.ends_by_itself)
        is_accepted = self._repeat(scene, scene.refused_late | scene.refused_again)
        late = replace(scene, done=scene.done_late or scene.done)
        self._check_end(late, letters_max, must_be_done=is_accepted or scene.ends_by_itself)

    def _prepare(self, scene: Scene) -> Watch:
        self.world.reset()
        scene.before(self.world)
        return Watch()

    def _begin(self, scene: Scene, watch: Watch) -> Watch:
        self._prepare(scene)
        before = self.world.records.read().uncounted() if scene.changes_nothing else None
        answer = self._transports.run(watch, lambda: scene.call(self.world))
        if not watch.is_dead:
            assert answer.status < 300, (scene.name, answer)
            scene.after(self.world)
        if before is not None:
            assert self.world.records.read().uncounted() == before, f"{scene.name} has changed something"
        return watch

    def _repeat(self, scene: Scene, refusals: frozenset[str]) -> bool:
        """Deliver again, as often as it is asked for; whether it was accepted."""
        for _ in range(REPEATS_MAX):
            answer = scene.call(self.world)
            if answer.status < 300:
                scene.after(self.world)
                return True
            if code_of(answer) in refusals:
                return False
            assert answer.status >= 500 or answer.status in {409, 429}, (scene.name, answer)
            assert kind_of(scene.function) is not Kind.CALLABLE or answer.status != 500, (scene.name, answer)
            self.world.move(RETRY_PAUSE)
        raise AssertionError(f"{scene.name} is never accepted: {answer}")

    def _check_end(self, scene: Scene, letters_max: int, *, must_be_done: bool) -> None:
        world = self.world
        world.come_to_rest(at_least=scene.nights)
        state = world.records.read()
        left = world.left if must_be_done else []
        found = problems(facts(state, world.surroundings, world.clock.now(), letters_max, left))
        assert not found, "\n".join(found)
        if must_be_done:
            scene.done(world, state)


def is_after_a_letter(calls: list[OutsideCall], kill: Kill) -> bool:
    """Whether the last thing that anybody heard of the function is a letter that the carrier took: it may go out twice,
    because SendGrid has no idempotency keys.
    """
    heard = [call for call in calls[: kill.at - kill.before] if call.changes]
    return bool(heard) and heard[-1].path == "/v3/mail/send"


def code_of(answer: Answer) -> str:
    """The service's stable code in a refusal."""
    try:
        return str(answer.body["error"]["details"]["code"])
    except (KeyError, TypeError):
        return ""
