"""Why an operator's command cannot do its work, with the remedy."""

from __future__ import annotations


class OperatorError(Exception):
    """The command cannot be carried out; the text says what is missing and what to do about it."""

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(f"{fact}\n{remedy}")
        self.fact = fact
        self.remedy = remedy


class NothingServes(OperatorError):
    """No backend runs on this machine, and no project was named."""


class NoCredentials(OperatorError):
    """A real project was named, and this machine knows no Google account."""


class NotBorrowed(OperatorError):
    """The Google credentials of this machine are not those of the operators' account."""


class NotPermitted(OperatorError):
    """The Google account may not do that in the project."""


class Unreachable(OperatorError):
    """The backend does not answer."""
