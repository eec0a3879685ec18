"""What clients may ask of payments: choices and ids only; no price, no points, no currency rate comes from a client."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from imagesfactory.kit.ids import digest_of
from imagesfactory.payments.model import Channel
from imagesfactory.policy.payments import CurrencyCode

RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
OrderId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{24}$")]
Day = Annotated[date, Field(strict=False, ge=date(2025, 1, 1), le=date(2099, 12, 31))]
Language = Literal["ko", "en"]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Repeatable(_Request):
    """A request whose id is made by the client and kept for its retries."""

    request_id: RequestId

    @property
    def digest(self) -> str:
        """The same for the same request; the request id is not part of it."""
        return digest_of(self.model_dump(mode="json", exclude={"request_id"}))


class OrderRequest(_Repeatable):
    """Order a pack. ``notice_version`` is that of the notice which the buyer read and confirmed."""

    pack_id: Annotated[str, StringConstraints(max_length=32)]
    channel: Annotated[Channel, Field(strict=False)]
    currency: CurrencyCode
    notice_version: Annotated[str, StringConstraints(max_length=32)]


class ConfirmRequest(_Request):
    """What Toss Payments' window sent the buyer back with."""

    order_id: OrderId
    payment_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
    amount: Annotated[int, Field(ge=0, le=1_000_000_000)]


class OrderQuery(_Request):
    """One order."""

    order_id: OrderId


class OrdersQuery(_Request):
    """A page of orders; ``cursor`` is where the page before ended."""

    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None


class ReceiptQuery(_Request):
    """A receipt, as a page or a PDF, or by mail."""

    order_id: OrderId
    language: Language = "ko"
    form: Literal["html", "pdf", "mail"] = "html"


class AccountWanted(_Request):
    """Where a virtual account's deposit goes back to. ``bank`` is Toss Payments' two-digit code."""

    bank: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2,3}$")]
    account_number: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,20}$")]
    holder_name: Annotated[str, StringConstraints(min_length=1, max_length=60)]


class RefundRequest(_Repeatable):
    """Give unused points of an order back; all that are unused if ``points`` is not said."""

    order_id: OrderId
    points: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    account: AccountWanted | None = None


class DiffersClaim(_Request):
    """When a buyer learned that what was supplied is not what was shown, and when they said so (days in Seoul)."""

    known_on: Day
    claimed_on: Day


class HandRefundRequest(_Repeatable):
    """A refund that staff paid by hand: what was paid, in the smallest unit of the order's currency, on what ground,
    and why not by the provider (for the access log; no account number belongs there).

    ``claim`` goes with the ground ``differs-from-display``, and with no other.
    """

    order_id: OrderId
    amount: Annotated[int, Field(ge=1, le=1_000_000_000)]
    ground: Literal["withdrawal-of-offer", "termination", "not-supplied", "differs-from-display"]
    claim: DiffersClaim | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _claim_fits(self) -> Self:
        if (self.claim is not None) != (self.ground == "differs-from-display"):
            msg = "a claim goes with what differs from what was shown"
            raise ValueError(msg)
        return self


class CouponRequest(_Repeatable):
    """Redeem a coupon."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class SettlementQuery(_Request):
    """The report of one day (Asia/Seoul), ``YYYY-MM-DD``; the latest if none is named."""

    day: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
