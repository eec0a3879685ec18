"""Reads every wallet: whether its balances are what its lots and holds add up to, and whether each hold has its cause.

A live service changes between two reads, so whatever looks wrong is read again by itself before it is called so. What
belongs to a member who is leaving is passed over: a withdrawal takes it apart step by step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from imagesfactory.generation.model import JobStatus
from imagesfactory.payments.model import RefundState
from imagesfactory.points.model import Hold, Purpose, Wallet
from imagesfactory.points.store import wallet_from
from imagesfactory.truth.model import Check, Tally, Verdict
from imagesfactory.truth.reading import is_leaving, matching, pages

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot

_OPEN_REFUNDS = {state.value for state in RefundState if state.is_open}


class WalletAudit:
    """Looks into wallets."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def verdicts(self) -> Iterator[Verdict]:
        """Lots and holds, holds and their causes."""
        inner, alive = Tally(Check.LOTS_AND_HOLDS), Tally(Check.HOLDS_ALIVE)
        for page in pages(self._client.collection("wallets").order_by("__name__")):
            for snapshot in page:
                if problem := inner_problem(snapshot.to_dict() or {}, wallet_from(snapshot)):
                    self._accuse(inner, snapshot.id, f"wallets/{snapshot.id}: {problem}")
            self._holds(page, alive)
        self._unheld(alive)
        yield inner.verdict()
        yield alive.verdict()

    def _accuse(self, tally: Tally, uid: str, name: str) -> None:
        if not is_leaving(self._client, uid):
            tally.add(name, uid)

    def _holds(self, page: list[Snapshot], tally: Tally) -> None:
        wallets = [wallet for wallet in map(wallet_from, page) if wallet is not None]
        open_holds = [(wallet.uid, hold) for wallet in wallets for hold in wallet.holds]
        for uid, hold in self._without_cause(open_holds):
            present = wallet_from(self._client.collection("wallets").document(uid).get())
            if present is not None and present.hold(hold.id) and self._without_cause([(uid, hold)]):
                self._accuse(tally, uid, f"wallets/{uid}: {hold.source}")

    def _without_cause(self, holds: list[tuple[str, Hold]]) -> list[tuple[str, Hold]]:
        """Those holds whose job, refund or dispute is not under way."""
        causes = {(uid, hold.id): cause_of(hold) for uid, hold in holds}
        references = [self._client.document(path) for path in set(causes.values())]
        fields = ["status", "state", "frozen_hold", "held_points", "owner"]
        found = {one.reference.path: one.to_dict() or {} for one in self._client.get_all(references, fields)}
        return [(uid, hold) for uid, hold in holds if not is_alive(hold, uid, found.get(causes[uid, hold.id], {}))]

    def _unheld(self, tally: Tally) -> None:
        """Work under way whose points are not held."""
        jobs = self._client.collection("jobs").where(
            filter=matching("status", "in", [JobStatus.QUEUED.value, JobStatus.RUNNING.value])
        )
        for page in pages(jobs.order_by("__name__").select(["owner", "held_points"])):
            for job in self._lacking(page):
                present = job.reference.get(["status", "owner", "held_points"])
                is_over = (present.to_dict() or {}).get("status") in {None, JobStatus.FINISHED.value}
                if not is_over and self._lacking([present]):
                    self._accuse(tally, str(job.get("owner")), f"jobs/{job.id}")

    def _lacking(self, jobs: Iterable[Snapshot]) -> list[Snapshot]:
        jobs = list(jobs)
        owners = {str(job.get("owner")) for job in jobs}
        read = self._client.get_all([self._client.collection("wallets").document(uid) for uid in owners])
        wallets = {one.id: wallet_from(one) for one in read}
        return [job for job in jobs if not _holds_for(wallets.get(str(job.get("owner"))), job)]


def inner_problem(document: dict[str, Any], wallet: Wallet | None) -> str:
    """What is wrong within a wallet; empty when its balances are what its lots and holds add up to."""
    if wallet is None:
        return ""
    stated = (document.get("available_points"), document.get("held_points"))
    if stated != (wallet.available_points, wallet.held_points):
        return "balances"
    if any(
        hold["points"] != sum(part["points"] for part in hold["allocations"]) for hold in document["holds"].values()
    ):
        return "holds"
    held: dict[str, int] = {}
    for hold in wallet.holds:
        for part in hold.allocations:
            held[part.lot_id] = held.get(part.lot_id, 0) + part.points
    lots = {lot.id: lot for lot in wallet.lots}
    if held.keys() - lots.keys():
        return "holds without lots"
    is_wrong = any(
        lot.remaining_points < 0 or lot.remaining_points + held.get(lot.id, 0) > lot.granted_points
        for lot in wallet.lots
    )
    return "lots" if is_wrong else ""


def cause_of(hold: Hold) -> str:
    """The path of what a hold waits for."""
    match hold.purpose:
        case Purpose.JOB:
            return f"jobs/{hold.id}"
        case Purpose.REFUND:
            return f"refunds/{hold.id}"
        case Purpose.DISPUTE:
            return f"orders/{hold.id.rpartition('-')[0]}"


def is_alive(hold: Hold, uid: str, cause: dict[str, Any]) -> bool:
    """Whether ``cause``, the record that a hold waits for, is the member's and still under way."""
    if cause.get("owner") != uid:
        return False
    match hold.purpose:
        case Purpose.JOB:
            return bool(cause["status"] != JobStatus.FINISHED.value and cause["held_points"] == hold.points)
        case Purpose.REFUND:
            return cause["state"] in _OPEN_REFUNDS
        case Purpose.DISPUTE:
            return bool(cause["frozen_hold"] == hold.id)


def _holds_for(wallet: Wallet | None, job: Snapshot) -> bool:
    held = wallet.hold(job.id) if wallet else None
    return held is not None and held.points == job.get("held_points")
