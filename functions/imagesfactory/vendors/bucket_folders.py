"""The bucket as folders: lists what is in one, writes and reads files too large for memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any

from imagesfactory.vendors.bucket import CACHE_CONTROL, _client, _limits
from imagesfactory.vendors.google_calls import translated
from imagesfactory.vendors.once import Once

CHUNK_BYTES = 4 * 1024 * 1024
"""Of an upload or download: all that is in memory of a file. A multiple of 256 KiB, as resumable uploads demand."""
PAGE = 500


class BucketFolders:
    """Every method raises RetryLater when storage does not answer now, GoogleServiceUnusable when it will not until
    an operator acts.
    """

    def __init__(self, *, name: str, project: str, emulator: str = "") -> None:
        """``emulator`` is the emulator's URL (STORAGE_EMULATOR_HOST), empty in production."""
        self._bucket = Once(lambda: _client(project, emulator).bucket(name))

    def names(self, prefix: str) -> Iterator[str]:
        """The names of all files that begin with ``prefix``, page by page."""
        with translated("bucket"):
            bucket = self._bucket()
            for blob in bucket.client.list_blobs(bucket, prefix=prefix, page_size=PAGE, **_limits()):
                yield str(blob.name)

    def delete(self, name: str) -> None:
        """Remove a file; nothing there is fine."""
        from google.api_core.exceptions import NotFound

        with translated("bucket"):
            try:
                self._bucket().blob(name).delete(**_limits())
            except NotFound:
                return

    def writer(self, name: str, content_type: str) -> AbstractContextManager[IO[bytes]]:
        """Write a file in pieces; it is there once the block ends without an error, and replaces one of that name."""
        return self._open(name, "wb", content_type=content_type, ignore_flush=True)

    def reader(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Read a file in pieces, from any position.

        Raises:
            FileNotFoundError: nothing is stored there, found out at the first read.

        """
        return self._open(name, "rb")

    @contextmanager
    def _open(self, name: str, mode: str, **options: Any) -> Iterator[IO[bytes]]:
        from google.api_core.exceptions import NotFound

        with translated("bucket"):
            blob = self._bucket().blob(name)
            blob.cache_control = CACHE_CONTROL
            try:
                with blob.open(mode, chunk_size=CHUNK_BYTES, **options, **_limits()) as file:
                    yield file
            except NotFound:
                raise FileNotFoundError(name) from None
