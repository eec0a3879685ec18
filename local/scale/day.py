"""One day of the image queue, minute by minute: people ask more in the evening than at night, workers and providers
take what they can, and what waits too long ends at its deadline uncharged.
"""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass, field

from local.scale.demand import Demand
from local.scale.figures import figures, habit, work
from local.scale.limits import generate

MINUTES = 1440
DEADLINE_MINUTES = 30
"""When a job ends whatever happened (generation/model.py)."""
BUSIEST_MINUTE = 21 * 60


@dataclass
class Day:
    """What became of a day's images."""

    asked: int = 0
    done: int = 0
    missed: int = 0
    """Ended by the deadline: released, not charged."""
    backlog_max: int = 0
    waited: dict[int, int] = field(default_factory=dict)
    """Images by the minutes they waited before a provider had room."""

    def percentile(self, share: float) -> int:
        """Minutes that this share of the finished images waited at most."""
        wanted, seen = share * self.done, 0
        for minutes in sorted(self.waited):
            seen += self.waited[minutes]
            if seen >= wanted:
                return minutes
        return 0


def simulated(demand: Demand, seed: int = 1) -> Day:
    """A day under this demand; the same for the same seed."""
    chance, day, waiting = random.Random(seed), Day(), deque[tuple[int, int]]()
    room = _images_a_minute()
    for minute in range(MINUTES):
        asked = _drawn(chance, demand.images / 30.44 / MINUTES * _curve(minute))
        day.asked += asked
        waiting.append((minute, asked))
        _serve(day, waiting, minute, room)
        day.backlog_max = max(day.backlog_max, sum(count for _, count in waiting))
    day.missed += sum(count for _, count in waiting)
    return day


def _serve(day: Day, waiting: deque[tuple[int, int]], minute: int, room: float) -> None:
    while waiting and minute - waiting[0][0] >= DEADLINE_MINUTES:
        day.missed += waiting.popleft()[1]
    left = int(room)
    while waiting and left:
        since, count = waiting.popleft()
        served = min(count, left)
        day.done += served
        day.waited[minute - since] = day.waited.get(minute - since, 0) + served
        left -= served
        if served < count:
            waiting.appendleft((since, count - served))


def _images_a_minute() -> float:
    """What queue, workers and both providers have room for; the fallback lets either provider take the other's work."""
    rates = generate().taskQueueTrigger["rateLimits"]
    limits = figures().limits
    providers = limits["openai_images_per_second"].value + limits["stability_images_per_second"].value
    workers = generate().maxInstances * generate().concurrency
    working = min(rates["maxConcurrentDispatches"], workers) / work("image_seconds")
    return float(60 * min(working, rates["maxDispatchesPerSecond"], providers))


def _curve(minute: int) -> float:
    """How busy a minute is against the average: at most ``peak_factor``, and the whole day adds up to itself."""
    height = habit("peak_factor") - _FLOOR
    return _FLOOR + height * math.exp(
        -(((minute - BUSIEST_MINUTE + 720) % MINUTES - 720) ** 2) / (2 * _width(height) ** 2)
    )


_FLOOR = 0.4
"""How busy the quietest minute is."""


def _width(height: float) -> float:
    return (1 - _FLOOR) * MINUTES / (height * math.sqrt(2 * math.pi))


def _drawn(chance: random.Random, expected: float) -> int:
    """A Poisson draw; for large numbers by its normal neighbour."""
    if expected > 50:
        return max(0, round(chance.gauss(expected, math.sqrt(expected))))
    count, product, end = 0, chance.random(), math.exp(-expected)
    while product > end:
        count, product = count + 1, product * chance.random()
    return count
