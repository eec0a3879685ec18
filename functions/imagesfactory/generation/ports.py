"""What generation needs from outsiders: image models, a moderator and a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True)
class Picture:
    """What one provider is asked for. Nothing in it says who the member is."""

    prompt: str
    provider_model: str
    quality: str
    width: int
    height: int
    aspect_ratio: str | None
    end_user: str
    """A keyed pseudonym, for providers that want to tell abusers apart."""


@dataclass(frozen=True)
class Generated:
    """A finished picture, PNG bytes, marked as AI-generated, with the provider's own id of the request."""

    png: bytes
    request_id: str


class ContentRejected(Exception):
    """The provider refuses this prompt or its result: final, no other provider is tried, nothing is charged."""


class ProviderBusy(Exception):
    """The provider cannot do it now (rate limit, outage, timeout); later may work.

    Args:
        delay: what the provider asked to wait, zero if it did not say.

    """

    def __init__(self, delay: timedelta = timedelta(0)) -> None:
        super().__init__("provider busy")
        self.delay = delay


class ProviderUnusable(Exception):
    """The provider will not do it however often it is asked (retired model, no credit, key refused): an operator
    must act, and the fallback should be tried.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RequestFaulty(Exception):
    """The provider says that our request is wrong: a bug of ours, neither retried nor charged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ImageModel(Protocol):
    """One provider's way of making one picture."""

    def generate(self, picture: Picture, *, timeout_seconds: float) -> Generated:
        """One picture, asked for exactly once (no hidden retries), within ``timeout_seconds``.

        Raises:
            ContentRejected, ProviderBusy, ProviderUnusable, RequestFaulty: see there.

        """


class Moderator(Protocol):
    """Judges a prompt before anything is charged."""

    def flags(self, prompt: str) -> tuple[str, ...]:
        """The categories under which the prompt is refused; empty when it is fine.

        Raises:
            ProviderBusy: no judgement can be had now.
            ProviderUnusable: no judgement can be had until an operator acts.

        """


class ImageBucket(Protocol):
    """Where finished pictures live, privately."""

    def put(self, name: str, png: bytes) -> None:
        """Store ``png`` under ``name``; a file already there stays as it is and counts as stored."""

    def get(self, name: str) -> bytes:
        """The bytes stored under ``name``.

        Raises:
            FileNotFoundError: nothing is stored there.

        """

    def delete(self, name: str) -> None:
        """Remove what is stored under ``name``; nothing there is fine."""
