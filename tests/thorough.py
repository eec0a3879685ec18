"""Marks tests that are too long for every run: `make thorough` takes them."""

from __future__ import annotations

import os

import pytest

IS_THOROUGH = bool(os.environ.get("THOROUGH"))
thorough = pytest.mark.skipif(not IS_THOROUGH, reason="long: make thorough runs it")
