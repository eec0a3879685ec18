"""Jobs, their images and their letters."""

from __future__ import annotations

from tests.deployed.functions import Answer
from tests.deployed.records import State
from tests.deployed.scenes import Scene
from tests.deployed.scenes_members import all_is_well, answered, has_device, task
from tests.deployed.world import ONE_IMAGE, World

PRICE = 5
JOB = {"request_id": "request-1", "prompt": "a paper boat under the moon", "images": ONE_IMAGE}


def is_finished(_world: World, state: State) -> None:
    job = state.one("jobs")
    assert job["status"] == "finished"
    assert [image["state"] for image in job["images"].values()] == ["stored"] * len(job["images"])
    wallet = state.one("wallets")
    assert (wallet["available_points"], wallet["held_points"]) == (100 - PRICE * len(job["images"]), 0)
    (letter,) = state.under("mail").values()
    assert (letter["state"], letter["words"]) == ("sent", None)
    assert state.mails


def asked(world: World) -> None:
    world.member()
    world.notes["job"] = world.job()


def cancels(world: World) -> Answer:
    return world.call("cancel_job", {"job_id": world.notes["job"]})


def is_cancelled(_world: World, state: State) -> None:
    job = state.one("jobs")
    assert (job["status"], job["captured_points"]) == ("finished", 0)
    assert state.one("wallets")["available_points"] == 100


def lost_its_event(world: World) -> None:
    """Nobody began it: the platform has not told the trigger yet."""
    asked(world)
    world.created("jobs")


def job_event(world: World) -> None:
    asked(world)
    world.notes["document"] = world.created("jobs")


def tells_job(world: World) -> Answer:
    return world.functions.created("on_job_created", world.notes["document"])


def image_task(world: World) -> None:
    asked(world)
    world.notes["task"] = world.take_task("generate")


def last_image_task(world: World) -> None:
    world.member()
    world.job(count=2)
    world.notes["task"] = world.take_task("generate")
    assert world.deliver(world.take_task("generate")).status == 200


def finishes(world: World) -> None:
    """A finished job, its letter written and not handed on."""
    image_task(world)
    assert world.deliver(world.notes["task"]).status == 200


def mail_event(world: World) -> None:
    finishes(world)
    world.notes["document"] = world.created("mail")


def tells_mail(world: World) -> Answer:
    return world.functions.created("on_mail_created", world.notes["document"])


def mail_task(world: World) -> None:
    finishes(world)
    world.notes["task"] = world.take_task("deliver")


def push_task(world: World) -> None:
    """A finished job whose member has the app."""
    has_device(world)
    world.notes["job"] = world.job()
    assert world.deliver(world.take_task("generate")).status == 200
    world.notes["task"] = world.task_for("deliver", {"mail_id": f"{world.notes['job']}-ended"})


def is_pushed(world: World, state: State) -> None:
    """Google has no idempotency keys either, but a device shows what comes twice in the place of the first."""
    letter = state.under("mail")[f"{world.notes['job']}-ended"]
    assert (letter["state"], letter["words"]) == ("sent", None)
    shown = {one["message"]["android"]["notification"]["tag"] for one in world.doubles.control.pushes()}
    assert len(shown) == 1


def done_and_mailed(world: World) -> None:
    asked(world)
    world.work_off()


def deletes(world: World) -> Answer:
    wanted = {"job_id": world.notes["job"], "image": 0, "occasion": "member"}
    return world.call("delete_image", wanted)


def is_deleted(_world: World, state: State) -> None:
    (image,) = state.one("jobs")["images"].values()
    assert (image["is_deleted"], image["file"]) == (True, "")
    assert not state.files
    assert state.one("wallets")["available_points"] == 100 - PRICE


def opens_catalog(world: World) -> Answer:
    return world.call("get_catalog", None, None)


SCENES: tuple[Scene, ...] = (
    Scene("get_catalog", World.member, opens_catalog, all_is_well, changes_nothing=True),
    Scene("create_job", World.member, answered("create_job", JOB), is_finished),
    Scene("cancel_job", lost_its_event, cancels, is_cancelled, done_late=all_is_well),
    Scene("on_job_created", job_event, tells_job, is_finished),
    Scene("generate", image_task, task, is_finished),
    Scene("generate", last_image_task, task, is_finished, label="last-of-two"),
    Scene("on_mail_created", mail_event, tells_mail, is_finished),
    Scene("deliver", mail_task, task, is_finished),
    Scene("deliver", push_task, task, is_pushed, label="push"),
    Scene("delete_image", done_and_mailed, deletes, is_deleted),
)
