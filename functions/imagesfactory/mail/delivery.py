"""Delivery: claim a letter under a lease, render it, hand it to the carrier once, and forget its words.

A carrier without idempotency keys cannot tell a repeated call from a new one: a worker that dies between the
acceptance and the last commit makes the letter go out twice. Everything else about a letter happens once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts.devices import PushAddresses
from imagesfactory.accounts.service import AccountService, Recipient
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.clock import Clock
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.ids import new_id
from imagesfactory.kit.queue import Queue
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail import model
from imagesfactory.mail.advertising import AdRecords, Advertiser, Channel, waits_until
from imagesfactory.mail.model import Mail, State
from imagesfactory.mail.ports import Attachment, Files, Letter, LetterRefused, Outsiders, Pusher, Sender, SenderBusy
from imagesfactory.mail.pushing import NobodyReached, PushDesk
from imagesfactory.mail.rendering import Pictures, render
from imagesfactory.mail.store import MailStore, mail_from
from imagesfactory.mail.suppression import SuppressionList
from imagesfactory.mail.words import (
    AccountClosed,
    Advertisement,
    InquiryAnswered,
    InquiryForDesk,
    InquiryReceived,
    JobFinished,
    Notification,
    PushedAdvertisement,
    Words,
)
from imagesfactory.policy.company import company

if TYPE_CHECKING:
    from google.cloud.firestore import Client

TASK_FUNCTION = "deliver"
ATTACHED_BYTES_MAX = 15_000_000
"""Images beyond this total stay on the member's page. SendGrid takes less than 30 MB a message, base64 adds a third
(docs.sendgrid.com/api-reference/mail-send/limitations), and many mailboxes refuse more than 25 MB."""

HELD_MAX = 200
"""Letters of one member that are let go at once; the sweep finds those beyond."""

Change = Callable[[Mail, datetime], Mail]


@dataclass(frozen=True)
class _Claimed:
    """A letter under a claim, and the unit that knows its version."""

    mail: Mail
    unit: UnitOfWork


class MailDelivery:
    """Sends the letters of the outbox."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        *,
        accounts: AccountService,
        outsiders: Outsiders,
        suppressions: SuppressionList,
        advertiser: Advertiser,
        files: Files,
        sender: Sender,
        pusher: Pusher,
        queue: Queue,
        web_origin: str,
    ) -> None:
        self._client = client
        self._clock = clock
        self._store = MailStore(client)
        self._accounts = accounts
        self._outsiders = outsiders
        self._suppressions = suppressions
        self._advertiser = advertiser
        self._ads = AdRecords(client)
        self._files = files
        self._sender = sender
        self._pushes = PushDesk(PushAddresses(client), pusher, advertiser)
        self._queue = queue
        self._web_origin = web_origin

    def deliver(self, mail_id: str) -> None:
        """Bring one letter a step further, at best to the carrier; a settled one stays as it is.

        Raises:
            RetryLater: it is not settled; call again.

        """
        token = new_id()
        claimed = unit_of_work.run(self._client, partial(self._claim, mail_id=mail_id, token=token))
        if claimed is None or claimed.mail.words is None:
            return
        try:
            change = self._hand_over(claimed.mail, claimed.mail.words)
        except Exception as problem:
            log.failure("mail.attempt_failed", problem, mail_id=mail_id)
            change = partial(_try_again, SenderBusy())
        after = unit_of_work.run(self._client, partial(self._record, claimed=claimed, change=change))
        if after is None:
            return
        log.info("mail.attempted", mail_id=mail_id, code=after.state.value, attempt=after.attempts)
        if not after.is_settled and not after.is_held:
            raise RetryLater("mail-not-sent", after.due_at - self._clock.now())

    def enqueue(self, mail_id: str, occasion: str) -> None:
        """Send a worker to a letter; at most one for each ``occasion``."""
        self._queue.enqueue(TASK_FUNCTION, f"{mail_id}-{occasion}", {"mail_id": mail_id})

    def sweep(self, now: datetime, limit: int) -> int:
        """Send workers to letters that nobody looked after in time, at most ``limit``; returns how many."""
        overdue = self._store.due_for_sweep(now, limit)
        for mail in overdue:
            self.enqueue(mail.id, f"sweep-{int(now.timestamp())}")
        return len(overdue)

    def release(self, owner: str, now: datetime) -> int:
        """Send workers to the letters of a member that were held back; returns how many."""
        waiting = self._store.held_of(owner, HELD_MAX)
        for mail in waiting:
            unit_of_work.run(self._client, partial(self._release, mail_id=mail.id, now=now))
            self.enqueue(mail.id, f"released-{int(now.timestamp())}")
        return len(waiting)

    def held_count(self, owner: str) -> int:
        """How many letters of a member are held back now."""
        return self._store.count_held(owner)

    def _release(self, unit: UnitOfWork, mail_id: str, now: datetime) -> None:
        (snapshot,) = unit.peek(self._store.reference(mail_id))
        mail = mail_from(snapshot)
        if mail is not None and mail.state is State.QUEUED and mail.is_held:
            unit.tie(snapshot)
            self._store.update(unit, model.waits(mail, now))

    def _claim(self, unit: UnitOfWork, mail_id: str, token: str) -> _Claimed | None:
        (snapshot,) = unit.read(self._store.reference(mail_id))
        mail = mail_from(snapshot)
        if mail is None or mail.is_settled:
            return None
        now = self._clock.now()
        wait = model.wait_before_claim(mail, now)
        if wait:
            raise RetryLater("mail-not-due", wait)
        taken = model.claim(mail, token, now)
        self._store.update(unit, taken)
        return _Claimed(taken, unit)

    def _hand_over(self, mail: Mail, words: Words) -> Change:
        recipient = self._recipient(mail.owner, words)
        if recipient is None:
            return partial(_failed, "recipient-gone")
        if recipient.is_held:
            return model.held
        if not isinstance(words, Notification) and self._suppressions.is_listed(recipient.address, self._clock.now()):
            return partial(_failed, "address-suppressed")
        if isinstance(words, Advertisement | PushedAdvertisement) and (
            refusal := self._refusal_to_advertise(_channel(words), recipient)
        ):
            return refusal
        try:
            carrier_id = self._carry(mail, words, recipient)
        except NobodyReached:
            return partial(_failed, "no-device")
        except SenderBusy as busy:
            return partial(_try_again, busy)
        except LetterRefused as refused:
            log.error("mail.refused", mail_id=mail.id, code=refused.code)
            return partial(_failed, "refused-by-carrier")
        return partial(_sent, carrier_id)

    def _carry(self, mail: Mail, words: Words, recipient: Recipient) -> str:
        if isinstance(words, Notification):
            return self._pushes.send(mail, words, recipient, self._clock.now())
        return self._sender.send(self._letter(mail, words, recipient))

    def _recipient(self, owner: str, words: Words) -> Recipient | None:
        """Our own desk, the member (one who left as well), or somebody without an account who made an inquiry."""
        if isinstance(words, InquiryForDesk):
            return Recipient(company().support_address, company().name.ko, "ko", is_held=False)
        if isinstance(words, AccountClosed):
            return self._accounts.leaving_recipient(owner)
        if owner:
            return self._accounts.recipient(owner, self._clock.now())
        if isinstance(words, InquiryReceived | InquiryAnswered):
            return self._outsiders.recipient(words.inquiry_id)
        return None

    def _refusal_to_advertise(self, channel: Channel, recipient: Recipient) -> Change | None:
        """What becomes of an advertisement that may not be sent now; None if it may."""
        agrees = {"email": recipient.agrees_to_marketing_email, "push": recipient.agrees_to_marketing_push}
        if not agrees[channel]:
            return partial(_failed, "no-consent")
        if not self._advertiser.may_advertise:
            return partial(_failed, "advertiser-unknown")
        morning = waits_until(self._clock.now())
        return partial(_waits, morning) if morning else None

    def _letter(self, mail: Mail, words: Words, recipient: Recipient) -> Letter:
        pictures = self._pictures(words.files if isinstance(words, JobFinished) else ())
        refuse_at = self._advertiser.unsubscribe_url(mail.owner) if isinstance(words, Advertisement) else ""
        rendered = render(words, recipient, pictures, self._web_origin, self._advertiser, refuse_at)
        facts = company()
        return Letter(
            mail_id=mail.id,
            kind=words.kind,
            to_address=recipient.address,
            from_address=facts.sender_address,
            from_name=facts.service.ko if recipient.language == "ko" else facts.service.en,
            reply_to=facts.support_address,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            attachments=pictures.attached,
            unsubscribe_url=refuse_at,
        )

    def _pictures(self, files: tuple[str, ...]) -> Pictures:
        attached: list[Attachment] = []
        total = deleted_count = 0
        for number, file in enumerate(files, start=1):
            try:
                content = self._files.get(file)
            except FileNotFoundError:  # its member was faster than the mail
                deleted_count += 1
                continue
            total += len(content)
            if total > ATTACHED_BYTES_MAX:
                break
            attached.append(Attachment(f"imagesfactory-{number}.png", "image/png", f"image-{number}", content))
        return Pictures(tuple(attached), len(files) - len(attached) - deleted_count, deleted_count)

    def _record(self, unit: UnitOfWork, claimed: _Claimed, change: Change) -> Mail | None:
        reference = self._store.reference(claimed.mail.id)
        mail: Mail | None = claimed.mail
        if unit.attempt == 0:  # as this worker left it, which saves a read if nobody took the letter over
            unit.assume(reference, claimed.unit.version(reference))
        else:
            (snapshot,) = unit.read(reference)
            mail = mail_from(snapshot)
        if mail is None or not model.holds_claim(mail, claimed.mail.claim):
            return None
        after = change(mail, self._clock.now())
        self._store.update(unit, after)
        words = claimed.mail.words
        if isinstance(words, Advertisement | PushedAdvertisement) and after.state is State.SENT:
            self._ads.note(unit, mail.id, mail.owner, words.campaign_id, _channel(words), self._clock.now())
        return after


def _channel(words: Words) -> Channel:
    return "push" if isinstance(words, Notification) else "email"


def _sent(carrier_id: str, mail: Mail, now: datetime) -> Mail:
    return model.sent(mail, carrier_id)


def _waits(until: datetime, mail: Mail, now: datetime) -> Mail:
    return model.waits(mail, until)


def _failed(failure: str, mail: Mail, now: datetime) -> Mail:
    return model.failed(mail, failure)


def _try_again(busy: SenderBusy, mail: Mail, now: datetime) -> Mail:
    return model.try_again(mail, busy.delay, now)
