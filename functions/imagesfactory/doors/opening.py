"""Opens only the door that is asked for, because an instance of Cloud Functions serves one function.

functions-framework asks the module main for one name and so imports one door, with those modules of the Functions SDK
that this door declares with; a callable's instance never pays for the Firestore client that triggers need. The
discovery of firebase-tools lists the module and asks for every name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def opened_by_name(
    doors: Mapping[str, Sequence[str]],
) -> tuple[Callable[[str], Callable[..., Any]], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` (PEP 562) of a module whose attributes are the functions behind ``doors``.

    ``doors`` has the names of the functions by the name of their module in this folder.
    """
    door_of = {name: door for door, names in doors.items() for name in names}

    def function(name: str) -> Callable[..., Any]:
        door = door_of.get(name)
        if door is None:
            raise AttributeError(f"no deployed function is named {name!r}")
        opened: Callable[..., Any] = getattr(import_module(f"{__package__}.{door}"), name)
        return opened

    def names() -> list[str]:
        return sorted(door_of)

    return function, names
