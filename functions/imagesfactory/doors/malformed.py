"""The error of a request that does not fit its schema, apart from the schemas because it must be cheap to import."""

from __future__ import annotations


class MalformedRequest(Exception):
    """The request does not fit its schema. ``fields`` says where and how, without what stands there."""

    def __init__(self, fields: list[dict[str, str]]) -> None:
        super().__init__("malformed request")
        self.fields = fields
