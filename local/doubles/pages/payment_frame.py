"""What the payment pages of both providers share: forms, buttons that act, ways back to the shop, the frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from local.doubles.addresses import Addresses
from local.doubles.pages.rendering import Renderer
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.money import ZERO_DECIMAL
from local.doubles.toss.errors import TossRefusal

LATEST_MESSAGES = 30
Form = Mapping[str, str]
Act = Callable[[str, Form], object]


class PaymentFrame:
    """The frame around a payment page; `addresses` is set once everything listens."""

    def __init__(self) -> None:
        self._renderer = Renderer()
        self.addresses: Addresses | None = None

    def page(
        self, template: str, form_targets: tuple[str | None, ...], *, status_code: int = 200, **values: Any
    ) -> Response:
        """A page whose forms may lead to these addresses (None: to none) besides its own."""
        home = self.addresses.home if self.addresses else "/"
        dashboards = {
            "Stripe": self.addresses.stripe_dashboard if self.addresses else "",
            "Toss": self.addresses.toss_dashboard if self.addresses else "",
        }
        targets = [_source_of(one) for one in form_targets if one]
        return self._renderer.page(
            template, status_code=status_code, form_targets=targets, home=home, dashboards=dashboards, **values
        )


async def read_form(request: Request) -> dict[str, str]:
    """The texts of a posted form."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


async def act(request: Request, acts: Mapping[str, Act]) -> Response:
    """Carry out the button that was pressed on a dashboard, and show the dashboard again."""
    form = await read_form(request)
    wanted = acts.get(form.get("action", ""))
    if wanted is None:
        return Response("No such action.", status_code=400, media_type="text/plain")
    try:
        wanted(form.get("id", ""), form)
    except (StripeRefusal, TossRefusal, LookupError, ValueError) as error:
        words = error.message if isinstance(error, TossRefusal) else str(error)
        return Response(f"Refused: {words}", status_code=400, media_type="text/plain")
    return RedirectResponse("/dashboard", status_code=303)


def minor_units(form: Form, currency: str) -> int | None:
    """The amount typed in (in whole currency units, cents after a dot); None when the field is empty."""
    typed = form.get("amount", "").replace(",", "").strip()
    if not typed:
        return None
    whole, _, cents = typed.partition(".")
    if currency in ZERO_DECIMAL:
        return int(typed)
    return int(whole) * 100 + int(cents.ljust(2, "0")[:2])


def redirect(address: str | None, told: Mapping[str, str]) -> Response:
    """Send the browser back to the shop, with what it is told added to the query."""
    if not address:
        return RedirectResponse("/dashboard", status_code=303)
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *told.items()])
    return RedirectResponse(urlunsplit(parts._replace(query=query)), status_code=303)


def _source_of(address: str) -> str:
    """What the page's policy has to allow so that a form may end up at that address."""
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and parts.hostname:
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"
    return f"{parts.scheme}:" if parts.scheme.replace("+", "").replace("-", "").replace(".", "").isalnum() else ""
