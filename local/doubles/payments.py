"""The payment doubles together: one clock, their part of the control API, their webhooks, their pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from local.doubles.addresses import Addresses
from local.doubles.core.backstage import Backstage
from local.doubles.core.clock import MovableClock
from local.doubles.core.control_answers import CommandInvalid, commanded
from local.doubles.core.postman import PostSettings
from local.doubles.stripe.app import StripeDouble
from local.doubles.stripe.control import StripeControl
from local.doubles.toss.app import TossDouble
from local.doubles.toss.control import TossControl


@dataclass(frozen=True, kw_only=True)
class WebhookUrls:
    """Where the payment doubles post their webhooks from the start (None: nowhere), and the pauses between attempts."""

    stripe: str | None = None
    toss: str | None = None
    retry_pauses_seconds: tuple[float, ...] = ()


class PaymentDoubles:
    """The Stripe and the Toss double of one process."""

    def __init__(self, backstage: Backstage, urls: WebhookUrls) -> None:
        pauses = urls.retry_pauses_seconds
        self._clock = MovableClock()
        self.stripe = StripeDouble(backstage, self._clock, PostSettings(url=urls.stripe, retry_pauses_seconds=pauses))
        self.toss = TossDouble(backstage, self._clock, PostSettings(url=urls.toss, retry_pauses_seconds=pauses))
        self.stripe_control = StripeControl(self.stripe)
        self.toss_control = TossControl(self.toss)

    def locate(self, addresses: Addresses) -> None:
        """Take note of where everything listens; the payment pages' addresses are made from it."""
        self.stripe.desk.base_url = addresses.stripe_url
        self.toss.payments.base_url = addresses.toss_url

    def reset(self) -> None:
        """Forget every payment and message, and go back to the machine's time."""
        self._clock.reset()
        self.stripe.reset()
        self.toss.reset()

    async def close(self) -> None:
        """Stop posting webhooks."""
        await self.stripe.postman.close()
        await self.toss.postman.close()

    def control_routes(self) -> list[BaseRoute]:
        """The routes under /_control/stripe and /_control/toss, and the clock."""
        clock = Route("/_control/clock/advance", commanded(self._advance, CommandInvalid), methods=["POST"])
        stand = Route("/_control/clock/stand", commanded(self._stand, CommandInvalid), methods=["POST"])
        return [clock, stand, *self.stripe_control.routes(), *self.toss_control.routes()]

    def _advance(self, _: Request, body: dict[str, Any]) -> dict[str, str]:
        """Go forward in time; whatever is due expires at once."""
        seconds = body.get("seconds")
        if not isinstance(seconds, int | float):
            raise CommandInvalid("seconds must be a number")
        self._clock.advance(seconds)
        return self._expired()

    def _stand(self, _: Request, body: dict[str, Any]) -> dict[str, str]:
        """Stand still at a moment; whatever is due by then expires."""
        try:
            self._clock.stand_at(datetime.fromisoformat(str(body.get("at"))).astimezone(UTC))
        except ValueError as problem:
            raise CommandInvalid(str(problem)) from None
        return self._expired()

    def _expired(self) -> dict[str, str]:
        self.stripe.sessions.expire_due()
        self.toss.payments.expire_due()
        return {"now": self._clock.now().isoformat()}
