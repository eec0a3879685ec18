"""Which payment providers a deployment can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagesfactory.kit import log

if TYPE_CHECKING:
    from imagesfactory.kit.settings import Settings
    from imagesfactory.payments.ports import PaymentProvider


def payment_providers(settings: Settings) -> dict[str, PaymentProvider]:
    """The providers whose keys the deployment has. A laptop takes no real money, whatever key it was given."""
    from imagesfactory.vendors.stripe_payments import StripePayments
    from imagesfactory.vendors.toss_payments import TossPayments

    providers: dict[str, PaymentProvider] = {}
    if _may_use("toss", settings.toss_secret_key, settings):
        providers["toss"] = TossPayments(secret_key=settings.toss_secret_key, base_url=settings.toss_address)
    if _may_use("stripe", settings.stripe_secret_key, settings):
        providers["stripe"] = StripePayments(
            secret_key=settings.stripe_secret_key, base_url=settings.stripe_address, web_origin=settings.web_origin
        )
    return providers


def _may_use(provider: str, key: str, settings: Settings) -> bool:
    """Both providers write into a key whether it is for real money: ``sk_live_``, ``rk_live_``, ``live_gsk_``."""
    if settings.is_local and "live_" in key:
        log.error("payments.live_key_refused", provider=provider)
        return False
    return bool(key)
