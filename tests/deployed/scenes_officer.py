"""The officer acts on a member, or for one who asks: suspension and its end."""

from __future__ import annotations

from collections.abc import Callable

from tests.deployed.functions import Answer
from tests.deployed.records import State
from tests.deployed.scenes import Scene
from tests.deployed.scenes_office import OPEN_INQUIRY, actions, letters, was_logged
from tests.deployed.world import JISU, OFFICER, World

SUSPENSION = {
    "request_id": "suspension-1",
    "uid": JISU.uid,
    "category": "automated-use",
    "reason": "비정상적인 요청",
}


def has_work_and_money_open(world: World) -> None:
    world.member()
    world.job()
    world.order()


def suspends(world: World) -> Answer:
    return world.call("suspend_member", SUSPENSION, OFFICER)


def is_suspended(_world: World, state: State) -> None:
    assert state.one("users")["status"] == "suspended"
    assert (state.one("wallets")["status"], state.one("wallets")["holds"]) == ("closed", {})
    assert state.one("orders")["status"] == "expired"
    assert (state.one("suspensions")["resume_at"], state.one("suspensions")["ended_at"]) == (None, None)
    assert state.one("misuse")["reason"] == "suspended"
    assert (actions(state)["member-suspended"], letters(state)["account-suspended"]) == (1, 1)


def was_suspended(world: World) -> None:
    world.member()
    world.notes["suspension"] = world.ask("suspend_member", SUSPENSION, OFFICER)["suspension_id"]


def reinstates(world: World) -> Answer:
    said = {"suspension_id": world.notes["suspension"], "reason": "소명 확인"}
    return world.call("reinstate_member", said, OFFICER)


def is_open_again(_world: World, state: State) -> None:
    assert (state.one("users")["status"], state.one("wallets")["status"]) == ("active", "open")
    assert state.one("suspensions")["ended_at"] is not None
    assert not state.under("misuse")
    assert actions(state)["member-reinstated"] == 1
    assert letters(state) == {"account-suspended": 1, "account-reinstated": 1}


# -- for a member who asks


def cannot_sign_in(world: World) -> None:
    world.member()
    world.notes["inquiry"] = world.ask("create_open_inquiry", OPEN_INQUIRY, None)["inquiry_id"]
    world.work_off()


def for_member(function: str) -> Callable[[World], Answer]:
    def call(world: World) -> Answer:
        said = {"inquiry_id": world.notes["inquiry"], "account_email": JISU.email, "reason": "본인 확인"}
        return world.call(function, said, OFFICER)

    return call


def wants_to_leave(world: World) -> None:
    cannot_sign_in(world)
    world.left.append(JISU)


def was_exported(_world: World, state: State) -> None:
    export = state.one("exports")
    assert (export["state"], export["handed_to"]) == ("ready", OFFICER.uid)
    assert actions(state)["member-exported"] >= 1
    assert letters(state)["export-finished"] == 1


def has_left(_world: World, state: State) -> None:
    (evidence,) = state.under("withdrawn").values()
    assert (evidence["channel"], evidence["completed_at"] is not None) == ("officer", True)
    assert not state.under("users")
    assert actions(state)["member-withdrawn"] == 1
    assert letters(state)["inquiry-answered"] == 1


SCENES: tuple[Scene, ...] = (
    Scene("suspend_member", has_work_and_money_open, suspends, is_suspended),
    Scene("reinstate_member", was_suspended, reinstates, is_open_again),
    Scene("read_member", cannot_sign_in, for_member("read_member"), was_logged("member-read")),
    Scene("export_for_member", cannot_sign_in, for_member("export_for_member"), was_exported),
    Scene(
        "withdraw_for_member",
        wants_to_leave,
        for_member("withdraw_for_member"),
        has_left,
        refused_again=frozenset({"account-not-active", "account-unknown", "inquiry-settled"}),
    ),
)
