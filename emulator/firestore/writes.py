"""Applying the writes of one commit to the documents they name, in memory, before anything is stored.

Source: google.firestore.v1 Write, Precondition and Firestore.Commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.firestore import fieldpaths, limits, messages, sizes, transforms, values
from emulator.firestore.errors import already_exists, failed_precondition, invalid_argument, not_found
from emulator.firestore.messages import Document, WriteResult
from emulator.firestore.paths import parse_document

if TYPE_CHECKING:
    from emulator.firestore.guard import Guard
    from emulator.firestore.messages import Write


@dataclass(frozen=True, slots=True)
class Change:
    """One document before and after a commit; None where it does not exist."""

    name: str
    before: Document | None
    after: Document | None


class Staging:
    """The documents touched by one commit; a `guard.BatchView` too.

    Args:
        read: Finds the committed document of a name.
        commit_micros: The commit time the writes will carry, microseconds since 1970.
        heeds_preconditions: False to see what the writes would do if every precondition held.

    """

    def __init__(
        self, read: Callable[[str], Document | None], commit_micros: int, *, heeds_preconditions: bool = True
    ) -> None:
        self._read = read
        self._commit_micros = commit_micros
        self._heeds_preconditions = heeds_preconditions
        self._before: dict[str, Document | None] = {}
        self._after: dict[str, Document | None] = {}
        self._deleted: set[str] = set()
        self._transforms: dict[str, int] = {}
        self._steps: list[tuple[Document | None, Document | None, Write]] = []

    def before(self, name: str) -> Document | None:
        """The committed document."""
        if name not in self._before:
            self._before[name] = self._read(name)
        return self._before[name]

    def after(self, name: str) -> Document | None:
        """The document with the writes staged so far."""
        return self._after[name] if name in self._after else self.before(name)

    def apply(self, write: Write) -> WriteResult:
        """Stage one write.

        Returns:
            Its WriteResult.

        Raises:
            StatusError: When the write is malformed or its precondition fails; staging must then be dropped.

        """
        operation = write.WhichOneof("operation")
        name = target_of(write)
        if operation == "update" and name in self._deleted:
            raise invalid_argument("Cannot delete then update an entity in the same request.")
        before = self.after(name)
        if self._heeds_preconditions:
            self._check_precondition(write, name, before)
        result = WriteResult()
        after = before
        if operation == "delete":
            after = None
            self._deleted.add(name)
        elif operation != "verify":
            after = self._written(write, name, before, result)
            result.update_time.CopyFrom(after.update_time)
        self._after[name] = after
        self._steps.append((before, after, write))
        return result

    def ask(self, guard: Guard) -> None:
        """Let the rules judge every staged write, with the whole commit in view."""
        for before, after, write in self._steps:
            if write.WhichOneof("operation") == "verify":
                guard.check_get(write.verify, before)
            else:
                guard.check_write(before, after, write, self)

    def changes(self) -> list[Change]:
        """What the commit really changes, one entry per document."""
        return [
            Change(name, before, after)
            for name, after in self._after.items()
            if (before := self._before[name]) is not after
        ]

    def _check_precondition(self, write: Write, name: str, document: Document | None) -> None:
        condition = write.current_document.WhichOneof("condition_type")
        if condition == "exists":
            if write.current_document.exists and document is None:
                raise not_found(f"No document to update: {name}")
            if not write.current_document.exists and document is not None:
                raise already_exists(f"Document already exists: {name}")
        elif condition == "update_time":
            self._check_update_time(write.current_document.update_time, document)

    def _check_update_time(self, required: messages.Timestamp, document: Document | None) -> None:
        required_micros = messages.micros_of(required)
        if required_micros > self._commit_micros:
            raise invalid_argument("The update_time of a precondition lies in the future.")
        stored_micros = 0 if document is None else messages.micros_of(document.update_time)
        if stored_micros != required_micros:
            raise failed_precondition(
                f"the stored version ({stored_micros}) does not match the required base version ({required_micros})"
            )

    def _written(self, write: Write, name: str, before: Document | None, result: WriteResult) -> Document:
        after = _updated(write, name, before) if write.WhichOneof("operation") == "update" else _copy(name, before)
        pending = _transforms_of(write)
        self._transforms[name] = self._transforms.get(name, 0) + len(pending)
        if self._transforms[name] > limits.FIELD_TRANSFORMS_MAX:
            raise invalid_argument(
                f"Cannot apply more than {limits.FIELD_TRANSFORMS_MAX} field transforms to one document."
            )
        for transform in pending:
            result.transform_results.append(transforms.apply(after, transform, self._commit_micros))
        sizes.check_document(after)
        if before is not None and _same_fields(before, after):
            return before
        after.update_time.CopyFrom(messages.timestamp(self._commit_micros))
        if before is None:
            after.create_time.CopyFrom(after.update_time)
        else:
            after.create_time.CopyFrom(before.create_time)
        return after


def target_of(write: Write) -> str:
    """The validated name of the document a write is about.

    Raises:
        StatusError: INVALID_ARGUMENT for a write without an operation or with an invalid name.

    """
    operation = write.WhichOneof("operation")
    if operation == "update":
        name = write.update.name
    elif operation == "delete":
        name = write.delete
    elif operation == "transform":
        name = write.transform.document
    elif operation == "verify":
        name = write.verify
    else:
        raise invalid_argument("A write must have an operation.")
    return parse_document(name).name


def check_database(writes: Sequence[Write], database: str) -> None:
    """Refuse writes to documents of another database than the request names."""
    for write in writes:
        name = target_of(write)
        if parse_document(name).database != database:
            raise invalid_argument(f'Document "{name}" does not belong to the database "{database}".')


def _updated(write: Write, name: str, before: Document | None) -> Document:
    values.normalise_fields(write.update.fields)
    if not write.HasField("update_mask"):
        after = Document()
        after.CopyFrom(write.update)
        after.ClearField("create_time")
        after.ClearField("update_time")
        return after
    after = _copy(name, before)
    mask = [fieldpaths.parse(text) for text in write.update_mask.field_paths]
    fieldpaths.check_no_overlap(mask)
    for path in mask:
        if path == (fieldpaths.NAME_FIELD,):
            raise invalid_argument("Cannot update the name of a document.")
        value = fieldpaths.lookup(write.update, path)
        if value is None:
            fieldpaths.remove(after, path)
        else:
            fieldpaths.assign(after, path, value)
    return after


def _copy(name: str, before: Document | None) -> Document:
    after = Document(name=name)
    if before is not None:
        after.CopyFrom(before)
    return after


def _transforms_of(write: Write) -> Any:
    if write.WhichOneof("operation") == "transform":
        return write.transform.field_transforms
    return write.update_transforms


def _same_fields(before: Document, after: Document) -> bool:
    if len(before.fields) != len(after.fields):
        return False
    after.create_time.CopyFrom(before.create_time)
    after.update_time.CopyFrom(before.update_time)
    first: bytes = before.SerializeToString(deterministic=True)
    second: bytes = after.SerializeToString(deterministic=True)
    return first == second
