"""How long records live: the one place that computes the day a record dies.

Privacy policy articles 3 and 5.3. The day on which a clock starts is not counted and a period ends with its last
day (Korean Civil Act articles 157, 159 and 160); a period of months or years that has no such day ends on the last
day of its month. A record dies at the start of the following day in Asia/Seoul.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from imagesfactory.kit.clock import legal_day, start_of_legal_day
from imagesfactory.policy.reader import Bilingual, Record, read

Amount = Annotated[int, Field(ge=1)]
Purpose = Literal["service", "payment", "improvement", "marketing", "law"]
"""What data is used for (privacy policy, article 2), or a duty to keep it."""
Until = Literal["withdrawal", "processor"]
"""What ends a class that has no period: the member withdraws, the mail is sent, the image is made."""
Destruction = Literal["record", "files", "tree", "ledger", "sign_up", "with_parent"]
"""How a due record of a collection is destroyed.

``record``: it is deleted. ``files``: first the files of its ``files`` prefix. ``tree``: with everything below it.
``ledger``: its points are carried forward into the wallet by the same commit. ``sign_up``: by the accounts room, which
removes the sign-in as well. ``with_parent``: it goes with the record above it.
"""

Language = Literal["ko", "en"]
_UNITS = {
    "years": Bilingual(ko="년", en="year"),
    "months": Bilingual(ko="개월", en="month"),
    "days": Bilingual(ko="일", en="day"),
    "hours": Bilingual(ko="시간", en="hour"),
}


class Period(Record):
    """One length of time, in exactly one unit."""

    years: Amount | None = None
    months: Amount | None = None
    days: Amount | None = None
    hours: Amount | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            msg = "a period has exactly one unit"
            raise ValueError(msg)
        return self

    def written(self, language: Language) -> str:
        """The period as people read it: ``5년``, ``5 years``."""
        ((unit, amount),) = self.model_dump(exclude_none=True).items()
        word: str = getattr(_UNITS[unit], language)
        return f"{amount}{word}" if language == "ko" else f"{amount} {word}{'s' if amount > 1 else ''}"


class RetentionClass(Record):
    """One row of the retention table."""

    basis: Bilingual
    clock: str
    period: Period | None = None
    until: Until | None = None
    archived: bool = False
    """Whether a law keeps its records after a withdrawal: they move to the archive database for the rest of their
    period, under an opaque subject id."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.period is None) == (self.until is None):
            msg = "a class has either a period or an event that ends it"
            raise ValueError(msg)
        return self


class Place(Record):
    """A collection or bucket prefix: what class its records have and which field names their owner."""

    record_class: Annotated[str, Field(alias="class")]
    owner: str | None = None
    purpose: Purpose = "service"
    unexported: tuple[str, ...] = ()
    """Fields that are the machinery's, not the member's: left out of what a member sees and exports."""
    unarchived: tuple[str, ...] = ()
    """Fields by which the owner could be reached: no law asks for them, so they are left out of the archive."""
    destroyed: Destruction = "record"
    files: str | None = None
    """Prefix of the record's files in the bucket; its braces name fields of the record, or its ``id``."""

    @model_validator(mode="after")
    def _files_are_named(self) -> Self:
        if (self.destroyed == "files") != (self.files is not None):
            msg = "a place has a prefix of files if, and only if, its files go first"
            raise ValueError(msg)
        return self


class BucketPlace(Record):
    """A prefix of the bucket, its first segment followed by names in braces."""

    record_class: Annotated[str, Field(alias="class")]
    owner: str | None = None
    purpose: Purpose = "service"
    index: str | None = None
    """The collection whose ``files`` these are: a file that no record names is an orphan, and goes."""


class ProcessorCopy(Record):
    """What a processor holds for us, and what ends it there."""

    record_class: Annotated[str, Field(alias="class")]
    how: Bilingual


class Retention(Record):
    """The whole file."""

    classes: dict[str, RetentionClass]
    collections: dict[str, Place]
    buckets: dict[str, BucketPlace]
    copies: dict[str, ProcessorCopy]
    """By the processor's name in processors.yaml."""

    @model_validator(mode="after")
    def _known_classes(self) -> Self:
        used = {place.record_class for place in self.collections.values()}
        used |= {place.record_class for place in self.buckets.values()}
        used |= {copy.record_class for copy in self.copies.values()}
        unknown = used - self.classes.keys()
        if unknown:
            msg = f"classes that do not exist: {sorted(unknown)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _whole_names(self) -> Self:
        """A collection that lies below records is asked as a group, so nothing else may have its name."""
        names = [collection_name(path) for path in self.collections]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            msg = f"collections of one name: {sorted(twice)}"
            raise ValueError(msg)
        indexes = {place.index for place in self.buckets.values() if place.index} - self.collections.keys()
        if indexes:
            msg = f"indexes that are no collections: {sorted(indexes)}"
            raise ValueError(msg)
        return self


@cache
def retention() -> Retention:
    """The retention table and the registry of places, read once."""
    return read("retention.yaml", Retention)


def collection_name(path: str) -> str:
    """The name of the collection of a place: ``entries`` for ``wallets/{uid}/entries/{id}``."""
    return path.split("/")[-2]


def place_of(path: str) -> str | None:
    """The registered place (its template) that a document of this path belongs to, or None."""
    return matching_template(path, retention().collections)


def matching_template(path: str, templates: Iterable[str]) -> str | None:
    """The first of ``templates`` that ``path`` is an instance of, part by part, or None."""
    parts = path.split("/")
    for template in templates:
        names = template.split("/")
        if len(names) == len(parts) and all(
            name.startswith("{") or name == part for name, part in zip(names, parts, strict=True)
        ):
            return template
    return None


def destroy_at(record_class: str, clock_started: datetime) -> datetime | None:
    """The instant (UTC) from which a record of ``record_class`` must be gone, or None if an event decides.

    Args:
        record_class: a class of retention.yaml.
        clock_started: when its clock started, aware.

    Raises:
        KeyError: there is no such class.

    """
    period = retention().classes[record_class].period
    return None if period is None else end_of(period, clock_started)


def end_of(period: Period, clock_started: datetime) -> datetime:
    """The first instant (UTC) after ``period``; hours run from the instant, all else by the Seoul calendar."""
    from dateutil.relativedelta import relativedelta

    if period.hours is not None:
        return clock_started + timedelta(hours=period.hours)
    step = relativedelta(years=period.years or 0, months=period.months or 0, days=period.days or 0)
    last_day = legal_day(clock_started) + step
    return start_of_legal_day(last_day + timedelta(days=1))
