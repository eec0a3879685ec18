"""What no person asks for: the sweep among neglected things, the purge of old ones, and the operator's page."""

from __future__ import annotations

from datetime import timedelta

from firebase_admin import auth
from imagesfactory.withdrawal.sweep import slot_range

from tests.deployed.functions import Answer
from tests.deployed.records import State
from tests.deployed.scenes import Scene
from tests.deployed.scenes_images import is_finished
from tests.deployed.scenes_members import CONSENT, has_lived, is_leaving, task
from tests.deployed.scenes_members import has_left as member_has_left
from tests.deployed.scenes_office import CAMPAIGN, INQUIRY, actions, announces, letters
from tests.deployed.tokens import SignIn
from tests.deployed.world import JISU, OFFICER, SORA, World, order_of

OPERATOR = SignIn("uid-of-operator-000000000000", "operator@example.com", roles=("operator",))
NOBODY = SignIn("uid-of-nobody-00000000000000", "nobody@example.com")


def neglected(world: World, hours: float) -> None:
    """Every event and every task so far is lost, and time goes by."""
    for collection in ("jobs", "mail", "inbox"):
        for document in world.client.collection(collection).stream():
            world.announce(document.reference.path)
    world.tasks.clear()
    world.move(timedelta(hours=hours))


def sweeps(world: World) -> Answer:
    return world.functions.schedule("sweep")


def forgotten_job(world: World) -> None:
    """A job whose event was lost."""
    world.member()
    world.job()
    neglected(world, 0.1)


def forgotten_money(world: World) -> None:
    """A deposit nobody told us of, an event nobody acted on, and an order nobody paid."""
    world.member()
    wanted = world.authorised(method="virtual_account")
    assert world.call("confirm_toss_payment", wanted).status == 200
    world.doubles.control.toss.deposit(wanted["order_id"])
    world.notes["deposited"] = wanted["order_id"]
    session = world.ask("create_order", order_of("checkout", "order-2-of-test"))
    world.doubles.control.stripe.pay_checkout(session["stripe"]["session_id"])
    world.notes["paid"] = session["order_id"]
    for event in world.doubles.control.stripe.messages("checkout.session.completed"):
        assert world.post_stripe(event).status == 200
    world.order(request_id="order-3-of-test")
    neglected(world, 7)


def money_was_found(world: World, state: State) -> None:
    orders = state.under("orders")
    assert orders[world.notes["deposited"]]["status"] == "paid"
    assert orders[world.notes["paid"]]["status"] == "paid"
    assert sorted(order["status"] for order in orders.values()) == ["expired", "paid", "paid"]
    assert state.one("wallets")["available_points"] == 100 + 2 * 500


def forgotten_office(world: World) -> None:
    """A change nobody was told of, a campaign nobody carried on, an inquiry's letters, an export, all lost."""
    world.member()
    world.ask("set_consents", CONSENT)
    world.ask("create_inquiry", INQUIRY)
    world.ask("export_my_data")
    world.ask("begin_campaign", CAMPAIGN, OFFICER)
    assert announces(world).status == 200
    neglected(world, 1)


def office_was_found(_world: World, state: State) -> None:
    told = letters(state)
    assert (told["policy-change"], told["advertisement"], told["export-finished"]) == (1, 1, 1), told
    assert (told["inquiry-received"], told["inquiry-desk"], told["consent-changed"]) == (1, 1, 1), told


def consent_is_due(world: World) -> None:
    """A consent to advertising, two weeks after the day on which it should have been asked for."""
    world.member()
    world.ask("set_consents", CONSENT)
    world.work_off()
    world.doubles.control.clear_mails()
    world.move(timedelta(days=715))


def was_asked_to_confirm(_world: World, state: State) -> None:
    assert letters(state) == {"consent-reminder": 1}
    user = state.one("users")
    assert user["asked_to_confirm_at"] is not None
    assert user["confirmation_due_at"] is None


def unfinished_and_leaving(world: World) -> None:
    """Somebody who never completed the sign-up, and somebody whose withdrawal waits for its last look."""
    assert world.functions.block("before_create", NOBODY).status == 200
    world.sign_in_exists(NOBODY)
    is_leaving(world)
    assert world.deliver(world.notes["task"]).status == 200
    neglected(world, 25)


def both_are_gone(world: World, state: State) -> None:
    member_has_left(world, state)
    assert not state.under("users")


def deleted_outside(world: World) -> None:
    """A member whose sign-in somebody deleted in the console, in the five minutes of the day in which we look there."""
    has_lived(world)
    auth.delete_user(JISU.uid)
    neglected(world, 2)
    while not _is_in(JISU.uid, slot_range(world.clock.now())):
        world.move(timedelta(minutes=5))
    world.left.append(JISU)


def _is_in(uid: str, part: tuple[str, str | None]) -> bool:
    return part[0] <= uid and (part[1] is None or uid < part[1])


# -- the purge


def old_things(world: World) -> None:
    """Ninety-one days after everything."""
    has_lived(world)
    world.ask("export_my_data")
    world.work_off()
    world.move(timedelta(days=91))
    sweeps(world)
    world.work_off()


def purges(world: World) -> Answer:
    return world.functions.schedule("purge")


def is_purged(_world: World, state: State) -> None:
    assert not state.under("jobs")
    assert not state.under("exports")
    assert not state.files
    (run, *_) = state.under("purges").values()
    assert run["finished_at"] is not None
    assert state.under("orders"), "these live for five years"


def half_a_purge(world: World) -> None:
    """A run whose worker ended in the middle, and which a task goes on with."""
    old_things(world)
    world.cut_short(lambda: purges(world), after=20)
    run = next(iter(world.client.collection("purges").stream()))
    world.notes["task"] = world.task_for("purgepage", {"run": run.id})
    world.move(timedelta(minutes=16))  # until the lease of whoever died is over, the queue is told to come again


# -- the operator's page


def looks(world: World) -> Answer:
    return world.call("get_truth", {}, OPERATOR)


def lived_and_looked(world: World) -> None:
    has_lived(world)
    world.member(SORA)


def truth_was_told(_world: World, state: State) -> None:
    assert actions(state)["truth-read"] <= 3


SCENES: tuple[Scene, ...] = (
    Scene("sweep", forgotten_job, sweeps, is_finished, label="job"),
    Scene("sweep", forgotten_money, sweeps, money_was_found, label="money"),
    Scene("sweep", forgotten_office, sweeps, office_was_found, label="office"),
    Scene("sweep", consent_is_due, sweeps, was_asked_to_confirm, label="consent", nights=1),
    Scene("sweep", unfinished_and_leaving, sweeps, both_are_gone, label="leaving"),
    Scene("sweep", deleted_outside, sweeps, member_has_left, label="deleted-outside", comes_late=False),
    Scene("purge", old_things, purges, is_purged),
    Scene("purgepage", half_a_purge, task, is_purged, is_swept=False),
    Scene("get_truth", lived_and_looked, looks, truth_was_told),
)
