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
from imagesfactory.payments.model import DisputeState, MethodFacts, Payment, RefundState
from imagesfactory.payments.orders import Details, OrderService
from imagesfactory.payments.request import Language
from imagesfactory.policy.company import company
from imagesfactory.policy.payments import PaymentRules, written

if TYPE_CHECKING:
    from google.cloud.firestore import Client
    from jinja2 import Template

_LABELS = {
    "ko": {
        "title": "영수증",
        "number": "영수증 번호",
        "paid_at": "결제 일시",
        "order": "주문 번호",
        "item": "상품",
        "points": "포인트 (보너스)",
        "method": "결제 수단",
        "approval": "승인 번호",
        "amount": "결제 금액",
        "refunded": "환불 금액",
        "disputed": "카드사 이의 제기로 반환된 금액",
        "interest": "환불 지연배상금 (별도 지급)",
        "total": "합계",
        "seller": "판매자",
        "business": "사업자등록번호",
        "mail_order": "통신판매업신고번호",
        "support": "문의",
        "provider": "결제사 영수증",
    },
    "en": {
        "title": "Receipt",
        "number": "Receipt number",
        "paid_at": "Paid at",
        "order": "Order",
        "item": "Item",
        "points": "Points (bonus)",
        "method": "Paid by",
        "approval": "Approval number",
        "amount": "Amount",
        "refunded": "Refunded",
        "disputed": "Returned by your bank",
        "interest": "Interest for a late refund (paid apart)",
        "total": "Total",
        "seller": "Seller",
        "business": "Business number",
        "mail_order": "Mail-order number",
        "support": "Contact",
        "provider": "The payment provider's receipt",
    },
}
_KINDS = {
    "card": {"ko": "카드", "en": "Card"},
    "easy-pay": {"ko": "간편결제", "en": "Easy pay"},
    "virtual-account": {"ko": "가상계좌", "en": "Virtual account"},
    "transfer": {"ko": "계좌이체", "en": "Bank transfer"},
    "us_bank_account": {"ko": "계좌이체", "en": "Bank transfer"},
    "mobile-phone": {"ko": "휴대폰", "en": "Mobile phone"},
    "gift-certificate": {"ko": "상품권", "en": "Gift certificate"},
    "other": {"ko": "기타", "en": "Other"},
}
"""Ways to pay as people call them; what is missing here is shown as the provider calls it."""
_PAGE = """<!doctype html>
<html lang="{{ language }}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ says.title }} {{ number }}</title>
<style>body{font:16px/1.5 'Noto Sans KR','Apple SD Gothic Neo','Malgun Gothic',sans-serif;color:#222;max-width:36rem;
margin:2rem auto;padding:0 1rem}h1{margin:0 0 1rem}table{width:100%;border-collapse:collapse}
td{padding:.5rem 0;border-bottom:1px solid #ddd}td+td{text-align:right;overflow-wrap:anywhere}
tfoot td{font-size:1.25rem;font-weight:700;border:0}footer{margin-top:1.5rem;color:#666;font-size:.875rem}
@media print{a{display:none}}</style></head><body><h1>{{ says.title }}</h1>
<table><tbody>{% for label, value in face.lines %}
<tr><td>{{ label }}</td><td>{{ value }}</td></tr>{% endfor %}
</tbody><tfoot><tr>{% for part in face.total %}<td>{{ part }}</td>{% endfor %}</tr></tfoot></table>
<footer>{% for label, value in face.seller %}{{ label }} {{ value }}<br>{% endfor %}{% if provider_url %}
<a href="{{ provider_url }}">{{ says.provider }}</a>{% endif %}</footer></body></html>
"""
_MARGIN_MILLIMETRES = 20
_LABEL_MILLIMETRES = 60
_LINE_MILLIMETRES = 9
_RULE_GREY = 215
_SMALL_PRINT_GREY = 100

Line = tuple[str, str]
"""Label and value."""


@dataclass(frozen=True)
class Face:
    """What a receipt says in one language."""

    lines: tuple[Line, ...]
    total: Line
    seller: tuple[Line, ...]


@dataclass(frozen=True)
class Receipt:
    """One receipt in both languages."""

    number: str
    provider_url: str
    ko: Face
    en: Face

    def face(self, language: Language) -> Face:
        """What it says in one language."""
        return self.ko if language == "ko" else self.en


class ReceiptService:
    """Makes receipts of paid orders."""

    def __init__(self, client: Client, *, orders: OrderService, outbox: Outbox, rules: PaymentRules) -> None:
        self._client = client
        self._orders = orders
        self._outbox = outbox
        self._rules = rules

    def get(self, uid: str, order_id: str) -> Receipt:
        """The receipt of a paid order as it stands now, less what was refunded or lost to a dispute.

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
        texts = ((*face.lines, face.total, *face.seller) for face in (made.ko, made.en))
        words = ReceiptAsked(made.number, made.provider_url, *texts)
        key = derive_id("receipt", order_id, now.strftime("%Y%m%d%H%M"))
        unit_of_work.run(self._client, partial(self._post, key=key, uid=uid, words=words, now=now))

    def _post(self, unit: UnitOfWork, key: str, uid: str, words: ReceiptAsked, now: datetime) -> None:
        if not unit.peek(self._outbox.reference(key))[0].exists:
            self._outbox.post(unit, key, uid, words, now)


def receipt(details: Details, payment: Payment, rules: PaymentRules) -> Receipt:
    """The receipt of a payment."""
    ko, en = (_face(language, details, payment, rules) for language in ("ko", "en"))
    return Receipt(payment.receipt_number, payment.receipt_url, ko, en)


def as_html(made: Receipt, language: Language) -> str:
    """The receipt as a page that stands alone."""
    return _page().render(
        language=language,
        says=_LABELS[language],
        number=made.number,
        face=made.face(language),
        provider_url=made.provider_url,
    )


def as_pdf(made: Receipt, language: Language) -> bytes:
    """The receipt as an A4 page."""
    from fpdf import FPDF

    says, face = _LABELS[language], made.face(language)
    pdf = FPDF(format="A4")
    pdf.set_margin(_MARGIN_MILLIMETRES)
    pdf.set_title(f"{says['title']} {made.number}")
    pdf.set_lang(language)
    pdf.set_draw_color(_RULE_GREY)
    pdf.add_page()
    pdf.add_font("korean", "", _font())
    pdf.set_font("korean", size=22)
    pdf.cell(0, 2 * _LINE_MILLIMETRES, says["title"], new_x="LMARGIN", new_y="NEXT")
    for size, border, lines in ((11, "B", face.lines), (14, "", (face.total,))):
        pdf.set_font("korean", size=size)
        for label, value in lines:
            pdf.cell(_LABEL_MILLIMETRES, _LINE_MILLIMETRES, label, border=border)
            pdf.cell(0, _LINE_MILLIMETRES, value, border=border, align="R", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(_LINE_MILLIMETRES)
    pdf.set_font("korean", size=9)
    pdf.set_text_color(_SMALL_PRINT_GREY)
    for label, value in face.seller:
        pdf.cell(0, _LINE_MILLIMETRES * 2 / 3, f"{label} {value}", new_x="LMARGIN", new_y="NEXT")
    if made.provider_url:
        pdf.cell(0, _LINE_MILLIMETRES * 2 / 3, says["provider"], link=made.provider_url)
    return bytes(pdf.output())


def _face(language: Language, details: Details, payment: Payment, rules: PaymentRules) -> Face:
    order, says = details.order, _LABELS[language]
    pack = rules.pack(order.pack_id)
    refunded = sum(refund.amount for refund in details.refunds if refund.state is RefundState.SUCCEEDED)
    disputed = sum(dispute.amount for dispute in details.disputes if dispute.state is DisputeState.LOST)
    interest = sum(refund.late_interest for refund in details.refunds)
    lines = [
        (says["number"], payment.receipt_number),
        (says["paid_at"], payment.paid_at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M (KST)")),
        (says["order"], order.id),
        (says["item"], getattr(pack.name, language) if pack else order.pack_id),
        (says["points"], f"{order.points:,} (+{order.bonus_points:,})"),
        (says["method"], _method(language, payment.method)),
    ]
    if payment.method.approval_number:
        lines.append((says["approval"], payment.method.approval_number))
    lines.append((says["amount"], written(payment.amount, payment.currency)))
    for label, returned in (("refunded", refunded), ("disputed", disputed)):
        if returned:
            lines.append((says[label], written(-returned, payment.currency)))
    if interest:
        lines.append((says["interest"], written(interest, payment.currency)))
    total = (says["total"], written(max(payment.amount - refunded - disputed, 0), payment.currency))
    return Face(tuple(lines), total, _seller(language))


def _method(language: Language, method: MethodFacts) -> str:
    kind = _KINDS.get(method.kind, {}).get(language, method.kind)
    company = method.company.replace("_", " ").title() if method.company.isascii() else method.company
    return " · ".join(filter(None, (kind, company, method.masked_number)))


def _seller(language: Language) -> tuple[Line, ...]:
    says, facts = _LABELS[language], company()
    return (
        (says["seller"], getattr(facts.name, language)),
        (says["business"], facts.business_number),
        (says["mail_order"], facts.mail_order_number),
        (says["support"], facts.support_address),
    )


@cache
def _page() -> Template:
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(_PAGE)


def _font() -> str:
    from importlib.resources import files

    return str(files("pylopdf_fonts_ko") / "NotoSansKR-Regular.otf")
