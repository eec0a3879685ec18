"""The last letter to a member: what went back, what was erased, what a law keeps and why.

It leaves while there still is an address, between the erasure of everything else and the carrier's own erasure, and it
goes in the same commit as the profile. Its key is derived from the withdrawal, so a step that is repeated finds the
letter and writes no second one. A letter that cannot be delivered holds no withdrawal up: what became of it stands
in the evidence.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from imagesfactory.kit import unit_of_work
from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.delivery import MailDelivery
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import AccountClosed
from imagesfactory.policy.privacy_policy import privacy_policy
from imagesfactory.policy.retention import Language, retention
from imagesfactory.withdrawal.model import Withdrawal

if TYPE_CHECKING:
    from google.cloud.firestore import Client

PATIENCE: Final = timedelta(seconds=10)
"""How soon the withdrawal looks again at a letter that somebody else has in hand."""


class LastLetter:
    """Writes the letter, sees it to its end, and erases it."""

    def __init__(self, client: Client, *, outbox: Outbox, mail: MailDelivery) -> None:
        self._client = client
        self._outbox = outbox
        self._mail = mail

    def send(self, withdrawal: Withdrawal, now: datetime) -> str:
        """Have the letter sent; returns ``sent``, or why it never will be.

        Raises:
            RetryLater: the carrier does not take it now, or another worker has it in hand.

        """
        key = _key(withdrawal)
        unit_of_work.run(self._client, partial(self._post, key=key, withdrawal=withdrawal, now=now))
        try:
            self._mail.deliver(key)
        except RetryLater as later:
            raise RetryLater("last-letter-not-sent", min(later.delay, PATIENCE)) from None
        letter = self._outbox.get(key)
        if letter is None or not letter.is_settled:
            raise RetryLater("last-letter-not-sent", PATIENCE)
        return letter.failure or letter.state.value

    def erase(self, unit: UnitOfWork, withdrawal: Withdrawal) -> None:
        """Erase the letter in the commit that erases the address; none there is fine."""
        (snapshot,) = unit.read(self._outbox.reference(_key(withdrawal)))
        if snapshot.exists:
            unit.delete(snapshot.reference)

    def _post(self, unit: UnitOfWork, key: str, withdrawal: Withdrawal, now: datetime) -> None:
        (snapshot,) = unit.peek(self._outbox.reference(key))
        if not snapshot.exists:
            self._outbox.post(unit, key, withdrawal.uid, words_of(withdrawal), now)


def words_of(withdrawal: Withdrawal) -> AccountClosed:
    """What there is to say about a withdrawal that has got as far as the letter."""
    files = sum(count for place, count in withdrawal.erased.items() if place in retention().buckets)
    copied = retention().buckets.keys() | withdrawal.archived.keys()
    return AccountClosed(
        channel=withdrawal.channel.value,
        day=legal_day(withdrawal.requested_at).isoformat(),
        refunds=withdrawal.refunds,
        unrefunded_count=len(withdrawal.unrefunded_orders),
        lost_points=withdrawal.lost_points,
        erased_records=sum(count for place, count in withdrawal.erased.items() if place not in copied),
        erased_files=files,
        lines_ko=_kept(withdrawal, "ko"),
        lines_en=_kept(withdrawal, "en"),
    )


def _kept(withdrawal: Withdrawal, language: Language) -> tuple[tuple[str, str], ...]:
    """The classes of what is in the archive, in the order of the table that members know from the policy."""
    counts: Counter[str] = Counter()
    for place, count in withdrawal.archived.items():
        counts[retention().collections[place].record_class] += count
    lines = []
    for name, one in retention().classes.items():
        if counts[name] and one.period is not None:
            number = f"{counts[name]}건" if language == "ko" else str(counts[name])
            why = f"{number} · {one.period.written(language)} · {getattr(one.basis, language)}"
            lines.append((getattr(privacy_policy().classes[name], language), why))
    return tuple(lines)


def _key(withdrawal: Withdrawal) -> str:
    return derive_id("letter", AccountClosed.kind, withdrawal.subject)
