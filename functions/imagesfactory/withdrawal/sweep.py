"""The sweep of withdrawals: finishes the stuck ones, closes open money, and finds accounts deleted from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from imagesfactory.accounts.errors import AccountNotActive, AccountUnknown
from imagesfactory.accounts.model import Profile
from imagesfactory.accounts.store import AccountStore
from imagesfactory.kit import log
from imagesfactory.kit.errors import RetryLater
from imagesfactory.withdrawal.model import Channel
from imagesfactory.withdrawal.open_money import OpenMoney
from imagesfactory.withdrawal.ports import Directory
from imagesfactory.withdrawal.process import WithdrawalProcess
from imagesfactory.withdrawal.service import WithdrawalService
from imagesfactory.withdrawal.store import WithdrawalStore

if TYPE_CHECKING:
    from google.cloud.firestore import Client

LOOKUP: Final = 100
"""How many sign-ins the directory looks up at once (firebase.google.com/docs/auth/admin/manage-users#bulk_retrieve)."""
SLOT: Final = timedelta(minutes=5)
"""The rhythm of the sweep: each slot of the day has its own range of accounts, so that a day covers them all."""
SIGNUP_GRACE: Final = timedelta(hours=1)
"""An account is written before its sign-in: a young one is left alone."""
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""What the ids of Firebase Authentication are made of, in the database's order."""


class WithdrawalSweep:
    """Brings withdrawals to their end, whatever died on the way."""

    def __init__(
        self,
        client: Client,
        *,
        service: WithdrawalService,
        process: WithdrawalProcess,
        open_money: OpenMoney,
        directory: Directory,
    ) -> None:
        self._store = WithdrawalStore(client)
        self._accounts = AccountStore(client)
        self._service = service
        self._process = process
        self._open_money = open_money
        self._directory = directory

    def run(self, now: datetime, limit: int) -> int:
        """Go on with what is due, at most ``limit`` of each kind; returns how many there were."""
        uids, subjects = self._store.due(now, limit), self._store.due_subjects(now, limit)
        for uid in uids:
            self._guarded(self._process.proceed, uid)
        for subject in subjects:
            self._guarded(lambda subject: self._open_money.close(subject, now), subject)
        return len(uids) + len(subjects)

    def find_deleted(self, now: datetime) -> int:
        """Begin the withdrawal of members whose sign-in was removed from outside, among the accounts of this slot of
        the day; returns how many.

        Without a pointer to keep and with one page in memory: 288 slots a day look at every account once.
        """
        found = 0
        start, end = slot_range(now)
        old_enough = (
            profile
            for profile in self._accounts.range_of(start, end)
            if profile.is_member and profile.created_at <= now - SIGNUP_GRACE
        )
        for page in _pages(old_enough):
            for uid in self._directory.missing([profile.uid for profile in page]):
                found += self._begin(uid, now)
        return found

    def _begin(self, uid: str, now: datetime) -> int:
        try:
            self._service.begin(uid, Channel.OUTSIDE, now)
        except (AccountUnknown, AccountNotActive):
            return 0
        log.warning("withdrawal.sign_in_was_gone", uid=uid)
        return 1

    def _guarded(self, work: Callable[[str], object], name: str) -> None:
        """One that cannot go on now does not stop the others."""
        try:
            work(name)
        except RetryLater as later:
            log.info("sweep.withdrawal_postponed", code=later.reason)
        except Exception as problem:
            log.failure("sweep.withdrawal_failed", problem)


def slot_range(now: datetime) -> tuple[str, str | None]:
    """The range of uids (from, up to and without; None: to the last) that belongs to the slot of the day of ``now``."""
    slots = int(timedelta(days=1) / SLOT)
    slot = int((now.hour * 60 + now.minute) * 60 / SLOT.total_seconds())
    return _position(slot, slots), _position(slot + 1, slots) if slot + 1 < slots else None


def _position(slot: int, slots: int) -> str:
    """Where a slot begins among all ids; the first one begins before every id."""
    number = slot * len(_LETTERS) ** 2 // slots
    return _LETTERS[number // len(_LETTERS)] + _LETTERS[number % len(_LETTERS)] if slot else ""


def _pages(profiles: Iterator[Profile]) -> Iterator[list[Profile]]:
    while page := list(islice(profiles, LOOKUP)):
        yield page
