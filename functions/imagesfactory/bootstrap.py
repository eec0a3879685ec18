"""Joins rooms to vendors, once per instance, on first use. The only module that names both."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from imagesfactory.kit.clock import Clock, ShiftedClock, SystemClock
from imagesfactory.kit.settings import REGION, settings

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.accounts.profiles import ProfileService
    from imagesfactory.accounts.service import AccountService
    from imagesfactory.generation.ports import ImageModel
    from imagesfactory.generation.service import GenerationService
    from imagesfactory.generation.settlement import Settlement
    from imagesfactory.generation.sweep import JobSweep
    from imagesfactory.generation.work import ImageWork
    from imagesfactory.kit.queue import Queue
    from imagesfactory.limits.store import AllowanceStore
    from imagesfactory.mail.advertising import Advertiser
    from imagesfactory.mail.delivery import MailDelivery
    from imagesfactory.mail.outbox import Outbox
    from imagesfactory.mail.suppression import SuppressionList
    from imagesfactory.payments.coupons import CouponService
    from imagesfactory.payments.inbox import Inbox
    from imagesfactory.payments.orders import OrderService
    from imagesfactory.payments.ports import PaymentProvider
    from imagesfactory.payments.receipts import ReceiptService
    from imagesfactory.payments.reconciliation import Reconciliation
    from imagesfactory.payments.refunds import RefundService
    from imagesfactory.payments.settlement import Settlements
    from imagesfactory.payments.sweep import PaymentSweep
    from imagesfactory.points.service import PointsService
    from imagesfactory.policy.catalog import Catalog
    from imagesfactory.policy.versions import VersionsByClock
    from imagesfactory.privacy.misuse import MisuseRegister
    from imagesfactory.privacy.purge.desk import PurgeDesk
    from imagesfactory.privacy.purge.service import Purge
    from imagesfactory.privacy.tombstones import Tombstones
    from imagesfactory.rights.letters import OutboxConsentLetters
    from imagesfactory.vendors.bucket import CloudStorageBucket
    from imagesfactory.vendors.bucket_folders import BucketFolders
    from imagesfactory.vendors.directory import FirebaseDirectory
    from imagesfactory.vendors.sendgrid_recipients import SendGridRecipients
    from imagesfactory.withdrawal.open_money import OpenMoney
    from imagesfactory.withdrawal.settling import Settling


def prepare() -> None:
    """What must be there before any function is called: the Firebase app that ID tokens are checked with."""
    from imagesfactory.vendors.directory import firebase_app

    firebase_app(settings().project)


@cache
def clock() -> Clock:
    """The one clock. On a laptop it can be moved."""
    file = settings().clock_file
    return ShiftedClock(Path(file)) if file else SystemClock()


@cache
def outside_clock() -> Clock:
    """The time outside, which nobody moves: signatures and sign-ins are dated by it."""
    return SystemClock()


@cache
def versions() -> VersionsByClock:
    """The versions of the terms and the policy that are in force at the time of the question."""
    from imagesfactory.policy.versions import VersionsByClock

    return VersionsByClock(clock())


@cache
def catalog() -> Catalog:
    """The catalogue in force."""
    from imagesfactory.policy import catalog as policy

    return policy.catalog()


def offered() -> frozenset[str]:
    """The ids of the models that this deployment can run."""
    return catalog().offered(settings().features)


@cache
def points() -> PointsService:
    """The points room."""
    from imagesfactory.points.service import PointsService

    return PointsService(_database(), catalog())


@cache
def misuse() -> MisuseRegister:
    """The register of misuse."""
    from imagesfactory.privacy.misuse import MisuseRegister

    return MisuseRegister(_database(), settings().pseudonym_key)


@cache
def tombstones() -> Tombstones:
    """The marks of withdrawn accounts."""
    from imagesfactory.privacy.tombstones import Tombstones

    return Tombstones(_database(), settings().pseudonym_key)


@cache
def accounts() -> AccountService:
    """The accounts room."""
    from imagesfactory.accounts.service import AccountService

    return AccountService(
        _database(),
        misuse=misuse(),
        tombstones=tombstones(),
        directory=_directory(),
        wallets=points(),
        letters=_consent_letters(),
        versions=versions(),
    )


@cache
def generation() -> GenerationService:
    """What members ask of the generation room."""
    from imagesfactory.generation.service import GenerationService
    from imagesfactory.vendors.openai_moderation import OpenAIModerator

    return GenerationService(
        client=_database(),
        points=points(),
        settlement=_settlement(),
        catalog=catalog(),
        offered=offered(),
        moderator=OpenAIModerator(api_key=settings().openai_api_key, base_url=settings().openai_address),
        queue=_queue(),
    )


@cache
def image_work() -> ImageWork:
    """The work on single images."""
    from imagesfactory.generation.work import ImageWork, Kitchen

    kitchen = Kitchen(catalog(), offered(), _image_models(), _bucket(), settings().pseudonym_key)
    return ImageWork(_database(), clock(), kitchen, _settlement())


@cache
def job_sweep() -> JobSweep:
    """The sweep of jobs."""
    from imagesfactory.generation.sweep import JobSweep

    return JobSweep(_database(), generation(), _settlement(), _bucket())


@cache
def mail() -> MailDelivery:
    """The mail room."""
    from imagesfactory.mail.delivery import MailDelivery
    from imagesfactory.support.contacts import InquiryContacts
    from imagesfactory.vendors.firebase_push import FirebasePusher
    from imagesfactory.vendors.sendgrid_mail import SendGridSender

    return MailDelivery(
        _database(),
        clock(),
        accounts=accounts(),
        outsiders=InquiryContacts(_database()),
        suppressions=suppressions(),
        advertiser=advertiser(),
        files=_bucket(),
        sender=SendGridSender(api_key=settings().sendgrid_api_key, host=settings().sendgrid_address),
        pusher=FirebasePusher(project=settings().project, address=settings().push_address),
        queue=_queue(),
        web_origin=settings().web_origin,
    )


@cache
def orders() -> OrderService:
    """Orders of points."""
    from imagesfactory.payments.orders import OrderService
    from imagesfactory.policy.payments import payment_rules

    return OrderService(
        _database(),
        points=points(),
        providers=_payment_providers(),
        reconciliation=_reconciliation(),
        rules=payment_rules(),
    )


@cache
def refunds() -> RefundService:
    """Refunds of unused points."""
    from imagesfactory.payments.refunds import RefundService
    from imagesfactory.policy.payments import payment_rules

    return RefundService(
        _database(),
        points=points(),
        providers=_payment_providers(),
        reconciliation=_reconciliation(),
        rules=payment_rules(),
    )


@cache
def receipts() -> ReceiptService:
    """Receipts of paid orders."""
    from imagesfactory.payments.receipts import ReceiptService
    from imagesfactory.policy.payments import payment_rules

    return ReceiptService(_database(), orders=orders(), outbox=_outbox(), rules=payment_rules())


@cache
def coupons() -> CouponService:
    """Coupons."""
    from imagesfactory.payments.coupons import CouponService
    from imagesfactory.policy.payments import payment_rules

    return CouponService(_database(), points=points(), rules=payment_rules())


@cache
def inbox() -> Inbox:
    """The inbox of payment webhooks."""
    from imagesfactory.payments.inbox import Inbox

    return Inbox(
        _database(),
        queue=_queue(),
        providers=_payment_providers(),
        reconciliation=_reconciliation(),
        allowances=allowances(),
        recall=_open_money().recall,
    )


@cache
def payment_sweep() -> PaymentSweep:
    """The sweep of orders, refunds and disputes."""
    from imagesfactory.payments.sweep import PaymentSweep

    return PaymentSweep(
        _database(),
        providers=_payment_providers(),
        reconciliation=_reconciliation(),
        refunds=refunds(),
        misuse=misuse(),
        identities_of=accounts().identities,
    )


@cache
def settlements() -> Settlements:
    """The daily settlement."""
    from imagesfactory.payments.settlement import Settlements

    return Settlements(_database(), archive=_archive_database(), providers=_payment_providers())


@cache
def profiles() -> ProfileService:
    """What members change of their own data."""
    from imagesfactory.accounts.profiles import ProfileService

    return ProfileService(_database(), versions(), _consent_letters())


@cache
def _recipients() -> SendGridRecipients:
    from imagesfactory.vendors.sendgrid_recipients import SendGridRecipients

    return SendGridRecipients(api_key=settings().sendgrid_api_key, host=settings().sendgrid_address)


@cache
def _consent_letters() -> OutboxConsentLetters:
    from imagesfactory.rights.letters import OutboxConsentLetters

    return OutboxConsentLetters(_outbox())


@cache
def _settling() -> Settling:
    from imagesfactory.policy.payments import payment_rules
    from imagesfactory.withdrawal.settling import Settling

    return Settling(
        _database(),
        points=points(),
        generation=generation(),
        payments=payment_sweep(),
        refunds=refunds(),
        rules=payment_rules(),
    )


@cache
def _open_money() -> OpenMoney:
    from imagesfactory.withdrawal.open_money import OpenMoney

    return OpenMoney(_database(), _archive_database(), _settling())


@cache
def _directory() -> FirebaseDirectory:
    from imagesfactory.vendors.directory import FirebaseDirectory

    return FirebaseDirectory(project=settings().project)


@cache
def _folders() -> BucketFolders:
    from imagesfactory.vendors.bucket_folders import BucketFolders

    chosen = settings()
    return BucketFolders(name=chosen.bucket, project=chosen.project, emulator=chosen.storage_emulator, clock=clock())


@cache
def _archive_database() -> Client:
    from imagesfactory.vendors.firestore_client import archive_database

    return archive_database(settings())


@cache
def purge() -> Purge:
    """The daily purge."""
    from imagesfactory.privacy.purge.service import Purge

    return Purge(_database(), _archive_database(), _bucket(), clock=clock(), queue=_queue())


@cache
def purge_desk() -> PurgeDesk:
    """What an operator sees of the purge."""
    from imagesfactory.privacy.purge.desk import PurgeDesk

    return PurgeDesk(_database(), _archive_database(), _bucket())


@cache
def _reconciliation() -> Reconciliation:
    from imagesfactory.payments.reconciliation import Reconciliation
    from imagesfactory.policy.payments import payment_rules

    return Reconciliation(
        _database(), points=points(), outbox=_outbox(), providers=_payment_providers(), rules=payment_rules()
    )


@cache
def _payment_providers() -> dict[str, PaymentProvider]:
    from imagesfactory.vendors.payment_providers import payment_providers

    return payment_providers(settings())


@cache
def advertiser() -> Advertiser:
    """Who sells and advertises."""
    from imagesfactory.mail.advertising import Advertiser

    chosen = settings()
    return Advertiser(
        address=chosen.company_address,
        telephone=chosen.company_telephone,
        unsubscribe_page=f"{chosen.functions_origin}/unsubscribe",
        key=chosen.pseudonym_key,
        representative=chosen.company_representative,
    )


@cache
def allowances() -> AllowanceStore:
    """How often what may be done."""
    from imagesfactory.limits.store import AllowanceStore

    return AllowanceStore(_database(), settings().pseudonym_key)


@cache
def suppressions() -> SuppressionList:
    """Addresses that are not written to any more."""
    from imagesfactory.mail.suppression import SuppressionList

    return SuppressionList(_database(), settings().pseudonym_key)


@cache
def _outbox() -> Outbox:
    from imagesfactory.mail.outbox import Outbox

    return Outbox(_database())


@cache
def _database() -> Client:
    from imagesfactory.vendors.firestore_client import default_database

    return default_database(settings())


@cache
def _bucket() -> CloudStorageBucket:
    from imagesfactory.vendors.bucket import CloudStorageBucket

    chosen = settings()
    return CloudStorageBucket(
        name=chosen.bucket, project=chosen.project, emulator=chosen.storage_emulator, clock=clock()
    )


@cache
def _queue() -> Queue:
    from imagesfactory.vendors.task_queue import CloudTasksQueue

    chosen = settings()
    return CloudTasksQueue(
        project=chosen.project, region=REGION, task_invoker=chosen.task_invoker, emulator=chosen.tasks_emulator
    )


@cache
def _settlement() -> Settlement:
    from imagesfactory.generation.settlement import Settlement
    from imagesfactory.generation.store import JobStore

    return Settlement(JobStore(_database()), points(), _outbox())


def _image_models() -> dict[str, ImageModel]:
    from imagesfactory.vendors.openai_images import OpenAIImages
    from imagesfactory.vendors.stability_rest import StabilityRest

    chosen = settings()
    models: dict[str, ImageModel] = {
        "openai": OpenAIImages(api_key=chosen.openai_api_key, base_url=chosen.openai_address),
        "stability": StabilityRest(api_key=chosen.stability_api_key, base_url=chosen.stability_address),
    }
    if chosen.stability_grpc_enabled:
        from imagesfactory.vendors.stability_grpc import StabilityGrpc

        models["stability-grpc"] = StabilityGrpc(api_key=chosen.stability_api_key, host=chosen.stability_grpc_address)
    return models
