"""Whether a run takes what is too long for every run: `make thorough` and `make crash` say so in the environment."""

from __future__ import annotations

import os

IS_THOROUGH = bool(os.environ.get("THOROUGH"))
