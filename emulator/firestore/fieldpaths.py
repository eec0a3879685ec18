"""Field paths: their text form with backquotes, and finding or changing what they point to.

Syntax: google.firestore.v1 Document.fields. A path is a tuple of field names here.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from emulator.firestore import limits
from emulator.firestore.errors import invalid_argument

if TYPE_CHECKING:
    from emulator.firestore.messages import Document, Value

FieldPath = tuple[str, ...]

NAME_FIELD = "__name__"
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SEGMENT = re.compile(r"(?:([A-Za-z_][A-Za-z0-9_]*)|`((?:[^`\\]|\\.)+)`)(\.|$)", re.ASCII | re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_RESERVED = re.compile(r"__.*__", re.DOTALL)


@lru_cache(maxsize=16_384)
def parse(text: str) -> FieldPath:
    """Read a field path such as ``a.`b c`.d``.

    Raises:
        StatusError: INVALID_ARGUMENT when the text is no field path, too long, or names a reserved field.

    """
    segments: list[str] = []
    position = 0
    while position < len(text) or not segments:
        match = _SEGMENT.match(text, position)
        if match is None or (match[3] == "." and match.end() == len(text)):
            raise invalid_argument(f'Invalid field path "{text}".')
        segments.append(match[1] or _ESCAPE.sub(r"\1", match[2]))
        position = match.end()
    if len(text.encode()) > limits.FIELD_PATH_BYTES_MAX:
        raise invalid_argument(f"Field path is longer than {limits.FIELD_PATH_BYTES_MAX} bytes.")
    path = tuple(segments)
    if path != (NAME_FIELD,):
        for segment in path:
            check_field_name(segment)
    return path


@lru_cache(maxsize=16_384)
def text_of(path: FieldPath) -> str:
    """The canonical text of a path, backquoted only where needed."""
    return ".".join(map(_quoted, path))


@lru_cache(maxsize=16_384)
def check_field_name(name: str) -> None:
    """Refuse an empty, overlong or reserved field name."""
    if not name:
        raise invalid_argument("Field names must not be empty.")
    if name[:2] == "__" and _RESERVED.fullmatch(name):
        raise invalid_argument(f'Field name "{name}" is reserved: it matches __.*__.')
    if len(name) * 4 > limits.FIELD_NAME_BYTES_MAX and len(name.encode()) > limits.FIELD_NAME_BYTES_MAX:
        raise invalid_argument(f"Field name is longer than {limits.FIELD_NAME_BYTES_MAX} bytes.")


def lookup(document: Document, path: FieldPath) -> Value | None:
    """The value at `path` in a document, or None; only maps are walked into."""
    fields = document.fields
    for segment in path[:-1]:
        if segment not in fields:
            return None
        value = fields[segment]
        if value.WhichOneof("value_type") != "map_value":
            return None
        fields = value.map_value.fields
    last = path[-1]
    return fields[last] if last in fields else None  # noqa: SIM401 - the map has no get with a default of None


def assign(document: Document, path: FieldPath, value: Value) -> None:
    """Set the value at `path`; anything on the way that is not a map becomes one."""
    fields = document.fields
    for segment in path[:-1]:
        step = fields[segment]
        if step.WhichOneof("value_type") != "map_value":
            step.map_value.SetInParent()
        fields = step.map_value.fields
    fields[path[-1]].CopyFrom(value)


def remove(document: Document, path: FieldPath) -> None:
    """Delete the value at `path` if there is one; containing maps stay."""
    fields: Any = document.fields
    for segment in path[:-1]:
        if segment not in fields or fields[segment].WhichOneof("value_type") != "map_value":
            return
        fields = fields[segment].map_value.fields
    if path[-1] in fields:
        del fields[path[-1]]


def check_no_overlap(paths: list[FieldPath]) -> None:
    """Refuse a mask in which one path lies inside another or is repeated."""
    ordered = sorted(paths)
    for first, second in itertools.pairwise(ordered):
        if second[: len(first)] == first:
            raise invalid_argument(
                f"Field paths {text_of(first)} and {text_of(second)} conflict: one contains the other."
            )


def _quoted(segment: str) -> str:
    if _SIMPLE.fullmatch(segment):
        return segment
    return "`" + segment.replace("\\", "\\\\").replace("`", "\\`") + "`"
