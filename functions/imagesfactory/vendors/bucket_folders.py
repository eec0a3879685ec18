"""The bucket as folders: lists what is in one, writes and reads files too large for memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from imagesfactory.kit.clock import Clock, SystemClock
from imagesfactory.vendors.bucket import CACHE_CONTROL, _client, _limits, date_file
from imagesfactory.vendors.google_calls import translated
from imagesfactory.vendors.once import Once

CHUNK_BYTES = 4 * 1024 * 1024
"""Of an upload or download: all that is in memory of a file. A multiple of 256 KiB, as resumable uploads demand."""
EMULATOR_CHUNK_BYTES = 120 * 1024 * 1024
"""The Storage emulator takes the first piece of an upload for the whole (and takes no more than 130 MB)."""
PAGE = 500


class BucketFolders:
    """Every method raises RetryLater when storage does not answer now, GoogleServiceUnusable when it will not until
    an operator acts.
    """

    def __init__(self, *, name: str, project: str, emulator: str = "", clock: Clock | None = None) -> None:
        """``emulator`` is the emulator's URL (STORAGE_EMULATOR_HOST), empty in production."""
        self._upload_bytes = EMULATOR_CHUNK_BYTES if emulator else CHUNK_BYTES
        self._is_emulator = bool(emulator)
        self._clock = clock or SystemClock()
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

    @contextmanager
    def writer(self, name: str, content_type: str) -> Iterator[IO[bytes]]:
        """Write a file in pieces; it is there once the block ends without an error, and replaces one of that name."""
        with translated("bucket"):
            blob = self._bucket().blob(name)
            blob.cache_control = CACHE_CONTROL
            date_file(blob, self._clock.now(), is_emulator=self._is_emulator)
            options = {"chunk_size": self._upload_bytes, "content_type": content_type, "ignore_flush": True}
            with blob.open("wb", **options, **_limits()) as file:
                yield file

    @contextmanager
    def reader(self, name: str) -> Iterator[IO[bytes]]:
        """Read a file in pieces, from any position.

        Raises:
            FileNotFoundError: nothing is stored there.

        """
        from google.api_core.exceptions import NotFound

        with translated("bucket"):
            blob = self._bucket().blob(name)
            try:
                blob.reload(**_limits())
            except NotFound:
                raise FileNotFoundError(name) from None
            with io.BufferedReader(_Ranges(blob), CHUNK_BYTES) as file:
                yield file


class _Ranges(io.RawIOBase):
    """A stored file, read range by range. The library's own reader finds the end by asking beyond it, which the
    emulator answers with the whole file again; this one knows the size.
    """

    def __init__(self, blob: Any) -> None:
        super().__init__()
        self._blob, self._size, self._position = blob, int(blob.size), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        end = self._position + wanted - 1
        piece = self._blob.download_as_bytes(start=self._position, end=end, checksum=None, **_limits())
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)
