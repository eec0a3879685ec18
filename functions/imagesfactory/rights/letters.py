"""The letter that tells a change of consents: at once, though the law allows fourteen days (Network Act, 50(7))."""

from __future__ import annotations

from datetime import datetime

from imagesfactory.accounts.model import Consent
from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import ConsentChanged


class OutboxConsentLetters:
    """Writes them to the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def tell(self, unit: UnitOfWork, uid: str, changed: tuple[Consent, ...], now: datetime) -> None:
        """Write the letter in the unit that records the change; it advertises nothing."""
        changes = tuple(f"{one.kind.value}:{'granted' if one.is_granted else 'withdrawn'}" for one in changed)
        words = ConsentChanged(changes, legal_day(now).isoformat())
        self._outbox.post(unit, derive_id("letter", words.kind, uid, now.isoformat()), uid, words, now)
