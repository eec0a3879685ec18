"""Reads jobs and image files, all or the newest: charged if and only if finished, finished if and only if its file is
there.

Files come in the order of member and job, and jobs are asked for in the same order, as the purge does. What looks wrong
is read again by itself, because jobs and files are read at different moments.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from imagesfactory.generation.model import Job, JobStatus
from imagesfactory.generation.store import job_from
from imagesfactory.points.model import Account, LotKind
from imagesfactory.privacy.purge.files import file_names, indexed_records, key_of
from imagesfactory.privacy.purge.ports import FileStore
from imagesfactory.truth.model import Check, IsLeaving, Tally, Verdict
from imagesfactory.truth.reading import fields_of, matching, pages

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

JOBS: Final = "jobs/{id}"
"""The registry's name of the place."""
FILES_PAGE: Final = 1000
"""As many as one listing answers (cloud.google.com/storage/docs/json_api/v1/objects/list)."""
JOBS_LIVE: Final = timedelta(days=89)
"""A charge younger than this must have its job: jobs live for ninety days (retention.yaml)."""
NEWEST: Final = timedelta(days=1)
"""How long ago a job of the newest was due at the most; a job is due half an hour after it was asked for."""
NEWEST_MAX: Final = 100
"""Of more jobs than these, the newest are looked at: each costs one listing of the bucket."""


class PictureAudit:
    """Looks at jobs, their charges and their files."""

    def __init__(self, client: Client, files: FileStore, is_leaving: IsLeaving) -> None:
        self._client = client
        self._files = files
        self._is_leaving = is_leaving

    def charged(self, now: datetime) -> Verdict:
        """Whether each finished job was charged for its images, and each charge is of such a job."""
        tally = Tally(Check.IMAGES_CHARGED)
        for page in pages(self._client.collection("jobs").order_by("__name__")):
            finished = [job for job in map(job_from, page) if job is not None and job.is_finished]
            charges = self._charges(finished)
            for job in finished:
                if charges.get(job.id) != job.price_of_stored or job.captured_points != job.price_of_stored:
                    self._accuse(tally, job.owner, f"jobs/{job.id}")
        for entry in self._charges_without_job(now - JOBS_LIVE):
            self._accuse(tally, str(entry.get("uid")), entry.reference.path)
        return tally.verdict()

    def newest(self, now: datetime) -> Verdict:
        """Whether the images of the newest finished jobs are charged and stored; costs the same however many there
        are.
        """
        tally = Tally(Check.NEWEST_IMAGES)
        jobs = self._newest_finished(now)
        charges = self._charges(jobs)
        for job in jobs:
            names = {image.file for image in job.images if image.file}
            listed = self._files.page(f"images/{job.owner}/{job.id}/", "", FILES_PAGE) if names else []
            lacking = names - {file.name for file in listed}
            is_charged = charges.get(job.id) == job.captured_points == job.price_of_stored
            if not is_charged or any(self._is_lost(job.id, name) for name in lacking):
                self._accuse(tally, job.owner, f"jobs/{job.id}")
        return tally.verdict()

    def _newest_finished(self, now: datetime) -> list[Job]:
        """Finished jobs of the newest day, from the newest on."""
        jobs = self._client.collection("jobs").where(filter=matching("status", "==", JobStatus.FINISHED.value))
        since = jobs.where(filter=matching("deadline_at", ">=", now - NEWEST))
        found = since.order_by("deadline_at", direction="DESCENDING").limit(NEWEST_MAX).stream()
        return [job for job in map(job_from, found) if job is not None]

    def stored(self) -> Iterator[Verdict]:
        """Whether each charged image has its file, and each file its image."""
        lost, nameless = Tally(Check.IMAGES_STORED), Tally(Check.FILES_NAMED)
        after, is_last = "", False
        while not is_last:
            page = [file.name for file in self._files.page("images/", after, FILES_PAGE)]
            is_last = len(page) < FILES_PAGE
            end = "" if is_last else page[-1]
            self._compare(set(page), after, end, lost, nameless)
            after = end
        yield lost.verdict()
        yield nameless.verdict()

    def _compare(self, present: set[str], after: str, end: str, lost: Tally, nameless: Tally) -> None:
        named: set[str] = set()
        for job in indexed_records(self._client, JOBS, key_of(after), key_of(end)):
            files = {name for name in file_names(job.to_dict() or {}) if after < name and (not end or name <= end)}
            named |= files
            for name in sorted(files - present):
                if self._is_lost(job.id, name):
                    self._accuse(lost, str(job.get("owner")), f"jobs/{job.id}")
        for name in sorted(present - named):
            owner, job_id = key_of(name)
            if self._is_nameless(job_id, name):
                self._accuse(nameless, owner, f"jobs/{job_id}/{name.rsplit('/', 1)[-1]}")

    def _is_lost(self, job_id: str, name: str) -> bool:
        """Still, when job and file are looked at one after the other."""
        job = self._client.collection("jobs").document(job_id).get(["images"])
        return name in file_names(job.to_dict() or {}) and not self._files.page(name, "", 1)

    def _is_nameless(self, job_id: str, name: str) -> bool:
        job = self._client.collection("jobs").document(job_id).get(["images", "finished_at", "is_tidy"]).to_dict()
        if job is not None and (job["finished_at"] is None or not job["is_tidy"]):
            return False  # its worker may be late
        return name not in file_names(job or {})

    def _charges(self, jobs: list[Job]) -> dict[str, int]:
        """What the ledger says each of the jobs was charged, in points."""
        references = {
            self._client.document(f"wallets/{job.owner}/entries/settle:job:{job.id}").path: job.id for job in jobs
        }
        found = self._client.get_all([self._client.document(path) for path in references], ["legs"])
        return {references[one.reference.path]: _used(one) for one in found if one.exists}

    def _charges_without_job(self, since: datetime) -> Iterator[Snapshot]:
        entries = self._client.collection_group("entries").where(filter=matching("kind", "==", "settle"))
        entries = entries.where(filter=matching("at", ">=", since)).order_by("at")
        for page in pages(entries):
            charges = {one.get("source").removeprefix("job:"): one for one in page if _used(one)}
            jobs = self._client.get_all([self._client.collection("jobs").document(one) for one in charges], ["images"])
            yield from (charges[job.id] for job in jobs if not job.exists)

    def _accuse(self, tally: Tally, uid: str, name: str) -> None:
        if not self._is_leaving(uid):
            tally.add(name, uid if uid in name else "")


def _used(entry: Snapshot) -> int:
    legs = fields_of(entry, "legs")
    return sum(legs.get(Account.USED.of(kind), 0) for kind in LotKind)
