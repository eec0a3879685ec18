"""The default Firebase app of the tests' process, which whoever comes next may want for another project."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest


def forget_firebase_app() -> None:
    """Let there be none; the library is not loaded for that."""
    firebase_admin: Any = sys.modules.get("firebase_admin")
    if firebase_admin is not None:
        with suppress(ValueError):
            firebase_admin.delete_app(firebase_admin.get_app())


@pytest.fixture(autouse=True)
def own_firebase_app() -> Iterator[None]:
    """A test finds none, whatever ran before it in this process. A conftest.py imports this for its folder."""
    forget_firebase_app()
    yield
    forget_firebase_app()
