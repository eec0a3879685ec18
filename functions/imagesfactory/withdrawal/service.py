"""Use cases of somebody who leaves: see what it will mean, and begin."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts.model import Status
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.ids import derive_id, new_id
from imagesfactory.kit.queue import Queue
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.payments.request import AccountWanted
from imagesfactory.points.service import PointsService
from imagesfactory.policy.retention import retention
from imagesfactory.privacy.records import MemberRecords, owned_places
from imagesfactory.privacy.tombstones import Tombstones
from imagesfactory.withdrawal.errors import PreviewOutdated, RefundAccountNeeded, SignInAgain
from imagesfactory.withdrawal.model import (
    ENQUEUE_GRACE,
    SIGN_IN_MINUTES_MAX,
    Channel,
    KeptShown,
    Preview,
    RefundShown,
    Withdrawal,
    WithdrawRequest,
)
from imagesfactory.withdrawal.settling import Settling
from imagesfactory.withdrawal.store import WithdrawalStore

if TYPE_CHECKING:
    from google.cloud.firestore import Client

TASK_FUNCTION = "withdrawmember"


class WithdrawalService:
    """Shows and begins withdrawals."""

    def __init__(
        self,
        client: Client,
        *,
        profiles: ProfileService,
        tombstones: Tombstones,
        points: PointsService,
        settling: Settling,
        queue: Queue,
    ) -> None:
        self._client = client
        self._store = WithdrawalStore(client)
        self._records = MemberRecords(client)
        self._profiles = profiles
        self._tombstones = tombstones
        self._points = points
        self._settling = settling
        self._queue = queue

    def preview(self, uid: str, now: datetime) -> Preview:
        """What a withdrawal would do now: lost, paid back, kept (and why), erased.

        Raises:
            AccountUnknown, AccountNotActive

        """
        self._profiles.member(uid)
        due, wallet = self._settling.due(uid, now), self._points.wallet(uid)
        refunds = tuple(
            RefundShown(
                order_id=one.order.id,
                points=one.terms.points,
                amount=one.terms.amount,
                fee=one.terms.fee,
                currency=one.order.currency,
                needs_account=one.needs_account,
            )
            for one in due
        )
        points = wallet.available_points + wallet.held_points if wallet else 0
        return Preview(
            lost_points=points - sum(one.points for one in refunds),
            unfinished_jobs=wallet.open_job_count if wallet else 0,
            refunds=refunds,
            kept=self._kept(uid),
            erased={one.path: self._records.count(one, uid) for one in owned_places() if not one.is_archived},
        )

    def withdraw(self, uid: str, request: WithdrawRequest, signed_in_at: datetime, now: datetime) -> None:
        """Begin the withdrawal that the member confirmed. The account is closed and no point can be spent from the
        commit on; everything else follows in steps.

        Raises:
            SignInAgain, PreviewOutdated, RefundAccountNeeded, AccountUnknown, AccountNotActive: nothing was changed.

        """
        if now - signed_in_at > timedelta(minutes=SIGN_IN_MINUTES_MAX):
            raise SignInAgain(within_minutes=SIGN_IN_MINUTES_MAX)
        shown = self.preview(uid, now)
        if request.confirmed != shown.digest:
            raise PreviewOutdated
        if request.refund_account is None and any(refund.needs_account for refund in shown.refunds):
            raise RefundAccountNeeded
        self.begin(uid, Channel.MEMBER, now, request.refund_account)

    def begin(self, uid: str, channel: Channel, now: datetime, account: AccountWanted | None = None) -> None:
        """Begin a withdrawal on whoever's word.

        Raises:
            AccountUnknown, AccountNotActive

        """
        begin = partial(self.begin_in, uid=uid, subject=new_id(), channel=channel, now=now, account=account)
        unit_of_work.run(self._client, begin)
        self.begun(uid, channel)

    def begin_in(
        self,
        unit: UnitOfWork,
        uid: str,
        subject: str,
        channel: Channel,
        now: datetime,
        account: AccountWanted | None = None,
    ) -> None:
        """Begin it in the unit of whatever else must be true with it; :meth:`begun` follows the commit.

        Raises:
            AccountUnknown, AccountNotActive

        """
        profile = self._profiles.begin_withdrawal(unit, uid)
        self._points.close(unit, uid)
        self._tombstones.mark(unit, uid, now)
        withdrawal = Withdrawal(
            uid=uid,
            subject=subject,
            channel=channel,
            was_suspended=profile.status is Status.SUSPENDED,
            requested_at=now,
            resume_at=now + ENQUEUE_GRACE,
            account=account.model_dump() if account else None,
        )
        self._store.create(unit, withdrawal)

    def begun(self, uid: str, channel: Channel) -> None:
        """Send the first worker, after the commit."""
        log.info("withdrawal.begun", uid=uid, code=channel.value)
        self.enqueue(uid, "first")

    def enqueue(self, uid: str, occasion: str) -> None:
        """Send a worker to a withdrawal; at most one for each ``occasion``. Lost ones are found by the sweep."""
        self._queue.enqueue(TASK_FUNCTION, f"{derive_id('withdrawal', uid)}-{occasion}", {"uid": uid})

    def _kept(self, uid: str) -> tuple[KeptShown, ...]:
        kept = []
        for where in owned_places():
            record_class = retention().classes[where.place.record_class]
            if where.is_archived and record_class.period is not None and (count := self._records.count(where, uid)):
                period = record_class.period.model_dump(exclude_none=True)
                basis = record_class.basis
                kept.append(KeptShown(where.path, where.place.record_class, count, period, basis.ko, basis.en))
        return tuple(kept)
