"""Members: sign-up, sign-in, sessions, devices, consents, their data and their leaving."""

from __future__ import annotations

import json
from typing import Any

from imagesfactory.policy.company import company

from tests.backend import SIGNUP
from tests.deployed.functions import Answer
from tests.deployed.records import State
from tests.deployed.scenes import Scene
from tests.deployed.surroundings import ORIGIN
from tests.deployed.tokens import SignIn
from tests.deployed.world import JISU, World

DEVICE = {"device_id": "device-1-of-test", "platform": "ios", "push": {"kind": "token", "value": "a-push-token"}}
CONSENT = {"version": company().privacy_policy_version, "channel": "web", "marketing_email": True}
FORM = {"Content-Type": "application/json", "Origin": ORIGIN}


# -- sign-up and sign-in


def begins_signup(world: World) -> None:
    assert world.functions.block("before_create", JISU).status == 200
    world.sign_in_exists(JISU)


def is_member(_world: World, state: State) -> None:
    (user,) = state.under("users").values()
    assert user["status"] == "active"
    (wallet,) = state.under("wallets").values()
    assert (wallet["available_points"], wallet["held_points"]) == (100, 0)


def signs_up(world: World) -> Answer:
    """Every attempt of a client has a uid of its own, until one is stored."""
    if "stored" not in world.notes:
        world.notes["attempt"] = world.notes.get("attempt", 0) + 1
    return world.functions.block("before_create", _attempt(world))


def completes_signup(world: World) -> None:
    if "stored" not in world.notes:
        world.sign_in_exists(_attempt(world))
    world.notes["stored"] = True
    world.ask("complete_signup", SIGNUP, _attempt(world))


def _attempt(world: World) -> SignIn:
    return SignIn(f"uid-of-attempt-{world.notes['attempt']:013}", "jisu@example.com")


def signs_in(world: World) -> Answer:
    world.notes["attempt"] = world.notes.get("attempt", 0) + 1
    return world.functions.block("before_sign_in", JISU, f"sign-in-{world.notes['attempt']}")


def was_noted(world: World, state: State) -> None:
    assert 1 <= len(state.under("visits")) <= world.notes["attempt"]


def opens_session(world: World) -> Answer:
    body = json.dumps({"id_token": world.functions.token(JISU)}).encode()
    return world.functions.post("create_session", body, FORM)


def has_session(world: World) -> None:
    world.member()
    cookie = world.functions.cookie_of("create_session", json.dumps({"id_token": world.functions.token(JISU)}), FORM)
    world.notes["cookie"] = cookie


def closes_session(world: World) -> Answer:
    return world.functions.post("end_session", b"{}", FORM | {"Cookie": world.notes["cookie"]})


# -- what members change


def has_device(world: World) -> None:
    world.member()
    world.ask("register_device", DEVICE)


def one_device(_world: World, state: State) -> None:
    (device,) = [content for path, content in state.documents.items() if "/devices/" in path]
    assert device["platform"] == "ios"


def no_device(_world: World, state: State) -> None:
    assert not [path for path in state.documents if "/devices/" in path]


def is_renamed(_world: World, state: State) -> None:
    assert state.one("users")["name"] == "김지우"


def agrees_to_marketing(_world: World, state: State) -> None:
    history = [
        one for path, one in state.documents.items() if "/consents/" in path and one["kind"] == "marketing_email"
    ]
    assert sorted(one["is_granted"] for one in history) == [False, True], "once at the sign-up, once now"
    assert len(state.mails) == 1, "the law wants it confirmed once"


def agreed_long_ago(world: World) -> None:
    world.member()
    user = world.client.document(f"users/{JISU.uid}")
    user.update({"consents.terms.version": "2025-01-01"})


def has_renewed(_world: World, state: State) -> None:
    assert state.one("users")["consents"]["terms"]["version"] == company().terms_version


def has_export(world: World, state: State) -> None:
    exports = state.under("exports").values()
    assert {one["state"] for one in exports} == {"ready"}
    assert {one.split("/")[2] for one in state.files} == set(state.under("exports"))
    assert len(state.mails) == len(exports)


def wants_export(world: World) -> None:
    world.member()
    world.ask("export_my_data")
    world.notes["task"] = world.take_task("exportdata")


def correction_waits(_world: World, state: State) -> None:
    assert state.one("corrections")["state"] == "pending"
    assert state.one("users")["is_correction_pending"] is True


# -- leaving


def has_lived(world: World) -> None:
    """A member with everything: a job with its letter, a purchase, a device, a visit, an inquiry."""
    world.member()
    assert world.functions.block("before_sign_in", JISU, "sign-in-1").status == 200
    world.ask("register_device", DEVICE)
    world.buys_with_toss()
    world.job()
    world.work_off()


def sees_what_it_means(world: World) -> None:
    has_lived(world)
    world.notes["confirmed"] = world.ask("withdraw", {})["confirm"]
    world.left.append(JISU)


def confirms(world: World) -> Answer:
    return world.call("withdraw", {"confirmed": world.notes["confirmed"]})


def is_leaving(world: World) -> None:
    sees_what_it_means(world)
    assert confirms(world).status == 200
    world.notes["task"] = world.take_task("withdrawmember")


def has_left(world: World, state: State) -> None:
    (evidence,) = state.under("withdrawn").values()
    assert evidence["completed_at"] is not None
    assert evidence["archived"]["orders/{id}"] == 1
    assert evidence["erased"] is not None
    assert not state.files
    kinds = {path.split("/")[0] for path in state.archive}
    assert {"orders", "payments", "refunds", "wallets", "visits"} <= kinds
    refunds = [one for path, one in state.archive.items() if path.startswith("refunds/")]
    assert [one["state"] for one in refunds] == ["succeeded"]
    assert len(world.doubles.control.erasures()) >= 1


def answered(name: str, data: Any = None) -> Any:
    """A call of JISU's."""
    return lambda world: world.call(name, data)


def task(world: World) -> Answer:
    """The task that was taken out of its queue."""
    return world.deliver(world.notes["task"])


def all_is_well(_world: World, _state: State) -> None:
    """The invariants say it all."""


SCENES = (
    Scene("before_create", lambda _world: None, signs_up, is_member, after=completes_signup, nights=6),
    Scene(
        "complete_signup",
        begins_signup,
        answered("complete_signup", SIGNUP),
        is_member,
        refused_late=frozenset({"account-unknown"}),
    ),
    Scene("before_sign_in", World.member, signs_in, was_noted),
    Scene("create_session", World.member, opens_session, all_is_well),
    Scene("end_session", has_session, closes_session, all_is_well),
    Scene("register_device", World.member, answered("register_device", DEVICE), one_device),
    Scene("remove_device", has_device, answered("remove_device", {"device_id": DEVICE["device_id"]}), no_device),
    Scene("update_profile", World.member, answered("update_profile", {"name": "김지우"}), is_renamed),
    Scene("set_consents", World.member, answered("set_consents", CONSENT), agrees_to_marketing),
    Scene("get_policy_state", World.member, answered("get_policy_state"), all_is_well, changes_nothing=True),
    Scene(
        "agree_to_policy",
        agreed_long_ago,
        answered("agree_to_policy", {"document": "terms", "version": company().terms_version, "channel": "web"}),
        has_renewed,
    ),
    Scene("get_my_page", has_device, answered("get_my_page"), all_is_well, changes_nothing=True),
    Scene("export_my_data", World.member, answered("export_my_data"), has_export),
    Scene("exportdata", wants_export, task, has_export),
    Scene(
        "request_correction",
        World.member,
        answered("request_correction", {"request_id": "correction-1", "text": "이름이 틀렸습니다"}),
        correction_waits,
    ),
    Scene(
        "withdraw",
        sees_what_it_means,
        confirms,
        has_left,
        refused_again=frozenset({"account-not-active"}),
        refused_late=frozenset({"account-unknown", "account-not-active", "preview-outdated"}),
    ),
    Scene("withdrawmember", is_leaving, task, has_left),
)
