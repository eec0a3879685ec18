"""The wording of the privacy policy, as one validated object."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from imagesfactory.kit.yaml_text import parse
from imagesfactory.policy.company import company
from imagesfactory.policy.reader import Bilingual, Record, read

_VERSIONS = Path(__file__).with_name("versions")


class Article(Record):
    """One article: its sentences, and the table made from other policy files that belongs to it."""

    number: int
    title: Bilingual
    paragraphs: tuple[Bilingual, ...]
    table: Literal["retention", "processors", "cookies", "officer", "relief"] | None = None


class Cookie(Record):
    """A cookie that we set, how many days it lives, and whether the service can do without it."""

    name: str
    purpose: Bilingual
    days: int
    is_required: bool


class Version(Record):
    """A version of the policy and what was new in it."""

    effective_on: str
    ko: str
    en: str


class PrivacyPolicy(Record):
    """The whole file."""

    articles: tuple[Article, ...]
    cookies: tuple[Cookie, ...]
    history: Annotated[tuple[Version, ...], Field(min_length=1)]
    """The newest first."""
    classes: dict[str, Bilingual]
    """Class of retention.yaml -> what members read."""
    clocks: dict[str, Bilingual]
    """Clock of retention.yaml -> what members read."""


@cache
def privacy_policy() -> PrivacyPolicy:
    """The present wording, read once."""
    return read("privacy_policy.yaml", PrivacyPolicy)


def wording(version: str) -> PrivacyPolicy | None:
    """The wording of the version named by its day: present, earlier or to come; None where none is kept."""
    return privacy_policy() if version == company().privacy_policy_version else _others().get(version)


@cache
def _others() -> dict[str, PrivacyPolicy]:
    """Every wording that stands beside the present one, by the day that is the newest of its own history."""
    found = (PrivacyPolicy.model_validate(parse(path.read_text("utf-8"))) for path in _VERSIONS.glob("privacy-*.yaml"))
    return {one.history[0].effective_on: one for one in found}
