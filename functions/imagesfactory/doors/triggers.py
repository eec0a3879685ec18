"""What Firestore calls after a commit. An event that is lost is found by the sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firebase_functions.firestore_fn import Event, on_document_created

from imagesfactory import bootstrap
from imagesfactory.doors.answers import answers

if TYPE_CHECKING:
    from google.cloud.firestore import DocumentSnapshot

from imagesfactory.kit.settings import (
    SECRETS_OF_IDENTITY,
    SECRETS_OF_IMAGE_PROVIDERS,
    SECRETS_OF_MAIL,
    SECRETS_OF_PAYMENTS,
)


@on_document_created(document="jobs/{job_id}", timeout_sec=60, secrets=list(SECRETS_OF_IMAGE_PROVIDERS))
@answers
def on_job_created(event: Event[DocumentSnapshot[Any] | None]) -> None:
    """Hand every image of a new job to the queue."""
    if event.data is not None:
        bootstrap.generation().fan_out(event.data, bootstrap.clock().now())


@on_document_created(document="mail/{mail_id}", timeout_sec=60, secrets=[*SECRETS_OF_MAIL, *SECRETS_OF_IDENTITY])
@answers
def on_mail_created(event: Event[DocumentSnapshot[Any] | None]) -> None:
    """Hand a new letter to the queue."""
    bootstrap.mail().enqueue(event.params["mail_id"], "first")


@on_document_created(document="inbox/{event_id}", timeout_sec=60, secrets=list(SECRETS_OF_PAYMENTS))
@answers
def on_event_received(event: Event[DocumentSnapshot[Any] | None]) -> None:
    """Hand a payment provider's event to the queue."""
    bootstrap.inbox().enqueue(event.params["event_id"], "first")
