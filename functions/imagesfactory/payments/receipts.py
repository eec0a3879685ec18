"""Receipts: our own numbered one as a page, as a PDF or by mail, beside the provider's.

The PDF is made by fpdf2: pure Python, so that it runs on Cloud Functions, where the system libraries that HTML-to-PDF
tools need are missing. It embeds only the letters used of Noto Sans KR (OFL), which the package pylopdf-fonts-ko
brings: without an embedded font Korean would show only where the reader has a font pack.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from imagesfactory.kit import unit_of_work
from imagesfactory.kit.clock import SEOUL
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import ReceiptAsked
from imagesfactory.payments.errors import OrderNotPaid
from imagesfactory.payments.model import Payment, Refund, RefundState
from imagesfactory.payments.orders import Details, OrderService
from imagesfactory.payments.request import Language
from imagesfactory.policy.company import company
from imagesfactory.policy.payments import PaymentRules, written

if TYPE_CHECKING:
    from google.cloud.firestore import Client
    from jinja2 import Template

_TITLE = {"ko": "영수증", "en": "Receipt"}
_LABELS = {
    "ko": {
        "number": "영수증 번호",
        "paid_at": "결제 일시",
        "order": "주문 번호",
        "item": "상품",
        "points": "포인트 (보너스)",
        "method": "결제 수단",
        "approval": "승인 번호",
        "amount": "결제 금액",
        "refunded": "환불 금액",
        "total": "합계",
        "seller": "판매자",
        "business": "사업자등록번호",
        "mail_order": "통신판매업신고번호",
    },
    "en": {
        "number": "Receipt number",
        "paid_at": "Paid at",
        "order": "Order",
        "item": "Item",
        "points": "Points (bonus)",
        "method": "Paid by",
        "approval": "Approval number",
        "amount": "Amount",
        "refunded": "Refunded",
        "total": "Total",
        "seller": "Seller",
        "business": "Business number",
        "mail_order": "Mail-order number",
    },
}
_PAGE = """<!doctype html>
<html lang="{{ language }}"><head><meta charset="utf-8"><title>{{ title }} {{ number }}</title>
<style>body{font-family:'Noto Sans KR','Malgun Gothic',sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem}
table{width:100%;border-collapse:collapse}td{padding:.5rem 0;border-bottom:1px solid #ddd}td+td{text-align:right}
</style></head><body><h1>{{ title }}</h1><table>
{% for label, value in lines %}<tr><td>{{ label }}</td><td>{{ value }}</td></tr>
{% endfor %}</table></body></html>
"""
_MARGIN_MILLIMETRES = 20
_LABEL_MILLIMETRES = 60
_LINE_MILLIMETRES = 9


@dataclass(frozen=True)
class Receipt:
    """One receipt: label and value of each line, in both languages."""

    number: str
    provider_url: str
    lines_ko: tuple[tuple[str, str], ...]
    lines_en: tuple[tuple[str, str], ...]

    def lines(self, language: Language) -> tuple[tuple[str, str], ...]:
        """The lines in one language."""
        return self.lines_ko if language == "ko" else self.lines_en


class ReceiptService:
    """Makes receipts of paid orders."""

    def __init__(self, client: Client, *, orders: OrderService, outbox: Outbox, rules: PaymentRules) -> None:
        self._client = client
        self._orders = orders
        self._outbox = outbox
        self._rules = rules

    def get(self, uid: str, order_id: str) -> Receipt:
        """The receipt of a paid order as it stands now, refunds included.

        Raises:
            OrderNotFound, OrderNotPaid

        """
        details = self._orders.get(uid, order_id)
        if details.payment is None:
            raise OrderNotPaid
        return receipt(details, details.payment, self._rules)

    def mail(self, uid: str, order_id: str, now: datetime) -> None:
        """Send the receipt to the member; asked twice within a minute it goes out once.

        Raises:
            OrderNotFound, OrderNotPaid

        """
        made = self.get(uid, order_id)
        words = ReceiptAsked(made.number, made.provider_url, made.lines_ko, made.lines_en)
        key = derive_id("receipt", order_id, now.strftime("%Y%m%d%H%M"))
        unit_of_work.run(self._client, partial(self._post, key=key, uid=uid, words=words, now=now))

    def _post(self, unit: UnitOfWork, key: str, uid: str, words: ReceiptAsked, now: datetime) -> None:
        if not unit.peek(self._outbox.reference(key))[0].exists:
            self._outbox.post(unit, key, uid, words, now)


def receipt(details: Details, payment: Payment, rules: PaymentRules) -> Receipt:
    """The receipt of a payment."""
    return Receipt(
        payment.receipt_number,
        payment.receipt_url,
        _lines("ko", details, payment, rules),
        _lines("en", details, payment, rules),
    )


def as_html(made: Receipt, language: Language) -> str:
    """The receipt as a page that stands alone."""
    facts = {"language": language, "title": _TITLE[language], "number": made.number, "lines": made.lines(language)}
    return _page().render(facts)


def as_pdf(made: Receipt, language: Language) -> bytes:
    """The receipt as an A4 page."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_margin(_MARGIN_MILLIMETRES)
    pdf.set_title(f"{_TITLE[language]} {made.number}")
    pdf.add_page()
    pdf.add_font("korean", "", _font())
    pdf.set_font("korean", size=20)
    pdf.cell(0, 2 * _LINE_MILLIMETRES, _TITLE[language], new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("korean", size=11)
    for label, value in made.lines(language):
        pdf.cell(_LABEL_MILLIMETRES, _LINE_MILLIMETRES, label, border="B")
        pdf.cell(0, _LINE_MILLIMETRES, value, border="B", align="R", new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _lines(language: Language, details: Details, payment: Payment, rules: PaymentRules) -> tuple[tuple[str, str], ...]:
    order, says = details.order, _LABELS[language]
    pack = rules.pack(order.pack_id)
    refunded = sum(refund.amount for refund in details.refunds if _is_done(refund))
    facts = company()
    lines = [
        (says["number"], payment.receipt_number),
        (says["paid_at"], payment.paid_at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M (KST)")),
        (says["order"], order.id),
        (says["item"], getattr(pack.name, language) if pack else order.pack_id),
        (says["points"], f"{order.points:,} (+{order.bonus_points:,})"),
        (says["method"], " ".join(filter(None, (payment.method.kind, payment.method.company)))),
        (says["amount"], written(payment.amount, payment.currency)),
    ]
    if payment.method.approval_number:
        lines.append((says["approval"], payment.method.approval_number))
    if refunded:
        lines.append((says["refunded"], written(-refunded, payment.currency)))
        lines.append((says["total"], written(payment.amount - refunded, payment.currency)))
    return (
        *lines,
        (says["seller"], getattr(facts.name, language)),
        (says["business"], facts.business_number),
        (says["mail_order"], facts.mail_order_number),
    )


def _is_done(refund: Refund) -> bool:
    return refund.state is RefundState.SUCCEEDED


@cache
def _page() -> Template:
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(_PAGE)


def _font() -> str:
    from importlib.resources import files

    return str(files("pylopdf_fonts_ko") / "NotoSansKR-Regular.otf")
