"""The errors of the suite, each named for the fact and carrying the remedy."""

from __future__ import annotations


class SuiteError(Exception):
    """The suite cannot run; the text says what happened and what to do about it."""

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(f"{fact}\n{remedy}")
        self.fact = fact
        self.remedy = remedy


class ToolMissing(SuiteError):
    """A program that the suite needs is not there."""


class SuiteDidNotStart(SuiteError):
    """The emulators ended, or were not ready in time."""


class FunctionsDidNotLoad(SuiteError):
    """The emulators run, and the functions could not be read."""


class PortTaken(SuiteDidNotStart):
    """Another program took a port between its choice and its use."""


class ProcessesLeft(SuiteError):
    """Some processes of a run could not be ended."""
