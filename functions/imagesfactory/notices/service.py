"""Use cases of notices: announce a change, tell every member by mail page by page, ask for consent anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts.model import Profile, VersionsInForce
from imagesfactory.accounts.renewal import ConsentRenewal
from imagesfactory.accounts.roll import MemberRoll
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.queue import Queue
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import PolicyChange
from imagesfactory.notices import model
from imagesfactory.notices.errors import AnnouncedBefore
from imagesfactory.notices.model import AgreementRequest, Change, ChangeRequest, Document
from imagesfactory.notices.store import NoticeStore, change_from
from imagesfactory.policy.company import Company, company
from imagesfactory.staff.model import StaffMember

if TYPE_CHECKING:
    from google.cloud.firestore import Client

TASK_FUNCTION = "tellmembers"
PAGE = 100
"""Members told by one commit; a commit takes 500 writes."""
PATIENCE = timedelta(minutes=10)
"""How long the sweep leaves a page to its task."""


@dataclass(frozen=True)
class PolicyState:
    """What is in force, what is announced, and what a member has to agree to anew."""

    in_force: dict[Document, str]
    upcoming: tuple[Change, ...]
    due: tuple[Document, ...]


class NoticeService:
    """Announces changes and tells members."""

    def __init__(
        self,
        client: Client,
        *,
        roll: MemberRoll,
        renewal: ConsentRenewal,
        outbox: Outbox,
        queue: Queue,
        versions: VersionsInForce,
        facts: Company | None = None,
    ) -> None:
        self._client = client
        self._store = NoticeStore(client)
        self._roll = roll
        self._renewal = renewal
        self._outbox = outbox
        self._queue = queue
        self._versions = versions
        self._facts = facts or company()

    def announce(self, officer: StaffMember, request: ChangeRequest, now: datetime) -> Change:
        """Announce a change and begin to tell members; the same request again changes nothing.

        Raises:
            EffectiveTooEarly, AnnouncedBefore

        """
        change = unit_of_work.run(self._client, partial(self._announce, officer=officer, request=request, now=now))
        log.info("policy.announced", uid=officer.uid, event_id=request.id)
        self._enqueue(change)
        return change

    def tell(self, change_id: str, now: datetime) -> None:
        """Write the letters to the next page of members, and hand the page after it to the queue."""
        change = unit_of_work.run(self._client, partial(self._tell, change_id=change_id, now=now))
        if change is not None and change.resume_at is not None:
            self._enqueue(change)

    def sweep(self, now: datetime, limit: int) -> int:
        """Send workers to changes of which members are not told on, at most ``limit``; returns how many. A version that
        comes into force unannounced is an error on the log.
        """
        for change_id in self._store.missing(model.announcements_due(self._facts, now)):
            log.error("policy.unannounced", event_id=change_id)
        untold = self._store.untold(now, limit)
        for change_id in untold:
            self._queue.enqueue(TASK_FUNCTION, f"{change_id}-sweep-{int(now.timestamp())}", {"change_id": change_id})
        return len(untold)

    def state(self, profile: Profile) -> PolicyState:
        """What is in force, what is announced, and what the member has to agree to anew."""
        agreed = min(model.agreed_version(profile, document) for document in Document)
        changes = self._store.since(agreed)
        in_force = {Document.TERMS: self._versions.terms, Document.PRIVACY: self._versions.privacy}
        upcoming = (change for change in changes if change.request.version > in_force[change.request.document])
        return PolicyState(in_force, tuple(upcoming), tuple(model.consents_due(profile, in_force, changes)))

    def agree(self, uid: str, request: AgreementRequest, now: datetime) -> None:
        """Record that the member agrees to the version in force.

        Raises:
            AccountUnknown, AccountNotActive, PolicyVersionOutdated

        """
        self._renewal.agree(uid, request.document.value, request.version, request.channel, now)

    def _announce(self, unit: UnitOfWork, officer: StaffMember, request: ChangeRequest, now: datetime) -> Change:
        (snapshot,) = unit.read(self._store.reference(request.id))
        known = change_from(snapshot)
        if known is not None:
            if known.request != request:
                raise AnnouncedBefore
            return known
        model.check_notice(request, now)
        change = Change(request, now, officer.uid, resume_at=now + PATIENCE)
        self._store.create(unit, change)
        return change

    def _tell(self, unit: UnitOfWork, change_id: str, now: datetime) -> Change | None:
        (snapshot,) = unit.read(self._store.reference(change_id))
        change = change_from(snapshot)
        if change is None or change.resume_at is None:
            return change
        uids = self._roll.page(change.told_after, PAGE)
        for uid in uids:
            self._outbox.post(unit, derive_id("policy", change_id, uid), uid, _words(change.request), now)
        is_last = len(uids) < PAGE
        after = replace(
            change,
            told_after="" if is_last else uids[-1],  # a record of five years must not name a member who may leave
            told_count=change.told_count + len(uids),
            resume_at=None if is_last else now + PATIENCE,
        )
        self._store.update(unit, after)
        return after

    def _enqueue(self, change: Change) -> None:
        if change.resume_at is not None:
            name = derive_id("tell", change.request.id, change.told_after)
            self._queue.enqueue(TASK_FUNCTION, name, {"change_id": change.request.id})


def _words(request: ChangeRequest) -> PolicyChange:
    return PolicyChange(
        document=request.document.value,
        effective_on=request.version,
        summary_ko=request.summary_ko,
        summary_en=request.summary_en,
        needs_consent=request.needs_consent,
    )
