"""The README's lists of what is served are complete."""

import re
from pathlib import Path

from google.cloud.firestore_v1.services.firestore.transports import FirestoreTransport

from emulator.transport.calls import CALLS

ROOT = Path(__file__).resolve().parents[4]
README = (ROOT / "emulator" / "README.md").read_text(encoding="utf-8")


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def test_every_rpc_of_the_service_is_listed_and_every_served_one_exists() -> None:
    foreign = ("operation", "operations", "close", "host", "kind")
    rpcs = {
        _camel(name)
        for name, member in vars(FirestoreTransport).items()
        if isinstance(member, property) and not name.endswith(foreign)
    }
    assert set(CALLS) | {"Listen", "Write", "ExecutePipeline"} == rpcs
    assert [rpc for rpc in rpcs if not re.search(rf"\b{rpc}\b", README)] == []


def test_every_control_endpoint_is_listed() -> None:
    source = (ROOT / "emulator" / "transport" / "control.py").read_text(encoding="utf-8")
    endpoints = re.findall(r'_route\(f?"([^"]+)"', source)
    assert len(endpoints) >= 11
    for endpoint in endpoints:
        tail = re.sub(r"^\{PROJECT\}", "", endpoint).replace("{{", "{").replace("}}", "}").replace(":path}", "}")
        listed = tail in README or tail.removesuffix("/{path}") in README
        assert listed, endpoint
