"""The bucket of finished pictures, in Cloud Storage or its emulator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from imagesfactory.kit.clock import Clock, SystemClock
from imagesfactory.kit.errors import RetryLater
from imagesfactory.privacy.purge.ports import StoredFile
from imagesfactory.vendors.google_calls import translated
from imagesfactory.vendors.once import Once

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
"""The longest silence of one attempt; a picture has a few megabytes."""
RETRY_SECONDS = 30.0
"""Repeating is safe: creating is conditional, reading and deleting change nothing the second time."""
CACHE_CONTROL = "private, max-age=300, no-transform"
"""Never in shared caches, soon gone from the member's own, and nobody may re-encode the AI mark away."""
_STORED_AT = "stored-at"


class CloudStorageBucket:
    """An ImageBucket. Every method raises RetryLater when storage does not answer now, GoogleServiceUnusable
    when it will not until an operator acts.
    """

    def __init__(self, *, name: str, project: str, emulator: str = "", clock: Clock | None = None) -> None:
        """``emulator`` is the emulator's URL (STORAGE_EMULATOR_HOST), empty in production."""
        self._is_emulator = bool(emulator)
        self._clock = clock or SystemClock()
        self._bucket = Once(lambda: _client(project, emulator).bucket(name))

    def put(self, name: str, png: bytes) -> None:
        """Store ``png`` under ``name``; a file already there stays as it is and counts as stored."""
        from google.api_core.exceptions import PreconditionFailed

        blob = self._bucket().blob(name)
        blob.cache_control = CACHE_CONTROL
        blob.content_disposition = f'inline; filename="{PurePosixPath(name).name}"'
        date_file(blob, self._clock.now(), is_emulator=self._is_emulator)
        with translated("bucket"), _whole():
            if self._is_emulator and blob.exists(**_limits()):
                return  # the emulator ignores the precondition and would overwrite
            try:
                blob.upload_from_string(png, content_type="image/png", if_generation_match=0, **_limits())
            except PreconditionFailed:
                return

    def get(self, name: str) -> bytes:
        """The bytes stored under ``name``, checked against the checksum that storage keeps.

        Raises:
            FileNotFoundError: nothing is stored there.

        """
        from google.api_core.exceptions import NotFound

        with translated("bucket"), _whole():
            try:
                content: bytes = self._bucket().blob(name).download_as_bytes(**_limits())
            except NotFound:
                raise FileNotFoundError(name) from None
            return content

    def page(self, prefix: str, after: str, limit: int) -> list[StoredFile]:
        """The files below ``prefix`` whose names follow ``after``, in the order of names, at most ``limit``."""
        with translated("bucket"):
            blobs = self._bucket().list_blobs(
                prefix=prefix,
                start_offset=after or None,
                page_size=limit + 1,
                fields="items(name,timeCreated,customTime,metadata),nextPageToken",
                **_limits(),
            )
            # start_offset belongs to the page itself, and the emulator does not know it
            following = (blob for blob in blobs if blob.name > after)
            return [StoredFile(blob.name, _stored_at(blob)) for blob in islice(following, limit)]

    def delete(self, name: str) -> None:
        """Remove what is stored under ``name``; nothing there is fine."""
        from google.api_core.exceptions import NotFound

        with translated("bucket"), _whole():
            try:
                self._bucket().blob(name).delete(**_limits())
            except NotFound:
                return


def date_file(blob: Any, now: datetime, *, is_emulator: bool) -> None:
    """Say with a file that is about to be stored when that is: from then on its days are counted, by the purge and by
    the bucket's own lifecycle rule. The emulator forgets the field for it, and keeps this one.
    """
    blob.custom_time = now
    if is_emulator:
        blob.metadata = {_STORED_AT: now.isoformat()}


def _stored_at(blob: Any) -> datetime:
    noted: str | None = (blob.metadata or {}).get(_STORED_AT)
    dated: datetime = blob.custom_time or (datetime.fromisoformat(noted) if noted else blob.time_created)
    return dated


def _client(project: str, emulator: str) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage  # type: ignore[attr-defined] # it says nothing of its types

    # or it asks for the bucket's own metadata in the background, which needs one more permission
    os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] = "true"
    if emulator:
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        return storage.Client(project=project, credentials=credentials, client_options={"api_endpoint": emulator})
    return storage.Client(project=project)


def _limits() -> dict[str, Any]:
    from google.cloud.storage.retry import DEFAULT_RETRY

    return {"timeout": (CONNECT_SECONDS, READ_SECONDS), "retry": DEFAULT_RETRY.with_timeout(RETRY_SECONDS)}


@contextmanager
def _whole() -> Iterator[None]:
    """What arrived otherwise than it was stored is asked for again."""
    from google.cloud.storage.exceptions import DataCorruption

    try:
        yield
    except DataCorruption:
        raise RetryLater("bucket-answer-damaged") from None
