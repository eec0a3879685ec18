"""Who may write what first, once transactions have lost a race.

A transaction that was aborted and begins again claims what it read and wrote before. Claims are granted in the
order of their first loss; while one is granted, other transactions wait before they write what it claims, and
younger claims on the same documents wait to be granted. So a retried transaction wins, and the oldest wins
always. A claim ends with its transaction, at the latest after CLAIM_SECONDS_MAX.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from emulator.firestore import limits
from emulator.firestore.paths import parse_document
from emulator.firestore.query import Scope


@dataclass(frozen=True, slots=True)
class Interest:
    """Documents by name, and everything in the scopes of queries."""

    names: frozenset[str]
    scopes: tuple[Scope, ...] = ()

    def touches(self, names: Iterable[str]) -> bool:
        """Whether one of the named documents is among these."""
        return any(
            name in self.names or any(scope.contains(parse_document(name)) for scope in self.scopes) for name in names
        )

    def overlaps(self, other: Interest) -> bool:
        """Whether both could be about one document."""
        return (
            self.touches(other.names)
            or other.touches(self.names)
            or any(_scopes_meet(mine, theirs) for mine in self.scopes for theirs in other.scopes)
        )


@dataclass(eq=False, slots=True)
class Claim:
    """One transaction's place in the queue.

    Attributes:
        ticket: Smaller is older; kept over all retries of one transaction.
        interest: What is claimed.
        granted: Set once the claim counts.
        ended: Set once it counts no more.

    """

    ticket: int
    interest: Interest
    granted: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    timer: asyncio.TimerHandle | None = None


class Claims:
    """The claims on one database."""

    def __init__(self) -> None:
        self._claims: list[Claim] = []

    async def acquire(self, ticket: int, interest: Interest) -> Claim:
        """Queue a claim and wait until it is granted; older overlapping claims end first."""
        claim = Claim(ticket, interest)
        self._claims.append(claim)
        self._claims.sort(key=lambda other: other.ticket)
        self._grant()
        try:
            await claim.granted.wait()
        except BaseException:
            self.release(claim)
            raise
        return claim

    def release(self, claim: Claim) -> None:
        """End a claim; releasing it twice does no harm."""
        if claim in self._claims:
            self._claims.remove(claim)
        if claim.timer is not None:
            claim.timer.cancel()
        claim.ended.set()
        self._grant()

    def blocks(self, names: Iterable[str]) -> bool:
        """Whether a write outside transactions has to wait for a claim."""
        return bool(self._claims) and self._blocker(names, None) is not None

    async def pass_by(self, names: Iterable[str], mine: Claim | None) -> None:
        """Wait until no older granted claim of another transaction touches the named documents."""
        while (blocker := self._blocker(names, mine)) is not None:
            await blocker.ended.wait()

    def _blocker(self, names: Iterable[str], mine: Claim | None) -> Claim | None:
        for claim in self._claims:
            if mine is not None and claim.ticket >= mine.ticket:
                return None
            if claim.granted.is_set() and claim.interest.touches(names):
                return claim
        return None

    def _grant(self) -> None:
        for position, claim in enumerate(self._claims):
            if claim.granted.is_set():
                continue
            older = self._claims[:position]
            if not any(other.interest.overlaps(claim.interest) for other in older):
                claim.granted.set()
                loop = asyncio.get_running_loop()
                claim.timer = loop.call_later(limits.CLAIM_SECONDS_MAX, self.release, claim)


def _scopes_meet(first: Scope, second: Scope) -> bool:
    if first.collection_id and second.collection_id and first.collection_id != second.collection_id:
        return False
    if not first.all_descendants and not second.all_descendants:
        return first.collection == second.collection
    return True
