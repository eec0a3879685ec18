"""Lives through the days: each morning the purge, then the sweep, then what people do; the checker looks after each.

Either every day is lived, or those are left out on which nothing can happen. That takes nothing from the proof: what a
purge or a sweep finds due on a day, it finds due on every later day too, as long as nobody changes anything. So a day
that is lived after some that were left out, and on which nothing goes but what has to go on that very day, proves that
nothing would have gone on those before. The days that must be lived are the story's, the last day and the next one of
every record as the checker counts, and every day that any record names in any field.
"""

from __future__ import annotations

import heapq
import io
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from datetime import date, datetime, timedelta

from tests.simulation.checker import DAY, Checker, Told
from tests.simulation.deeds import Deeds
from tests.simulation.house import SimulatedHouse
from tests.simulation.observer import Observer, Snapshot, Where
from tests.simulation.seoul_days import begin_of, day_of
from tests.simulation.story import Act

PURGE_AT = timedelta(minutes=10)
SWEEP_AT = timedelta(minutes=15)
LAST_SWEEP_AT = timedelta(hours=23, minutes=59, seconds=50)
PROBLEMS_MAX = 25
"""After so many there is nothing to learn from going on."""


class Simulation:
    """One house, one checker, one story."""

    def __init__(self, house: SimulatedHouse, deeds: Deeds, acts: Iterable[Act], *, every_day: bool = False) -> None:
        self.house = house
        self.checker: Checker = deeds.checker
        self.days_lived = 0
        self._deeds = deeds
        self._observer = Observer(house.client, house.archive_client, house.bucket.files)
        self._acts: dict[date, list[Act]] = defaultdict(list)
        self._every_day = every_day
        self._days: list[date] = []
        self._instants: dict[date, set[datetime]] = defaultdict(set)
        self._named: dict[Where, str] = {}
        for act in sorted(acts, key=lambda act: act.at):
            self._acts[day_of(act.at)].append(act)
            self._must_live(day_of(act.at))

    def run(self, first: date, last: date, tell: Callable[[date], None] = lambda _: None) -> None:
        """Live from the first to the last day, both of Seoul, or until too much went wrong."""
        day: date | None = first
        while day is not None and day <= last and len(self.checker.problems) < PROBLEMS_MAX:
            self._live(day)
            self.days_lived += 1
            tell(day)
            day = self._next(day)

    def _next(self, day: date) -> date | None:
        if self._every_day:
            return day + DAY
        while self._days and self._days[0] <= day:
            heapq.heappop(self._days)
        return self._days[0] if self._days else None

    def _live(self, day: date) -> None:
        morning = begin_of(day)
        self._purge(morning + PURGE_AT)
        self._sweep(morning + SWEEP_AT)
        for act in self._acts[day]:
            self._wake_until(day, act.at)
            self._perform(act)
        self._wake_until(day, morning + LAST_SWEEP_AT)
        self._expect()

    def _purge(self, at: datetime) -> None:
        self.house.go_to(at)
        with self._logged():
            run = self.house.purge.run()
        assert run is not None, "another run of this day"
        assert run.is_finished
        if run.failed or run.missing or run.orphans:
            self.checker.problems.append(f"purge: failed {run.failed}, missing {run.missing}, orphans {run.orphans}")
        self.checker.after_purge(self._look(), at, sum(run.destroyed.values()))

    def _sweep(self, at: datetime) -> None:
        self.house.go_to(at)
        with self._logged():
            self.house.stand_doubles()
            self.house.sweep()
        self.checker.after_sweep(self._look(), self.house.clock.now())

    def _wake_until(self, day: date, until: datetime) -> None:
        """Sweep at every instant of the day that some record names, as the real one, minutes apart, would."""
        while True:
            now = self.house.clock.now()
            coming = [instant for instant in self._instants[day] if now < instant <= until]
            if not coming:
                return
            self._sweep(min(coming))

    def _perform(self, act: Act) -> None:
        self.house.go_to(act.at)
        self._deeds.told = told = Told(act.name)
        with self._logged(leaving=told):
            self.house.stand_doubles()
            act.do()
        at = self.house.clock.now()
        assert day_of(at) == day_of(act.at), f"{act.name} went on over midnight"
        self.checker.after_act(told, self._look(), at)

    def _look(self) -> Snapshot:
        """Look, and note the days that what is new or changed makes worth living."""
        snapshot = self._observer.look()
        for where, seen in snapshot.items():
            if self._named.get(where) == seen.version:
                continue
            self._named[where] = seen.version
            for instant in seen.instants():
                if instant > self.house.clock.now():
                    self._instants[day_of(instant)].add(instant)
                    self._must_live(day_of(instant))
        for where in self._named.keys() - snapshot.keys():
            del self._named[where]
        return snapshot

    def _must_live(self, day: date) -> None:
        heapq.heappush(self._days, day)

    def _expect(self) -> None:
        """Note the last day, and the one after it, of every record as the checker counts them."""
        for record in self.checker.records.values():
            if (last := record.last_day) is not None:
                self._must_live(last)
                self._must_live(last + DAY)

    def _logged(self, leaving: Told | None = None) -> _Logged:
        return _Logged(self.checker, leaving)


class _Logged:
    """Reads along what is logged: never an address or a name, and nobody's uid once they have left."""

    def __init__(self, checker: Checker, told: Told | None) -> None:
        self._checker, self._told = checker, told
        self._text = io.StringIO()
        self._redirection = redirect_stdout(self._text)

    def __enter__(self) -> None:
        self._redirection.__enter__()

    def __exit__(self, *problem: object) -> None:
        self._redirection.__exit__(None, None, None)
        self._checker.read_log(self._text.getvalue(), leaving=self._told.leaves if self._told else "")
