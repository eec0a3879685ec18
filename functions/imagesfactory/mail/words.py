"""What there is to say: one frozen record for each kind of mail, with facts only and no address in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class NotMade:
    """An image that was not made: its number (from 1) and the reason in both languages."""

    number: int
    ko: str
    en: str


@dataclass(frozen=True)
class JobFinished:
    """A job ended: what was made, what it cost, what was not made and why."""

    kind: ClassVar[str] = "job-finished"

    job_id: str
    files: tuple[str, ...]
    captured_points: int
    released_points: int
    not_made: tuple[NotMade, ...]


Words = JobFinished


def to_map(words: Words) -> dict[str, Any]:
    """The words as plain values."""
    return asdict(words)


def from_map(kind: str, fields: dict[str, Any]) -> Words:
    """The words of that kind.

    Raises:
        ValueError: there is no such kind.

    """
    if kind != JobFinished.kind:
        msg = "unknown kind of mail"
        raise ValueError(msg)
    return JobFinished(
        job_id=fields["job_id"],
        files=tuple(fields["files"]),
        captured_points=fields["captured_points"],
        released_points=fields["released_points"],
        not_made=tuple(NotMade(**not_made) for not_made in fields["not_made"]),
    )
