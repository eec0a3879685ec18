"""Advertising campaigns: written once in ``campaigns/{id}``, handed to consenting members page by page."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from imagesfactory.accounts.model import ConsentKind
from imagesfactory.accounts.roll import MemberRoll
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import Outcome, Refusal, Text
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.queue import Queue
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.advertising import Advertiser
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import Advertisement, PushedAdvertisement
from imagesfactory.policy.retention import destroy_at
from imagesfactory.staff.model import StaffMember

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

TASK_FUNCTION = "advertise"
PAGE = 100
PATIENCE = timedelta(minutes=10)

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]


class CampaignRequest(BaseModel):
    """What is advertised, in both languages. The label in the subject and the footer are added when it is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    request_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    subject_ko: Line
    subject_en: Line
    body_ko: Body
    body_en: Body


class AdvertiserUnknown(Refusal):
    """The deployment does not say who advertises: address and telephone have to stand in the mail."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "advertiser-unknown"
    text = Text(
        "광고 메일에 적어야 할 주소와 전화번호가 설정되어 있지 않습니다.",
        "The address and telephone that an advertising mail must name are not set.",
    )


class CampaignBegunBefore(Refusal):
    """The request id stands for another campaign."""

    outcome = Outcome.ALREADY_EXISTS
    code = "campaign-begun-before"
    text = Text("같은 번호의 다른 광고가 있습니다.", "Another campaign was begun under this request id.")


class CampaignService:
    """Begins campaigns and carries them on."""

    def __init__(
        self, client: Client, *, roll: MemberRoll, outbox: Outbox, queue: Queue, advertiser: Advertiser
    ) -> None:
        self._client = client
        self._roll = roll
        self._outbox = outbox
        self._queue = queue
        self._advertiser = advertiser

    def begin(self, officer: StaffMember, request: CampaignRequest, now: datetime) -> str:
        """Begin a campaign, once however often it is asked; returns its id.

        Raises:
            AdvertiserUnknown, CampaignBegunBefore

        """
        if not self._advertiser.may_advertise:
            raise AdvertiserUnknown
        campaign_id = derive_id("campaign", request.request_id)
        unit_of_work.run(
            self._client,
            partial(self._begin, campaign_id=campaign_id, begun_by=officer.uid, request=request, now=now),
        )
        log.info("campaign.begun", uid=officer.uid, event_id=campaign_id)
        self._enqueue(campaign_id, "")
        return campaign_id

    def proceed(self, campaign_id: str, now: datetime) -> None:
        """Write to the next page of members who agree, by mail or pushed, and hand the page after it to the queue."""
        after = unit_of_work.run(self._client, partial(self._proceed, campaign_id=campaign_id, now=now))
        if after is not None:
            self._enqueue(campaign_id, after)

    def sweep(self, now: datetime, limit: int) -> int:
        """Send workers to campaigns that nobody carried on in time, at most ``limit``; returns how many."""
        from google.cloud.firestore import FieldFilter

        due = self._client.collection("campaigns").where(filter=FieldFilter("resume_at", "<=", now))
        found = [snapshot.id for snapshot in due.order_by("resume_at").limit(limit).select(()).stream()]
        for campaign_id in found:
            self._queue.enqueue(
                TASK_FUNCTION, f"{campaign_id}-sweep-{int(now.timestamp())}", {"campaign_id": campaign_id}
            )
        return len(found)

    def _begin(
        self, unit: UnitOfWork, campaign_id: str, begun_by: str, request: CampaignRequest, now: datetime
    ) -> None:
        (snapshot,) = unit.read(self._reference(campaign_id))
        said = request.model_dump(exclude={"request_id"})
        if snapshot.exists:
            if {name: snapshot.get(name) for name in said} != said:
                raise CampaignBegunBefore
            return
        progress = {"reached_after": "", "reached_count": 0, "resume_at": now + PATIENCE}
        ends = destroy_at("announcement", now)
        unit.create(snapshot.reference, {**said, **progress, "begun_by": begun_by, "begun_at": now, "destroy_at": ends})

    def _proceed(self, unit: UnitOfWork, campaign_id: str, now: datetime) -> str | None:
        (snapshot,) = unit.read(self._reference(campaign_id))
        campaign: dict[str, Any] | None = snapshot.to_dict()
        if campaign is None or campaign["resume_at"] is None:
            return None
        page = self._roll.profiles(campaign["reached_after"], PAGE)
        subjects = {name: campaign[name] for name in ("subject_ko", "subject_en")}
        bodies = {name: campaign[name] for name in ("body_ko", "body_en")}
        mailed = [profile.uid for profile in page if profile.has_consent(ConsentKind.MARKETING_EMAIL, now)]
        pushed = [profile.uid for profile in page if profile.has_consent(ConsentKind.MARKETING_PUSH, now)]
        for uid in mailed:
            words = Advertisement(campaign_id=campaign_id, **subjects, **bodies)
            self._outbox.post(unit, derive_id("ad", campaign_id, uid), uid, words, now)
        for uid in pushed:
            notification = PushedAdvertisement(campaign_id=campaign_id, **subjects)
            self._outbox.notify(unit, derive_id("pushed-ad", campaign_id, uid), uid, notification, now)
        is_last = len(page) < PAGE
        unit.update(
            snapshot.reference,
            {
                "reached_after": "" if is_last else page[-1].uid,  # lives for years, and its member may leave
                "reached_count": campaign["reached_count"] + len({*mailed, *pushed}),
                "resume_at": None if is_last else now + PATIENCE,
            },
        )
        return None if is_last else page[-1].uid

    def _enqueue(self, campaign_id: str, after: str) -> None:
        name = derive_id("advertise", campaign_id, after)
        self._queue.enqueue(TASK_FUNCTION, name, {"campaign_id": campaign_id})

    def _reference(self, campaign_id: str) -> DocumentReference:
        return self._client.collection("campaigns").document(campaign_id)
