"""What no client sends: bodies that are none, are cut off, too large or too deep, odd headers and methods.

By the raw wire, to every function that can be called from outside; the list is functions/main.py's own.
"""

from __future__ import annotations

import gzip
import json
from io import BytesIO
from typing import Any

import pytest

from tests.deployed.abuse.watch import assert_refused_well, recorded_writes
from tests.deployed.abuse.who import JISU, Victim
from tests.deployed.functions import JSON, Answer, Deployed, Kind, kind_of, names
from tests.deployed.surroundings import ORIGIN

OUTSIDE = [name for name in names() if kind_of(name) in {Kind.CALLABLE, Kind.BLOCKING, Kind.REQUEST}]
UNREAD = {"policy_page": 405, "unsubscribe": 404}
"""Pages never look at a body."""
DEEP = 50_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"hello",
    "cut off": b'{"data": {"job_id": "',
    "a word": b'"data"',
    "a list with the word": b'["data"]',
    "null": b"null",
    "a number": b"1" * 5_000,
    "more than data": b'{"data": {}, "more": 1}',
    "no data": b"{}",
    "data twice": b'{"data": {}, "data": []}',
    "not UTF-8": b'{"data": "\xff\xfe\xfa"}',
    "UTF-16": '{"data": {}}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"data": {}}',
    "zero bytes": b"\x00" * 100,
    "deep lists": b'{"data": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"data": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "not a number": b'{"data": {"image": NaN}}',
    "compressed": gzip.compress(b'{"data": {}}'),
    "a form": b"data=1&data=2",
}
HEADERS: list[dict[str, str]] = [
    JSON,
    {},
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/json; charset=klingon"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "application/x-www-form-urlencoded"},
    JSON | {"Content-Encoding": "gzip"},
    JSON | {"Authorization": "Bearer"},
    JSON | {"Authorization": "Basic eDp5"},
    JSON | {"X-Forwarded-For": ", ,unknown, 1.2.3.4.5, [::1]:80"},
    JSON | {"X-Firebase-AppCheck": "no.token.", "Firebase-Instance-ID-Token": "x" * 4_000},
    JSON | {"Origin": ORIGIN, "Cookie": "__session=" + "x" * 4_000},
    JSON | {"Stripe-Signature": "t=now,v1=" + "0" * 64, "tosspayments-webhook-transmission-id": "../inbox/x"},
]


SENT = [(JSON, what) for what in BODIES] + [(headers, what) for headers in HEADERS for what in ("no data", "cut off")]


def test_no_body_and_no_header_is_our_failure(
    deployed: Deployed, victim: Victim, capfd: pytest.CaptureFixture[str]
) -> None:
    token = {"Authorization": f"Bearer {deployed.token(JISU)}"}
    with recorded_writes() as writes:
        for name in OUTSIDE:
            for headers, what in SENT:
                answer = deployed.post(name, BODIES[what], token | headers)
                changed = writes.take()
                assert answer.status < 500, (name, what, headers, answer)
                if answer.status >= 400:
                    assert not changed, (name, what, headers)
                    if kind_of(name) is not Kind.REQUEST:
                        assert_refused_well(answer)
    logged = "".join(capfd.readouterr())
    assert "Traceback" not in logged
    assert deployed.token(JISU) not in logged


def test_what_is_too_large_is_refused_unread(deployed: Deployed, victim: Victim) -> None:
    body = json.dumps({"data": {"text": "x" * 5 * 1024 * 1024}}).encode()
    for name in OUTSIDE:
        answer = deployed.post(name, body, JSON | {"Origin": ORIGIN})
        assert 400 <= answer.status < 500, (name, answer)
        if kind_of(name) is not Kind.REQUEST:
            assert (answer.status, _code(answer)) == (413, "too-large"), name


def test_a_body_whose_size_is_not_told_is_cut_off_too(deployed: Deployed, victim: Victim) -> None:
    content = json.dumps({"data": "x" * 5 * 1024 * 1024}).encode()
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    for name in OUTSIDE:
        body = BytesIO(content)
        with deployed._app(name).test_client() as client:
            answer = client.post("/", input_stream=body, headers=JSON | {"Origin": ORIGIN}, environ_overrides=chunked)
        assert answer.status_code == UNREAD.get(name, 413), (name, answer.status_code)
        assert name in UNREAD or body.tell() < len(content), name


def test_no_method_and_no_path_is_our_failure(deployed: Deployed, victim: Victim) -> None:
    paths = ("/", "/__/health", "/../../etc/passwd", "/?m=" + "x" * 4_000, "/%00%ff")
    with recorded_writes() as writes:
        for name in OUTSIDE:
            for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
                for path in paths:
                    answer = deployed.request(name, method, path=path)
                    assert answer.status < 500, (name, method, path, answer)
        assert not writes.take()


def _code(answer: Answer) -> Any:
    return answer.body["error"]["details"]["code"]
