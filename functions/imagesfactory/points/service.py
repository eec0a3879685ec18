"""Use cases of points, for other rooms: inside their unit of work, so that money and its cause commit together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.rate import Rate, TooManyRequests
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.points import model
from imagesfactory.points.closing import forfeit
from imagesfactory.points.model import (
    EntryKind,
    Lot,
    LotKind,
    Movement,
    SignupUnfinished,
    Wallet,
    WalletClosed,
)
from imagesfactory.points.store import WalletStore, entries_among, wallet_from
from imagesfactory.policy.catalog import Catalog

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot


SIGNUP = "signup"
"""The lot and the source of the sign-up bonus."""


class PointsService:
    """Opens wallets, holds and settles points, posts expiries."""

    def __init__(self, client: Client, catalog: Catalog) -> None:
        self._client = client
        self._store = WalletStore(client)
        self._catalog = catalog

    def wallet_reference(self, uid: str) -> DocumentReference:
        """Where the member's wallet is, for a read that another room does together with its own."""
        return self._store.reference(uid)

    def signup_points(self, uid: str) -> int:
        """The points that the member started with, by the ledger."""
        granted = entries_among(self._client, [(uid, f"{EntryKind.GRANT.value}:{SIGNUP}")])
        return self._catalog.signup_bonus.points if granted else 0

    def open_wallet(self, unit: UnitOfWork, uid: str, now: datetime, *, has_bonus: bool) -> int:
        """Open a wallet, with the sign-up bonus or empty; returns its points."""
        if not has_bonus:
            self._store.create(unit, Movement(Wallet(uid), ()))
            return 0
        bonus = self._catalog.signup_bonus
        expires_at = now + timedelta(days=bonus.expires_after_days)
        lot = Lot(SIGNUP, LotKind.BONUS, bonus.points, bonus.points, now, expires_at, SIGNUP)
        self._store.create(unit, model.grant(Wallet(uid), lot, now))
        return bonus.points

    def check_can_spend(self, wallet: Wallet | None, points: int, now: datetime) -> Wallet:
        """The wallet, if it can spend ``points`` and admit one more request now.

        Raises:
            SignupUnfinished, WalletClosed, NotEnoughPoints, TooManyRequests: it cannot.

        """
        if wallet is None:
            raise SignupUnfinished
        model.hold(model.take_request(wallet, self._rate, now), "\x00", points, now, now)
        return wallet

    def hold(
        self,
        unit: UnitOfWork,
        wallet: Wallet,
        hold_id: str,
        points: int,
        deadline_at: datetime,
        now: datetime,
    ) -> Wallet:
        """Reserve points and take one request from the allowance; returns the wallet after.

        Raises:
            WalletClosed, NotEnoughPoints, TooManyRequests: nothing was written.

        """
        movement = model.hold(model.take_request(wallet, self._rate, now), hold_id, points, deadline_at, now)
        self._store.update(unit, movement)
        return movement.wallet

    def use_request(self, uid: str, now: datetime) -> None:
        """Take one request from the member's allowance for work done in vain; an empty allowance stays empty."""
        unit_of_work.run(self._client, partial(self._use_request, uid=uid, now=now))

    def settle(self, unit: UnitOfWork, snapshot: Snapshot, hold_id: str, captured_points: int, now: datetime) -> Wallet:
        """End a hold: capture a part, release the rest; returns the wallet after.

        Raises:
            ValueError: the wallet or the hold is not there, or less was held.

        """
        wallet = wallet_from(snapshot)
        if wallet is None:
            msg = "no wallet to settle in"
            raise ValueError(msg)
        movement = model.settle(wallet, hold_id, captured_points, now)
        self._store.update(unit, movement)
        return movement.wallet

    def admit_request(self, wallet: Wallet | None, now: datetime) -> Wallet:
        """The wallet after one more request that costs no points.

        Raises:
            SignupUnfinished, WalletClosed, TooManyRequests

        """
        return model.take_request(self.check_open(wallet), self._rate, now)

    def check_open(self, wallet: Wallet | None) -> Wallet:
        """The wallet, if points may be bought for it.

        Raises:
            SignupUnfinished, WalletClosed

        """
        if wallet is None:
            raise SignupUnfinished
        if not wallet.is_open:
            raise WalletClosed
        return wallet

    def write(self, unit: UnitOfWork, movement: Movement) -> None:
        """Write what a decision of :mod:`imagesfactory.points.reversal` changed in a wallet read in this unit."""
        self._store.update(unit, movement)

    def close(self, unit: UnitOfWork, uid: str) -> None:
        """Let nothing be bought for or spent from the member's wallet; a member without one has none to close."""
        self._set_open(unit, uid, is_open=False)

    def reopen(self, unit: UnitOfWork, uid: str) -> None:
        """Let it be used again, with the points that are in it."""
        self._set_open(unit, uid, is_open=True)

    def wallet(self, uid: str) -> Wallet | None:
        """The wallet as it is now, outside any unit of work."""
        return wallet_from(self._store.reference(uid).get())

    def forfeit(self, uid: str, now: datetime) -> None:
        """Give up what is left in a closed wallet; doing it twice is doing it once.

        Raises:
            ValueError: points are still held for a job or a refund.

        """
        unit_of_work.run(self._client, partial(self._forfeit, uid=uid, now=now))

    def post_expiries(self, now: datetime, limit: int) -> int:
        """Post the expiry of points in at most ``limit`` wallets; returns how many wallets changed."""
        return sum(self._has_expired(uid, now) for uid in self._store.due_to_expire(now, limit))

    def _set_open(self, unit: UnitOfWork, uid: str, *, is_open: bool) -> None:
        (snapshot,) = unit.peek(self._store.reference(uid))
        wallet = wallet_from(snapshot)
        if wallet is not None:
            unit.tie(snapshot)
            self._store.update(unit, Movement(replace(wallet, is_open=is_open), ()))

    def _has_expired(self, uid: str, now: datetime) -> bool:
        """Whether points of that wallet expired now; one that cannot be read does not stop the others."""
        try:
            has_changed = unit_of_work.run(self._client, partial(self._expire, uid=uid, now=now))
        except Exception as problem:
            log.failure("points.expiry_failed", problem, uid=uid)
            return False
        if has_changed:
            log.info("points.expired", uid=uid)
        return has_changed

    def _expire(self, unit: UnitOfWork, uid: str, now: datetime) -> bool:
        (snapshot,) = unit.read(self._store.reference(uid))
        wallet = wallet_from(snapshot)
        if wallet is None:
            return False
        movement = model.expire(wallet, now)
        if movement.entries:
            self._store.update(unit, movement)
        return bool(movement.entries)

    def _forfeit(self, unit: UnitOfWork, uid: str, now: datetime) -> None:
        (snapshot,) = unit.read(self._store.reference(uid))
        wallet = wallet_from(snapshot)
        movement = forfeit(wallet, now) if wallet is not None else None
        if movement is not None and movement.entries:
            self._store.update(unit, movement)

    def _use_request(self, unit: UnitOfWork, uid: str, now: datetime) -> None:
        (snapshot,) = unit.read(self._store.reference(uid))
        wallet = wallet_from(snapshot)
        if wallet is None:
            return
        try:
            used = model.take_request(wallet, self._rate, now)
        except TooManyRequests:
            return
        self._store.update(unit, Movement(used, ()))

    @property
    def _rate(self) -> Rate:
        return Rate(self._catalog.rate.burst, timedelta(seconds=self._catalog.rate.refill_seconds))
