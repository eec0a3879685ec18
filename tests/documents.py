"""Every document of a database at once, whatever its collection: one query without a kind."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import RunQueryRequest, StructuredQuery


def all_documents(client: Any) -> dict[str, dict[str, Any]]:
    """What each holds, by its path."""
    parent = f"{client._database_string}/documents"
    everything = StructuredQuery(from_=[StructuredQuery.CollectionSelector(all_descendants=True)])
    request = RunQueryRequest(parent=parent, structured_query=everything)
    answers = client._firestore_api.run_query(request=request, metadata=client._rpc_metadata)
    found: dict[str, Any] = {
        answer.document.name.removeprefix(parent + "/"): _helpers.decode_dict(answer.document.fields, client)
        for answer in answers
        if answer.document.name
    }
    return found
