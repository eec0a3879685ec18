"""Everything that is stored and sent, read at once and without the product's own code, and what must hold of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import requests
from imagesfactory.policy.retention import retention

from tests.deployed.surroundings import DATABASES, Surroundings
from tests.deployed.tokens import SignIn
from tests.documents import all_documents

Documents = dict[str, dict[str, Any]]
ENTRY = re.compile(r"wallets/([^/]+)/entries/[^/]+")
DEADLINES = ("sweep_at", "resume_at")
"""Fields by which the sweep finds what is under way."""


@dataclass(frozen=True)
class State:
    """All there is at one moment."""

    documents: Documents
    archive: Documents
    files: frozenset[str]
    mails: tuple[dict[str, Any], ...]

    def uncounted(self) -> State:
        """The same without the counts of calls, which a call that changes nothing changes too."""
        kept = {path: content for path, content in self.documents.items() if not path.startswith("allowances/")}
        return replace(self, documents=kept)

    def under(self, collection: str) -> Documents:
        """The documents of a top collection, by their ids."""
        return {
            path.split("/", 1)[1]: content
            for path, content in self.documents.items()
            if path.count("/") == 1 and path.startswith(f"{collection}/")
        }

    def one(self, collection: str) -> dict[str, Any]:
        """The only document of a top collection."""
        (found,) = self.under(collection).values()
        return found

    def everything(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every document of both databases."""
        yield from self.documents.items()
        yield from self.archive.items()

    def under_way(self) -> list[str]:
        """What is not at its end: whatever the sweep is to look at later, and sign-ups that are not complete."""
        found = [path for path, content in self.everything() if any(content.get(name) for name in DEADLINES)]
        found += [path for path, content in self.everything() if content.get("holds")]
        return found + [
            f"users/{uid}" for uid, user in self.under("users").items() if user["status"] in {"unfinished", "removing"}
        ]


class Records:
    """Reads the servers of a deployment."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._clients: list[Any] = [surroundings.client(database) for database in DATABASES]
        self._session = requests.Session()

    def close(self) -> None:
        """Close the clients."""
        self._session.close()
        for client in self._clients:
            client.close()

    def read(self) -> State:
        """Everything."""
        documents, archive = map(all_documents, self._clients)
        return State(documents, archive, self._files(), tuple(self._surroundings.doubles.control.mails()))

    def _files(self) -> frozenset[str]:
        url = f"http://{self._surroundings.emulators.storage}/storage/v1/b/{self._surroundings.bucket}/o"
        answer = self._session.get(url, timeout=30)
        return frozenset(item["name"] for item in answer.json().get("items", ())) if answer.ok else frozenset()


# -- what must hold


def problems(
    state: State, surroundings: Surroundings, left: list[SignIn], letters_max: int, now: datetime
) -> list[str]:
    """Every promise that is broken, in words; none of them names a moment, so they hold at any time but the last."""
    return [
        *_ledger(state),
        *_images(state, now),
        *_money(state, surroundings),
        *_letters(state, letters_max),
        *_registry(state),
        *[problem for who in left for problem in _withdrawn(state, who)],
        *_deadlines(state, now),
    ]


def _ledger(state: State) -> Iterator[str]:
    """Entries sum to zero, each and all; each wallet is the sum of its entries; nothing is below zero."""
    by_wallet: dict[str, Counter[str]] = {}
    for path, content in state.everything():
        if found := ENTRY.fullmatch(path):
            if sum(content["legs"].values()):
                yield f"{path} does not sum to zero"
            by_wallet.setdefault(found[1], Counter()).update(content["legs"])
    for uid, wallet in state.under("wallets").items():
        sums = by_wallet.get(uid, Counter())
        stated = (wallet["available_points"], wallet["held_points"], wallet["debt_points"])
        summed = (_of(sums, "available"), _of(sums, "held"), -_of(sums, "debt"))
        if stated != summed:
            yield f"wallets/{uid} says {stated}, its entries say {summed}"
        if min(*stated, *(lot["remaining_points"] for lot in wallet["lots"].values()), 0) < 0:
            yield f"wallets/{uid} is below zero"


def _of(sums: Counter[str], account: str) -> int:
    return sum(points for name, points in sums.items() if name in {f"{account}_bonus", f"{account}_paid"})


def _images(state: State, now: datetime) -> Iterator[str]:
    """An image is charged if and only if its file is in the bucket; deleted by its member, or due to be destroyed, it
    may be gone before its record is.
    """
    named: set[str] = set()
    for job_id, job in state.under("jobs").items():
        stored = [image for image in job["images"].values() if image["state"] == "stored"]
        files = {image["file"] for image in stored if not image["is_deleted"]}
        named |= files & state.files if job["destroy_at"] <= now else files
        price = sum(image["price_points"] for image in stored)
        if job["finished_at"] and job["captured_points"] != price:
            yield f"jobs/{job_id} captured {job['captured_points']} for images of {price}"
        if job["finished_at"] and (used := _legs_of(state, f"job:{job_id}", "used")) != price:
            yield f"jobs/{job_id}: by the ledger its images cost {used}, by their prices {price}"
    kept = {name for name in state.files if name.startswith("images/")}
    if kept != named:
        yield f"files that no image names: {sorted(kept - named)}; images whose file is gone: {sorted(named - kept)}"


def _legs_of(state: State, source: str, account: str) -> int:
    return sum(
        _of(Counter(content["legs"]), account)
        for path, content in state.everything()
        if ENTRY.fullmatch(path) and content["source"] == source
    )


def _money(state: State, surroundings: Surroundings) -> Iterator[str]:
    """A payment grants once, a refund debits once, and the provider's books say the same."""
    for path, order in state.everything():
        if not re.fullmatch(r"orders/[^/]+", path):
            continue
        order_id = path.split("/")[1]
        paid, returned = provider_truth(surroundings, order_id, order)
        refunds = [one for other, one in state.everything() if _is_refund_of(other, one, order_id)]
        done = [one for one in refunds if one["state"] == "succeeded"]
        if bool(paid) != (order["status"] == "paid"):
            yield f"{path} is {order['status']}, the provider took {paid}"
        if returned != sum(one["amount"] for one in done):
            yield f"{path}: the provider returned {returned}, ours say {[one['amount'] for one in done]}"
        if order["refunded_points"] != sum(one["points"] for one in refunds if one["state"] != "failed"):
            yield f"{path}: refunded points {order['refunded_points']}"
        granted = -_legs_of(state, f"order:{order_id}", "issued")
        if order["is_granted"] and granted != order["points"] + order["bonus_points"]:
            yield f"{path}: granted {granted} points"


def _is_refund_of(path: str, content: dict[str, Any], order_id: str) -> bool:
    return bool(re.fullmatch(r"refunds/[^/]+", path)) and content["order_id"] == order_id


def provider_truth(surroundings: Surroundings, order_id: str, order: dict[str, Any]) -> tuple[int, int]:
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


def _letters(state: State, letters_max: int) -> Iterator[str]:
    """A letter goes out at most once."""
    for mail_id, count in Counter(mail["custom_args"]["mail_id"] for mail in state.mails).items():
        if count > letters_max:
            yield f"mail/{mail_id} went out {count} times"


def _registry(state: State) -> Iterator[str]:
    """Nothing lies where the registry of retention.yaml knows no place."""
    places = [_pattern(template) for template in retention().collections]
    buckets = [_pattern(template) for template in retention().buckets]
    for path, _ in state.everything():
        if not any(place.fullmatch(path) for place in places):
            yield f"{path} is not in the registry"
    for name in state.files:
        if not any(bucket.fullmatch(name) for bucket in buckets):
            yield f"the file {name} is not in the registry"


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))


def _withdrawn(state: State, who: SignIn) -> Iterator[str]:
    """Nothing names somebody who withdrew; what a law keeps is under another name."""
    for path, content in state.everything():
        is_proof = path.startswith(("accesses/", "disclosures/"))  # whose data was looked at stays on the log
        if not is_proof and (who.uid in path or who.uid in repr(content)):
            yield f"{path} names somebody who withdrew"
    for path, content in state.archive.items():
        if who.email in repr(content):
            yield f"{path} in the archive has an address"
    for name in state.files:
        if who.uid in name:
            yield f"the file {name} names somebody who withdrew"


def _deadlines(state: State, now: datetime) -> Iterator[str]:
    """Nothing is stuck: right after a sweep nobody's time to be looked at has passed."""
    for path, content in state.everything():
        for name in DEADLINES:
            if (due := content.get(name)) is not None and due <= now:
                yield f"{path} should have been looked at: {name} is {now - due} ago"
        if content.get("holds"):
            yield f"{path} still holds {sorted(content['holds'])}"
