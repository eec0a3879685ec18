"""The wording of the privacy policy, as one validated object."""

from __future__ import annotations

from functools import cache
from typing import Literal

from imagesfactory.policy.reader import Bilingual, Record, read


class Article(Record):
    """One article: its sentences, and the table made from other policy files that belongs to it."""

    number: int
    title: Bilingual
    paragraphs: tuple[Bilingual, ...]
    table: Literal["retention", "processors", "officer", "relief"] | None = None


class PrivacyPolicy(Record):
    """The whole file."""

    articles: tuple[Article, ...]
    classes: dict[str, Bilingual]
    """Class of retention.yaml -> what members read."""
    clocks: dict[str, Bilingual]
    """Clock of retention.yaml -> what members read."""


@cache
def privacy_policy() -> PrivacyPolicy:
    """The wording, read once."""
    return read("privacy_policy.yaml", PrivacyPolicy)
