"""Exports: a member asks for everything, a task builds the file, and only what was read back is called ready."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.clock import Clock, legal_day
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.ids import derive_id, new_id
from imagesfactory.kit.queue import Queue
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import ExportFinished
from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy.records import MemberRecords, OwnedPlace, owned_places, shown
from imagesfactory.rights import export_model as model
from imagesfactory.rights.archive_file import ArchiveWriter, Manifest, verify
from imagesfactory.rights.export_model import Export, ExportState
from imagesfactory.rights.ports import Folders

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot

TASK_FUNCTION = "exportdata"


class ExportService:
    """Takes requests for exports and carries them out; ``exports/{id}`` is what the member watches."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        *,
        profiles: ProfileService,
        folders: Folders,
        outbox: Outbox,
        queue: Queue,
    ) -> None:
        self._client = client
        self._clock = clock
        self._records = MemberRecords(client)
        self._profiles = profiles
        self._folders = folders
        self._outbox = outbox
        self._queue = queue

    def request(self, uid: str, now: datetime, handed_to: str = "") -> Export:
        """Ask for everything; on the same day (Asia/Seoul) it is the same export, begun again if it had failed.

        ``handed_to`` is the officer (uid) who asks for the member, and may fetch the file as well.

        Raises:
            AccountUnknown, AccountNotActive

        """
        self._profiles.member(uid)
        export = unit_of_work.run(self._client, partial(self._begin, uid=uid, handed_to=handed_to, now=now))
        if not export.is_settled:
            self.enqueue(export.id, f"asked-{int(now.timestamp())}")
        return export

    def enqueue(self, export_id: str, occasion: str) -> None:
        """Send a worker to an export; at most one for each ``occasion``."""
        self._queue.enqueue(TASK_FUNCTION, f"{export_id}-{occasion}", {"export_id": export_id})

    def perform(self, export_id: str) -> None:
        """Build, store, read back, tell the member; one that is settled stays as it is.

        Raises:
            RetryLater: it is not settled; call again.

        """
        token = new_id()
        export = unit_of_work.run(self._client, partial(self._claim, export_id=export_id, token=token))
        if export is None:
            return
        if export.is_settled:
            log.error("export.workers_died", event_id=export_id, attempt=export.attempts)
            self._folders.delete(export.file_name)
            return
        counts: dict[str, Any] | None = None
        try:
            counts = self._build(export)
        except Exception as problem:
            log.failure("export.attempt_failed", problem, event_id=export_id, attempt=export.attempts)
        after = unit_of_work.run(self._client, partial(self._record, export_id=export_id, token=token, counts=counts))
        if after is None:
            self._forget_if_gone(export)
            return
        log.info("export.attempted", event_id=export_id, code=after.state.value)
        if after.state is ExportState.FAILED:
            self._folders.delete(export.file_name)  # whatever is there was not what was written
        if not after.is_settled:
            raise RetryLater("export-not-made", (after.resume_at or self._clock.now()) - self._clock.now())

    def sweep(self, now: datetime, limit: int) -> int:
        """Send workers to exports that nobody looked after in time, at most ``limit``; returns how many."""
        from google.cloud.firestore import FieldFilter

        due = self._client.collection("exports").where(filter=FieldFilter("resume_at", "<=", now))
        found = [snapshot.id for snapshot in due.order_by("resume_at").limit(limit).select(()).stream()]
        for export_id in found:
            self.enqueue(export_id, f"sweep-{int(now.timestamp())}")
        return len(found)

    def _build(self, export: Export) -> dict[str, Any]:
        with self._folders.writer(export.file_name, "application/zip") as file:
            writer = ArchiveWriter(file, self._clock.now())
            for where in owned_places():
                writer.records(where.path, self._pages(where, export.owner))
            for name in self._folders.names(f"images/{export.owner}/"):
                self._add_image(writer, name, export.owner)
            manifest = writer.close()
        with self._folders.reader(export.file_name) as stored:
            verify(stored, manifest)
        return _counts(manifest)

    def _pages(self, where: OwnedPlace, owner: str) -> Iterator[list[dict[str, Any]]]:
        for page in self._records.pages(where, owner):
            yield [{"id": one.id, **shown(where, one.to_dict() or {})} for one in page]

    def _add_image(self, writer: ArchiveWriter, name: str, owner: str) -> None:
        try:
            with self._folders.reader(name) as content:
                writer.image(name.replace(f"/{owner}/", "/", 1), content)
        except FileNotFoundError:
            log.info("export.image_gone")  # it was deleted since it was listed

    def _begin(self, unit: UnitOfWork, uid: str, handed_to: str, now: datetime) -> Export:
        export_id = derive_id("export", uid, legal_day(now).isoformat())
        (snapshot,) = unit.peek(self._reference(export_id))
        known = export_from(snapshot)
        if known is not None and known.state is not ExportState.FAILED:
            export = replace(known, handed_to=handed_to or known.handed_to)
            if export == known:
                return known
        else:
            ends = destroy_at("export_file", now) or now
            export = Export(export_id, uid, now, ends, resume_at=now + model.ENQUEUE_GRACE, handed_to=handed_to)
        if known is None:
            unit.create(self._reference(export_id), _document(export))
        else:
            unit.tie(snapshot)
            unit.update(self._reference(export_id), _document(export))
        return export

    def _claim(self, unit: UnitOfWork, export_id: str, token: str) -> Export | None:
        (snapshot,) = unit.read(self._reference(export_id))
        export, now = export_from(snapshot), self._clock.now()
        if export is None or export.is_settled:
            return None
        wait = model.wait_before_claim(export, now)
        if wait:
            raise RetryLater("export-not-free", wait)
        claimed = model.claim(export, token, now)
        self._write(unit, claimed, token, now)
        return claimed

    def _record(self, unit: UnitOfWork, export_id: str, token: str, counts: dict[str, Any] | None) -> Export | None:
        """The outcome of an attempt; None where somebody else has the export, or nobody any more."""
        (snapshot,) = unit.read(self._reference(export_id))
        export, now = export_from(snapshot), self._clock.now()
        if export is None or not model.holds_claim(export, token):
            return None
        after = model.try_again(export, now) if counts is None else model.ready(export, counts, now)
        self._write(unit, after, token, now)
        return after

    def _write(self, unit: UnitOfWork, export: Export, token: str, now: datetime) -> None:
        """The export as it is now, and in the same commit the letter that tells its end."""
        unit.update(self._reference(export.id), _document(export))
        if export.is_settled:
            words = ExportFinished(export.id, export.state is ExportState.READY, export.expires_at.date().isoformat())
            key = derive_id("letter", words.kind, export.id, token)
            self._outbox.post(unit, key, export.owner, words, now)

    def _forget_if_gone(self, export: Export) -> None:
        """The member withdrew meanwhile: nothing may be left of a file that came late."""
        if not self._reference(export.id).get(()).exists:
            self._folders.delete(export.file_name)

    def _reference(self, export_id: str) -> DocumentReference:
        return self._client.collection("exports").document(export_id)


def export_from(snapshot: Snapshot) -> Export | None:
    """The export of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    document.pop("destroy_at")
    return replace(Export(id=snapshot.id, **document), state=ExportState(document["state"]))


def _document(export: Export) -> dict[str, Any]:
    document = asdict(export)
    document.pop("id")
    return document | {"state": export.state.value, "destroy_at": export.expires_at}


def _counts(manifest: Manifest) -> dict[str, Any]:
    return {
        "records": {place: part.count for place, part in manifest.records.items()},
        "images": len(manifest.images),
    }
