"""The payment pages for people, put together: one frame, the pages of Stripe, the pages of Toss."""

from __future__ import annotations

from starlette.routing import BaseRoute

from local.doubles.addresses import Addresses
from local.doubles.pages.payment_frame import PaymentFrame
from local.doubles.pages.stripe_pages import StripePages
from local.doubles.pages.toss_pages import TossPages
from local.doubles.payments import PaymentDoubles


class PaymentPages:
    """The pages on the Stripe and on the Toss server."""

    def __init__(self, payments: PaymentDoubles) -> None:
        self._frame = PaymentFrame()
        self._stripe = StripePages(self._frame, payments.stripe, payments.stripe_control)
        self._toss = TossPages(self._frame, payments.toss, payments.toss_control)

    def locate(self, addresses: Addresses) -> None:
        """Take note of where everything listens."""
        self._frame.addresses = addresses

    def stripe_routes(self) -> list[BaseRoute]:
        """The pages of the Stripe server."""
        return self._stripe.routes()

    def toss_routes(self) -> list[BaseRoute]:
        """The pages of the Toss server."""
        return self._toss.routes()
