"""Joins the rooms of members' rights and the officer (my page, export, corrections, leaving), on first use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from imagesfactory import bootstrap

if TYPE_CHECKING:
    from imagesfactory.accounts.copies import Copies
    from imagesfactory.accounts.removal import UnfinishedSignups
    from imagesfactory.generation.deletion import ImageDeletion
    from imagesfactory.officer.members import MemberDesk
    from imagesfactory.officer.suspension import SuspensionService
    from imagesfactory.rights.appeals import AppealService
    from imagesfactory.rights.correction import CorrectionService
    from imagesfactory.rights.export import ExportService
    from imagesfactory.rights.mail_stops import MailStops
    from imagesfactory.rights.my_page import MyPage
    from imagesfactory.withdrawal.archive import Archive
    from imagesfactory.withdrawal.erasure import Erasure
    from imagesfactory.withdrawal.guardians import GuardianDesk
    from imagesfactory.withdrawal.process import WithdrawalProcess
    from imagesfactory.withdrawal.service import WithdrawalService
    from imagesfactory.withdrawal.sweep import WithdrawalSweep


@cache
def my_page() -> MyPage:
    """What is held about a member."""
    from imagesfactory.rights.my_page import MyPage

    return MyPage(
        bootstrap._database(),
        profiles=bootstrap.profiles(),
        corrections=corrections(),
        sign_ins=bootstrap._directory(),
    )


@cache
def exports() -> ExportService:
    """The file of everything that is held."""
    from imagesfactory.rights.export import ExportService

    return ExportService(
        bootstrap._database(),
        bootstrap.clock(),
        profiles=bootstrap.profiles(),
        folders=bootstrap._folders(),
        outbox=bootstrap._outbox(),
        queue=bootstrap._queue(),
    )


@cache
def corrections() -> CorrectionService:
    """Corrections of what is held."""
    from imagesfactory import bootstrap_office as office
    from imagesfactory.rights.correction import CorrectionService

    return CorrectionService(
        bootstrap._database(),
        profiles=bootstrap.profiles(),
        outbox=bootstrap._outbox(),
        mail=bootstrap.mail(),
        accesses=office.access_log(),
    )


@cache
def appeals() -> AppealService:
    """People who may join again."""
    from imagesfactory import bootstrap_office as office
    from imagesfactory.rights.appeals import AppealService

    return AppealService(bootstrap._database(), misuse=bootstrap.misuse(), accesses=office.access_log())


@cache
def mail_stops() -> MailStops:
    """Addresses that are written to again."""
    from imagesfactory import bootstrap_office as office
    from imagesfactory.rights.mail_stops import MailStops

    return MailStops(
        bootstrap._database(),
        profiles=bootstrap.profiles(),
        suppressions=bootstrap.suppressions(),
        accesses=office.access_log(),
    )


@cache
def suspensions() -> SuspensionService:
    """Members to whom the service is closed."""
    from imagesfactory import bootstrap_office as office
    from imagesfactory.officer.suspension import SuspensionService

    return SuspensionService(
        bootstrap._database(),
        accounts=bootstrap.accounts(),
        profiles=bootstrap.profiles(),
        points=bootstrap.points(),
        settling=bootstrap._settling(),
        misuse=bootstrap.misuse(),
        directory=bootstrap._directory(),
        outbox=bootstrap._outbox(),
        accesses=office.access_log(),
    )


@cache
def member_desk() -> MemberDesk:
    """Members who ask the officer."""
    from imagesfactory import bootstrap_office as office
    from imagesfactory.officer.members import MemberDesk

    return MemberDesk(
        bootstrap._database(),
        profiles=bootstrap.profiles(),
        exports=exports(),
        withdrawals=withdrawals(),
        desk=office.support_desk(),
        accesses=office.access_log(),
    )


@cache
def guardians() -> GuardianDesk:
    """Children's accounts that go on a guardian's word."""
    from imagesfactory import bootstrap_office as office
    from imagesfactory.withdrawal.guardians import GuardianDesk

    return GuardianDesk(
        bootstrap._database(),
        profiles=bootstrap.profiles(),
        withdrawals=withdrawals(),
        desk=office.support_desk(),
        accesses=office.access_log(),
    )


@cache
def image_deletion() -> ImageDeletion:
    """Single images that members delete."""
    from imagesfactory.generation.deletion import ImageDeletion

    return ImageDeletion(bootstrap._database(), bootstrap._bucket())


@cache
def withdrawals() -> WithdrawalService:
    """Members who leave."""
    from imagesfactory.withdrawal.service import WithdrawalService

    return WithdrawalService(
        bootstrap._database(),
        profiles=bootstrap.profiles(),
        tombstones=bootstrap.tombstones(),
        points=bootstrap.points(),
        settling=bootstrap._settling(),
        queue=bootstrap._queue(),
    )


@cache
def withdrawal_process() -> WithdrawalProcess:
    """The steps of a withdrawal."""
    from imagesfactory.withdrawal.last_letter import LastLetter
    from imagesfactory.withdrawal.process import WithdrawalProcess

    return WithdrawalProcess(
        bootstrap._database(),
        bootstrap.clock(),
        accounts=bootstrap.accounts(),
        profiles=bootstrap.profiles(),
        misuse=bootstrap.misuse(),
        directory=bootstrap._directory(),
        settling=bootstrap._settling(),
        archive=_archive(),
        erasure=_erasure(),
        open_money=bootstrap._open_money(),
        letter=LastLetter(bootstrap._database(), outbox=bootstrap._outbox(), mail=bootstrap.mail()),
    )


@cache
def withdrawal_sweep() -> WithdrawalSweep:
    """The sweep of withdrawals."""
    from imagesfactory.withdrawal.sweep import WithdrawalSweep

    return WithdrawalSweep(
        bootstrap._database(),
        service=withdrawals(),
        process=withdrawal_process(),
        open_money=bootstrap._open_money(),
        directory=bootstrap._directory(),
    )


@cache
def unfinished_signups() -> UnfinishedSignups:
    """Sign-ups that are never completed."""
    from imagesfactory.accounts.removal import UnfinishedSignups
    from imagesfactory.withdrawal.left_visits import LeftVisits

    left = LeftVisits(_erasure())
    return UnfinishedSignups(bootstrap._database(), directory=bootstrap._directory(), left=left)


@cache
def _erasure() -> Erasure:
    from imagesfactory.withdrawal.erasure import Erasure

    return Erasure(
        bootstrap._database(),
        archive=_archive(),
        files=bootstrap._folders(),
        processors={"sendgrid": bootstrap._recipients()},
    )


@cache
def _archive() -> Archive:
    from imagesfactory.withdrawal.archive import Archive

    return Archive(bootstrap._database(), bootstrap._archive_database())


@cache
def copies() -> Copies:
    """What others have copied of profiles."""
    from imagesfactory.accounts.copies import Copies

    return Copies(bootstrap._database(), sign_ins=bootstrap._directory(), carrier=bootstrap._recipients())
