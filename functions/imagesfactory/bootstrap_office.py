"""Joins the rooms of the office (support, staff, notices, devices, sessions, truth) once per instance, on first use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from imagesfactory import bootstrap
from imagesfactory.kit.settings import settings

if TYPE_CHECKING:
    from imagesfactory.accounts.devices import DeviceService
    from imagesfactory.limits.service import LimitService
    from imagesfactory.mail.events import MailEvents
    from imagesfactory.notices.campaigns import CampaignService
    from imagesfactory.notices.service import NoticeService
    from imagesfactory.payments.by_hand import HandRefunds
    from imagesfactory.staff.access_log import AccessLog
    from imagesfactory.staff.disclosures import DisclosureRegister
    from imagesfactory.support.desk import SupportDesk
    from imagesfactory.support.forgetting import ContactErasure
    from imagesfactory.support.service import SupportService
    from imagesfactory.truth.audit import Audit
    from imagesfactory.truth.service import TruthPage
    from imagesfactory.vendors.session_cookies import SessionCookies


@cache
def mail_events() -> MailEvents:
    """What the carrier tells about letters."""
    from imagesfactory.mail.events import MailEvents

    return MailEvents(bootstrap._database(), bootstrap.suppressions(), bootstrap.profiles())


@cache
def limits() -> LimitService:
    """How often each function may be called."""
    from imagesfactory.limits.service import LimitService
    from imagesfactory.policy.limits import limits

    return LimitService(limits(), bootstrap.allowances)


@cache
def support() -> SupportService:
    """Inquiries, as members and strangers make them."""
    from imagesfactory.support.service import SupportService

    return SupportService(
        bootstrap._database(),
        outbox=bootstrap._outbox(),
        accounts=bootstrap.accounts(),
        allowances=bootstrap.allowances(),
    )


@cache
def contact_erasure() -> ContactErasure:
    """What the mail carrier keeps of people without an account."""
    from imagesfactory.support.forgetting import ContactErasure

    return ContactErasure(bootstrap._database(), bootstrap._recipients())


@cache
def support_desk() -> SupportDesk:
    """Inquiries, as staff works with them."""
    from imagesfactory.support.desk import SupportDesk

    return SupportDesk(
        bootstrap._database(),
        outbox=bootstrap._outbox(),
        accesses=access_log(),
    )


@cache
def access_log() -> AccessLog:
    """The log of looks at personal data."""
    from imagesfactory.staff.access_log import AccessLog

    return AccessLog(bootstrap._database())


@cache
def disclosures() -> DisclosureRegister:
    """The register of lawful disclosures."""
    from imagesfactory.staff.disclosures import DisclosureRegister

    return DisclosureRegister(bootstrap._database(), access_log())


@cache
def notices() -> NoticeService:
    """Announcements."""
    from imagesfactory.accounts.renewal import ConsentRenewal
    from imagesfactory.accounts.roll import MemberRoll
    from imagesfactory.notices.service import NoticeService

    database, versions = bootstrap._database(), bootstrap.versions()
    return NoticeService(
        database,
        roll=MemberRoll(database),
        renewal=ConsentRenewal(database, versions),
        outbox=bootstrap._outbox(),
        queue=bootstrap._queue(),
        versions=versions,
    )


@cache
def campaigns() -> CampaignService:
    """Advertising."""
    from imagesfactory.accounts.roll import MemberRoll
    from imagesfactory.notices.campaigns import CampaignService

    return CampaignService(
        bootstrap._database(),
        roll=MemberRoll(bootstrap._database()),
        outbox=bootstrap._outbox(),
        queue=bootstrap._queue(),
        advertiser=bootstrap.advertiser(),
    )


@cache
def devices() -> DeviceService:
    """Members' devices."""
    from imagesfactory.accounts.devices import DeviceService
    from imagesfactory.points.store import WalletStore

    return DeviceService(bootstrap._database(), WalletStore(bootstrap._database()))


@cache
def sessions() -> SessionCookies:
    """Sessions of websites."""
    from imagesfactory.vendors.session_cookies import SessionCookies

    return SessionCookies(project=settings().project)


@cache
def hand_refunds() -> HandRefunds:
    """Refunds that a person paid."""
    from imagesfactory.payments.by_hand import HandRefunds
    from imagesfactory.policy.payments import payment_rules

    return HandRefunds(
        bootstrap._database(),
        reconciliation=bootstrap._reconciliation(),
        recall=bootstrap._open_money().recall,
        accesses=access_log(),
        rules=payment_rules(),
    )


@cache
def truth_page() -> TruthPage:
    """The operator's truth page."""
    from imagesfactory.truth.service import TruthPage

    return TruthPage(bootstrap._database(), bootstrap._archive_database(), bootstrap._bucket())


@cache
def truth_audit() -> Audit:
    """The audit behind the truth page."""
    from imagesfactory.truth.audit import Audit

    return Audit(
        bootstrap._database(),
        bootstrap._archive_database(),
        files=bootstrap._bucket(),
        settlements=bootstrap.settlements(),
    )
