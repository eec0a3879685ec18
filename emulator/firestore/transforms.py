"""Field transforms: what the server computes into a field while it writes a document.

Source: google.firestore.v1 DocumentTransform.FieldTransform.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.firestore import fieldpaths, keys, values
from emulator.firestore.errors import invalid_argument
from emulator.firestore.messages import Value, timestamp

if TYPE_CHECKING:
    from emulator.firestore.messages import Document

INT64_MIN = -(1 << 63)
INT64_MAX = (1 << 63) - 1
_NULL = Value(null_value=0)


def apply(document: Document, transform: Any, commit_micros: int) -> Value:
    """Apply one FieldTransform to `document` in place.

    Args:
        document: The document as the write has left it so far.
        transform: A DocumentTransform.FieldTransform.
        commit_micros: Commit time, microseconds since 1970, for REQUEST_TIME.

    Returns:
        The value for WriteResult.transform_results.

    Raises:
        StatusError: INVALID_ARGUMENT for an unknown transform or an operand of the wrong type.

    """
    path = fieldpaths.parse(transform.field_path)
    if path == (fieldpaths.NAME_FIELD,):
        raise invalid_argument("Cannot transform the name of a document.")
    kind = transform.WhichOneof("transform_type")
    current = fieldpaths.lookup(document, path)
    if kind == "set_to_server_value":
        return _server_value(document, path, transform, commit_micros)
    if kind in _ARRAYS:
        fieldpaths.assign(document, path, _ARRAYS[kind](current, getattr(transform, kind)))
        return _NULL
    operation = _NUMBERS.get(kind)
    if operation is None:
        raise invalid_argument("A field transform has no operation.")
    operand = getattr(transform, kind)
    if not values.is_number(operand):
        raise invalid_argument(f"The operand of '{kind}' must be an integer or a double.")
    result = operation(current, operand) if current is not None and values.is_number(current) else operand
    fieldpaths.assign(document, path, result)
    answer = Value()
    answer.CopyFrom(result)
    return answer


def _server_value(document: Document, path: fieldpaths.FieldPath, transform: Any, commit_micros: int) -> Value:
    if transform.set_to_server_value != 1:
        raise invalid_argument("Unknown server value; only REQUEST_TIME is known.")
    result = Value(timestamp_value=timestamp(commit_micros))
    fieldpaths.assign(document, path, result)
    return result


def _increment(current: Value, operand: Value) -> Value:
    total = values.number_of(current) + values.number_of(operand)
    if isinstance(total, int):
        return Value(integer_value=min(max(total, INT64_MIN), INT64_MAX))
    return Value(double_value=total)


def _maximum(current: Value, operand: Value) -> Value:
    if keys.NOT_A_NUMBER in {keys.encode(current), keys.encode(operand)}:
        return Value(double_value=float("nan"))
    return operand if keys.encode(operand) > keys.encode(current) else current


def _minimum(current: Value, operand: Value) -> Value:
    return operand if keys.encode(operand) < keys.encode(current) else current


def _append_missing(current: Value | None, operand: Any) -> Value:
    result = _array_or_empty(current)
    present = {keys.encode(element) for element in result.array_value.values}
    for element in operand.values:
        values.normalise(element)
        encoded = keys.encode(element)
        if encoded not in present:
            present.add(encoded)
            result.array_value.values.append(element)
    return result


def _remove_all(current: Value | None, operand: Any) -> Value:
    unwanted = {keys.encode(element) for element in operand.values}
    result = _array_or_empty(None)
    result.array_value.values.extend(
        element for element in _array_or_empty(current).array_value.values if keys.encode(element) not in unwanted
    )
    return result


def _array_or_empty(current: Value | None) -> Value:
    result = Value()
    result.array_value.SetInParent()
    if current is not None and current.WhichOneof("value_type") == "array_value":
        result.CopyFrom(current)
    return result


_ARRAYS: dict[str | None, Callable[[Value | None, Any], Value]] = {
    "append_missing_elements": _append_missing,
    "remove_all_from_array": _remove_all,
}
_NUMBERS: dict[str | None, Callable[[Value, Value], Value]] = {
    "increment": _increment,
    "maximum": _maximum,
    "minimum": _minimum,
}
