"""Facts to letters: subject, text and HTML in the member's language, with the company's legal footer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from imagesfactory.accounts.service import Recipient
from imagesfactory.mail.advertising import Advertiser
from imagesfactory.mail.ports import Attachment
from imagesfactory.mail.words import Notification, Words
from imagesfactory.policy.company import company
from imagesfactory.policy.consents import advertising_consent
from imagesfactory.policy.payments import payment_rules

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Rendered:
    """A letter's text."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Pictures:
    """The images of a letter: those that travel with it, how many are left to the member's page, and how many their
    member deleted before it was sent.
    """

    attached: tuple[Attachment, ...]
    left_out_count: int
    deleted_count: int = 0


def render(
    words: Words,
    recipient: Recipient,
    pictures: Pictures,
    web_origin: str,
    advertiser: Advertiser | None = None,
    unsubscribe_url: str = "",
) -> Rendered:
    """The letter in ``recipient``'s language.

    Args:
        words: the facts.
        recipient: the member; only name and language are used.
        pictures: what is attached, and what is not.
        web_origin: where links lead, without a final slash.
        advertiser: who stands in the footer of an advertisement, and in a contract document as the seller.
        unsubscribe_url: where its reader refuses more.

    """
    facts: dict[str, Any] = {
        "words": words,
        "name": recipient.name,
        "pictures": pictures,
        "web_origin": web_origin,
        "company": company(),
        "advertising_consent": advertising_consent(),
        "refund_rules": payment_rules().refunds,
        "advertiser": advertiser,
        "unsubscribe_url": unsubscribe_url,
        "language": recipient.language,
    }
    name = f"{words.kind}.{recipient.language}"
    subject = _templates().get_template(f"{name}.subject.txt").render(facts)
    return Rendered(
        subject=" ".join(subject.split()),
        text=_templates().get_template(f"{name}.txt").render(facts).strip() + "\n",
        html=_templates().get_template(f"{name}.html").render(facts),
    )


def render_notification(words: Notification, recipient: Recipient, advertiser: Advertiser) -> tuple[str, str]:
    """Title and text of what is pushed, in ``recipient``'s language; no name stands in it."""
    facts = {"words": words, "company": company(), "advertiser": advertiser}
    title, text = (
        _templates().get_template(f"{words.kind}.{recipient.language}.{part}.txt").render(facts)
        for part in ("title", "body")
    )
    return title.strip(), text.strip()


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=PackageLoader("imagesfactory.mail", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
