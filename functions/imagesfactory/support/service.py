"""Use cases of members and strangers: make an inquiry, write on, and settle what nobody continues."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts.errors import AccountNotActive
from imagesfactory.accounts.model import normalised_email
from imagesfactory.accounts.service import AccountService, Recipient
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import InquiryForDesk, InquiryReceived
from imagesfactory.support import model
from imagesfactory.support.errors import ChildNotUnderFourteen, InquiryMadeBefore, InquiryNotFound
from imagesfactory.support.model import Author, Inquiry, Message, State, Topic
from imagesfactory.support.request import GuardianRequest, InquiryRequest, MessageRequest, OpenInquiryRequest
from imagesfactory.support.store import InquiryStore, inquiry_from, turnstile_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class SupportService:
    """Takes inquiries. Letters to the support desk and to the inquirer are written in the same commit."""

    def __init__(self, client: Client, *, outbox: Outbox, accounts: AccountService, pseudonym_key: str) -> None:
        self._client = client
        self._store = InquiryStore(client, pseudonym_key)
        self._outbox = outbox
        self._accounts = accounts

    def create(self, uid: str, request: InquiryRequest, now: datetime) -> Inquiry:
        """Take a member's inquiry; the same request again answers the same.

        Raises:
            AccountNotActive
            InquiryMadeBefore, TooManyInquiries

        """
        inquiry = Inquiry(
            id=derive_id("inquiry", uid, request.request_id),
            owner=uid,
            topic=request.topic,
            contact_email="",
            contact_telephone=request.contact_telephone or "",
            language=self._member(uid).language,
            request_digest=request.digest,
            created_at=now,
            changed_at=now,
            message_ids=(derive_id("message", request.request_id),),
        )
        limits = {("member", uid): model.MEMBERS_DOOR_MAX}
        return self._take(inquiry, request.text, limits, now)

    def create_open(self, request: OpenInquiryRequest, address: str, now: datetime) -> Inquiry:
        """Take an inquiry of somebody without an account, who called from the network ``address``.

        Raises:
            InquiryMadeBefore, TooManyInquiries

        """
        inquiry = self._opened(request, request.topic, request.digest, now)
        return self._take(inquiry, request.text, self._open_door(inquiry, address), now)

    def create_for_guardian(self, request: GuardianRequest, address: str, now: datetime) -> Inquiry:
        """Take a guardian's demand that a child's account be deleted, made from the network ``address``.

        Whether there is such an account is not said: staff finds out, and asks the guardian to show who they are.

        Raises:
            ChildNotUnderFourteen
            InquiryMadeBefore, TooManyInquiries

        """
        if not request.child_is_under_fourteen:
            raise ChildNotUnderFourteen
        opened = self._opened(request, Topic.GUARDIAN, request.digest, now)
        inquiry = replace(opened, about_account=request.account_email)
        limits = self._open_door(inquiry, address)
        limits[("account", normalised_email(request.account_email))] = model.OPEN_DOOR_MAX
        return self._take(inquiry, request.words, limits, now)

    def reply(self, uid: str, request: MessageRequest, now: datetime) -> Inquiry:
        """Write on in one's own inquiry; the same request again changes nothing.

        Raises:
            AccountNotActive
            InquiryNotFound, InquirySettled, InquiryFull

        """
        self._member(uid)
        after = unit_of_work.run(self._client, partial(self._reply, uid=uid, request=request, now=now))
        log.info("inquiry.continued", uid=uid, event_id=after.id)
        return after

    def sweep(self, now: datetime, limit: int) -> int:
        """Settle answered inquiries that nobody continued in 30 days, at most ``limit``; returns how many."""
        quiet = self._store.quiet(now, limit)
        for inquiry_id in quiet:
            try:
                self._settle(inquiry_id, now)
            except Exception as problem:
                log.failure("inquiry.settling_failed", problem, event_id=inquiry_id)
        return len(quiet)

    def _opened(
        self, request: OpenInquiryRequest | GuardianRequest, topic: Topic, digest: str, now: datetime
    ) -> Inquiry:
        return Inquiry(
            id=derive_id("inquiry", "", *request.contacts, request.request_id),
            owner="",
            topic=topic,
            contact_email=request.contacts[0],
            contact_telephone=request.contacts[1],
            language=request.language,
            request_digest=digest,
            created_at=now,
            changed_at=now,
            message_ids=(derive_id("message", request.request_id),),
        )

    def _open_door(self, inquiry: Inquiry, address: str) -> dict[tuple[str, str], int]:
        """Every source that is counted at the door without an account, and how often it may come through."""
        contacts = (inquiry.contact_email, inquiry.contact_telephone)
        sources = {("address", address), *(("contact", contact.lower()) for contact in contacts if contact)}
        return dict.fromkeys(sources, model.OPEN_DOOR_MAX)

    def _member(self, uid: str) -> Recipient:
        member = self._accounts.recipient(uid)
        if member is None:
            raise AccountNotActive
        return member

    def _take(self, inquiry: Inquiry, text: str, limits: dict[tuple[str, str], int], now: datetime) -> Inquiry:
        message = Message(inquiry.message_ids[0], Author.MEMBER, text, now)
        taken = unit_of_work.run(
            self._client, partial(self._create, inquiry=inquiry, message=message, limits=limits, now=now)
        )
        log.info("inquiry.received", uid=inquiry.owner, event_id=inquiry.id, code=inquiry.topic.value)
        return taken

    def _create(
        self,
        unit: UnitOfWork,
        inquiry: Inquiry,
        message: Message,
        limits: dict[tuple[str, str], int],
        now: datetime,
    ) -> Inquiry:
        turnstiles = {self._store.turnstile_reference(*source): maximum for source, maximum in limits.items()}
        snapshot, *counted = unit.read(self._store.reference(inquiry.id), *turnstiles)
        known = inquiry_from(snapshot)
        if known is not None:
            if known.request_digest != inquiry.request_digest:
                raise InquiryMadeBefore
            return known
        for turnstile, maximum in zip(counted, turnstiles.values(), strict=True):
            self._store.count(unit, turnstile, model.passed(turnstile_from(turnstile), maximum, now))
        self._store.create(unit, inquiry, message)
        self._tell_desk(unit, inquiry, message)
        received = InquiryReceived(inquiry.id, is_guardians=inquiry.topic is Topic.GUARDIAN)
        if inquiry.owner or inquiry.contact_email:
            self._outbox.post(unit, f"{inquiry.id}-received", inquiry.owner, received, now)
        return inquiry

    def _reply(self, unit: UnitOfWork, uid: str, request: MessageRequest, now: datetime) -> Inquiry:
        (snapshot,) = unit.read(self._store.reference(request.inquiry_id))
        inquiry = inquiry_from(snapshot)
        if inquiry is None or inquiry.owner != uid:
            raise InquiryNotFound
        message = Message(derive_id("message", request.request_id), Author.MEMBER, request.text, now)
        if message.id in inquiry.message_ids:
            return inquiry
        after = model.with_message(inquiry, message)
        self._store.add(unit, after, message)
        self._tell_desk(unit, after, message)
        return after

    def _tell_desk(self, unit: UnitOfWork, inquiry: Inquiry, message: Message) -> None:
        words = InquiryForDesk(inquiry.id, inquiry.topic.value, message.text, is_member=bool(inquiry.owner))
        self._outbox.post(unit, f"{inquiry.id}-desk-{message.id}", inquiry.owner, words, message.at)

    def _settle(self, inquiry_id: str, now: datetime) -> None:
        unit_of_work.run(self._client, partial(settle, store=self._store, inquiry_id=inquiry_id, now=now))


def settle(unit: UnitOfWork, store: InquiryStore, inquiry_id: str, now: datetime) -> Inquiry:
    """Settle an inquiry in ``unit``: it and its messages get the last day that the law gives them.

    Raises:
        InquiryNotFound

    """
    (snapshot,) = unit.peek(store.reference(inquiry_id))
    inquiry = inquiry_from(snapshot)
    if inquiry is None:
        raise InquiryNotFound
    if inquiry.state is State.SETTLED:
        return inquiry
    unit.tie(snapshot)
    unit.read(*store.message_references(inquiry))
    after = model.settled(inquiry, now)
    store.settle(unit, after)
    return after
