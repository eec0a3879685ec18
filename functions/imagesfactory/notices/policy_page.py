"""The privacy policy as members read it, made from the same data that the code runs on, in Korean or English."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from imagesfactory.policy.company import company
from imagesfactory.policy.privacy_policy import privacy_policy, wording
from imagesfactory.policy.processors import processors
from imagesfactory.policy.reader import Bilingual
from imagesfactory.policy.retention import Language, RetentionClass, retention

if TYPE_CHECKING:
    from jinja2 import Template

_UNTIL = {
    "withdrawal": Bilingual(ko="탈퇴할 때까지", en="until withdrawal"),
    "processor": Bilingual(ko="수탁자별로 제5조에 적힌 대로", en="as article 5 says of each processor"),
}


@dataclass(frozen=True)
class Officer:
    """Who answers for personal data; names and numbers are chosen by the deployment."""

    name: str
    telephone: str


@dataclass(frozen=True)
class RetentionRow:
    """One line of the table of article 3."""

    name: str
    kept_for: str
    clock: str
    basis: str
    is_archived: bool


def policy_page(language: Language, officer: Officer, in_force: str, version: str) -> str | None:
    """The whole policy of ``version`` as a page of HTML, which says so if that is not the one ``in_force``; None if no
    such version is kept. Its tables are the present ones: what the code does.

    Raises:
        KeyError: a class or clock of retention.yaml has no words in privacy_policy.yaml.

    """
    words = wording(version)
    if words is None:
        return None
    return _template().render(
        language=language,
        version=version,
        in_force=in_force,
        company=company(),
        officer=officer,
        articles=words.articles,
        cookies=words.cookies,
        history=words.history,
        retention=retention_rows(language),
        processors=processors().processors.values(),
    )


def retention_rows(language: Language) -> list[RetentionRow]:
    """The table of article 3: every class of retention.yaml, in its order."""
    return [_row(name, one, language) for name, one in retention().classes.items()]


def _row(name: str, one: RetentionClass, language: Language) -> RetentionRow:
    words = privacy_policy()
    kept_for = one.period.written(language) if one.period else getattr(_UNTIL[str(one.until)], language)
    return RetentionRow(
        name=getattr(words.classes[name], language),
        kept_for=kept_for,
        clock=getattr(words.clocks[one.clock], language),
        basis=getattr(one.basis, language),
        is_archived=one.archived,
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("imagesfactory.notices", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("policy.html")
