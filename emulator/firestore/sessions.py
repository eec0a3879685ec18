"""Where a read looks: the present, a past time, or the snapshot of a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.firestore import limits
from emulator.firestore.database import Database
from emulator.firestore.errors import failed_precondition, invalid_argument
from emulator.firestore.messages import Document, Timestamp, TransactionOptions, micros_of, timestamp
from emulator.firestore.paths import parse_document
from emulator.firestore.query import CompiledQuery
from emulator.firestore.transactions import Transaction, Transactions


@dataclass(slots=True)
class Session:
    """One database with its transactions."""

    database: Database
    transactions: Transactions


@dataclass(frozen=True, slots=True)
class View:
    """The state one request reads.

    Attributes:
        database: The database.
        version: The version it sees.
        read_micros: The time of that state, microseconds since 1970.
        transaction: The transaction to remember reads in, or None.
        begun: The id of the transaction this very request began, else empty.

    """

    database: Database
    version: int
    read_micros: int
    transaction: Transaction | None = None
    begun: bytes = b""

    @property
    def read_time(self) -> Timestamp:
        """The time of the state as clients are told."""
        return timestamp(self.read_micros)

    def document(self, name: str) -> Document | None:
        """The document of a name, remembered as read."""
        canonical = parse_document(name).name
        if self.transaction is not None:
            self.transaction.names.add(canonical)
        return self.database.read_at(canonical, self.version)

    def run(self, query: CompiledQuery) -> list[Document]:
        """The results of a query, remembered as read."""
        self._remember(query)
        return self.database.execution(query, self.version).results()

    def count(self, query: CompiledQuery, most: int) -> int:
        """The number of results of a query, remembered as read."""
        self._remember(query)
        return self.database.execution(query, self.version).count(most)

    def skipped(self, query: CompiledQuery) -> int:
        """How many documents the offset of a query without results has passed over."""
        return self.database.execution(query, self.version).skipped()

    def _remember(self, query: CompiledQuery) -> None:
        if self.transaction is not None:
            self.transaction.queries.add(query)


async def view(session: Session, request: Any) -> View:
    """What a read request asks to see (its ``transaction``, ``new_transaction`` or ``read_time``).

    Raises:
        StatusError: For an unknown transaction, or a read time in the future or too far back.

    """
    choice = request.WhichOneof("consistency_selector")
    if choice == "transaction" and request.transaction:
        return _transaction_view(session.database, session.transactions.use(request.transaction))
    if choice == "new_transaction":
        transaction = await begin(session, request.new_transaction)
        return _transaction_view(session.database, transaction, begun=transaction.id)
    if choice == "read_time":
        return _view_at(session.database, request.read_time)
    database = session.database
    return View(database, database.version, database.clock.read_micros())


async def begin(session: Session, options: TransactionOptions) -> Transaction:
    """Begin a transaction as its options say; a read-only one fixes its snapshot at once."""
    if options.WhichOneof("mode") != "read_only":
        return await session.transactions.begin(read_only=False, retry=options.read_write.retry_transaction)
    past = _view_at(session.database, options.read_only.read_time) if options.read_only.HasField("read_time") else None
    transaction = await session.transactions.begin(read_only=True)
    _pin(session.database, transaction)
    if past is not None:
        transaction.version, transaction.read_micros = past.version, past.read_micros
    return transaction


def check_conflicts(session: Session, transaction: Transaction) -> None:
    """Refuse the commit of a transaction whose reads no longer hold.

    Raises:
        StatusError: ABORTED.

    """
    if transaction.conflicts(session.database.history):
        raise session.transactions.abort(transaction)


async def await_claims(session: Session, names: Sequence[str], transaction: Transaction) -> None:
    """Let older retried transactions finish before the named documents are written."""
    transaction.written.update(names)
    await session.transactions.claims.pass_by(names, transaction.claim)


def _transaction_view(database: Database, transaction: Transaction, begun: bytes = b"") -> View:
    if transaction.version is None:
        _pin(database, transaction)
    version = transaction.version
    if version is None or not database.history.holds(version):
        raise failed_precondition("The snapshot of the transaction is no longer kept.")
    remembered = None if transaction.read_only else transaction
    return View(database, version, transaction.read_micros, remembered, begun)


def _pin(database: Database, transaction: Transaction) -> None:
    transaction.version = database.version
    transaction.read_micros = database.clock.read_micros()


def _view_at(database: Database, read_time: Timestamp) -> View:
    if read_time.nanos % 1000:
        raise invalid_argument("read_time must have microsecond precision.")
    micros, now = micros_of(read_time), database.clock.read_micros()
    if micros > now:
        raise invalid_argument("read_time cannot be in the future.")
    version = database.history.version_at(micros)
    if version is None or now - micros > limits.HISTORY_SECONDS_MAX * 1_000_000:
        raise failed_precondition("The requested read_time is too old: that state is no longer kept.")
    return View(database, version, micros)
