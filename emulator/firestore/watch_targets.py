"""What one listening target sees: its first snapshot, and afterwards only the differences.

Resume semantics: a target gets exactly what it missed. A client that held another number of documents than it should
have is told so by an existence filter; a target whose past is not known any more is reset and replayed whole.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from emulator.firestore import messages
from emulator.firestore.existence import existence_filter
from emulator.firestore.guard import Guard
from emulator.firestore.query import CompiledQuery
from emulator.firestore.service import FirestoreService

Stamp = tuple[int, int]
"""A document's update time; two versions of one document never share it."""
GROUP_MARK = "//"
"""Parts database and collection group in an interest key; resource names never contain an empty segment."""


class Target(ABC):
    """One target of a stream. `pending` holds the last state of documents that changed since the last look."""

    interests: tuple[str, ...]

    def __init__(self, service: FirestoreService, database: str, target_id: int, guard: Guard | None) -> None:
        self.service = service
        self.database = database
        self.target_id = target_id
        self.guard = guard
        self.pending: dict[str, Any] = {}
        self.billed_reads = 0
        self._view: dict[str, Stamp] = {}

    @abstractmethod
    def authorize(self) -> None:
        """Raises StatusError PERMISSION_DENIED when the guard refuses this target."""

    @abstractmethod
    def replay(self) -> list[Any]:
        """Everything the target sees now, as responses; nothing sent before counts any more."""

    @abstractmethod
    def catch_up(self, changes: Sequence[Any], expected_count: int | None) -> list[Any] | None:
        """What changed for a client that saw everything before `changes`; None when only a replay is safe."""

    @abstractmethod
    def increment(self) -> list[Any]:
        """The responses for what is pending."""

    def _shown(self, document: Any, shown: Any | None = None) -> Any:
        self._view[document.name] = stamp(document)
        self.billed_reads += 1
        response = messages.ListenResponse()
        response.document_change.document.CopyFrom(document if shown is None else shown)
        response.document_change.target_ids.append(self.target_id)
        return response

    def _deleted(self, name: str) -> Any:
        self._view.pop(name, None)
        response = messages.ListenResponse()
        response.document_delete.document = name
        response.document_delete.removed_target_ids.append(self.target_id)
        return response

    def _left(self, name: str) -> Any:
        self._view.pop(name, None)
        self.billed_reads += 1
        response = messages.ListenResponse()
        response.document_remove.document = name
        response.document_remove.removed_target_ids.append(self.target_id)
        return response


class DocumentsTarget(Target):
    """Named documents, missing ones included."""

    def __init__(
        self,
        service: FirestoreService,
        database: str,
        target_id: int,
        guard: Guard | None,
        names: Sequence[str],
    ) -> None:
        super().__init__(service, database, target_id, guard)
        self._names = tuple(dict.fromkeys(names))
        self.interests = self._names

    def authorize(self) -> None:
        """Asks the guard about each document as it is now."""
        if self.guard:
            for name, document in zip(self._names, self.service.read(self._names), strict=True):
                self.guard.check_get(name, document)

    def replay(self) -> list[Any]:
        """Each document, or its deletion."""
        self._view.clear()
        return self._states(self._names)

    def catch_up(self, changes: Sequence[Any], expected_count: int | None) -> list[Any] | None:
        """Documents named in `changes`."""
        del expected_count
        changed = {change.name for change in changes}
        current = zip(self._names, self.service.read(self._names), strict=True)
        self._view = {name: stamp(document) for name, document in current if document is not None}
        return self._states([name for name in self._names if name in changed])

    def increment(self) -> list[Any]:
        """Pending documents whose state differs from what was shown."""
        pending, self.pending = self.pending, {}
        if self.guard:
            for name, document in pending.items():
                self.guard.check_get(name, document)
        responses = []
        for name, document in pending.items():
            if document is None:
                if name in self._view:
                    responses.append(self._deleted(name))
            elif self._view.get(name) != stamp(document):
                responses.append(self._shown(document))
        return responses

    def _states(self, names: Sequence[str]) -> list[Any]:
        found = self.service.read(list(names))
        self.billed_reads += sum(document is None for document in found)
        return [
            self._deleted(name) if document is None else self._shown(document)
            for name, document in zip(names, found, strict=True)
        ]


class QueryTarget(Target):
    """A query's result set. Queries with a limit or offset are asked again, others are matched change by change."""

    def __init__(
        self,
        service: FirestoreService,
        database: str,
        target_id: int,
        guard: Guard | None,
        query: CompiledQuery,
        interest: str,
    ) -> None:
        super().__init__(service, database, target_id, guard)
        self._query = query
        self._windowed = bool(query.offset) or query.limit is not None
        self.interests = (interest,)

    def authorize(self) -> None:
        """Asks the guard whether every possible result may be seen."""
        if self.guard:
            self.guard.check_query(self._query)

    def replay(self) -> list[Any]:
        """The whole result set."""
        self._view.clear()
        found = self.service.snapshot(self._query)
        if not found:
            self.billed_reads += 1
        return [self._show(document) for document in found]

    def catch_up(self, changes: Sequence[Any], expected_count: int | None) -> list[Any] | None:
        """Net effect of `changes`, and a filter if the client's count was wrong; windows they touch are replayed."""
        spans = _first_and_last(changes)
        moved = [(name, self._matches(before), after, self._matches(after)) for name, (before, after) in spans.items()]
        moved = [move for move in moved if move[1] or move[3]]
        if moved and self._windowed:
            return None
        found = self.service.snapshot(self._query)
        count_before = len(found) + sum(int(was) - int(is_in) for _, was, _, is_in in moved)
        self._view = {document.name: stamp(document) for document in found}
        responses = [self._show(after) if is_in else self._gone(name, after) for name, _, after, is_in in moved]
        if expected_count is not None and expected_count != count_before:
            unchanged = self._view.keys() - {name for name, _, _, _ in moved}
            mismatch = existence_filter(self.target_id, len(found), unchanged)
            responses.append(messages.ListenResponse(filter=mismatch))
        return responses

    def increment(self) -> list[Any]:
        """What pending documents change in the result set."""
        pending, self.pending = self.pending, {}
        matching = {name for name, document in pending.items() if self._matches(document)}
        if not any(name in matching or name in self._view for name in pending):
            return []
        self.authorize()
        if self._windowed:
            return self._asked_again()
        responses = []
        for name, document in pending.items():
            if name in matching:
                if self._view.get(name) != stamp(document):
                    responses.append(self._show(document))
            elif name in self._view:
                responses.append(self._gone(name, document))
        return responses

    def _asked_again(self) -> list[Any]:
        found = {document.name: document for document in self.service.snapshot(self._query)}
        lost = [name for name in self._view if name not in found]
        responses = [self._gone(name, document) for name, document in zip(lost, self.service.read(lost), strict=True)]
        changed = [document for name, document in found.items() if self._view.get(name) != stamp(document)]
        return responses + [self._show(document) for document in changed]

    def _matches(self, document: Any | None) -> bool:
        return document is not None and self._query.matches(document) and self._query.within_cursors(document)

    def _show(self, document: Any) -> Any:
        return self._shown(document, self._query.project(document))

    def _gone(self, name: str, document: Any | None) -> Any:
        return self._deleted(name) if document is None else self._left(name)


def stamp(document: Any) -> Stamp:
    """The document version's identity."""
    return document.update_time.seconds, document.update_time.nanos


def query_interest(database: str, parent: str, structured_query: Any) -> str:
    """The key under which changes that could touch a query are announced: a collection, a group, or everything."""
    selectors = structured_query.from_
    if len(selectors) != 1 or not selectors[0].collection_id:
        return database + GROUP_MARK
    selector = selectors[0]
    if selector.all_descendants:
        return database + GROUP_MARK + str(selector.collection_id)
    return f"{parent}/{selector.collection_id}"


def change_interests(database: str, name: str) -> tuple[str, str, str, str]:
    """The keys a change of document `name` is announced under; the counterpart of `query_interest`."""
    collection, _, _ = name.rpartition("/")
    group = collection.rpartition("/")[2]
    return name, collection, database + GROUP_MARK + group, database + GROUP_MARK


def _first_and_last(changes: Iterable[Any]) -> dict[str, tuple[Any, Any]]:
    spans: dict[str, tuple[Any, Any]] = {}
    for change in changes:
        before = spans[change.name][0] if change.name in spans else change.before
        spans[change.name] = (before, change.after)
    return spans
