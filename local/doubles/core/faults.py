"""Planned misbehaviour: which call of which double goes wrong, and how."""

from __future__ import annotations

import asyncio
import dataclasses
import fnmatch
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Effect = Literal["error", "hold", "cut", "lost", "garbage"]
"""What a planned fault does to a call.

`error`: the provider's own error answer, and nothing is done.
`hold`: the call waits until it is released, then goes on as usual, or ends in the error the rule names.
`cut`: the work is done and the connection breaks half way through the answer.
`lost`: the work is done and the connection closes without one byte of answer.
`garbage`: 200 with a body that makes no sense; over gRPC a picture that is none.
"""


class FaultRuleInvalid(ValueError):
    """A fault rule says something that no double understands."""


class FaultUnknown(LookupError):
    """No fault rule has that id (it was removed, or never made)."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is known about a received call when the faults are asked about it."""

    provider: str
    path: str
    model: str | None
    text: str


@dataclass(frozen=True, kw_only=True)
class FaultRule:
    """One planned fault.

    A call matches when every given one of `provider`, `path` (a shell pattern), `model` and `contains` (text
    anywhere in the body) fits. Of the matching calls the rule hits those numbered in `calls` (from 1; empty means
    every one), at most `times` of them.
    """

    effect: Effect
    provider: str | None = None
    path: str | None = None
    model: str | None = None
    contains: str | None = None
    calls: tuple[int, ...] = ()
    times: int | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None
    retry_after_seconds: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ends_in_error(self) -> bool:
        """Whether the provider's own error is the answer, at once or after a hold."""
        named = self.status is not None or self.code is not None
        return self.effect == "error" or (self.effect == "hold" and named)

    def matches(self, call: Call) -> bool:
        """Whether this rule is about that call at all."""
        return (
            self.provider in (None, call.provider)
            and (self.path is None or fnmatch.fnmatchcase(call.path, self.path))
            and self.model in (None, call.model)
            and (self.contains is None or self.contains in call.text)
        )

    @classmethod
    def from_json(cls, document: Any) -> FaultRule:
        """Read a rule sent to the control API.

        Raises:
            FaultRuleInvalid: the document is no object, has an unknown member or a value of the wrong kind.

        """
        if not isinstance(document, dict):
            raise FaultRuleInvalid("a fault rule is a JSON object")
        unknown = set(document) - {one.name for one in dataclasses.fields(cls)}
        if unknown:
            raise FaultRuleInvalid(f"unknown member: {', '.join(sorted(unknown))}")
        if document.get("effect") not in get_args(Effect):
            raise FaultRuleInvalid(f"effect must be one of: {', '.join(get_args(Effect))}")
        _check_kinds(document)
        return cls(**{**document, "calls": tuple(document.get("calls") or ())})

    def to_json(self) -> dict[str, Any]:
        """The rule as the control API shows it."""
        return {**dataclasses.asdict(self), "calls": list(self.calls), "headers": dict(self.headers)}


_TEXTS = ("provider", "path", "model", "contains", "code", "message")
_WHOLE_NUMBERS = ("times", "status", "retry_after_seconds")


def _check_kinds(document: dict[str, Any]) -> None:
    for name in _TEXTS:
        if not isinstance(document.get(name), str | None):
            raise FaultRuleInvalid(f"{name} must be text")
    for name in _WHOLE_NUMBERS:
        if not isinstance(document.get(name), int | None):
            raise FaultRuleInvalid(f"{name} must be a whole number")
    calls = document.get("calls") or ()
    if not isinstance(calls, list | tuple) or not all(isinstance(one, int) and one > 0 for one in calls):
        raise FaultRuleInvalid("calls must be a list of numbers from 1")
    headers = document.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise FaultRuleInvalid("headers must map names to text")
    if not 400 <= (document.get("status") or 400) <= 599:
        raise FaultRuleInvalid("status must be an error, 400 to 599")


@dataclass
class PlannedFault:
    """A rule in force, with what has happened to it."""

    id: str
    rule: FaultRule
    seen: int = 0
    hits: int = 0
    held: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def to_json(self) -> dict[str, Any]:
        """The rule with its id and counts: calls that matched, calls that it hit, calls waiting in it now."""
        counts = {"id": self.id, "seen": self.seen, "hits": self.hits, "held": self.held}
        return {**counts, "rule": self.rule.to_json()}

    def hits_now(self) -> bool:
        """Count a matching call and say whether the rule hits it."""
        self.seen += 1
        rule = self.rule
        if rule.calls and self.seen not in rule.calls:
            return False
        return not (rule.times is not None and self.hits >= rule.times)


class FaultBook:
    """The faults in force. Used from the doubles' one event loop only, so it needs no lock."""

    def __init__(self) -> None:
        self._planned: dict[str, PlannedFault] = {}
        self._numbers = itertools.count(1)
        self._changed = asyncio.Condition()

    def add(self, rule: FaultRule) -> PlannedFault:
        """Put a rule in force, after those that are there."""
        planned = PlannedFault(id=f"fault-{next(self._numbers)}", rule=rule)
        self._planned[planned.id] = planned
        return planned

    def all(self) -> list[PlannedFault]:
        """The rules in force, oldest first."""
        return list(self._planned.values())

    def get(self, fault_id: str) -> PlannedFault:
        """One rule. Raises FaultUnknown."""
        if fault_id not in self._planned:
            raise FaultUnknown(fault_id)
        return self._planned[fault_id]

    def clear(self) -> None:
        """Forget every rule and let every held call go on."""
        for planned in self._planned.values():
            planned.released.set()
        self._planned.clear()

    def remove(self, fault_id: str) -> None:
        """Forget one rule and let its held calls go on. Raises FaultUnknown."""
        self.get(fault_id).released.set()
        del self._planned[fault_id]

    def release(self, fault_id: str) -> None:
        """Let the held calls of one rule go on, and every later one pass. Raises FaultUnknown."""
        self.get(fault_id).released.set()

    def take(self, call: Call) -> PlannedFault | None:
        """The fault that hits this call, if any. Every matching rule counts the call; the first that hits wins."""
        matching = [planned for planned in self._planned.values() if planned.rule.matches(call)]
        hitting = [planned for planned in matching if planned.hits_now()]
        if not hitting:
            return None
        hitting[0].hits += 1
        return hitting[0]

    async def hold(self, planned: PlannedFault) -> None:
        """Wait until the rule is released, removed or the book is cleared."""
        await self._count_held(planned, 1)
        try:
            await planned.released.wait()
        finally:
            await self._count_held(planned, -1)

    async def wait_until_held(self, fault_id: str, count: int, timeout_seconds: float) -> bool:
        """Wait until `count` calls are held by the rule; False when the time is over. Raises FaultUnknown."""
        planned = self.get(fault_id)
        try:
            async with asyncio.timeout(timeout_seconds), self._changed:
                await self._changed.wait_for(lambda: planned.held >= count)
        except TimeoutError:
            return False
        return True

    async def _count_held(self, planned: PlannedFault, step: int) -> None:
        async with self._changed:
            planned.held += step
            self._changed.notify_all()
