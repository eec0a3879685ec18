"""Notifications on a member's devices: the same outbox, another carrier, and addresses that end."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

from imagesfactory.accounts.devices import PushAddresses, ReachableDevice
from imagesfactory.accounts.service import Recipient
from imagesfactory.kit import log
from imagesfactory.kit.ids import derive_id
from imagesfactory.mail.advertising import Advertiser, left_of_day
from imagesfactory.mail.model import Mail
from imagesfactory.mail.ports import AddressGone, LetterRefused, Push, Pusher, SenderBusy
from imagesfactory.mail.rendering import render_notification
from imagesfactory.mail.words import AnswerWaiting, ImagesEnded, Notification, PushedAdvertisement

NEWS_LIVES_FOR = timedelta(days=1)
"""News of one's own images that a device hears later than that helps nobody."""
ROUND_SECONDS = 60.0
"""No further device is tried after this; every call ends long before the claim on the letter does."""


class NobodyReached(Exception):
    """No device of the member takes notifications any more."""


class PushDesk:
    """Pushes notifications to all devices of a member."""

    def __init__(self, addresses: PushAddresses, pusher: Pusher, advertiser: Advertiser) -> None:
        self._addresses = addresses
        self._pusher = pusher
        self._advertiser = advertiser

    def send(self, mail: Mail, words: Notification, recipient: Recipient, now: datetime) -> str:
        """Push to every device once; what one of them took is not repeated for the sake of the others.

        Returns the carrier's id of the first one taken. Addresses that answer no more are forgotten.

        Raises:
            SenderBusy: none took it, and later one may.
            LetterRefused: none took it, and none ever will.
            NobodyReached: see there.

        """
        push = self._push(mail, words, recipient, now)
        taken: list[str] = []
        busy: list[SenderBusy] = []
        refused: list[LetterRefused] = []
        ends = monotonic() + ROUND_SECONDS
        for device in self._addresses.reachable(mail.owner):
            if monotonic() > ends:
                break
            try:
                taken.append(self._pusher.push(push, device.address))
            except SenderBusy as problem:
                busy.append(problem)
            except LetterRefused as problem:
                refused.append(problem)
            except AddressGone:
                self._forget(mail.owner, device)
        if taken:
            return taken[0]
        if busy:
            raise min(busy, key=lambda problem: problem.delay)
        if refused:
            raise refused[0]
        raise NobodyReached

    def _forget(self, owner: str, device: ReachableDevice) -> None:
        try:
            self._addresses.forget_address(owner, device)
        except Exception as problem:  # the next notification finds it again; this one may have reached others
            log.failure("device.address_kept", problem, uid=owner)

    def _push(self, mail: Mail, words: Notification, recipient: Recipient, now: datetime) -> Push:
        title, text = render_notification(words, recipient, self._advertiser)
        is_advertising = isinstance(words, PushedAdvertisement)
        return Push(
            title=title,
            text=text,
            replaces=derive_id("push", mail.id),
            data={"kind": words.kind.removeprefix("push-"), **self._data(mail.owner, words)},
            lives_for=left_of_day(now) if is_advertising else NEWS_LIVES_FOR,
        )

    def _data(self, owner: str, words: Notification) -> dict[str, str]:
        match words:
            case ImagesEnded():
                return {"job_id": words.job_id}
            case AnswerWaiting():
                return {"inquiry_id": words.inquiry_id}
            case PushedAdvertisement():
                return {"unsubscribe_url": self._advertiser.unsubscribe_url(owner, "push")}
