"""Follows every record from its first to its last day, and says whatever was otherwise than promised.

It learns what happened from the story, what is there from the observer, and how long that may be from its own table and
calendar: nothing here asks the backend. A record must be present through its last day and gone on the next, once that
day's purge has run; what somebody took back goes at once; nothing else is touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.simulation.observer import ARCHIVE, BUCKET, DEFAULT, Seen, Snapshot, Where
from tests.simulation.seoul_days import day_of, last_day
from tests.simulation.table import (
    CONSENT_ASKED,
    CONSENT_LAPSES,
    FILES,
    REMINDER,
    ROWS,
    SWEPT,
    UNFINISHED,
    Row,
    pattern_of,
)

DAY = timedelta(days=1)
SETTLED_BY_LEAVING = frozenset({"orders/*", "refunds/*", "disputes/*"})
"""What a withdrawal itself still changes before it is archived: money goes back."""
CONTACTS = ("contact_email", "contact_telephone", "about_account")
"""What would lead to somebody who left: the archive has none of it."""


@dataclass
class Told:
    """What the story says of one act: whom it concerned and which clocks it started. All else must stay as it is."""

    name: str
    touches: set[str] = field(default_factory=set)
    """Members (uids) whose records it may change."""
    places: set[str] = field(default_factory=set)
    """Patterns of places that are nobody's, and that it may change."""
    clocks: dict[str, datetime] = field(default_factory=dict)
    """Paths (with all below them) whose clock it started, and when."""
    removes: set[str] = field(default_factory=set)
    """Paths (with all below them) that it removes on somebody's wish."""
    agrees: dict[str, datetime | None] = field(default_factory=dict)
    """Members (uids) who agreed to advertising or confirmed it, and when; None for who takes it back."""
    leaves: str = ""
    """The member who withdrew, and of whom nothing may be left at its end."""
    open_orders: set[str] = field(default_factory=set)
    """Orders of the member who left that a provider may still change: they stay, without a name."""
    unfinished: dict[str, datetime] = field(default_factory=dict)
    """Members (uids) who signed up without completing it, and when."""


@dataclass
class Record:
    """One record as the checker knows it."""

    pattern: str
    row: Row
    seen: Seen
    clock: datetime | None
    owner: str = ""
    """The member (uid) whose it is, or was before it was archived."""

    @property
    def last_day(self) -> date | None:
        """Its last day; None as long as nothing ends it."""
        if self.row.span is None or self.clock is None:
            return None
        return last_day(day_of(self.clock), self.row.span)


class Checker:
    """See the module. Whatever is wrong is in ``problems``, a sentence each."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.records: dict[Where, Record] = {}
        self.born: Counter[str] = Counter()
        self.died: Counter[str] = Counter()
        self.taken_back: Counter[str] = Counter()
        self.purged_on: date | None = None
        self._people: dict[str, tuple[str, ...]] = {}
        self._left: dict[str, tuple[str, ...]] = {}
        self._removed: set[str] = set()
        self._subjects: dict[str, str] = {}
        self._clocks: dict[str, datetime] = {}
        self._unfinished: dict[str, datetime] = {}
        self._agreed: dict[str, datetime | None] = {}
        self._asked: dict[str, datetime] = {}
        self._overdue: set[Where] = set()

    def know(self, uid: str, *words: str) -> None:
        """Somebody joined. Once they have left, neither uid nor ``words`` may occur anywhere."""
        self._people[uid] = words
        for gone, forbidden in self._left.items():
            self._left[gone] = tuple(word for word in forbidden if word not in words)

    def members(self) -> set[str]:
        """Everybody (uids) who joined, or tried to, and has not left."""
        return set(self._people)

    def alive(self) -> Counter[str]:
        """How many records of each class are there."""
        return Counter(record.row.name for record in self.records.values())

    # -- what is compared

    def after_act(self, told: Told, now: Snapshot, at: datetime) -> None:
        """Compare what is there after an act of the story with what was there before it."""
        self._clocks |= told.clocks
        self._unfinished |= told.unfinished
        self._agreed |= told.agrees
        before = dict(self.records)
        moved = self._take_in(told.name, now, at)
        for where in before.keys() - now.keys() - moved:
            record = self.records.pop(where)
            if _is_below(where.path, told.removes) or (told.leaves and record.owner == told.leaves):
                self.taken_back[record.row.name] += 1
            else:
                self._say(f"{told.name}: {where} vanished")
        for where, record in self._changed(before, now):
            if record.owner not in told.touches and record.pattern not in told.places and record.owner != told.leaves:
                self._say(f"{told.name}: {where} was changed")
            if record.row.restarts:
                record.clock = at
        if told.leaves:
            self._leave(told, before, now, at)
        self._start_clocks(told.clocks)

    def after_sweep(self, now: Snapshot, at: datetime) -> None:
        """The sweep may remove unfinished sign-ups, and bring to its end what it is there for."""
        before = dict(self.records)
        too_late = [uid for uid, begun in self._unfinished.items() if at - begun >= UNFINISHED]
        self._removed |= set(too_late)
        moved = self._take_in("sweep", now, at)
        overdue = {Where(DEFAULT, f"users/{uid}") for uid in too_late}
        for where in before.keys() - now.keys() - moved:
            record = self.records.pop(where)
            self.died[record.row.name] += 1
            if where not in overdue:
                self._say(f"sweep: {where} vanished")
        for where in overdue & now.keys():
            self._say(f"sweep: {where} was never completed and is still there")
        for uid in too_late:
            del self._unfinished[uid]
        for where, record in self._changed(before, now):
            if where.store != DEFAULT or record.pattern not in SWEPT:
                self._say(f"sweep: {where} was changed")
        for uid, since in self._agreed.items():
            if since and last_day(day_of(since), CONSENT_ASKED) <= day_of(at) and self._asked.get(uid) != since:
                self._say(f"sweep: {uid} was not asked to confirm what was said on {day_of(since)}")

    def after_purge(self, now: Snapshot, at: datetime, counted: int) -> None:
        """The purge removes what is due today, all of it and nothing else; ``counted`` is what its evidence says."""
        today, before = day_of(at), dict(self.records)
        due = {where for where, record in before.items() if record.last_day is not None and record.last_day < today}
        self._take_in("purge", now, at)
        gone = before.keys() - now.keys()
        for where in gone:
            self._die(where, self.records.pop(where), today, is_due=where in due)
        for where in (due & now.keys()) - self._overdue:
            self._overdue.add(where)
            self._say(f"purge: {where} outlived its last day, {self.records[where].last_day}")
        bereaved = {before[where].owner for where in gone}
        for where, record in self._changed(before, now):
            if record.pattern != "wallets/*" or record.owner not in bereaved:
                self._say(f"purge: {where} was changed")
        if counted != len(gone):
            self._say(f"purge: its evidence counts {counted} records, and {len(gone)} are gone")
        self.purged_on = today

    def _die(self, where: Where, record: Record, today: date, *, is_due: bool) -> None:
        self.died[record.row.name] += 1
        if not is_due:
            self._say(f"purge: {where} went on {today}, before its last day was over: {record.last_day}")
        elif record.last_day != today - DAY:
            self._say(f"purge: {where} went on {today}, days after its last day, {record.last_day}")
        elif self.purged_on != today - DAY:
            self._say(f"purge: {where} went, but the purge of its last day, {record.last_day}, did not run")

    # -- what is new, and what moved

    def _take_in(self, during: str, now: Snapshot, at: datetime) -> set[Where]:
        """Register what is new; returns what moved from one database to the other."""
        moved = set()
        for where in now.keys() - self.records.keys():
            pattern = pattern_of(where.path, FILES if where.store == BUCKET else ROWS)
            if pattern is None:
                self._say(f"{during}: {where} is registered nowhere")
                continue
            row = (FILES if where.store == BUCKET else ROWS)[pattern]
            self._register(during, where, Record(pattern, row, now[where], None), at)
            if (source := self._moved_from(where, now)) is not None:
                self.records[where].clock = self.records.pop(source).clock
                self.born[row.name] -= 1
                moved.add(source)
            if where.store == DEFAULT and during == "purge" and pattern != "purges/*":
                self._say(f"purge: {where} appeared")
        return moved

    def _register(self, during: str, where: Where, record: Record, at: datetime) -> None:
        record.owner = "" if record.row.says_whose else self._owner(where, record.seen)
        record.clock = self._clock_of(where.path) or (at if record.row.starts == "written" else None)
        self.records[where] = record
        self.born[record.row.name] += 1
        if where.store == ARCHIVE and not record.row.is_kept:
            self._say(f"{during}: {where} is not for the archive")
        if where.store == DEFAULT:
            self._check_advertising(during, where, record, day_of(at))
        self._check_words(during, where, record)

    def _check_advertising(self, during: str, where: Where, record: Record, today: date) -> None:
        """Advertised to only while a consent holds; asked to confirm it on the one day, once."""
        since = self._agreed.get(record.owner)
        if record.pattern == "ads/*" and (since is None or last_day(day_of(since), CONSENT_LAPSES) <= today):
            self._say(f"{during}: {where} went to somebody whose consent does not hold")
        if record.seen.value("kind") != REMINDER:
            return
        if since is None or last_day(day_of(since), CONSENT_ASKED) != today or self._asked.get(record.owner) == since:
            self._say(f"{during}: {where} asks to confirm what need not be confirmed today")
        else:
            self._asked[record.owner] = since

    def _moved_from(self, where: Where, now: Snapshot) -> Where | None:
        """Where the record of somebody who left, or never completed a sign-up, was before, if it has just changed its
        database.
        """
        if where.store == BUCKET or where.path.startswith(("wallets/", "users/")):
            return None
        source = Where(DEFAULT if where.store == ARCHIVE else ARCHIVE, where.path)
        if source not in self.records or source in now:
            return None
        owner = self.records[source].owner
        return source if owner in self._left or owner in self._removed else None

    def _changed(self, before: dict[Where, Record], now: Snapshot) -> Iterable[tuple[Where, Record]]:
        for where, record in before.items():
            seen = now.get(where)
            if seen is None or where not in self.records or seen.version == record.seen.version:
                continue
            self.records[where].seen = seen
            self._check_words("change", where, self.records[where])
            yield where, record

    def _start_clocks(self, clocks: dict[str, datetime]) -> None:
        for where, record in self.records.items():
            for path, started in clocks.items():
                if where.path == path or where.path.startswith(path + "/"):
                    record.clock = started

    def _clock_of(self, path: str) -> datetime | None:
        above = path.rsplit("/", 2)[0]
        return self._clocks.get(path) or self._clocks.get(above)

    # -- whose it is, and who left

    def _owner(self, where: Where, seen: Seen) -> str:
        for uid in self._people:
            if uid in where.path or seen.says(uid):
                return uid
        return next((uid for subject, uid in self._subjects.items() if subject in where.path or seen.says(subject)), "")

    def _leave(self, told: Told, before: dict[Where, Record], now: Snapshot, at: datetime) -> None:
        uid = told.leaves
        subjects = [path.split("/")[1] for store, path in now.keys() - before.keys() if path.startswith("withdrawn/")]
        if len(subjects) != 1:
            self._say(f"{told.name}: {len(subjects)} records of evidence")
            return
        self._subjects[subjects[0]] = uid
        self._left[uid] = (uid, *self._people.pop(uid))
        self._agreed.pop(uid, None)
        for where, record in before.items():
            if record.owner == uid:
                self._check_leaving(told, where, record, subjects[0], now, at)
        for where, record in self.records.items():
            if where.store == ARCHIVE and record.seen.says(subjects[0]):
                record.owner = uid
            self._check_words(told.name, where, record)

    def _check_leaving(
        self, told: Told, where: Where, record: Record, subject: str, now: Snapshot, at: datetime
    ) -> None:
        if any(order in where.path or record.seen.says(order) for order in told.open_orders):
            if where not in now and record.row.is_kept and not where.path.startswith("wallets/"):
                self._say(f"{told.name}: {where} is gone though its order is open")
            if where in now:
                return
        if where in now:
            self._say(f"{told.name}: {where} was not erased")
        if not record.row.is_kept:
            return
        parts = [subject if part == told.leaves else part for part in where.path.split("/")]
        twin = Where(ARCHIVE, "/".join(parts))
        if twin not in now:
            self._say(f"{told.name}: {where} was not kept")
            return
        self.born[record.row.name] -= 1
        self.taken_back[record.row.name] -= 1
        started = record.clock if record.clock is not None and record.clock <= at else at
        self.records[twin].clock = started
        same = ("owner", "uid", "destroy_at", *CONTACTS)
        if record.pattern not in SETTLED_BY_LEAVING and record.seen.without(*same) != now[twin].without(*same):
            self._say(f"{told.name}: {twin} is not what {where} was")
        if now[twin].without() != now[twin].without(*CONTACTS):
            self._say(f"{told.name}: {twin} has contact data")

    def _check_words(self, during: str, where: Where, record: Record) -> None:
        """Nobody who left is named anywhere, and nobody at all in the archive."""
        for uid, forbidden in self._left.items():
            for word in forbidden[1:] if record.row.says_whose else forbidden:
                if word and (word in where.path or record.seen.says(word)):
                    self._say(f"{during}: {where} names somebody who left ({uid})")
        if where.store == ARCHIVE:
            for uid, words in self._people.items():
                if any(word and (word in where.path or record.seen.says(word)) for word in (uid, *words[:1])):
                    self._say(f"{during}: {where} names a member ({uid})")

    def read_log(self, text: str, leaving: str) -> None:
        """Read what was logged: never an address or a name, and nobody's uid once they have left."""
        for words in self._people.values():
            for word in words:
                if word in text:
                    self._say(f"log: somebody is named: {word}")
        for uid in self._left:
            if uid != leaving and uid in text:
                self._say(f"log: somebody who left is named: {uid}")

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _is_below(path: str, tops: set[str]) -> bool:
    return any(path == top or path.startswith(top.rstrip("/") + "/") for top in tops)
