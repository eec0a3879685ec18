"""Use cases of members and strangers: make an inquiry, write on, and settle what nobody continues."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts.errors import AccountNotActive
from imagesfactory.accounts.service import AccountService, Recipient
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.rate import TooManyRequests
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.limits.model import Subject, of_address
from imagesfactory.limits.store import AllowanceStore
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import InquiryForDesk, InquiryReceived
from imagesfactory.policy.limits import limits
from imagesfactory.support import model
from imagesfactory.support.errors import ChildNotUnderFourteen, InquiryMadeBefore, InquiryNotFound
from imagesfactory.support.model import Author, Inquiry, Message, State, Topic
from imagesfactory.support.request import GuardianRequest, InquiryRequest, MessageRequest, OpenInquiryRequest
from imagesfactory.support.store import InquiryStore, inquiry_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client


PURPOSE = "inquiry"
"""What allowances of this room are for."""
LETTERS = "letters_to_contact"


class SupportService:
    """Takes inquiries. Letters to the support desk and to the inquirer are written in the same commit."""

    def __init__(self, client: Client, *, outbox: Outbox, accounts: AccountService, allowances: AllowanceStore) -> None:
        self._client = client
        self._store = InquiryStore(client)
        self._allowances = allowances
        self._outbox = outbox
        self._accounts = accounts

    def create(self, uid: str, request: InquiryRequest, now: datetime) -> Inquiry:
        """Take a member's inquiry; the same request again answers the same.

        Raises:
            AccountNotActive
            InquiryMadeBefore, TooManyRequests

        """
        inquiry = Inquiry(
            id=derive_id("inquiry", uid, request.request_id),
            owner=uid,
            topic=request.topic,
            contact_email="",
            contact_telephone=request.contact_telephone or "",
            language=self._member(uid, now).language,
            request_digest=request.digest,
            created_at=now,
            changed_at=now,
            message_ids=(derive_id("message", request.request_id),),
        )
        counted = {Subject(PURPOSE, "member", uid): "inquiries_of_member"}
        return self._take(inquiry, request.text, counted, now)

    def create_open(self, request: OpenInquiryRequest, address: str, now: datetime) -> Inquiry:
        """Take an inquiry of somebody without an account, who called from the network ``address``.

        Whoever names somebody else's e-mail address can neither flood it with letters nor use up its owner's right to
        ask: beyond the limit the inquiry is taken and only its confirmation is not sent.

        Raises:
            InquiryMadeBefore, TooManyRequests

        """
        inquiry = self._opened(request, request.topic, request.digest, now)
        return self._take(inquiry, request.text, self._open_door(inquiry, address), now)

    def create_for_guardian(self, request: GuardianRequest, address: str, now: datetime) -> Inquiry:
        """Take a guardian's demand that a child's account be deleted, made from the network ``address``.

        Whether there is such an account is not said: staff finds out, and asks the guardian to show who they are.

        Raises:
            ChildNotUnderFourteen
            InquiryMadeBefore, TooManyRequests

        """
        if not request.child_is_under_fourteen:
            raise ChildNotUnderFourteen
        opened = self._opened(request, Topic.GUARDIAN, request.digest, now)
        inquiry = replace(opened, about_account=request.account_email)
        return self._take(inquiry, request.words, self._open_door(inquiry, address), now)

    def reply(self, uid: str, request: MessageRequest, now: datetime) -> Inquiry:
        """Write on in one's own inquiry; the same request again changes nothing.

        Raises:
            AccountNotActive
            InquiryNotFound, InquirySettled, InquiryFull

        """
        self._member(uid, now)
        after = unit_of_work.run(self._client, partial(self._reply, uid=uid, request=request, now=now))
        log.info("inquiry.continued", uid=uid, event_id=after.id)
        return after

    def sweep(self, now: datetime, limit: int) -> int:
        """Settle answered inquiries that nobody continued in 30 days, at most ``limit``; returns how many."""
        return sum(self._was_settled(inquiry_id, now) for inquiry_id in self._store.quiet(now, limit))

    def _was_settled(self, inquiry_id: str, now: datetime) -> bool:
        try:
            unit_of_work.run(self._client, partial(settle, store=self._store, inquiry_id=inquiry_id, now=now))
        except Exception as problem:
            log.failure("inquiry.settling_failed", problem, event_id=inquiry_id)
            return False
        return True

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

    def _open_door(self, inquiry: Inquiry, address: str) -> dict[Subject, str]:
        """Whom an inquiry without an account is counted for, and by which rate."""
        counted: dict[Subject, str] = {}
        if inquiry.contact_email:
            counted[Subject(PURPOSE, "contact", inquiry.contact_email.lower())] = LETTERS
        place = of_address(PURPOSE, address)
        if place is not None:
            counted[place] = "inquiries_of_address"
        return counted

    def _member(self, uid: str, now: datetime) -> Recipient:
        member = self._accounts.recipient(uid, now)
        if member is None:
            raise AccountNotActive
        return member

    def _take(self, inquiry: Inquiry, text: str, counted: dict[Subject, str], now: datetime) -> Inquiry:
        message = Message(inquiry.message_ids[0], Author.MEMBER, text, now)
        create = partial(self._create, inquiry=inquiry, message=message, counted=counted, now=now)
        taken = unit_of_work.run(self._client, create)
        log.info("inquiry.received", uid=inquiry.owner, event_id=inquiry.id, code=inquiry.topic.value)
        return taken

    def _create(
        self, unit: UnitOfWork, inquiry: Inquiry, message: Message, counted: dict[Subject, str], now: datetime
    ) -> Inquiry:
        references = map(self._allowances.reference, counted)
        snapshot, *allowances = unit.peek(self._store.reference(inquiry.id), *references)
        known = inquiry_from(snapshot)
        if known is not None:
            if known.request_digest != inquiry.request_digest:
                raise InquiryMadeBefore
            return known
        rate_of = limits().rate
        is_confirmed = bool(inquiry.owner)
        for allowance, rate in zip(allowances, counted.values(), strict=True):
            if rate != LETTERS:
                self._allowances.take_in(unit, allowance, rate_of(rate), now)
                continue
            with suppress(TooManyRequests):
                self._allowances.take_in(unit, allowance, rate_of(rate), now)
                is_confirmed = True
        self._store.create(unit, inquiry, message)
        self._tell_desk(unit, inquiry, message)
        if is_confirmed:
            received = InquiryReceived(inquiry.id, is_guardians=inquiry.topic is Topic.GUARDIAN)
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
        words = InquiryForDesk(inquiry.id, inquiry.topic.value, is_member=bool(inquiry.owner))
        self._outbox.post(unit, f"{inquiry.id}-desk-{message.id}", inquiry.owner, words, message.at)


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
