"""Transactions: a snapshot to read from, the set of what was read, and the check at commit.

Read-write transactions are optimistic: every read sees the version of the first read, and the commit is refused
with ABORTED when anything read has changed since. That makes committed transactions serialisable in commit
order. What a retry may claim so as not to lose again is told by claims.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.firestore import limits
from emulator.firestore.claims import Claim, Claims, Interest
from emulator.firestore.errors import StatusError, aborted, invalid_argument
from emulator.firestore.history import History
from emulator.firestore.query import CompiledQuery

CONTENTION = "Too much contention on these documents. Please try again."


@dataclass(eq=False, slots=True)
class Transaction:
    """One transaction.

    Attributes:
        id: What the client calls it.
        database: ``projects/p/databases/d``.
        read_only: Whether it may not write.
        version: The version it reads, None before the first read.
        read_micros: The time of that version as told to the client.
        names: Documents read by name.
        queries: Queries run.
        written: Documents it tried to write.
        ticket: Its place among transactions that have lost, None for a first try.
        claim: Its claim, if it is a retry.
        aborted: Whether it lost; it can only be rolled back or retried then.

    """

    id: bytes
    database: str
    read_only: bool
    began: float
    used: float
    version: int | None = None
    read_micros: int = 0
    names: set[str] = field(default_factory=set)
    queries: set[CompiledQuery] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    ticket: int | None = None
    claim: Claim | None = None
    aborted: bool = False

    def interest(self) -> Interest:
        """What a retry of it should claim."""
        return Interest(frozenset(self.names | self.written), tuple({query.scope: None for query in self.queries}))

    def conflicts(self, history: History) -> bool:
        """Whether anything it read has changed since, or can no longer be told."""
        if self.version is None or not (self.names or self.queries):
            return False
        if not history.holds(self.version):
            return True
        if any(history.changed_since(name, self.version) for name in self.names):
            return True
        return any(
            (change.before is not None and query.matches(change.before))
            or (change.after is not None and query.matches(change.after))
            for query in self.queries
            for commit in history.since(self.version)
            for change in commit.changes
        )


class Transactions:
    """The transactions of one database.

    Args:
        database: ``projects/p/databases/d``.
        now: A monotonic clock, seconds.

    """

    def __init__(self, database: str, now: Callable[[], float] = time.monotonic) -> None:
        self.claims = Claims()
        self._database = database
        self._now = now
        self._active: dict[bytes, Transaction] = {}
        self._lost: OrderedDict[bytes, Transaction] = OrderedDict()
        self._tickets = itertools.count()
        self._next_sweep = 0.0

    async def begin(self, *, read_only: bool, retry: bytes = b"") -> Transaction:
        """Begin a transaction; a retry of an aborted one returns once it holds its claim."""
        self._sweep()
        lost = self._lost.pop(retry, None)
        now = self._now()
        transaction = Transaction(secrets.token_bytes(16), self._database, read_only, now, now)
        if lost is not None and not read_only:
            self._active.pop(lost.id, None)
            transaction.ticket = lost.ticket
            transaction.claim = await self.claims.acquire(lost.ticket or 0, lost.interest())
            transaction.began = transaction.used = self._now()
        self._active[transaction.id] = transaction
        return transaction

    def use(self, identity: bytes) -> Transaction:
        """The live transaction of an id.

        Raises:
            StatusError: INVALID_ARGUMENT when it is unknown, finished or expired; ABORTED when it has lost.

        """
        transaction = self._active.get(identity)
        now = self._now()
        if transaction is None or self._is_expired(transaction, now):
            if transaction is not None:
                self.finish(transaction)
            raise invalid_argument("The referenced transaction has expired or is no longer valid.")
        if transaction.aborted:
            raise aborted(CONTENTION)
        transaction.used = now
        return transaction

    def rollback(self, identity: bytes) -> None:
        """End a transaction without writing; one that has lost already may still be rolled back once."""
        transaction = self._active.get(identity)
        if transaction is None:
            raise invalid_argument("The referenced transaction has expired or is no longer valid.")
        self.finish(transaction)

    def abort(self, transaction: Transaction) -> StatusError:
        """Mark a transaction as lost, so that a retry can claim; gives the error to raise."""
        transaction.aborted = True
        if transaction.ticket is None:
            transaction.ticket = next(self._tickets)
        self._lost[transaction.id] = transaction
        if len(self._lost) > limits.FINISHED_TRANSACTIONS_MAX:
            self._lost.popitem(last=False)
        self._release(transaction)
        return aborted(CONTENTION)

    def finish(self, transaction: Transaction) -> None:
        """Forget a transaction that is committed, rolled back or expired."""
        self._active.pop(transaction.id, None)
        self._release(transaction)

    def _release(self, transaction: Transaction) -> None:
        if transaction.claim is not None:
            self.claims.release(transaction.claim)
            transaction.claim = None

    def _sweep(self) -> None:
        now = self._now()
        if now < self._next_sweep:
            return
        self._next_sweep = now + 1.0
        for transaction in [other for other in self._active.values() if self._is_expired(other, now)]:
            self.finish(transaction)

    @staticmethod
    def _is_expired(transaction: Transaction, now: float) -> bool:
        return (
            now - transaction.used > limits.TRANSACTION_IDLE_SECONDS_MAX
            or now - transaction.began > limits.TRANSACTION_SECONDS_MAX
        )
