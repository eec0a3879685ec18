"""Runs of the purge in Firestore, ``purges/{sequence}``, and the due records of every registered place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagesfactory.kit import lean_query
from imagesfactory.policy.retention import collection_name, destroy_at
from imagesfactory.privacy.purge.model import Failure, Position, Run, Step

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference, Query

    from imagesfactory.kit.lean_query import AnyRecord
    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork


class RunStore:
    """Reads and writes runs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def reference(self, run_id: str) -> DocumentReference:
        """Where the run is."""
        return self._client.collection("purges").document(run_id)

    def latest(self) -> Run | None:
        """The run that was begun last."""
        query = self._client.collection("purges").order_by("sequence", direction="DESCENDING").limit(1)
        return next((run_from(snapshot) for snapshot in query.stream()), None)

    def all(self) -> Iterator[Run]:
        """Every run that is kept, oldest first."""
        for snapshot in self._client.collection("purges").order_by("sequence").stream():
            run = run_from(snapshot)
            if run is not None:
                yield run

    def create(self, unit: UnitOfWork, run: Run) -> None:
        """Write a new run; refused by the database if somebody else began it."""
        unit.create(self.reference(run.id), _to_document(run))

    def update(self, unit: UnitOfWork, run: Run) -> None:
        """Write a run read in the same unit."""
        unit.update(self.reference(run.id), _to_document(run))

    def note(self, run: Run, version: datetime | None) -> datetime:
        """Write a run that nobody else changed since ``version``; returns the new version.

        Raises:
            google.api_core.exceptions.FailedPrecondition: somebody did.

        """
        batch = self._client.batch()
        option = self._client.write_option(last_update_time=version)
        batch.update(self.reference(run.id), _to_document(run), option=option)
        (result,) = batch.commit()
        noted: datetime = result.update_time
        return noted


class DuePlace:
    """The records of one collection, or collection group, by the day they are destroyed."""

    def __init__(self, client: Client, step: Step) -> None:
        self._client = client
        name = collection_name(step.path)
        is_nested = step.path.count("/") > 1
        self._records: Any = client.collection_group(name) if is_nested else client.collection(name)
        self._fields = [*_FIELDS[step.destroyed], "destroy_at"]

    def page(self, due_before: datetime, after: Position, limit: int) -> list[AnyRecord]:
        """Records due at or before that instant, the longest overdue first, that follow ``after``."""
        query: Query = (
            self._records.where(filter=_filter("<=", due_before))
            .order_by("destroy_at")
            .order_by("__name__")
            .select(self._fields)
            .limit(limit)
        )
        if after.path:
            reference = self._client.document(after.path)
            query = query.start_after({"destroy_at": after.due_at, "__name__": reference})
        return self._read(query)

    def _read(self, query: Query) -> list[AnyRecord]:
        from google.api_core.exceptions import GoogleAPICallError

        with suppress(GoogleAPICallError):
            return list(lean_query.stream(self._client, query))
        return list(query.stream())  # which knows how to go on where answers break off

    def count(self, after: datetime | None, until: datetime | None) -> int:
        """How many are due later than ``after``, and at or before ``until``; counted by the database."""
        query = self._records
        if after is not None:
            query = query.where(filter=_filter(">", after))
        if until is not None:
            query = query.where(filter=_filter("<=", until))
        ((result,),) = query.count().get()
        return int(result.value)

    def still_due(self, references: list[DocumentReference], due_before: datetime) -> list[AnyRecord]:
        """Those of the records that exist and are due, as they are now."""
        found = self._client.get_all(references, field_paths=self._fields)
        return [one for one in found if one.exists and (due := one.get("destroy_at")) and due <= due_before]


_FIELDS: dict[str, list[str]] = {"record": [], "tree": [], "files": ["owner"], "ledger": ["legs"]}
"""What the way of destruction has to know of a record."""


def run_from(snapshot: Snapshot) -> Run | None:
    """The run of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    known = {one.name: document[one.name] for one in fields(Run)}
    known["position"] = Position(**known["position"])
    known["failures"] = tuple(Failure(**one) for one in known["failures"])
    return Run(**known)


def _to_document(run: Run) -> dict[str, Any]:
    # counts are whole fields: names of places have dots and slashes of their own
    ends = destroy_at("destruction_evidence", run.finished_at or run.started_at)
    document = asdict(run)
    document["failures"] = list(document["failures"])
    return {**document, "destroy_at": ends}


def _filter(operator: str, instant: datetime) -> Any:
    from google.cloud.firestore import FieldFilter

    return FieldFilter("destroy_at", operator, instant)
