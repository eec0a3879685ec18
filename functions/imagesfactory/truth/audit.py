"""The audit: every record is read, page by page, and each question gets its verdict as soon as it is known.

For a command and for the night, not for a callable: it takes as long as the service is large. Money is compared for a
bounded number of days, because providers answer for days and not for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from imagesfactory.payments.settlement import Settlements
from imagesfactory.points.trial_balance import trial_balance
from imagesfactory.privacy.purge.ports import FileStore
from imagesfactory.truth.books import BookAudit
from imagesfactory.truth.model import Check, Tally, Verdict
from imagesfactory.truth.pictures import PictureAudit
from imagesfactory.truth.places import Places
from imagesfactory.truth.reading import is_leaving
from imagesfactory.truth.wallets import WalletAudit

if TYPE_CHECKING:
    from google.cloud.firestore import Client

DAYS: Final = 30
"""How many days of money are compared if nobody asks for more."""


class Audit:
    """Reads everything."""

    def __init__(self, client: Client, archive: Client, *, files: FileStore, settlements: Settlements) -> None:
        self._client = client
        self._is_leaving = partial(is_leaving, client)
        self._places = Places(client, archive, files)
        self._files = files
        self._settlements = settlements

    def verdicts(self, now: datetime, days: int = DAYS) -> Iterator[Verdict]:
        """The verdicts of :data:`imagesfactory.truth.model.AUDITED`, in their order, each when it is known.

        Args:
            now: when, UTC.
            days: how far back money is compared.

        """
        wallets = WalletAudit(self._client)
        pictures = PictureAudit(self._client, self._files, self._is_leaving)
        books = BookAudit(self._client, self._settlements, now - timedelta(days=days), now, self._is_leaving)
        yield self._balances()
        yield from wallets.verdicts()
        yield pictures.charged(now)
        yield from pictures.stored()
        yield books.granted()
        yield books.taken_back()
        yield books.providers()
        yield self._places.records()

    def _balances(self) -> Verdict:
        tally = Tally(Check.WALLETS_EQUAL_ENTRIES)
        for uid in trial_balance(self._client).wrong_wallets:
            if not self._is_leaving(uid):
                tally.add(f"wallets/{uid}", uid)
        return tally.verdict()
