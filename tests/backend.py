"""The backend's rooms joined to a real Firestore server and the real provider doubles, without the emulator suite.

Only what the suite would add is replaced by honest small classes: a queue that hands out tasks when the test says so,
a bucket in memory, a clock that moves when told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud import firestore
from imagesfactory.accounts.model import Identity, SignupRequest, Versions
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.accounts.service import AccountService
from imagesfactory.generation.ports import ImageBucket, ImageModel
from imagesfactory.generation.request import JobRequest
from imagesfactory.generation.service import TASK_FUNCTION as GENERATE
from imagesfactory.generation.service import GenerationService
from imagesfactory.generation.settlement import Settlement
from imagesfactory.generation.store import JobStore
from imagesfactory.generation.sweep import JobSweep
from imagesfactory.generation.work import ImageWork, Kitchen
from imagesfactory.kit.clock import Clock
from imagesfactory.kit.errors import RetryLater
from imagesfactory.limits.store import AllowanceStore
from imagesfactory.mail.advertising import Advertiser
from imagesfactory.mail.delivery import TASK_FUNCTION as DELIVER
from imagesfactory.mail.delivery import MailDelivery
from imagesfactory.mail.events import MailEvents
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.ports import Sender
from imagesfactory.mail.suppression import SuppressionList
from imagesfactory.points.service import PointsService
from imagesfactory.points.trial_balance import TrialBalance, trial_balance
from imagesfactory.policy.catalog import Catalog, catalog
from imagesfactory.policy.company import company
from imagesfactory.privacy.misuse import MisuseRegister
from imagesfactory.privacy.purge.ports import StoredFile
from imagesfactory.privacy.tombstones import Tombstones
from imagesfactory.rights.letters import OutboxConsentLetters
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.support.contacts import InquiryContacts
from imagesfactory.support.desk import SupportDesk
from imagesfactory.support.service import SupportService
from imagesfactory.vendors.firebase_push import FirebasePusher
from imagesfactory.vendors.openai_images import OpenAIImages
from imagesfactory.vendors.openai_moderation import OpenAIModerator
from imagesfactory.vendors.sendgrid_mail import SendGridSender
from imagesfactory.vendors.stability_rest import StabilityRest

from local.doubles import Doubles
from tests.registry_watch import WATCH

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SIGNUP = {
    "name": "김지수",
    "is_over_fourteen": True,
    "language": "ko",
    "terms_version": company().terms_version,
    "privacy_version": company().privacy_policy_version,
    "agrees_to_terms": True,
    "agrees_to_privacy": True,
}
"""Statements that complete a sign-up."""
PSEUDONYM_KEY = "a key for tests"
ADVERTISER = Advertiser("서울특별시 강남구", "02-0000-0001", "https://imagesfactory.example/unsubscribe", PSEUDONYM_KEY)
FOREVER = timedelta(days=2)
"""Longer than any deadline of the backend."""

Wrap = Callable[[str, Any], Any]


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.instant = START

    def now(self) -> datetime:
        return self.instant

    def move(self, by: timedelta) -> None:
        self.instant += by


class MemoryBucket:
    """A bucket in memory that remembers when it stored a file; like the real one it never overwrites a picture."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.files: dict[str, bytes] = {}
        self.stored: dict[str, StoredFile] = {}

    def put(self, name: str, png: bytes) -> None:
        WATCH.file(name)
        if name not in self.files:
            self.replace(name, png)

    def replace(self, name: str, content: bytes) -> None:
        self.files[name] = content
        self.stored[name] = StoredFile(name, self._clock.now())

    def page(self, prefix: str, after: str, limit: int) -> list[StoredFile]:
        names = sorted(name for name in self.files if name.startswith(prefix) and name > after)
        return [self.stored[name] for name in names[:limit]]

    def get(self, name: str) -> bytes:
        if name not in self.files:
            raise FileNotFoundError(name)
        return self.files[name]

    def delete(self, name: str) -> None:
        self.files.pop(name, None)
        self.stored.pop(name, None)


@dataclass
class WaitingQueue:
    """A Queue that keeps tasks until they are taken; a name used before makes no second task."""

    waiting: deque[tuple[str, dict[str, str | int]]] = field(default_factory=deque)
    names: set[str] = field(default_factory=set)

    def enqueue(self, function: str, name: str, payload: dict[str, str | int]) -> None:
        if (key := f"{function}/{name}") not in self.names:
            self.names.add(key)
            self.waiting.append((function, payload))


def _as_is(_name: str, outsider: Any) -> Any:
    return outsider


class Backend:
    """All rooms, joined. ``wrap`` may put something between a room and an outsider."""

    def __init__(self, client: firestore.Client, doubles: Doubles, wrap: Wrap = _as_is) -> None:
        self.client = client
        self.doubles = doubles
        self.clock = MovableClock()
        self.queue = WaitingQueue()
        self.bucket = MemoryBucket(self.clock)
        self.created: dict[str, Any] = {}
        """Each job as it was when its trigger fired first: an event always tells of that version."""
        self.google_ids: dict[str, str] = {}
        self.catalog: Catalog = catalog()
        self._join(wrap)

    def _join(self, wrap: Wrap) -> None:
        queue = wrap("queue", self.queue)
        bucket: ImageBucket = wrap("bucket", self.bucket)
        addresses = self.doubles.addresses
        models: dict[str, ImageModel] = {
            "openai": wrap("model", OpenAIImages(api_key="local", base_url=addresses.openai_base_url)),
            "stability": wrap("model", StabilityRest(api_key="local", base_url=addresses.stability_url)),
        }
        sender: Sender = wrap("sender", SendGridSender(api_key="local", host=addresses.sendgrid_url))
        offered = self.catalog.offered(frozenset())
        self.misuse = MisuseRegister(self.client, PSEUDONYM_KEY)
        self.tombstones = Tombstones(self.client, PSEUDONYM_KEY)
        self.points = PointsService(self.client, self.catalog)
        versions = Versions(company().terms_version, company().privacy_policy_version)
        self.accounts = AccountService(
            self.client,
            misuse=self.misuse,
            tombstones=self.tombstones,
            directory=self,
            wallets=self.points,
            letters=OutboxConsentLetters(Outbox(self.client)),
            versions=versions,
        )
        settlement = Settlement(JobStore(self.client), self.points, Outbox(self.client))
        self.generation = GenerationService(
            client=self.client,
            points=self.points,
            settlement=settlement,
            catalog=self.catalog,
            offered=offered,
            moderator=OpenAIModerator(api_key="local", base_url=addresses.openai_base_url),
            queue=queue,
        )
        kitchen = Kitchen(self.catalog, offered, models, bucket, PSEUDONYM_KEY)
        self.image_work = ImageWork(self.client, self.clock, kitchen, settlement)
        self.job_sweep = JobSweep(self.client, self.generation, settlement, bucket)
        outbox, suppressions = Outbox(self.client), SuppressionList(self.client, PSEUDONYM_KEY)
        self.access_log = AccessLog(self.client)
        self.allowances = AllowanceStore(self.client, PSEUDONYM_KEY)
        self.support = SupportService(self.client, outbox=outbox, accounts=self.accounts, allowances=self.allowances)
        self.support_desk = SupportDesk(self.client, outbox=outbox, accesses=self.access_log)
        self.profiles = ProfileService(self.client, versions, OutboxConsentLetters(outbox))
        self.mail_events = MailEvents(self.client, suppressions, self.profiles)
        self.mail = MailDelivery(
            self.client,
            self.clock,
            accounts=self.accounts,
            outsiders=InquiryContacts(self.client),
            suppressions=suppressions,
            advertiser=ADVERTISER,
            files=bucket,
            sender=sender,
            pusher=FirebasePusher(project="demo-push", address=addresses.fcm_url),
            queue=queue,
            web_origin="https://imagesfactory.example",
        )

    def delete(self, uid: str) -> None:
        """The Directory port; nobody has a sign-in here."""

    def google_id(self, uid: str) -> str:
        """The Directory port: how Google names somebody, if a test has said so."""
        return self.google_ids.get(uid, "")

    def member(self, uid: str = "jisu", email: str = "jisu@example.com") -> str:
        """Somebody whose sign-up is complete; returns the uid."""
        self.accounts.admit(Identity(uid, email, "password"), self.clock.now())
        self.accounts.complete_signup(uid, signup_request(), self.clock.now())
        return uid

    def perform(self, function: str, payload: dict[str, str | int]) -> None:
        """What the task function does."""
        if function == GENERATE:
            self.image_work.perform(str(payload["job_id"]), int(payload["image"]), str(payload["occasion"]))
        elif function == DELIVER:
            self.mail.deliver(str(payload["mail_id"]))

    def work_off(self, tasks_max: int = 500) -> None:
        """Deliver triggers and tasks, again while they ask for it, moving the clock over what they wait for."""
        self.fire_triggers()
        for _ in range(tasks_max):
            if not self.queue.waiting:
                return
            function, payload = self.queue.waiting.popleft()
            try:
                self.perform(function, payload)
            except RetryLater as later:
                self.clock.move(max(later.delay, timedelta(seconds=1)))
                self.queue.waiting.append((function, payload))
            self.fire_triggers()
        raise AssertionError("the tasks never end")

    def fire_triggers(self) -> None:
        """What Firestore's triggers do for every job and letter; a second time makes no second task."""
        for job in self.client.collection("jobs").stream():
            self.generation.fan_out(self.created.setdefault(job.id, job), self.clock.now())
        for mail in self.client.collection("mail").stream():
            self.mail.enqueue(mail.id, "first")

    def sweep(self) -> None:
        """One sweep."""
        now = self.clock.now()
        self.job_sweep.run(now, 100)
        self.mail.sweep(now, 100)
        self.support.sweep(now, 100)
        self.points.post_expiries(now, 100)

    def job(self, job_id: str) -> dict[str, Any]:
        """The job's document."""
        return self.document(f"jobs/{job_id}")

    def wallet(self, uid: str) -> dict[str, Any]:
        """The wallet's document."""
        return self.document(f"wallets/{uid}")

    def document(self, path: str) -> dict[str, Any]:
        """A document that must be there."""
        found = self.client.document(path).get().to_dict()
        assert found is not None, path
        return found

    def balance(self) -> TrialBalance:
        """The trial balance."""
        return trial_balance(self.client)


def signup_request(**changes: Any) -> SignupRequest:
    """Statements that complete a sign-up, with some of them changed."""
    return SignupRequest.model_validate(SIGNUP | changes)


def job_request(request_id: str = "request-1", **changes: Any) -> JobRequest:
    """Four small images of two providers, with something changed."""
    body = {
        "request_id": request_id,
        "prompt": "a paper boat under the moon",
        "images": [{"model": "gpt-image", "quality": "low", "count": 2}, {"model": "stability-core", "count": 2}],
    }
    return JobRequest.model_validate(body | changes)


@contextmanager
def clean_database(client: firestore.Client, url: str) -> Iterator[None]:
    """Everything of the client's database is gone afterwards."""
    try:
        yield
    finally:
        clear_database(client, url)


def clear_database(client: firestore.Client, url: str) -> None:
    """Everything of the client's database is gone."""
    import requests

    path = f"/emulator/v1/projects/{client.project}/databases/{client._database}/documents"
    requests.delete(url + path, timeout=30).raise_for_status()
