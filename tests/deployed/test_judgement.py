"""The crash matrix's judgement has teeth: each kind of untruth, planted in what it reads, is found by its question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from imagesfactory.truth.model import Check

from local.doubles import Doubles
from tests.deployed.functions import Deployed
from tests.deployed.judgement import OF_THE_NIGHT, QUESTIONS, Facts, facts, problems
from tests.deployed.outside_calls import watched_transports
from tests.deployed.records import Documents
from tests.deployed.scenes_money import bought, refunds, settles
from tests.deployed.surroundings import HarnessClock, Surroundings, joined, task_queues
from tests.deployed.task_recorder import start_recorder
from tests.deployed.world import JISU, World
from tests.emulators import EmulatorAddresses
from tests.firestore_process import FirestoreProcess

WALLET = f"wallets/{JISU.uid}"


@pytest.fixture(scope="module")
def lived(
    firestore_process: FirestoreProcess, doubles: Doubles, emulators: EmulatorAddresses, clock: HarnessClock
) -> Iterator[Facts]:
    """A member who made an image, bought twice, got something back and lost a dispute; read at rest."""
    with watched_transports() as transports, start_recorder(task_queues()) as tasks:
        surroundings = Surroundings(firestore_process, doubles, emulators, tasks, clock)
        with joined(surroundings) as functions:
            world = World(surroundings, functions, transports)
            world.reset()
            _live(world, functions)
            yield facts(world.records.read(), surroundings, world.clock.now(), 1, [])
            world.close()


def _live(world: World, functions: Deployed) -> None:
    bought(world)
    world.job()
    assert refunds(world).status == 200
    session = world.pays_with_stripe(request_id="order-2-of-test").reference
    stripe = world.doubles.control.stripe
    dispute = stripe.open_dispute(session)
    stripe.close_dispute(dispute["id"], "lost")
    for event in stripe.messages():
        assert world.post_stripe(event).status == 200
    world.come_to_rest(at_least=1)
    world.move(timedelta(days=1))
    assert settles(world).status == 200
    assert functions.schedule("purge").status == 200
    world.come_to_rest(at_least=1)


def test_everything_is_as_it_should_be(lived: Facts) -> None:
    assert problems(lived) == []
    assert {order["provider"] for order in lived.all_of("orders").values()} == {"toss", "stripe"}


def path_of(documents: Documents, start: str, **fields: Any) -> str:
    """The first document of a top collection with these values."""
    return next(
        path
        for path, content in sorted(documents.items())
        if path.startswith(start) and all(content.get(name) == value for name, value in fields.items())
    )


def changed(start: str, /, found: dict[str, Any] | None = None, **changes: Any) -> Callable[[Documents], None]:
    """Changes one document."""
    return lambda documents: documents[path_of(documents, start, **(found or {}))].update(changes)


def without(start: str) -> Callable[[Documents], None]:
    """Loses one document."""

    def remove(documents: Documents) -> None:
        del documents[path_of(documents, start)]

    return remove


def entry(kind: str, source: str, **legs: int) -> Callable[[Documents], None]:
    """Another entry in the ledger."""

    def add(documents: Documents) -> None:
        like = documents[path_of(documents, f"{WALLET}/entries/")]
        documents[f"{WALLET}/entries/{kind}:{source}"] = {**like, "kind": kind, "source": source, "legs": legs}

    return add


def repeated(start: str) -> Callable[[Documents], None]:
    """An entry once more, under another number."""

    def add(documents: Documents) -> None:
        path = path_of(documents, start)
        documents[f"{path}:9"] = {**documents[path], "source": f"{documents[path]['source']}:9"}

    return add


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LOT = {"lots": {"lot": {"remaining_points": 10_000, "granted_points": 5}}}
PLANTS: dict[str, tuple[str, Callable[[Documents], None]]] = {
    "an entry that does not balance": ("sum to zero", entry("grant", "x", issued_bonus=-7)),
    "points out of nothing": ("its entries say", entry("grant", "x", issued_bonus=-7, available_bonus=7)),
    "a balance that no lot has": ("than its lots", changed(WALLET, available_points=1)),
    "a lot that grew": ("than was granted", changed(WALLET, **LOT)),
    "a hold that is left": ("still holds", changed(WALLET, holds={"gone": {"points": 0}})),
    "a free image": ("captured", changed("jobs/", captured_points=0)),
    "an image charged twice": ("its images cost", repeated(f"{WALLET}/entries/settle:job:")),
    "a charge for no job": ("which is not there", without("jobs/")),
    "an order that nobody noted as paid": ("the provider took", changed("orders/", status="expired")),
    "a payment that nobody recorded": ("payments say", without("payments/")),
    "a paid order that was never granted": ("neither granted", changed("orders/", is_granted=False)),
    "a grant that is lost": ("granted 0", without(f"{WALLET}/entries/grant:order:")),
    "a grant for no order": ("which is not paid", entry("grant", "order:x", issued_paid=-7, available_paid=7)),
    "a refund that nobody recorded": ("the provider returned", without("refunds/")),
    "a refund that took nothing": ("took 0 points", without(f"{WALLET}/entries/settle:refund:")),
    "a refund that took twice": ("took 400 points", repeated(f"{WALLET}/entries/settle:refund:")),
    "a refund that failed and took": ("is failed and took", changed("refunds/", state="failed")),
    "a chargeback that took nothing": ("took 0 points", without(f"{WALLET}/entries/take-back:dispute:")),
    "a place that nobody registered": ("in the registry", lambda documents: documents.update({"places/1": {}})),
    "something that nobody looks at": ("looked at", changed("mail/", sweep_at=LONG_AGO)),
    "an event given up": ("events-on-time", changed("inbox/", state="abandoned")),
    "a settlement with a difference": ("shows 1 differences", changed("settlements/", difference_count=1)),
    "a purge that failed": ("failed at", changed("purges/", failed={"default visits/{id}": 2})),
}


@pytest.mark.parametrize("name", PLANTS)
def test_it_finds(lived: Facts, name: str) -> None:
    words, plant = PLANTS[name]
    documents = deepcopy(lived.state.documents)
    plant(documents)
    found = problems(replace(lived, state=replace(lived.state, documents=documents)))
    assert any(words in problem for problem in found), found


def test_it_finds_a_file_that_is_gone_and_a_letter_that_went_out_twice(lived: Facts) -> None:
    assert problems(replace(lived, state=replace(lived.state, files=frozenset())))
    assert problems(replace(lived, state=replace(lived.state, mails=lived.state.mails * 2)))
    assert problems(replace(lived, left=(JISU,)))


@pytest.mark.parametrize(
    ("words", "archive", "files"),
    [
        ("is nothing for the archive", {"jobs/1": {}}, set()),
        ("in the archive has an address", {"visits/1": {"from": JISU.email}}, set()),
        ("file x/1 is not in the registry", {}, {"x/1"}),
        (f"file x/{JISU.uid} names somebody", {}, {f"x/{JISU.uid}"}),
    ],
)
def test_it_finds_what_is_wrong_in_archive_and_bucket(
    lived: Facts, words: str, archive: Documents, files: set[str]
) -> None:
    state = replace(lived.state, archive=lived.state.archive | archive, files=lived.state.files | files)
    assert any(words in one for one in problems(replace(lived, state=state, left=(JISU,))))


def test_it_asks_every_question_of_the_truth_page() -> None:
    assert frozenset().union(*QUESTIONS.values()) == frozenset(Check) - OF_THE_NIGHT
