"""Corrections: from the request until the decision the data is neither used nor handed to anyone.

While one is pending every letter to the member waits, advertising or not, because letters use address and name
(accounts.recipient says so to the mail room at the moment of sending). Making images goes on: its providers get a
prompt and a pseudonym and nothing of the profile. Due within ten days (Personal Information Protection Act, Enforcement
Decree article 43(3)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from imagesfactory.accounts.changes import Amendment
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.delivery import MailDelivery
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import CorrectionDecided
from imagesfactory.policy.business_days import end_of_days
from imagesfactory.policy.retention import destroy_at
from imagesfactory.rights.errors import CorrectionPending, RequestNotFound
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import Access, Action, StaffMember
from imagesfactory.support.request import Address

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

ANSWER_DAYS = 10
PAGE = 50
RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class CorrectionRequest(BaseModel):
    """What is wrong, in the member's words."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    request_id: RequestId
    text: ShortText


class CorrectionDecision(BaseModel):
    """What staff decided: the facts put right, or why not; ``reason`` is told to the member."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    correction_id: Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{24}$")]
    is_done: bool
    reason: ShortText
    name: Annotated[str, StringConstraints(max_length=1000)] | None = None
    language: Literal["ko", "en"] | None = None
    email: Address | None = None
    """Told to the sign-in as well, where it counts as unverified until the member confirms it."""

    @property
    def amendment(self) -> Amendment:
        """What it changes; nothing where it is refused."""
        email = self.email.lower() if self.email else None  # as Firebase Authentication spells addresses
        return Amendment(self.name, self.language, email) if self.is_done else Amendment()


@dataclass(frozen=True)
class Pending:
    """A correction that is not decided yet, as the member sees it, and how many letters wait for it."""

    id: str
    text: str
    requested_at: datetime
    due_at: datetime
    held_letters: int


class CorrectionService:
    """Takes and decides corrections; ``corrections/{id}``."""

    def __init__(
        self,
        client: Client,
        *,
        profiles: ProfileService,
        outbox: Outbox,
        mail: MailDelivery,
        accesses: AccessLog,
    ) -> None:
        self._client = client
        self._profiles = profiles
        self._outbox = outbox
        self._mail = mail
        self._accesses = accesses

    def request(self, uid: str, request: CorrectionRequest, now: datetime) -> str:
        """Hold the member's data back from now on and write down what is wrong; returns the correction's id.

        Asking again with the same request id is the same act.

        Raises:
            CorrectionPending: another one is not decided yet.
            AccountUnknown, AccountNotActive

        """
        correction_id = derive_id("correction", uid, request.request_id)
        work = partial(self._begin, uid=uid, correction_id=correction_id, text=request.text, now=now)
        if unit_of_work.run(self._client, work):
            log.info("correction.requested", uid=uid, event_id=correction_id)
        return correction_id

    def open_ones(self, officer: StaffMember, now: datetime) -> list[dict[str, Any]]:
        """Corrections that wait for staff, at most a page, the longest waiting of them first; the look is logged."""
        from google.cloud.firestore import FieldFilter

        waiting = self._client.collection("corrections").where(filter=FieldFilter("state", "==", "pending"))
        found = [{"id": snapshot.id, **(snapshot.to_dict() or {})} for snapshot in waiting.limit(PAGE).stream()]
        subjects = tuple(str(one["owner"]) for one in found)
        self._accesses.note(Access(officer, Action.CORRECTIONS_LISTED, subjects), now)
        return sorted(found, key=_due_at)

    def decide(self, officer: StaffMember, decision: CorrectionDecision, now: datetime) -> str:
        """Write what was decided, let use go on, and tell the member; returns whose it was (uid).

        The letters that waited leave now; those that a crash leaves waiting are found by the sweep within the hour.

        Raises:
            RequestNotFound: there is no such correction, or it was decided before.
            NameInvalid, AddressTaken, AccountUnknown

        """
        uid = unit_of_work.run(self._client, partial(self._decide, officer=officer, decision=decision, now=now))
        log.info("correction.decided", uid=uid, event_id=decision.correction_id)
        self._mail.release(uid, now)
        return uid

    def pending_of(self, uid: str) -> Pending | None:
        """The correction that holds the member's data back now, if there is one."""
        from google.cloud.firestore import FieldFilter

        mine = self._client.collection("corrections").where(filter=FieldFilter("owner", "==", uid))
        found = mine.where(filter=FieldFilter("state", "==", "pending")).limit(1).get()
        if not found:
            return None
        (one,) = found
        held = self._mail.held_count(uid)
        return Pending(one.id, one.get("text"), one.get("requested_at"), one.get("due_at"), held)

    def _begin(self, unit: UnitOfWork, uid: str, correction_id: str, text: str, now: datetime) -> bool:
        (known,) = unit.peek(self._reference(correction_id))
        if known.exists:
            return False
        profile = self._profiles.hold(unit, uid)
        if profile.is_correction_pending:
            raise CorrectionPending
        document = {
            "owner": uid,
            "text": text,
            "state": "pending",
            "requested_at": now,
            "due_at": end_of_days(ANSWER_DAYS, now),
            "decided_at": None,
            "reason": "",
            "destroy_at": None,
        }
        unit.create(self._reference(correction_id), document)
        return True

    def _decide(self, unit: UnitOfWork, officer: StaffMember, decision: CorrectionDecision, now: datetime) -> str:
        (snapshot,) = unit.read(self._reference(decision.correction_id))
        document = snapshot.to_dict()
        if document is None or document["state"] != "pending":
            raise RequestNotFound
        uid = str(document["owner"])
        self._profiles.end_hold(unit, uid, decision.amendment, now)
        decided = {
            "state": "done" if decision.is_done else "refused",
            "decided_at": now,
            "reason": decision.reason,
            "destroy_at": destroy_at("complaint", now),
        }
        unit.update(self._reference(decision.correction_id), decided)
        access = Access(officer, Action.CORRECTION_DECIDED, (uid,), decision.correction_id)
        self._accesses.note_with(unit, access, now)
        words = CorrectionDecided(decision.is_done, decision.reason)
        self._outbox.post(unit, f"{decision.correction_id}-decided", uid, words, now)
        return uid

    def _reference(self, correction_id: str) -> DocumentReference:
        return self._client.collection("corrections").document(correction_id)


def _due_at(document: dict[str, Any]) -> datetime:
    due_at: datetime = document["due_at"]
    return due_at
