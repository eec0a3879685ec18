"""Timestamps and durations: methods and the namespaces `timestamp` and `duration`.

Sources: firebase.google.com/docs/reference/rules/rules.Timestamp, rules.Duration, rules.timestamp_, rules.duration_.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from emulator.rules.errors import EvaluationError
from emulator.rules.method import Builtin, require, takes
from emulator.rules.values import NANOSECONDS_PER_SECOND, Duration, Timestamp

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NANOSECONDS_PER_DAY = 86_400 * NANOSECONDS_PER_SECOND
_UNITS = {
    "w": 7 * _NANOSECONDS_PER_DAY,
    "d": _NANOSECONDS_PER_DAY,
    "h": 3_600 * NANOSECONDS_PER_SECOND,
    "m": 60 * NANOSECONDS_PER_SECOND,
    "s": NANOSECONDS_PER_SECOND,
    "ms": 1_000_000,
    "ns": 1,
}


def _calendar(moment: Timestamp) -> dt.datetime:
    try:
        return _EPOCH + dt.timedelta(seconds=moment.nanoseconds // NANOSECONDS_PER_SECOND)
    except OverflowError:
        raise EvaluationError("Timestamp is out of range.") from None


def _part(read: Callable[[dt.datetime], int]) -> Builtin:
    return takes(0, lambda moment: read(_calendar(moment)))


def _truncate(value: Duration | Timestamp) -> tuple[int, int]:
    """Whole seconds and the nanoseconds left, both towards zero."""
    seconds, nanoseconds = divmod(abs(value.nanoseconds), NANOSECONDS_PER_SECOND)
    return (seconds, nanoseconds) if value.nanoseconds >= 0 else (-seconds, -nanoseconds)


def _date(year: Any, month: Any, day: Any) -> Timestamp:
    try:
        moment = dt.datetime(require(year, int), require(month, int), require(day, int), tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise EvaluationError("Date is out of range.") from None
    return Timestamp((moment - _EPOCH).days * _NANOSECONDS_PER_DAY)


def _duration(magnitude: Any, unit: Any) -> Duration:
    if require(unit, str) not in _UNITS:
        raise EvaluationError("Unknown unit of duration.")
    return Duration(require(magnitude, int) * _UNITS[unit])


def _clock_time(hours: Any, minutes: Any, seconds: Any, nanoseconds: Any) -> Duration:
    total = (require(hours, int) * 60 + require(minutes, int)) * 60 + require(seconds, int)
    return Duration(total * NANOSECONDS_PER_SECOND + require(nanoseconds, int))


TIMESTAMP_METHODS: dict[str, Builtin] = {
    "year": _part(lambda moment: moment.year),
    "month": _part(lambda moment: moment.month),
    "day": _part(lambda moment: moment.day),
    "dayOfWeek": _part(dt.datetime.isoweekday),
    "dayOfYear": _part(lambda moment: moment.timetuple().tm_yday),
    "hours": _part(lambda moment: moment.hour),
    "minutes": _part(lambda moment: moment.minute),
    "seconds": _part(lambda moment: moment.second),
    "nanos": takes(0, lambda moment: moment.nanoseconds % NANOSECONDS_PER_SECOND),
    "time": takes(0, lambda moment: Duration(moment.nanoseconds % _NANOSECONDS_PER_DAY)),
    "date": takes(0, lambda moment: Timestamp(moment.nanoseconds // _NANOSECONDS_PER_DAY * _NANOSECONDS_PER_DAY)),
    "toMillis": takes(0, lambda moment: moment.nanoseconds // 1_000_000),
}

DURATION_METHODS: dict[str, Builtin] = {
    "seconds": takes(0, lambda length: _truncate(length)[0]),
    "nanos": takes(0, lambda length: _truncate(length)[1]),
}

TIMESTAMP_FUNCTIONS: dict[str, Builtin] = {
    "date": takes(3, _date),
    "value": takes(1, lambda milliseconds: Timestamp(require(milliseconds, int) * 1_000_000)),
}

DURATION_FUNCTIONS: dict[str, Builtin] = {
    "value": takes(2, _duration),
    "time": takes(4, _clock_time),
    "abs": takes(1, lambda length: Duration(abs(require(length, Duration).nanoseconds))),
}
