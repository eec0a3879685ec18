"""Query parameters and JSON bodies to protobuf."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.firestore import messages
from emulator.firestore.errors import StatusError
from emulator.transport.rest_json import as_json, fill, from_parameters, parse_body


def test_parameters_become_nested_fields() -> None:
    content = from_parameters(
        messages.UpdateDocumentRequest,
        [
            ("updateMask.fieldPaths", "a"),
            ("updateMask.fieldPaths", "b.c"),
            ("currentDocument.exists", "false"),
            ("key", "ignored"),
            ("$httpHeaders", "ignored"),
        ],
    )
    request = fill(messages.UpdateDocumentRequest(), content)
    assert list(request.update_mask.field_paths) == ["a", "b.c"]
    assert request.current_document.exists is False
    assert request.current_document.WhichOneof("condition_type") == "exists"


@pytest.mark.parametrize("name", ["nope", "mask.nope", "name.deeper", "mask.fieldPaths.deeper"])
def test_unknown_parameters_are_refused(name: str) -> None:
    with pytest.raises(StatusError, match="Unknown name"):
        from_parameters(messages.GetDocumentRequest, [(name, "x")])


def test_both_forms_of_null_are_read() -> None:
    for null in (None, "NULL_VALUE"):
        value = fill(messages.Value(), {"nullValue": null})
        assert value.WhichOneof("value_type") == "null_value"
        assert as_json(value) == {"nullValue": None}


@given(st.one_of(st.binary(min_size=1, max_size=100), st.text(min_size=1).map(str.encode)))
def test_bytes_that_are_no_object_are_refused(body: bytes) -> None:
    if body.strip():
        with pytest.raises(StatusError, match="Invalid JSON payload"):
            parse_body(body)
