"""The whole backend under a benchmark: the suite, a client app, a member, and the bill of what happens meanwhile."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from local.client import ClientApp, Member
from local.suite import Suite, running
from local.suite.backend import backend_options

SECONDS_MAX = 240.0
PASSWORD = "correct horse battery"  # noqa: S105 - of made-up members on this machine
BATCH_GET, COMMIT = "BatchGetDocuments", "Commit"


@dataclass(frozen=True)
class Bill:
    """What happened at the Firestore server, request by request, as Google would bill it."""

    entries: tuple[dict[str, Any], ...]

    def billed(self, what: str) -> int:
        """The sum of ``reads``, ``writes`` or ``deletes``."""
        return sum(int(entry[what]) for entry in self.entries)

    @property
    def methods(self) -> list[str]:
        """The round trips, by their RPC."""
        return [str(entry["method"]) for entry in self.entries]


class MeasuredBackend:
    """A running backend; made by :func:`measured_backend`."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.app = ClientApp(suite)
        self._usage = f"{suite.addresses.firestore.url}/emulator/v1/usage"

    def mark(self) -> int:
        """Where a bill begins."""
        return int(requests.get(self._usage, timeout=30).json()["sequence"])

    def bill(self, since: int) -> Bill:
        """All requests after ``since``."""
        entries = requests.get(self._usage, params={"since": since}, timeout=60).json()["entries"]
        return Bill(tuple(entries))

    def lines(self, *wanted: str) -> int:
        """How many lines of the functions have all these words in them."""
        return sum(all(word in line for word in wanted) for line in self.suite.functions_output())

    def wait_for_lines(self, count: int, *wanted: str) -> None:
        """Wait until so many lines of the functions have all these words in them.

        Raises:
            RuntimeError: they did not come in time.

        """
        give_up_at = time.monotonic() + SECONDS_MAX
        while self.lines(*wanted) < count:
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"the functions did not say {wanted!r} in time; see {self.suite.logs}")
            time.sleep(0.05)

    def new_member(self) -> Member:
        """Somebody whose sign-up is complete."""
        member = self.app.verify_email(self.app.sign_up(f"{uuid.uuid4().hex}@example.com", PASSWORD))
        catalog = self.app.call("get_catalog")
        statements = {
            "name": "Bench",
            "is_over_fourteen": True,
            "terms_version": catalog["terms_version"],
            "privacy_version": catalog["privacy_version"],
            "agrees_to_terms": True,
            "agrees_to_privacy": True,
        }
        self.app.call("complete_signup", statements, member)
        return member


@contextmanager
def measured_backend() -> Iterator[MeasuredBackend]:
    """Starts everything, stops everything."""
    with running(backend_options()) as suite:
        os.environ.update(suite.client_environment())
        yield MeasuredBackend(suite)
