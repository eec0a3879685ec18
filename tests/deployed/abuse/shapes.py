"""What can be sent to the callables: drawn from the schemas that their doors declare, and then spoilt.

A door says its schema by the one ``parsed(Schema, request.data)`` in it; it is read from there, so that a new callable
is attacked without a word here.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
from typing import Any, Final, cast

from hypothesis import strategies as st
from pydantic import BaseModel

from tests.deployed.functions import Kind, kind_of, main_module, names

MARK: Final = "canary7f3a"
"""Stands in words that are sent, so that they are known again wherever they do not belong."""
ODD: Final[list[Any]] = [
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    MARK,
    "\ud800",
    "\x00",
    "../../users/" + MARK,
    "__proto__",
    f"{MARK}@example.com",
    "가" * 20_000,
    [],
    {},
    [[[[[[[[[[MARK]]]]]]]]]],
    {"$ne": None},
    {"seconds": 1},
]
EXTRA: Final = ["owner", "uid", "roles", "price", "amount", "__proto__", "", MARK, "data", "k" * 5_000]


def callables() -> list[str]:
    """The names of all callables."""
    return [name for name in names() if kind_of(name) is Kind.CALLABLE]


def schema_of(name: str) -> type[BaseModel] | None:
    """What the callable of that name parses; None if it looks at nothing that is sent."""
    door = inspect.unwrap(getattr(main_module(), name))
    module = ast.parse(inspect.getsource(inspect.getmodule(door)))  # type: ignore[arg-type]
    body = next(one for one in module.body if isinstance(one, ast.FunctionDef) and one.name == name)
    parsing = [one for one in ast.walk(body) if isinstance(one, ast.Call) and ast.unparse(one.func) == "parsed"]
    if not parsing:
        return None
    (wanted,) = {ast.unparse(one.args[0]) for one in parsing}
    homes = [
        imported.module
        for imported in ast.walk(body)
        if isinstance(imported, ast.ImportFrom) and wanted in {alias.name for alias in imported.names}
    ]
    return cast("type[BaseModel]", getattr(importlib.import_module(str(homes[0])), wanted))


def well_formed(name: str) -> st.SearchStrategy[Any]:
    """What fits the callable's schema."""
    schema = schema_of(name)
    if schema is None:
        return st.just({})
    whole = schema.model_json_schema()
    return drawn(whole, whole.get("$defs", {}))


def drawn(schema: dict[str, Any], named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What fits a JSON schema of the kinds that pydantic writes for requests; ``named`` are its definitions."""
    match schema:
        case {"$ref": reference}:
            return drawn(named[str(reference).rsplit("/", 1)[-1]], named)
        case {"anyOf": choices} | {"oneOf": choices}:
            return st.one_of(*(drawn(choice, named) for choice in choices))
        case {"const": value}:
            return st.just(value)
        case {"enum": values}:
            return st.sampled_from(values)
        case {"type": "object"}:
            fields = {name: drawn(one, named) for name, one in schema.get("properties", {}).items()}
            needed = {name: fields.pop(name) for name in schema.get("required", [])}
            return st.fixed_dictionaries(needed, optional=fields)
        case {"type": "array"}:
            most = min(schema.get("maxItems", 4), 8)
            return st.lists(drawn(schema["items"], named), min_size=schema.get("minItems", 0), max_size=most)
        case {"type": "string"}:
            return _words(schema)
        case {"type": "integer"}:
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "null"}:
            return st.none()
    raise ValueError(f"a kind of schema that no callable declared before: {schema}")


def _words(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.from_regex(str(schema["pattern"]).removesuffix("$") + r"\Z")
    if schema.get("format") == "date":
        return st.dates().map(str)
    least, most = schema.get("minLength", 0), min(schema.get("maxLength", 40), 40)
    return st.text(min_size=least, max_size=max(least, most))


def spoilt(name: str) -> st.SearchStrategy[Any]:
    """What fits the schema but for one to three spots, or does not fit at all."""
    return st.one_of(
        st.builds(_spoil, well_formed(name), st.lists(_SPOTS, min_size=1, max_size=3)),
        st.sampled_from(ODD),
    )


_SPOTS: Final = st.tuples(
    st.sampled_from(["replace", "remove", "add"]), st.integers(0, 50), st.sampled_from(ODD), st.sampled_from(EXTRA)
)


def _spoil(sound: Any, spots: list[tuple[str, int, Any, str]]) -> Any:
    data = copy.deepcopy(sound)
    for how, number, odd, name in spots:
        value = copy.deepcopy(odd)
        holders = [one for one in _holders(data) if one or how == "add"]
        if not holders:
            return value
        holder = holders[number % len(holders)]
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if how == "add" or not keys:
            holder.update({name: value}) if isinstance(holder, dict) else holder.append(value)
        elif how == "remove":
            del holder[keys[number % len(keys)]]
        else:
            holder[keys[number % len(keys)]] = value
    return data


def _holders(data: Any) -> list[Any]:
    if not isinstance(data, dict | list):
        return []
    inner = data.values() if isinstance(data, dict) else data
    return [data, *(holder for part in inner for holder in _holders(part))]
