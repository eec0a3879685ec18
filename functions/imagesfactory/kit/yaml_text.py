"""Reads YAML by the parser written in C where it is there: the one in Python makes a cold start longer."""

from __future__ import annotations

from typing import Any


def parse(text: str) -> Any:
    """The YAML of ``text`` as plain values."""
    import yaml

    try:
        from yaml import CSafeLoader as Loader
    except ImportError:  # built without libyaml
        from yaml import SafeLoader as Loader  # type: ignore[assignment]
    return yaml.load(text, Loader=Loader)
