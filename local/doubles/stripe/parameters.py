"""Reads the form-encoded parameters of Stripe's API v1: nested names, kinds of value, nothing unknown.

Source of the shapes: https://docs.stripe.com/api (form bodies; `a[b][0][c]=value`), of the codes
https://docs.stripe.com/error-codes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from local.doubles.stripe.errors import StripeRefusal, parameter_refusal

METADATA_KEYS_MAX = 50
METADATA_KEY_CHARACTERS_MAX = 40
METADATA_VALUE_CHARACTERS_MAX = 500
TEXT_CHARACTERS_MAX = 5000
NESTING_MAX = 8
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_NUMBER = re.compile(r"[0-9]{1,4}")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse_form(text: str) -> dict[str, Any]:
    """The nested value of a form body or a query string: objects, lists (numbered or `[]`) and texts."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        _put(root, _parts(name), value)
    return {name: value if name == "metadata" else _with_lists(value) for name, value in root.items()}


def _parts(name: str) -> list[str]:
    matched = _NAME.fullmatch(name)
    if matched is None:
        raise parameter_refusal(f"Received unknown parameter: {name}", "parameter_unknown", name)
    parts = [matched[1], *_PART.findall(matched[2])]
    if len(parts) > NESTING_MAX:
        raise parameter_refusal(f"Received unknown parameter: {name}", "parameter_unknown", name)
    return parts


def _put(node: dict[str, Any], parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        deeper = node.setdefault(part or str(len(node)), {})
        if not isinstance(deeper, dict):
            raise parameter_refusal("Invalid object", "parameter_invalid_object", parts[0])
        node = deeper
    last = parts[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise parameter_refusal("Invalid object", "parameter_invalid_object", parts[0])
    node[last] = value


def _with_lists(value: Any) -> Any:
    """Numbered members become lists, but for metadata, whose keys are the caller's own words, numbers or not."""
    if not isinstance(value, dict):
        return value
    if value and all(_NUMBER.fullmatch(name) for name in value):
        return [_with_lists(value[name]) for name in sorted(value, key=int)]
    return {name: one if name == "metadata" else _with_lists(one) for name, one in value.items()}


class Parameters:
    """One request's parameters (or a nested object of them). Each reader takes its name; `finish` refuses the rest.

    Every reader raises StripeRefusal (400) when the value is not of its kind.
    """

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self._values = dict(values)
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def is_object(self, name: str) -> bool:
        """Whether the value is a nested object, for the few parameters that may be one."""
        return isinstance(self._values.get(name), dict)

    def text(self, name: str, *, longest: int = TEXT_CHARACTERS_MAX) -> str | None:
        """A text; None when absent or empty (empty is how a value is unset)."""
        value = self._values.pop(name, "")
        if not isinstance(value, str):
            raise self._refused(name, f"Invalid string: {value!r}", "parameter_invalid_string")
        if len(value) > longest:
            raise self._refused(
                name, f"Invalid string: must be at most {longest} characters", "parameter_invalid_string"
            )
        return value or None

    def needed_text(self, name: str, *, longest: int = TEXT_CHARACTERS_MAX) -> str:
        """A text that must be there."""
        self._need(name)
        found = self.text(name, longest=longest)
        if found is None:
            words = f"You passed an empty string for '{self._full(name)}'."
            raise self._refused(name, words, "parameter_invalid_empty")
        return found

    def integer(self, name: str) -> int | None:
        """A whole number, None when absent."""
        value = self._values.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,15}", value):
            raise self._refused(name, f"Invalid integer: {value}", "parameter_invalid_integer")
        return int(value)

    def needed_integer(self, name: str) -> int:
        """A whole number that must be there."""
        self._need(name)
        found = self.integer(name)
        assert found is not None  # noqa: S101 (it was needed)
        return found

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self._values.pop(name, None)
        if value not in (None, "true", "false"):
            raise self._refused(name, f"Invalid boolean: {value}", "parameter_invalid_boolean")
        return default if value is None else value == "true"

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str | None:
        """One of the allowed words."""
        value = self._values.pop(name, None)
        if value is not None and value not in allowed:
            words = f"Invalid {self._full(name)}: must be one of {', '.join(sorted(allowed))}"
            raise self._refused(name, words, None)
        return default if value is None else str(value)

    def texts(self, name: str) -> list[str]:
        """A list of texts, empty when absent."""
        value = self._values.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._refused(name, "Invalid array", "parameter_invalid_array")
        return value

    def nested(self, name: str) -> Parameters | None:
        """A nested object, None when absent or unset."""
        value = self._values.pop(name, None)
        if value in (None, ""):
            return None
        if not isinstance(value, dict):
            raise self._refused(name, "Invalid object", "parameter_invalid_object")
        return Parameters(value, self._full(name))

    def items(self, name: str) -> list[Parameters]:
        """A list of nested objects, empty when absent."""
        value = self._values.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self._refused(name, "Invalid array", "parameter_invalid_array")
        return [Parameters(one, f"{self._full(name)}[{number}]") for number, one in enumerate(value)]

    def metadata(self, earlier: dict[str, str] | None = None) -> dict[str, str]:
        """The metadata laid over the earlier ones; an empty value takes its key away, an empty whole takes all."""
        value = self._values.pop("metadata", {})
        if value == "":
            return {}
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise self._refused("metadata", "Invalid object", "parameter_invalid_object")
        merged = {**(earlier or {}), **value}
        kept = {key: one for key, one in merged.items() if one}
        self._check_metadata(kept)
        return kept

    def finish(self) -> None:
        """Refuse what nobody asked for."""
        if self._values:
            name = next(iter(self._values))
            words = f"Received unknown parameter: {self._full(name)}"
            raise self._refused(name, words, "parameter_unknown")

    def refuse(self, name: str, message: str, code: str | None = None) -> StripeRefusal:
        """A refusal about one of these parameters, for rules that the readers do not know."""
        return self._refused(name, message, code)

    def _need(self, name: str) -> None:
        if name not in self._values:
            raise self._refused(name, f"Missing required param: {self._full(name)}.", "parameter_missing")

    def _check_metadata(self, pairs: dict[str, str]) -> None:
        if len(pairs) > METADATA_KEYS_MAX:
            words = f"Metadata can have up to {METADATA_KEYS_MAX} keys, but you passed in {len(pairs)}."
            raise self._refused("metadata", words, None)
        for key, value in pairs.items():
            if len(key) > METADATA_KEY_CHARACTERS_MAX or len(value) > METADATA_VALUE_CHARACTERS_MAX:
                words = "Metadata keys hold up to 40 characters, values up to 500."
                raise self._refused(f"metadata[{key[:METADATA_KEY_CHARACTERS_MAX]}]", words, None)

    def _refused(self, name: str, message: str, code: str | None) -> StripeRefusal:
        return StripeRefusal(message, code=code, param=self._full(name), worked=False)

    def _full(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name
