"""The letters about consents to advertising: what changed, at once, though the law allows fourteen days (Network Act,
50(7)), and what has to be confirmed (50(8)). They advertise nothing.
"""

from __future__ import annotations

from datetime import datetime

from imagesfactory.accounts.model import Consent
from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import ConsentChanged, ConsentReminder, LapsingConsent


class OutboxConsentLetters:
    """Writes them to the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def tell(self, unit: UnitOfWork, uid: str, changed: tuple[Consent, ...], now: datetime) -> None:
        """Write the letter in the unit that records the change."""
        changes = tuple(f"{one.kind.value}:{'granted' if one.is_granted else 'withdrawn'}" for one in changed)
        words = ConsentChanged(changes, legal_day(now).isoformat())
        self._outbox.post(unit, derive_id("letter", words.kind, uid, now.isoformat(), *changes), uid, words, now)

    def ask_to_confirm(self, unit: UnitOfWork, uid: str, due: tuple[Consent, ...], now: datetime) -> None:
        """Write the letter in the unit that notes that the member was asked; one for each period of a consent."""
        lapsing = {one: one.lapses_at for one in due}
        words = ConsentReminder(
            tuple(
                LapsingConsent(one.kind.value, legal_day(one.at).isoformat(), legal_day(end).isoformat())
                for one, end in lapsing.items()
                if end is not None
            )
        )
        periods = sorted(f"{one.kind.value} {one.at.isoformat()}" for one in due)
        self._outbox.post(unit, derive_id("letter", words.kind, uid, *periods), uid, words, now)
