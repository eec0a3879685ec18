"""For all tests: random examples are the same in every run, so that a run says the same twice."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same every time", derandomize=True, database=None)
settings.register_profile("new every time")
settings.load_profile("new every time" if os.environ.get("IMAGESFACTORY_EXPLORE") else "same every time")
