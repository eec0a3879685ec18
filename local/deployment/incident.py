"""The clocks of a personal data incident, and drafts of the notices that they demand.

Sources: PIPA article 34(1) and its Decree articles 39 and 40(1); Network Act article 48-3 and its Decree article 58-2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from imagesfactory.kit.clock import SEOUL
from imagesfactory.policy.company import company
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).with_name("notices")


@dataclass(frozen=True)
class Deadline:
    """What is due, until when, and for whom."""

    at: datetime
    what: str


def deadlines(known_at: datetime) -> tuple[Deadline, ...]:
    """Every clock that began when somebody of the company knew (aware)."""
    return (
        Deadline(
            known_at + timedelta(hours=24), "hacking: report to KISA or the ministry; later facts within 24 hours each"
        ),
        Deadline(known_at + timedelta(hours=72), "everybody concerned is told, also of a possible leak"),
        Deadline(
            known_at + timedelta(hours=72),
            "report to PIPC or KISA: from 1,000 people, sensitive or unique data, or illegal access from outside",
        ),
    )


def written(deadline: Deadline, now: datetime) -> str:
    """One line: the deadline in Seoul and the hours that are left."""
    hours = (deadline.at - now).total_seconds() / 3600
    left = f"{hours:.0f} hours left" if hours >= 0 else f"OVER by {-hours:.0f} hours"
    return f"{deadline.at.astimezone(SEOUL):%Y-%m-%d %H:%M} Seoul  ({left})  {deadline.what}"


def drafts(known_at: datetime) -> Iterator[str]:
    """The notice to those concerned, in Korean and in English; what is unknown stands in brackets."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False)  # noqa: S701 - plain text
    for language in ("ko", "en"):
        template = made.get_template(f"leak.{language}.txt")
        yield template.render(company=company(), language=language, known_at=known_at.astimezone(SEOUL))
