"""Joins the rooms of members' rights and the officer (my page, export, corrections, suspensions), on first use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from imagesfactory import bootstrap

if TYPE_CHECKING:
    from imagesfactory.generation.deletion import ImageDeletion
    from imagesfactory.officer.members import MemberDesk
    from imagesfactory.officer.suspension import SuspensionService
    from imagesfactory.rights.appeals import AppealService
    from imagesfactory.rights.correction import CorrectionService
    from imagesfactory.rights.export import ExportService
    from imagesfactory.rights.mail_stops import MailStops
    from imagesfactory.rights.my_page import MyPage
    from imagesfactory.withdrawal.guardians import GuardianDesk


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
        withdrawals=bootstrap.withdrawals(),
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
        withdrawals=bootstrap.withdrawals(),
        desk=office.support_desk(),
        accesses=office.access_log(),
    )


@cache
def image_deletion() -> ImageDeletion:
    """Single images that members delete."""
    from imagesfactory.generation.deletion import ImageDeletion

    return ImageDeletion(bootstrap._database(), bootstrap._bucket())
