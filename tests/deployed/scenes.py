"""What a scene is: one deployed function in a world where it has something to do, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.deployed.functions import Answer, Kind, kind_of
from tests.deployed.records import State
from tests.deployed.world import World

BACKGROUND = frozenset({Kind.TASK, Kind.TRIGGER})


def nothing(_world: World) -> None:
    """No more than that."""


@dataclass(frozen=True)
class Scene:
    """A function that is called, and killed. ``call`` delivers it: the first time and whenever it comes again."""

    function: str
    before: Callable[[World], object]
    """Brings the world to where the function has something to do."""
    call: Callable[[World], Answer]
    done: Callable[[World, State], object]
    """Asserts that the act has come to its end, once."""
    done_late: Callable[[World, State], object] | None = None
    """The same when it came days later, if that is another end."""
    after: Callable[[World], object] = nothing
    """What the client does next, once it has its answer."""
    label: str = ""
    refused_late: frozenset[str] = field(default=frozenset())
    """Codes with which a client that comes again days later may be refused."""
    refused_again: frozenset[str] = field(default=frozenset())
    """Codes with which a client that comes again at once is told that it is done already."""
    changes_nothing: bool = False
    is_swept: bool = True
    """Whether the sweep finds it when its task or event is lost; if not, it has the platform's own retries."""
    comes_late: bool = True
    """Whether it can come days later; not what belongs to one moment of the day."""
    nights: int = 0
    """How many sweeps follow at least."""

    @property
    def name(self) -> str:
        """The function and what is special about the scene."""
        return f"{self.function}-{self.label}" if self.label else self.function

    @property
    def ends_by_itself(self) -> bool:
        """Whether the sweep must bring the act to its end though nobody delivers it again."""
        return self.is_swept and (kind_of(self.function) in BACKGROUND or self.function == "sweep")
