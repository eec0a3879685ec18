"""The processors that receive personal data, and what each receives, as one validated object."""

from __future__ import annotations

from functools import cache

from imagesfactory.policy.reader import Bilingual, Record, read


class Processor(Record):
    """One company that processes data for us (privacy policy, article 5)."""

    name: Bilingual
    task: Bilingual
    receives: tuple[Bilingual, ...]
    kept: Bilingual
    country: Bilingual
    is_abroad: bool
    """Whether data leaves the country on its way there."""
    handed_over: Bilingual
    """On what occasion."""
    contact: str
    """Where the company says how it is reached about personal data."""


class Processors(Record):
    """The whole file."""

    processors: dict[str, Processor]


@cache
def processors() -> Processors:
    """The processors, read once."""
    return read("processors.yaml", Processors)
