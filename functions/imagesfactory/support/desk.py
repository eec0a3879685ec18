"""Use cases of the support desk: list, read, answer and settle inquiries, each look on the access log."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts.model import normalised_email
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import Text
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import AnswerWaiting, InquiryAnswered
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import Access, Action, StaffMember
from imagesfactory.support import model
from imagesfactory.support.errors import InquiryNotFound, InquirySettled, NotAGuardiansInquiry, NotTheirInquiry
from imagesfactory.support.model import Author, Inquiry, Message, State, Topic
from imagesfactory.support.request import InquiriesQuery, MessageRequest
from imagesfactory.support.service import settle
from imagesfactory.support.store import InquiryStore, inquiry_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client

PAGE = 25


class SupportDesk:
    """Inquiries as staff works with them."""

    def __init__(self, client: Client, *, outbox: Outbox, accesses: AccessLog) -> None:
        self._client = client
        self._store = InquiryStore(client)
        self._outbox = outbox
        self._accesses = accesses

    def page(self, staff: StaffMember, query: InquiriesQuery, now: datetime) -> list[Inquiry]:
        """Inquiries in one state, the longest waiting first, without their texts."""
        found = self._store.page(query.state, query.cursor, PAGE)
        owners = tuple(dict.fromkeys(inquiry.owner for inquiry in found if inquiry.owner))
        self._accesses.note(Access(staff, Action.INQUIRIES_LISTED, owners, reason=query.state.value), now)
        return found

    def get(self, staff: StaffMember, inquiry_id: str, now: datetime) -> tuple[Inquiry, list[Message]]:
        """An inquiry with its messages.

        Raises:
            InquiryNotFound

        """
        inquiry = self._store.get(inquiry_id)
        if inquiry is None:
            raise InquiryNotFound
        self._accesses.note(_look(staff, Action.INQUIRY_READ, inquiry), now)
        return inquiry, self._store.messages(inquiry)

    def answer(self, staff: StaffMember, request: MessageRequest, now: datetime) -> Inquiry:
        """Answer an inquiry, in the record and by mail; the same request again changes nothing.

        Raises:
            InquiryNotFound, InquirySettled, InquiryFull

        """
        after = unit_of_work.run(self._client, partial(self._answer, staff=staff, request=request, now=now))
        log.info("inquiry.answered", uid=staff.uid, event_id=after.id)
        return after

    def settle(self, staff: StaffMember, inquiry_id: str, now: datetime) -> Inquiry:
        """Settle an inquiry: its three years begin (E-Commerce Act, Enforcement Decree article 6).

        Raises:
            InquiryNotFound

        """
        after = unit_of_work.run(self._client, partial(self._settle, staff=staff, inquiry_id=inquiry_id, now=now))
        log.info("inquiry.settled", uid=staff.uid, event_id=after.id)
        return after

    def check_asks(self, inquiry_id: str, uid: str) -> None:
        """Check that an inquiry may be of the member ``uid``: their own, or of somebody who could not sign in.

        Raises:
            InquiryNotFound, InquirySettled, NotTheirInquiry

        """
        _their(self._store.get(inquiry_id), uid)

    def conclude_for_member(self, unit: UnitOfWork, inquiry_id: str, uid: str, text: Text, now: datetime) -> None:
        """Answer the member ``uid`` and settle the inquiry, in the unit that does what it asks for.

        Raises:
            InquiryNotFound, InquirySettled, NotTheirInquiry

        """
        (snapshot,) = unit.read(self._store.reference(inquiry_id))
        self._conclude(unit, _their(inquiry_from(snapshot), uid), "member", text, now)

    def conclude_for_guardian(self, unit: UnitOfWork, inquiry_id: str, account: str, text: Text, now: datetime) -> None:
        """Answer a guardian and settle the demand, in the unit that closes the child's ``account`` (its address).

        Raises:
            InquiryNotFound
            NotAGuardiansInquiry: it demands nothing, or another account.
            InquirySettled

        """
        (snapshot,) = unit.read(self._store.reference(inquiry_id))
        inquiry = _unsettled(inquiry_from(snapshot))
        if inquiry.topic is not Topic.GUARDIAN or normalised_email(inquiry.about_account) != normalised_email(account):
            raise NotAGuardiansInquiry
        self._conclude(unit, inquiry, "guardian", text, now)

    def _conclude(self, unit: UnitOfWork, inquiry: Inquiry, whom: str, text: Text, now: datetime) -> None:
        unit.read(*self._store.message_references(inquiry))
        said = text.ko if inquiry.language == "ko" else text.en
        message = Message(derive_id("answer", whom, inquiry.id), Author.STAFF, said, now)
        self._store.settle(unit, model.settled(model.with_message(inquiry, message), now), message)
        self._tell(unit, inquiry, message)

    def _answer(self, unit: UnitOfWork, staff: StaffMember, request: MessageRequest, now: datetime) -> Inquiry:
        (snapshot,) = unit.read(self._store.reference(request.inquiry_id))
        inquiry = inquiry_from(snapshot)
        if inquiry is None:
            raise InquiryNotFound
        message = Message(derive_id("answer", request.request_id), Author.STAFF, request.text, now)
        if message.id in inquiry.message_ids:
            return inquiry
        after = model.with_message(inquiry, message)
        self._store.add(unit, after, message)
        self._accesses.note_with(unit, _look(staff, Action.INQUIRY_ANSWERED, inquiry), now)
        self._tell(unit, inquiry, message)
        return after

    def _tell(self, unit: UnitOfWork, inquiry: Inquiry, message: Message) -> None:
        if inquiry.owner or inquiry.contact_email:
            words = InquiryAnswered(inquiry.id, message.text, is_member=bool(inquiry.owner))
            self._outbox.post(unit, f"{inquiry.id}-{message.id}", inquiry.owner, words, message.at)
        if inquiry.owner:
            waiting = AnswerWaiting(inquiry.id)
            self._outbox.notify(unit, f"{inquiry.id}-{message.id}-push", inquiry.owner, waiting, message.at)

    def _settle(self, unit: UnitOfWork, staff: StaffMember, inquiry_id: str, now: datetime) -> Inquiry:
        after = settle(unit, self._store, inquiry_id, now)
        self._accesses.note_with(unit, _look(staff, Action.INQUIRY_SETTLED, after), now)
        return after


def _unsettled(inquiry: Inquiry | None) -> Inquiry:
    if inquiry is None:
        raise InquiryNotFound
    if inquiry.state is State.SETTLED:
        raise InquirySettled
    return inquiry


def _their(inquiry: Inquiry | None, uid: str) -> Inquiry:
    asked = _unsettled(inquiry)
    if asked.owner not in {"", uid} or asked.topic is Topic.GUARDIAN:
        raise NotTheirInquiry
    return asked


def _look(staff: StaffMember, action: Action, inquiry: Inquiry) -> Access:
    return Access(staff, action, (inquiry.owner,) if inquiry.owner else (), inquiry.id)
