"""A member looks at the own page, takes everything along, and leaves; through the whole suite."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
import requests
from google.cloud import firestore

from local.client.app import CallRefused, ClientApp, Member, SignInRefused
from local.doubles.control import ControlClient
from local.suite import Suite

EMAIL, PASSWORD = "leaver@example.com", "correct horse battery"
BUCKET = "demo-imagesfactory.firebasestorage.app"
SECONDS = 90


@pytest.fixture
def databases(suite: Suite) -> Iterator[tuple[Any, Any]]:
    """Both databases with the project's own access."""
    with patch.dict(os.environ, suite.client_environment()):
        clients = firestore.Client(project=suite.project), firestore.Client(project=suite.project, database="archive")
    yield clients
    for client in clients:
        client.close()  # type: ignore[no-untyped-call]


def joined(app: ClientApp) -> Member:
    member = app.verify_email(app.sign_up(EMAIL, PASSWORD))
    catalog = app.call("get_catalog")
    statements = {
        "name": "김떠남",
        "is_over_fourteen": True,
        "terms_version": catalog["terms_version"],
        "privacy_version": catalog["privacy_version"],
        "agrees_to_terms": True,
        "agrees_to_privacy": True,
    }
    app.call("complete_signup", statements, member)
    return member


def made_an_image(app: ClientApp, member: Member) -> dict[str, Any]:
    asked = {"request_id": "leaving-1", "prompt": "a door", "images": [{"model": "gpt-image", "count": 1}]}
    job_id = app.call("create_job", asked, member)["job_id"]
    with app.watch(f"jobs/{job_id}", member) as watch:
        return watch.until(lambda version: version["status"] == "finished")


def fetched(suite: Suite, name: str, member: Member) -> requests.Response:
    url = f"{suite.addresses.storage.url}/v0/b/{BUCKET}/o/{quote(name, safe='')}"
    headers = {"Authorization": f"Firebase {member.id_token}"}
    return requests.get(url, params={"alt": "media"}, headers=headers, timeout=SECONDS)


def test_see_take_along_leave(suite: Suite, databases: tuple[Any, Any]) -> None:
    app, (here, archive) = ClientApp(suite), databases
    member = joined(app)
    job = made_an_image(app, member)
    picture = job["images"]["0"]["file"]

    page = app.call("get_my_page", {}, member)
    assert page["profile"]["email"] == EMAIL
    held = {one["place"]: one["count"] for one in page["held"]}
    assert (held["jobs/{id}"], held["users/{uid}/consents/{id}"]) == (1, 5)
    visits = app.call("get_my_page", {"place": "visits/{id}"}, member)["records"]
    assert len(visits) == held["visits/{id}"] >= 1

    export = app.call("export_my_data", None, member)
    with app.watch(f"exports/{export['export_id']}", member) as watch:
        ready = watch.until(lambda version: version["state"] in {"ready", "failed"})
    assert ready["state"] == "ready"
    file = fetched(suite, ready["file"], member)
    with zipfile.ZipFile(io.BytesIO(file.content)) as whole:
        manifest = json.loads(whole.read("manifest.json"))
        assert len(whole.read(manifest["images"][0]["name"])) == manifest["images"][0]["bytes"]
    stranger = app.sign_up("stranger@example.com", PASSWORD)
    assert fetched(suite, ready["file"], stranger).status_code == 403
    assert ControlClient(suite.doubles["home"]).mails(to=EMAIL, at_least=2)

    member = app.sign_in(EMAIL, PASSWORD)
    shown = app.call("withdraw", {}, member)
    assert shown["lost_points"] > 0
    assert {one["class"] for one in shown["kept"]} == {"visit", "electronic_finance"}
    with pytest.raises(CallRefused) as refused:
        app.call("withdraw", {"confirmed": "0" * 64}, member)
    assert refused.value.code == "preview-outdated"
    assert app.call("withdraw", {"confirmed": shown["confirm"]}, member)["status"] == "withdrawing"

    reached = wait_for_step(here, member.uid, "look-again")
    assert reached["archived"]["visits/{id}"] >= 2
    assert reached["processors"]["sendgrid"]
    assert not here.document(f"users/{member.uid}").get().exists
    assert not here.document(f"wallets/{member.uid}").get().exists
    assert list(archive.collection("wallets").document(reached["subject"]).collection("entries").limit(1).stream())
    assert fetched(suite, picture, member).status_code in {403, 404}
    with pytest.raises(SignInRefused) as gone:
        app.sign_in(EMAIL, PASSWORD)
    assert gone.value.code in {"EMAIL_NOT_FOUND", "INVALID_LOGIN_CREDENTIALS"}
    with pytest.raises(CallRefused):
        app.call("get_my_page", {}, member)


def wait_for_step(client: Any, uid: str, step: str) -> dict[str, Any]:
    """The withdrawal once it has got that far."""
    import threading

    reached = threading.Event()
    found: dict[str, Any] = {}

    def look(snapshots: Any, *_: Any) -> None:
        for snapshot in snapshots:
            content = snapshot.to_dict()
            if content is not None and content["step"] == step:
                found.update(content)
                reached.set()

    watch = client.collection("withdrawals").document(uid).on_snapshot(look)
    try:
        assert reached.wait(SECONDS), "the withdrawal does not get there"
    finally:
        watch.unsubscribe()
    return found
