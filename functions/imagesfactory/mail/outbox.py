"""The outbox: a letter is written down in the same commit as what it tells about, under one dedupe key."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from imagesfactory.accounts.devices import PushAddresses
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.model import Mail
from imagesfactory.mail.store import MailStore, mail_from
from imagesfactory.mail.words import Notification, Words

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference


class Outbox:
    """Takes letters from other rooms."""

    def __init__(self, client: Client) -> None:
        self._store = MailStore(client)
        self._addresses = PushAddresses(client)

    def reference(self, key: str) -> DocumentReference:
        """Where the letter of that key is, or would be."""
        return self._store.reference(key)

    def get(self, key: str) -> Mail | None:
        """The letter of that key as it stands now; None when it is gone, or was never written."""
        return mail_from(self._store.reference(key).get())

    def post(self, unit: UnitOfWork, key: str, owner: str, words: Words, now: datetime) -> None:
        """Write down a letter to the member ``owner``.

        Args:
            unit: the unit of work of the cause.
            key: the dedupe key, which becomes the letter's id: one business event, one letter.
            owner: the member (uid); the address is looked up when the letter is sent.
            words: what there is to say.
            now: when, UTC.

        """
        self._store.create(unit, Mail(key, owner, words, created_at=now, due_at=now), words.kind)

    def notify(self, unit: UnitOfWork, key: str, owner: str, words: Notification, now: datetime) -> None:
        """Write down what to push to the member ``owner``, if any of the member's devices can be reached; as in
        :meth:`post`, under a key of its own.
        """
        if self._addresses.is_reachable(owner):
            self.post(unit, key, owner, words, now)
