"""Fills protobuf messages at random, mostly with values that get past the first checks."""

import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

DEPTH_MAX = 7
LIKELY = 0.9
NUMBERS = (0, 1, 1, 2, 2, 5, 31, -1, 1 << 31, -(1 << 63), (1 << 63) - 1)
DOUBLES = (0.0, -0.0, 1.5, float("nan"), float("inf"), -float("inf"), 1e308)
BYTES = (b"", b"\x00", b"token", b"\xff" * 16)
RARE = frozenset({"transaction", "new_transaction", "read_time", "current_document", "page_token", "explain_options"})
"""Fields that end most requests early; they are set seldom."""
ODD_TEXTS = ("", "..", "서울", "\x00", "x" * 1600, "__x__", "a//b", "__type__", "__vector__")


class Randomizer:
    """A seeded source of messages about one database."""

    def __init__(self, seed: int, database: str) -> None:
        self._random = random.Random(seed)
        root = f"{database}/documents"
        documents = tuple(f"{root}/{path}" for path in ("a/1", "a/2", "a/1/b/1", "a/__id7__"))
        fields = ("n", "m", "m.x", "`q y`", "__name__", "n", "m")
        self._likely: dict[str, tuple[str, ...]] = {
            "database": (database,),
            "parent": (root, f"{root}/a/1"),
            "collection_id": ("a", "a", "b"),
            "document_id": ("1", "3", ""),
            "field_path": fields,
            "field_paths": fields,
            "alias": ("p", "q", ""),
        }
        for name in ("name", "delete", "verify", "reference_value", "document", "documents"):
            self._likely[name] = documents
        self._texts = (*ODD_TEXTS, *documents, database, "n", "value", "projects/other/databases/d/documents/a/1")

    def fill(self, message: Any, depth: int = 0) -> Any:
        """`message` with some of its fields set."""
        for field in message.DESCRIPTOR.fields:
            if self._random.random() < self._chance(field, depth):
                self._set(message, field, depth)
        return message

    def _chance(self, field: FieldDescriptor, depth: int) -> float:
        if field.name in RARE:
            return 0.04
        if field.name in self._likely or field.name in {"from_", "structured_query", "structured_aggregation_query"}:
            return 0.97
        return 0.7 if depth == 0 else 0.3

    def _set(self, message: Any, field: FieldDescriptor, depth: int) -> None:
        part_type = field.message_type
        if part_type is None:
            self._set_scalar(message, field)
        elif depth < DEPTH_MAX:
            self._set_message(message, field, part_type, depth)

    def _set_message(self, message: Any, field: FieldDescriptor, part_type: Any, depth: int) -> None:
        part = getattr(message, field.name)
        if part_type.GetOptions().map_entry:
            for _ in range(self._random.randrange(3)):
                entry = part[self._random.choice(("n", "m", "q y", *ODD_TEXTS))]
                if hasattr(entry, "DESCRIPTOR"):
                    self.fill(entry, depth + 1)
        elif field.is_repeated:
            for _ in range(1 if field.name == "from_" else self._random.randrange(1, 4)):
                self.fill(part.add(), depth + 1)
        else:
            part.SetInParent()
            self.fill(part, depth + 1)

    def _set_scalar(self, message: Any, field: FieldDescriptor) -> None:
        if field.is_repeated:
            for _ in range(self._random.randrange(4)):
                getattr(message, field.name).append(self._scalar(field))
        else:
            setattr(message, field.name, self._scalar(field))

    def _scalar(self, field: FieldDescriptor) -> Any:
        kind = field.cpp_type
        if field.type == FieldDescriptor.TYPE_BYTES:
            return self._random.choice(BYTES)
        if kind == FieldDescriptor.CPPTYPE_STRING:
            likely = self._random.random() < LIKELY
            return self._random.choice(self._likely.get(field.name, self._texts) if likely else self._texts)
        if kind in {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}:
            return self._random.choice(DOUBLES)
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            return self._random.random() < 0.3
        if field.enum_type is not None:
            return self._random.choice([value.number for value in field.enum_type.values] * 5 + [77])
        if kind == FieldDescriptor.CPPTYPE_INT32:
            return max(-(1 << 31), min((1 << 31) - 1, self._random.choice(NUMBERS)))
        return self._random.choice(NUMBERS)
