"""The frame of an operator's command: its common options, and every failure told with its remedy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, RetryError, Unauthenticated
from google.auth.exceptions import GoogleAuthError
from imagesfactory.kit.errors import Refusal, RetryLater
from rich.console import Console

from local.operator.errors import NoCredentials, NotPermitted, OperatorError, Unreachable


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """The parser of `python -m NAME` with the options that every command has."""
    made = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    made.add_argument("--project", default="", help="a real Firebase project; without it the `make serve` of here")
    return made


def run_command(act: Callable[[Console], int]) -> int:
    """Do it and return the exit status: that of ``act``, or 2 when it could not be done, which is said on stderr.

    ``act`` gets the console for its answer. Log lines of the backend's own code go to stderr, so that stdout holds
    the answer alone.
    """
    console = Console(file=sys.stdout, highlight=False)
    try:
        with _in_words(), redirect_stdout(sys.stderr):
            return act(console)
    except OperatorError as error:
        print(error, file=sys.stderr)
        return 2
    except Refusal as refusal:
        print(refusal.text.en, file=sys.stderr)
        return 2


@contextmanager
def _in_words() -> Iterator[None]:
    """Errors of Google's libraries as words and a remedy."""
    try:
        yield
    except (GoogleAuthError, Unauthenticated):
        raise NoCredentials(
            "Google does not accept the credentials of this machine.", "Run: gcloud auth application-default login"
        ) from None
    except Forbidden:
        raise NotPermitted(
            "This Google account may not do that in the project.", "Ask an owner of the project for the role."
        ) from None
    except NotFound:
        raise Unreachable("The project or its database is not there.", "Is the name of the project right?") from None
    except (GoogleAPICallError, RetryError, RetryLater, ConnectionError, TimeoutError) as error:
        raise Unreachable(f"The backend does not answer ({type(error).__name__}).", "Try again shortly.") from None
