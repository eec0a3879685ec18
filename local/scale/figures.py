"""Reads figures.yaml: every number there has a source and says how it was come by."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

FILE = Path(__file__).with_name("figures.yaml")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Record):
    """One number; see the file for what ``seen`` means."""

    value: float
    seen: Literal["listed", "reported", "assumed", "measured"]
    source: str


class Price(Figure):
    """US dollars for so many (``per``)."""

    per: float
    as_of: date | None = None
    """When it was so; an assumed price has no day."""

    @model_validator(mode="after")
    def _has_a_day(self) -> Self:
        if (self.as_of is None) != (self.seen == "assumed"):
            msg = "a price has a day if, and only if, it was seen somewhere"
            raise ValueError(msg)
        return self

    @property
    def each(self) -> float:
        """US dollars for one."""
        return self.value / self.per


class Limit(Figure):
    """What somebody else allows, and what to do when it is reached."""

    remedy: str


class Act(_Record):
    """What one act costs: billed reads and writes, records it leaves behind, seconds of a function."""

    reads: float
    writes: float
    left: float
    seconds: float
    source: str


class Figures(_Record):
    """The whole file."""

    habits: dict[str, Figure]
    acts: dict[str, Act]
    work: dict[str, Figure]
    prices: dict[str, Price]
    free: dict[str, float]
    limits: dict[str, Limit]


@cache
def figures() -> Figures:
    """The file, read once."""
    return Figures.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def habit(name: str) -> float:
    """One of the members' habits."""
    return figures().habits[name].value


def work(name: str) -> float:
    """How long or large a piece of work is."""
    return figures().work[name].value
