"""Joins rooms to vendors, once per instance, on first use. The only module that names both."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from imagesfactory.kit.clock import Clock, SystemClock
from imagesfactory.kit.settings import REGION, settings

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.accounts.service import AccountService
    from imagesfactory.generation.ports import ImageBucket, ImageModel
    from imagesfactory.generation.service import GenerationService
    from imagesfactory.generation.settlement import Settlement
    from imagesfactory.generation.sweep import JobSweep
    from imagesfactory.generation.work import ImageWork
    from imagesfactory.kit.queue import Queue
    from imagesfactory.mail.delivery import MailDelivery
    from imagesfactory.mail.outbox import Outbox
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
    from imagesfactory.privacy.misuse import MisuseRegister


def prepare() -> None:
    """What must be there before any function is called: the Firebase app that ID tokens are checked with."""
    from imagesfactory.vendors.directory import firebase_app

    firebase_app(settings().project)


@cache
def clock() -> Clock:
    """The one clock."""
    return SystemClock()


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
def accounts() -> AccountService:
    """The accounts room."""
    from imagesfactory.accounts.model import Versions
    from imagesfactory.accounts.service import AccountService
    from imagesfactory.policy.company import company
    from imagesfactory.vendors.directory import FirebaseDirectory

    return AccountService(
        _database(),
        misuse=misuse(),
        directory=FirebaseDirectory(project=settings().project),
        wallets=points(),
        versions=Versions(company().terms_version, company().privacy_policy_version),
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

    kitchen = Kitchen(
        catalog=catalog(),
        offered=offered(),
        models=_image_models(),
        bucket=_bucket(),
        pseudonym_key=settings().pseudonym_key,
    )
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
    from imagesfactory.vendors.sendgrid_mail import SendGridSender

    return MailDelivery(
        _database(),
        clock(),
        accounts=accounts(),
        files=_bucket(),
        sender=SendGridSender(api_key=settings().sendgrid_api_key, host=settings().sendgrid_address),
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

    return Inbox(_database(), queue=_queue(), providers=_payment_providers(), reconciliation=_reconciliation())


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

    return Settlements(_database(), points=points(), providers=_payment_providers())


@cache
def _reconciliation() -> Reconciliation:
    from imagesfactory.payments.reconciliation import Reconciliation
    from imagesfactory.policy.payments import payment_rules

    return Reconciliation(
        _database(), points=points(), outbox=_outbox(), providers=_payment_providers(), rules=payment_rules()
    )


@cache
def _payment_providers() -> dict[str, PaymentProvider]:
    """The providers whose keys this deployment has."""
    from imagesfactory.vendors.stripe_payments import StripePayments
    from imagesfactory.vendors.toss_payments import TossPayments

    chosen = settings()
    providers: dict[str, PaymentProvider] = {}
    if chosen.toss_secret_key:
        providers["toss"] = TossPayments(secret_key=chosen.toss_secret_key, base_url=chosen.toss_address)
    if chosen.stripe_secret_key:
        providers["stripe"] = StripePayments(
            secret_key=chosen.stripe_secret_key, base_url=chosen.stripe_address, web_origin=chosen.web_origin
        )
    return providers


@cache
def _outbox() -> Outbox:
    from imagesfactory.mail.outbox import Outbox

    return Outbox(_database())


@cache
def _database() -> Client:
    from imagesfactory.vendors.firestore_client import default_database

    return default_database(settings())


@cache
def _bucket() -> ImageBucket:
    from imagesfactory.vendors.bucket import CloudStorageBucket

    chosen = settings()
    return CloudStorageBucket(name=chosen.bucket, project=chosen.project, emulator=chosen.storage_emulator)


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
    from imagesfactory.mail.outbox import Outbox

    return Settlement(JobStore(_database()), points(), Outbox(_database()))


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
