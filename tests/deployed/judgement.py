"""What must hold of everything that is stored and sent, whatever ended where: the truth page's questions and more.

Asked of one reading of everything, and without the product's own code but for the deadlines and the registry's places,
which are data: so they cost nothing to ask at every end, and what the product's audit overlooked would be found here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import requests
from imagesfactory.policy.retention import place_of
from imagesfactory.truth.deadlines import DEADLINES, INQUIRY_ANSWERED
from imagesfactory.truth.model import Check

from tests.deployed.records import ENDS, Documents, State
from tests.deployed.surroundings import Surroundings
from tests.deployed.tokens import SignIn
from tests.registry_watch import bucket_place_of, may_hold

ENTRY = re.compile(r"wallets/([^/]+)/entries/[^/]+")
JOBS_LIVE = timedelta(days=89)
"""A charge younger than this must have its job: jobs live for ninety days."""

Movement = tuple[int, int]
"""What a provider took and gave back for an order, in the currency's smallest unit."""
Points = tuple[int, int]
"""Bonus and paid."""


@dataclass(frozen=True)
class Facts:
    """One reading of everything, and what the questions are asked with."""

    state: State
    movements: dict[str, Movement]
    """What the providers say, by order."""
    now: datetime
    letters_max: int = 1
    """How often one letter may have gone out."""
    left: tuple[SignIn, ...] = ()
    """Who has withdrawn."""

    @cached_property
    def entries(self) -> Documents:
        """Every entry of the ledger, of both databases."""
        return {path: content for path, content in self.state.everything() if ENTRY.fullmatch(path)}

    @cached_property
    def by_wallet(self) -> dict[str, Counter[str]]:
        """The sums of the legs of each wallet's entries."""
        sums: dict[str, Counter[str]] = {}
        for path, content in self.entries.items():
            sums.setdefault(path.split("/")[1], Counter()).update(content["legs"])
        return sums

    def moved(self, source: str, account: str) -> Points:
        """What the entries of a source, or of its numbered repetitions, moved into an account."""
        found: Counter[str] = Counter()
        for content in self.entries.values():
            if content["source"] == source or content["source"].startswith(f"{source}:"):
                found.update(content["legs"])
        return found[f"{account}_bonus"], found[f"{account}_paid"]

    def all_of(self, collection: str) -> Documents:
        """The documents of a top collection of both databases, by their ids."""
        place = re.compile(rf"{collection}/([^/]+)")
        return {found[1]: content for path, content in self.state.everything() if (found := place.fullmatch(path))}

    def has_wallet(self, owner: str) -> bool:
        """Whether a member has one: what was given to a subject, because its member left, moves no points any more."""
        return f"wallets/{owner}" in self.state.documents


def facts(state: State, surroundings: Surroundings, now: datetime, letters_max: int, left: list[SignIn]) -> Facts:
    """The facts of one reading; asks the providers about every order."""
    orders = [(path, order) for path, order in state.everything() if re.fullmatch(r"orders/[^/]+", path)]
    movements = {path.split("/")[1]: _movement(surroundings, path.split("/")[1], order) for path, order in orders}
    return Facts(state, movements, now, letters_max, tuple(left))


def problems(found: Facts) -> list[str]:
    """Every promise that is broken, in words; none of them names a moment, so they hold at any time but the last."""
    return [problem for question in QUESTIONS for problem in question(found)]


def _ledger(facts: Facts) -> Iterator[str]:
    """Entries sum to zero, each and all; each wallet is the sum of its entries; nothing is below zero."""
    for path, content in facts.entries.items():
        if sum(content["legs"].values()):
            yield f"{path} does not sum to zero"
    for uid, wallet in facts.state.under("wallets").items():
        sums = facts.by_wallet.get(uid, Counter())
        stated = (wallet["available_points"], wallet["held_points"], wallet["debt_points"])
        summed = (_of(sums, "available"), _of(sums, "held"), -_of(sums, "debt"))
        if stated != summed:
            yield f"wallets/{uid} says {stated}, its entries say {summed}"
        if min(*stated, *(lot["remaining_points"] for lot in wallet["lots"].values()), 0) < 0:
            yield f"wallets/{uid} is below zero"


def _of(sums: Counter[str], account: str) -> int:
    return sums[f"{account}_bonus"] + sums[f"{account}_paid"]


def _wallets(facts: Facts) -> Iterator[str]:
    """A wallet's balances are what its lots and holds add up to; at rest nothing is held."""
    for uid, wallet in facts.state.under("wallets").items():
        lots, holds = wallet["lots"], wallet["holds"]
        if wallet["available_points"] != sum(lot["remaining_points"] for lot in lots.values()):
            yield f"wallets/{uid} has other points than its lots"
        if wallet["held_points"] != sum(hold["points"] for hold in holds.values()):
            yield f"wallets/{uid} holds other points than its holds"
        if any(lot["remaining_points"] > lot["granted_points"] for lot in lots.values()):
            yield f"wallets/{uid} has more of a lot than was granted"
        if holds:
            yield f"wallets/{uid} still holds {sorted(holds)}"


def _images(facts: Facts) -> Iterator[str]:
    """An image is charged if and only if its file is in the bucket; deleted by its member, or due to be destroyed, it
    may be gone before its record is.
    """
    state, named = facts.state, set[str]()
    for job_id, job in state.under("jobs").items():
        stored = [image for image in job["images"].values() if image["state"] == "stored"]
        files = {image["file"] for image in stored if not image["is_deleted"]}
        named |= files & state.files if job["destroy_at"] <= facts.now else files
        price = sum(image["price_points"] for image in stored)
        if job["finished_at"] and job["captured_points"] != price:
            yield f"jobs/{job_id} captured {job['captured_points']} for images of {price}"
        if job["finished_at"] and (used := sum(facts.moved(f"job:{job_id}", "used"))) != price:
            yield f"jobs/{job_id}: by the ledger its images cost {used}, by their prices {price}"
    kept = {name for name in state.files if name.startswith("images/")}
    if kept != named:
        yield f"files that no image names: {sorted(kept - named)}; images whose file is gone: {sorted(named - kept)}"


def _charges(facts: Facts) -> Iterator[str]:
    """Each charge is of a job that is there."""
    for path, entry in facts.entries.items():
        is_charge = _of(Counter(entry["legs"]), "used") and facts.has_wallet(path.split("/")[1])
        job = f"jobs/{entry['source'].removeprefix('job:')}"
        if is_charge and entry["at"] > facts.now - JOBS_LIVE and job not in facts.state.documents:
            yield f"{path} charges for {job}, which is not there"


def _orders(facts: Facts) -> Iterator[str]:
    """An order is paid if and only if the provider took its money, which is recorded once; then its points were
    granted, once, or all of the money went back.
    """
    payments = facts.all_of("payments")
    for order_id, order in facts.all_of("orders").items():
        paid, returned = facts.movements[order_id]
        if bool(paid) != (order["status"] == "paid"):
            yield f"orders/{order_id} is {order['status']}, the provider took {paid}"
        recorded = [one["amount"] for one in payments.values() if one["order_id"] == order_id]
        if recorded != [paid] * bool(paid):
            yield f"orders/{order_id}: the provider took {paid}, payments say {recorded}"
        if paid and not order["is_granted"] and returned != paid:
            yield f"orders/{order_id} is paid, and neither granted nor returned"
        bonus, bought = facts.moved(f"order:{order_id}", "issued")
        if (-bonus, -bought) != ((order["bonus_points"], order["points"]) if order["is_granted"] else (0, 0)):
            yield f"orders/{order_id}: granted {-bought} points and {-bonus} for free"


def _grants(facts: Facts) -> Iterator[str]:
    """Bought points were issued for orders that are paid."""
    orders = facts.all_of("orders")
    for path, entry in facts.entries.items():
        if entry["legs"].get("issued_paid"):
            order = orders.get(entry["source"].removeprefix("order:"))
            if order is None or order["status"] != "paid" or not order["is_granted"]:
                yield f"{path} grants points of {entry['source']}, which is not paid"


def _returns(facts: Facts) -> Iterator[str]:
    """What the provider returned, refunds say; each that is done took its points back, once, and no other did."""
    refunds, disputes = facts.all_of("refunds"), facts.all_of("disputes")
    for order_id, order in facts.all_of("orders").items():
        ours = [one for one in refunds.values() if one["order_id"] == order_id]
        by_provider = (one for one in ours if one["state"] == "succeeded" and one["origin"] != "by-hand")
        done = [one["amount"] for one in by_provider]
        if facts.movements[order_id][1] != sum(done):
            yield f"orders/{order_id}: the provider returned {facts.movements[order_id][1]}, ours say {done}"
        lost = [one for one in disputes.values() if one["order_id"] == order_id and one["state"] == "lost"]
        gone = _gone_points(order, [one for one in [*ours, *lost] if one["state"] != "failed"])
        if order["refunded_points"] != gone:
            yield f"orders/{order_id}: {order['refunded_points']} refunded points, its refunds say {gone}"
    for refund_id, refund in refunds.items():
        is_taken = refund["state"] == "succeeded" or (refund["state"] != "failed" and refund["origin"] != "member")
        yield from _taken(facts, f"refund:{refund_id}", "refunded", refund, is_taken=is_taken)
    for dispute_id, dispute in disputes.items():
        is_taken = dispute["state"] == "lost"
        yield from _taken(facts, f"dispute:{dispute_id}", "charged_back", dispute, is_taken=is_taken)


def _gone_points(order: dict[str, Any], returns: list[dict[str, Any]]) -> int:
    """Of an order's points, those its returns took; where what was spent is forgiven, those its money stands for."""
    points = value = 0
    for one in sorted(returns, key=lambda one: one.get("requested_at") or one["closed_at"]):
        value += one["value"]
        if one["reason"] == "differs-from-display":
            points = max(points, order["points"] * value // order["amount"])
        else:
            points += one["points"]
    return points


def _taken(facts: Facts, source: str, account: str, back: dict[str, Any], *, is_taken: bool) -> Iterator[str]:
    """An order that was never granted, as its member had left, has no points that could be taken back."""
    order = facts.all_of("orders").get(back["order_id"])
    is_taken = is_taken and order is not None and order["is_granted"]
    stated = (back["bonus_points"], back["points"]) if is_taken else (0, 0)
    moved = facts.moved(source, account)
    if moved != stated and (any(moved) or facts.has_wallet(back["owner"])):
        yield f"{source} is {back['state']} and took {moved[1]} points and {moved[0]} for free, not {stated}"


def _movement(surroundings: Surroundings, order_id: str, order: dict[str, Any]) -> Movement:
    """What the provider took and gave back for an order, in the currency's smallest unit."""
    addresses = surroundings.doubles.addresses
    if order["provider"] == "toss":
        auth = (addresses.toss_secret_key, "")
        answer = requests.get(f"{addresses.toss_url}/v1/payments/orders/{order_id}", auth=auth, timeout=30)
        if not answer.ok:
            return 0, 0
        payment = answer.json()
        taken = payment["status"] in {"DONE", "CANCELED", "PARTIAL_CANCELED"}
        return (payment["totalAmount"], payment["totalAmount"] - payment["balanceAmount"]) if taken else (0, 0)
    if not order["reference"].startswith("cs_"):
        return 0, 0
    bearer = {"Authorization": f"Bearer {addresses.stripe_api_key}"}
    url = f"{addresses.stripe_url}/v1/checkout/sessions/{order['reference']}"
    session = requests.get(url, headers=bearer, timeout=30).json()
    if session.get("payment_status") != "paid":
        return 0, 0
    url = f"{addresses.stripe_url}/v1/refunds?payment_intent={session['payment_intent']}"
    refunds = requests.get(url, headers=bearer, timeout=30).json()["data"]
    return session["amount_total"], sum(one["amount"] for one in refunds if one["status"] == "succeeded")


def _letters(facts: Facts) -> Iterator[str]:
    """A letter goes out at most once."""
    for mail_id, count in Counter(mail["custom_args"]["mail_id"] for mail in facts.state.mails).items():
        if count > facts.letters_max:
            yield f"mail/{mail_id} went out {count} times"


def _registry(facts: Facts) -> Iterator[str]:
    """Nothing lies where the registry of retention.yaml knows no place."""
    yield from (f"{path} is not in the registry" for path, _ in facts.state.everything() if place_of(path) is None)
    for name in facts.state.files:
        if bucket_place_of(name) is None:
            yield f"the file {name} is not in the registry"
    for path in facts.state.archive:
        place = place_of(path)
        if place is not None and not may_hold("archive", place):
            yield f"{path} is nothing for the archive"


def _withdrawn(facts: Facts) -> Iterator[str]:
    """Nothing names somebody who withdrew; what a law keeps is under another name."""
    for who in facts.left:
        for path, content in facts.state.everything():
            is_proof = path.startswith(("accesses/", "disclosures/"))  # whose data was looked at stays on the log
            if not is_proof and (who.uid in path or who.uid in repr(content)):
                yield f"{path} names somebody who withdrew"
        for path, content in facts.state.archive.items():
            if who.email in repr(content):
                yield f"{path} in the archive has an address"
        for name in facts.state.files:
            if who.uid in name:
                yield f"the file {name} names somebody who withdrew"


def _ended(facts: Facts) -> Iterator[str]:
    """Nothing is stuck: right after a sweep nobody's time to be looked at has passed."""
    for path, content in facts.state.everything():
        for name in ENDS:
            if (due := content.get(name)) is not None and due <= facts.now:
                yield f"{path} should have been looked at: {name} is {facts.now - due} ago"


def _deadlines(facts: Facts) -> Iterator[str]:
    """No deadline has passed but those of the staff, who are away while days go by."""
    for deadline in DEADLINES:
        if deadline.patience == INQUIRY_ANSWERED:
            continue
        for name, content in facts.state.under(deadline.place).items():
            if all(content.get(field) == value for field, value in deadline.conditions):
                due = content.get(deadline.instant) if deadline.instant else facts.now
                if due is not None and due <= facts.now - deadline.patience:
                    yield f"{deadline.place}/{name} is overdue ({deadline.check}): {deadline.instant} {due}"


def _reports(facts: Facts) -> Iterator[str]:
    """What the service's own reports say of themselves: no difference, nothing that the purge could not destroy."""
    for day, report in facts.state.under("settlements").items():
        if report["difference_count"] or report["ledger"]["total"] or report["ledger"]["wrong_wallets"]:
            yield f"settlements/{day} shows {report['difference_count']} differences, ledger {report['ledger']}"
    for name, run in facts.state.under("purges").items():
        if run["finished_at"] and (any(run["failed"].values()) or run["missing"]):
            yield f"purges/{name} failed at {run['failed']} and missed {run['missing']} files"


Question = Callable[[Facts], Iterator[str]]
QUESTIONS: dict[Question, frozenset[Check]] = {
    _ledger: frozenset({Check.LEDGER_BALANCED, Check.NOTHING_BELOW_ZERO, Check.WALLETS_EQUAL_ENTRIES}),
    _wallets: frozenset({Check.LOTS_AND_HOLDS, Check.HOLDS_ALIVE}),
    _images: frozenset({Check.IMAGES_CHARGED, Check.IMAGES_STORED, Check.FILES_NAMED, Check.NEWEST_IMAGES}),
    _charges: frozenset({Check.IMAGES_CHARGED}),
    _orders: frozenset({Check.PAYMENTS_GRANTED, Check.PROVIDERS_AGREE}),
    _grants: frozenset({Check.PAYMENTS_GRANTED}),
    _returns: frozenset({Check.RETURNS_TAKEN_BACK, Check.PROVIDERS_AGREE}),
    _letters: frozenset(),
    _registry: frozenset({Check.PLACES_REGISTERED, Check.RECORDS_REGISTERED}),
    _withdrawn: frozenset(),
    _ended: frozenset(),
    _deadlines: frozenset(deadline.check for deadline in DEADLINES),
    _reports: frozenset({Check.SETTLEMENT_CLEAN, Check.PURGE_CLEAN}),
}
"""Each with the verdicts of the truth page that it stands for."""
OF_THE_NIGHT = frozenset({Check.PURGE_RAN, Check.RECORDS_DESTROYED, Check.SETTLEMENT_MADE})
"""Verdicts about what the nights do, which are left out while days go by here; the simulation lives through them."""
