"""Follows one document over Firestore's Listen stream, as a client SDK does.

Source: cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#listen.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any, Self

import grpc
from google.cloud.firestore_v1 import _helpers as helpers
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import ListenRequest, ListenResponse, Target

WAIT_SECONDS = 240.0
"""The longest one document may stay without the state that is waited for; only a hang reaches it."""


class WatchRefused(Exception):
    """The rules, or the database, ended the watch."""


class Watch:
    """Every version of one document that the stream brings; a context manager that ends the stream."""

    def __init__(self, address: str, project: str, path: str, id_token: str) -> None:
        database = f"projects/{project}/databases/(default)"
        self._requests: queue.SimpleQueue[ListenRequest | None] = queue.SimpleQueue()
        self._channel = grpc.insecure_channel(address)
        self._requests.put(
            ListenRequest(
                database=database,
                add_target=Target(
                    target_id=2,
                    documents=Target.DocumentsTarget(documents=[f"{database}/documents/{path}"]),
                ),
            )
        )
        client = FirestoreClient(transport=FirestoreGrpcTransport(channel=self._channel))
        self._answers = client.listen(
            requests=iter(self._requests.get, None),
            metadata=[("authorization", f"Bearer {id_token}"), ("google-cloud-resource-prefix", database)],
            timeout=WAIT_SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.put(None)
        self._channel.close()

    def versions(self) -> Iterator[dict[str, Any]]:
        """The document's fields each time they change, beginning with the present ones."""
        for answer in self._answers:
            self._check(answer)
            if "document_change" in answer:
                fields = answer.document_change.document.fields
                yield {name: helpers.decode_value(value, None) for name, value in fields.items()}

    def until(
        self, reached: Callable[[dict[str, Any]], bool], each: Callable[[dict[str, Any]], None] = lambda _: None
    ) -> dict[str, Any]:
        """The first version that satisfies ``reached``; ``each`` sees every version on the way.

        Raises:
            WatchRefused: the stream ended before.

        """
        for version in self.versions():
            each(version)
            if reached(version):
                return version
        msg = "the stream ended"
        raise WatchRefused(msg)

    @staticmethod
    def _check(answer: ListenResponse) -> None:
        change = answer.target_change
        if "target_change" in answer and change.cause.code:
            raise WatchRefused(change.cause.message)
