"""The REST form over real HTTP."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.firestore_process import FirestoreProcess


@pytest.fixture
def rest(server: FirestoreProcess, project: str) -> Iterator[httpx.Client]:
    """An admin HTTP client whose base is the default database's documents."""
    base = f"{server.url}/v1/projects/{project}/databases/(default)/documents"
    with httpx.Client(base_url=base, headers={"Authorization": "Bearer owner"}, trust_env=False) as made:
        yield made


def _url(rest: httpx.Client, suffix: str) -> str:
    return str(rest.base_url).rstrip("/") + suffix


def test_a_document_lives_from_create_to_delete(rest: httpx.Client) -> None:
    fields = {
        "null": {"nullValue": None},
        "int": {"integerValue": "9007199254740993"},
        "float": {"doubleValue": "NaN"},
        "bytes": {"bytesValue": base64.b64encode(b"\xff\x00").decode()},
        "list": {"arrayValue": {"values": [{"booleanValue": True}]}},
        "korean": {"stringValue": "서울"},
    }
    created = rest.post("/cities", params={"documentId": "a:b"}, json={"fields": fields}).json()
    assert created["name"].endswith("/documents/cities/a:b")
    got = rest.get("/cities/a:b").json()
    assert got["fields"] == fields
    assert got["createTime"].endswith("Z")
    patched = rest.patch(
        "/cities/a:b",
        params=[("updateMask.fieldPaths", "int"), ("currentDocument.exists", "true")],
        json={"fields": {"int": {"integerValue": 1}}},
    ).json()
    assert patched["fields"]["int"] == {"integerValue": "1"}
    assert patched["fields"]["korean"] == {"stringValue": "서울"}
    masked = rest.get("/cities/a:b", params={"mask.fieldPaths": "int"}).json()
    assert set(masked["fields"]) == {"int"}
    assert rest.delete("/cities/a:b").json() == {}
    missing = rest.get("/cities/a:b")
    assert missing.status_code == 404
    assert missing.json()["error"]["status"] == "NOT_FOUND"


def test_lists_page_by_page(rest: httpx.Client) -> None:
    for number in range(5):
        rest.post("/a", params={"documentId": str(number)}, json={"fields": {}})
    names, token = [], ""
    while True:
        page = rest.get("/a", params={"pageSize": 2, "pageToken": token}).json()
        names += [document["name"][-1] for document in page["documents"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert names == ["0", "1", "2", "3", "4"]


def test_custom_methods(rest: httpx.Client, project: str) -> None:
    root = f"projects/{project}/databases/(default)/documents"
    write = {
        "update": {"name": f"{root}/a/1", "fields": {"n": {"integerValue": 5}, "none": {"nullValue": "NULL_VALUE"}}}
    }
    committed = rest.post(
        _url(rest, ":commit"), content=_text({"writes": [write]}), headers={"Content-Type": "text/plain"}
    )
    assert committed.json()["writeResults"][0]["updateTime"]
    found = rest.post(_url(rest, ":batchGet"), json={"documents": [f"{root}/a/1", f"{root}/a/2"]}).json()
    assert sorted(next(iter(set(row) & {"found", "missing"})) for row in found) == ["found", "missing"]
    query = {"from": [{"collectionId": "a"}]}
    rows = rest.post(_url(rest, ":runQuery"), json={"structuredQuery": query}).json()
    assert rows[0]["document"]["fields"]["none"] == {"nullValue": None}
    counted = rest.post(
        _url(rest, ":runAggregationQuery"),
        json={"structuredAggregationQuery": {"structuredQuery": query, "aggregations": [{"count": {}, "alias": "n"}]}},
    ).json()
    assert counted[0]["result"]["aggregateFields"] == {"n": {"integerValue": "1"}}
    transaction = rest.post(_url(rest, ":beginTransaction"), json={}).json()["transaction"]
    assert rest.post(_url(rest, ":rollback"), json={"transaction": transaction}).json() == {}
    assert rest.post(_url(rest, ":listCollectionIds")).json() == {"collectionIds": ["a"]}
    assert rest.post(_url(rest, "/a/1:listCollectionIds"), json={}).json() == {}


def _text(content: Any) -> bytes:
    import json

    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("method", "suffix", "body", "status"),
    [
        ("POST", ":commit", b"{not json", "INVALID_ARGUMENT"),
        ("POST", ":commit", b"[1]", "INVALID_ARGUMENT"),
        ("POST", ":commit", b'{"unknown": 1}', "INVALID_ARGUMENT"),
        ("POST", ":runQuery", b'{"structuredQuery": {"limit": "many"}}', "INVALID_ARGUMENT"),
        ("POST", ":listen", b"{}", "UNIMPLEMENTED"),
        ("POST", ":executePipeline", b"{}", "FAILED_PRECONDITION"),
        ("GET", "/a/1?unknown=1", b"", "INVALID_ARGUMENT"),
        ("DELETE", "/a", b"", "NOT_FOUND"),
        ("GET", "", b"", "NOT_FOUND"),
        ("PATCH", "/a/1?currentDocument.exists=maybe", b"{}", "INVALID_ARGUMENT"),
    ],
)
def test_bad_requests_are_refused_with_googles_error_body(
    rest: httpx.Client, method: str, suffix: str, body: bytes, status: str
) -> None:
    answer = rest.request(method, _url(rest, suffix), content=body)
    content = answer.json()
    error = (content[0] if isinstance(content, list) else content)["error"]
    assert error["status"] == status
    assert error["code"] == answer.status_code


def test_a_body_beyond_the_limit_is_refused(rest: httpx.Client) -> None:
    answer = rest.post(_url(rest, ":commit"), content=b" " * (17 << 20))
    assert answer.status_code == 400
    assert "exceeds the limit" in answer.json()["error"]["message"]


def test_browsers_of_any_origin_are_answered(rest: httpx.Client) -> None:
    headers = {
        "Origin": "http://localhost:5000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-goog-api-client,authorization",
    }
    preflight = rest.options(_url(rest, ":commit"), headers=headers)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "http://localhost:5000"
    assert "x-goog-api-client" in preflight.headers["access-control-allow-headers"]
    assert preflight.headers["access-control-allow-credentials"] == "true"
    answer = rest.get("/a", headers={"Origin": "http://localhost:5000"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5000"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [(None, 403), ("Bearer nonsense", 401), ("Basic x", 401), ("Bearer a.b.c", 401), ("user", 403)],
)
def test_only_the_admin_passes_without_rules(
    server: FirestoreProcess, project: str, authorization: str | None, code: int
) -> None:
    headers = (
        {} if authorization is None else {"Authorization": _user_token() if authorization == "user" else authorization}
    )
    base = f"{server.url}/v1/projects/{project}/databases/(default)/documents"
    with httpx.Client(headers=headers, trust_env=False) as outsider:
        assert outsider.get(f"{base}/a/1").status_code == code
        assert outsider.patch(f"{base}/a/1", json={}).status_code == code
        assert outsider.post(f"{base}:runQuery", json={"structuredQuery": {}}).status_code == code
        assert outsider.post(f"{base}:listCollectionIds", json={}).status_code == code


def _user_token() -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(_text(content)).decode().rstrip("=")

    return f"Bearer {part({'alg': 'none', 'typ': 'JWT'})}.{part({'sub': 'ada', 'aud': 'demo'})}."
