"""The steps of a withdrawal, one after the other, each written down when it is done: killed anywhere, it goes on there.

Nothing is erased before everything that a law keeps was copied and read back. The sign-in goes last; a quarter of an
hour later, when nothing that began before can still write, everything is looked through once more. Only then is the
withdrawal complete, and the one record that joins member and subject goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.accounts.service import AccountService
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.clock import Clock
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.payments.request import AccountWanted
from imagesfactory.privacy.misuse import Case, MisuseRegister
from imagesfactory.withdrawal.archive import Archive
from imagesfactory.withdrawal.erasure import Erasure
from imagesfactory.withdrawal.last_letter import LastLetter
from imagesfactory.withdrawal.model import LAST_LOOK_AFTER, Step, Withdrawal, wait_after
from imagesfactory.withdrawal.open_money import OpenMoney
from imagesfactory.withdrawal.ports import Directory
from imagesfactory.withdrawal.settling import Settling
from imagesfactory.withdrawal.store import WithdrawalStore, postponed, withdrawal_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client

SUSPENDED: Final = "withdrawn-while-suspended"
"""Why the register of misuse lists somebody who left to come back."""

Facts = dict[str, Any]
"""What a step adds to the withdrawal."""


class WithdrawalProcess:
    """Carries withdrawals out."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        *,
        accounts: AccountService,
        profiles: ProfileService,
        misuse: MisuseRegister,
        directory: Directory,
        settling: Settling,
        archive: Archive,
        erasure: Erasure,
        open_money: OpenMoney,
        letter: LastLetter,
    ) -> None:
        self._client = client
        self._clock = clock
        self._store = WithdrawalStore(client)
        self._accounts = accounts
        self._profiles = profiles
        self._misuse = misuse
        self._directory = directory
        self._settling = settling
        self._archive = archive
        self._erasure = erasure
        self._open_money = open_money
        self._letter = letter
        self._steps: dict[Step, Callable[[Withdrawal], Facts]] = {
            Step.END_JOBS: self._end_jobs,
            Step.SETTLE_MONEY: self._settle_money,
            Step.FORFEIT_POINTS: self._forfeit_points,
            Step.PART_OPEN_MONEY: self._part_open_money,
            Step.ARCHIVE: self._copy,
            Step.ERASE_RECORDS: self._erase_records,
            Step.ERASE_FILES: self._erase_files,
            Step.TELL_MEMBER: self._tell_member,
            Step.ERASE_AT_PROCESSORS: self._erase_at_processors,
            Step.ERASE_PROFILE: self._erase_profile,
            Step.REMOVE_SIGN_IN: self._remove_sign_in,
            Step.LOOK_AGAIN: self._look_again,
        }

    def proceed(self, uid: str) -> None:
        """Bring a withdrawal as far as it gets now; one that is complete, or was never begun, stays so.

        Raises:
            RetryLater: it has not come to its end; call again.

        """
        while (withdrawal := self._store.get(uid)) is not None:
            if withdrawal.step is Step.COMPLETE:
                unit_of_work.run(self._client, partial(self._complete, uid=uid))
                log.info("withdrawal.completed")
                return
            if withdrawal.step is Step.LOOK_AGAIN and not self._may_look(withdrawal):
                return  # the sweep comes back for it
            facts = self._attempt(withdrawal)
            unit_of_work.run(self._client, partial(self._advance, uid=uid, done=withdrawal.step, facts=facts))
            log.info("withdrawal.step_done", code=withdrawal.step.value)

    def _may_look(self, withdrawal: Withdrawal) -> bool:
        return withdrawal.resume_at is None or withdrawal.resume_at <= self._clock.now()

    def _attempt(self, withdrawal: Withdrawal) -> Facts:
        """One step. What stops it is written down as a time to come back, so that nothing is forgotten."""
        try:
            return self._steps[withdrawal.step](withdrawal)
        except RetryLater as later:
            wait = later.delay or wait_after(withdrawal.attempts)
            log.info("withdrawal.postponed", code=later.reason, attempt=withdrawal.attempts)
        except Exception as problem:
            wait = wait_after(withdrawal.attempts)
            log.failure("withdrawal.step_failed", problem, code=withdrawal.step.value, attempt=withdrawal.attempts)
        unit_of_work.run(self._client, partial(self._postpone, uid=withdrawal.uid, step=withdrawal.step, wait=wait))
        raise RetryLater("withdrawal-step-open", wait)

    def _advance(self, unit: UnitOfWork, uid: str, done: Step, facts: Facts) -> None:
        (snapshot,) = unit.read(self._store.reference(uid))
        withdrawal = withdrawal_from(snapshot)
        if withdrawal is None or withdrawal.step is not done:
            return  # a twin was faster
        wait = LAST_LOOK_AFTER if done.next is Step.LOOK_AGAIN else timedelta(0)
        following: Facts = {"step": done.next, "attempts": 0, "resume_at": self._clock.now() + wait}
        self._store.update(unit, replace(withdrawal, **following | facts))

    def _postpone(self, unit: UnitOfWork, uid: str, step: Step, wait: timedelta) -> None:
        (snapshot,) = unit.read(self._store.reference(uid))
        withdrawal = withdrawal_from(snapshot)
        if withdrawal is not None and withdrawal.step is step:
            self._store.update(unit, postponed(withdrawal, wait, self._clock.now()))

    def _complete(self, unit: UnitOfWork, uid: str) -> None:
        (snapshot,) = unit.read(self._store.reference(uid))
        withdrawal = withdrawal_from(snapshot)
        if withdrawal is None:
            return
        (evidence,) = unit.read(self._store.evidence(withdrawal.subject))
        if evidence.exists:
            self._store.complete(unit, withdrawal, self._clock.now())

    # -- the steps

    def _end_jobs(self, withdrawal: Withdrawal) -> Facts:
        if withdrawal.was_suspended:
            identities = self._accounts.identities(withdrawal.uid)
            self._misuse.list_identities(identities, Case(SUSPENDED, withdrawal.subject), withdrawal.requested_at)
        self._settling.end_jobs(withdrawal.uid, self._clock.now())
        return {}

    def _settle_money(self, withdrawal: Withdrawal) -> Facts:
        account = AccountWanted(**withdrawal.account) if withdrawal.account else None
        since = withdrawal.requested_at
        unrefunded = self._settling.settle_money(withdrawal.uid, account, since, self._clock.now())
        outcome = self._settling.outcome(withdrawal.uid, since)
        return {"unrefunded_orders": unrefunded, "refunds": outcome.refunds, "lost_points": outcome.lost_points}

    def _forfeit_points(self, withdrawal: Withdrawal) -> Facts:
        self._settling.forfeit_points(withdrawal.uid, self._clock.now())
        return {"account": None}

    def _part_open_money(self, withdrawal: Withdrawal) -> Facts:
        uid, now = withdrawal.uid, self._clock.now()
        if self._settling.may_be_disputed(uid, now):
            self._misuse.remember(withdrawal.subject, self._accounts.identities(uid), now)
        return {"open_orders": self._open_money.part(uid, withdrawal.subject, now)}

    def _copy(self, withdrawal: Withdrawal) -> Facts:
        return {"archived": self._archive.copy(withdrawal.uid, withdrawal.subject, withdrawal.requested_at)}

    def _erase_records(self, withdrawal: Withdrawal) -> Facts:
        erased = self._erasure.records(withdrawal.uid, withdrawal.subject, withdrawal.requested_at)
        return {"erased": _sum(withdrawal.erased, erased)}

    def _erase_files(self, withdrawal: Withdrawal) -> Facts:
        return {"erased": _sum(withdrawal.erased, self._erasure.files(withdrawal.uid))}

    def _tell_member(self, withdrawal: Withdrawal) -> Facts:
        return {"letter": self._letter.send(withdrawal, self._clock.now())}

    def _erase_at_processors(self, withdrawal: Withdrawal) -> Facts:
        profile = self._profiles.any_of(withdrawal.uid)
        if profile is None:
            return {}
        return {"processors": self._erasure.at_processors(profile.email, *profile.former_emails)}

    def _erase_profile(self, withdrawal: Withdrawal) -> Facts:
        unit_of_work.run(self._client, partial(self._erase_last, withdrawal=withdrawal))
        return {}

    def _erase_last(self, unit: UnitOfWork, withdrawal: Withdrawal) -> None:
        """The profile, and the letter that needed it: not before, or a repetition would write it again."""
        self._profiles.erase(unit, withdrawal.uid)
        self._letter.erase(unit, withdrawal)

    def _remove_sign_in(self, withdrawal: Withdrawal) -> Facts:
        self._directory.delete(withdrawal.uid)
        return {}

    def _look_again(self, withdrawal: Withdrawal) -> Facts:
        """What was written late is erased now, and looked for once more; only silence completes a withdrawal."""
        late = self._erasure.records(withdrawal.uid, withdrawal.subject, withdrawal.requested_at)
        late |= self._erasure.files(withdrawal.uid)
        if any(late.values()):
            log.warning("withdrawal.late_records", count=sum(late.values()))
            raise RetryLater("late-records", LAST_LOOK_AFTER)
        return {}


def _sum(before: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return {place: before.get(place, 0) + more.get(place, 0) for place in before | more}
