"""Reads the answers of a query where little of each record is wanted, and there are a great many.

The library makes of each answer a snapshot: it wraps, copies and decodes every part, which took more than half of the
processor time of a purge. Here an answer is kept as the wire brought it, and decoded if it is asked. Names of the
library that are not public are used in this module alone; the library is pinned, and a test compares what both ways
read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference, Query

    from imagesfactory.kit.unit_of_work import Snapshot


class LeanRecord:
    """A record as it was read: where it is, its version, and the fields that were selected."""

    __slots__ = ("_client", "_fields", "reference", "update_time")

    def __init__(self, client: Client, document: Any) -> None:
        self.reference: DocumentReference = client.document(document.name.split("/documents/", 1)[1])
        self.update_time = document.update_time
        """As the wire has it; a write's precondition takes it so."""
        self._client, self._fields = client, document.fields

    @property
    def id(self) -> str:
        """The last part of its path."""
        return str(self.reference.id)

    def get(self, field: str) -> Any:
        """The value of a field.

        Raises:
            KeyError: there is no such field.

        """
        return self.to_dict()[field]

    def to_dict(self) -> dict[str, Any]:
        """The selected fields."""
        from google.cloud.firestore_v1._helpers import decode_dict

        return dict(decode_dict(self._fields, self._client))  # type: ignore[arg-type] # a map of a record's own fields


def stream(client: Client, query: Query) -> Iterator[LeanRecord]:
    """The answers of a query over a top collection or a collection group, in its order.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: the answers broke off; ``query.stream()`` would go on from there.

    """
    from google.cloud.firestore_v1.types import RunQueryResponse

    parent = f"{client._database_string}/documents"
    request = {"parent": parent, "structured_query": query._to_protobuf()}
    for answer in client._firestore_api.run_query(request=request, metadata=client._rpc_metadata):
        message = RunQueryResponse.pb(answer)
        if message.HasField("document"):
            yield LeanRecord(client, message.document)


if TYPE_CHECKING:
    AnyRecord = Snapshot | LeanRecord
    """A record that was read in either way."""
