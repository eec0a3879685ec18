"""Wallets and ledger entries in Firestore: ``wallets/{uid}`` and ``wallets/{uid}/entries/{id}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.points.model import Allocation, Entry, Hold, Lot, LotKind, Movement, Purpose, Wallet
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot

_WALLETS = "wallets"
WALLET_FIELDS = ("uid", "status", "lots", "holds", "rate_full_at", "debt_points", "had_push_address")
"""What :func:`wallet_from` needs of a document."""


class WalletStore:
    """Reads and writes wallets inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def reference(self, uid: str) -> DocumentReference:
        """Where the member's wallet is."""
        return self._client.collection(_WALLETS).document(uid)

    def due_to_expire(self, now: datetime, limit: int) -> list[str]:
        """Members (uids) who have unused points that expired at or before ``now``, at most ``limit``."""
        query = (
            self._client.collection(_WALLETS)
            .where(filter=_field_filter("next_expiry_at", "<=", now))
            .order_by("next_expiry_at")
            .limit(limit)
            .select(())
        )
        return [snapshot.id for snapshot in query.stream()]

    def note_push_address(self, unit: UnitOfWork, wallet: Snapshot) -> None:
        """Let a wallet peeked at in the unit say that an app of the member said where it is reached."""
        if wallet.exists and not (wallet.to_dict() or {}).get("had_push_address"):
            unit.tie(wallet)
            unit.update(wallet.reference, {"had_push_address": True})

    def create(self, unit: UnitOfWork, movement: Movement) -> None:
        """Write a new wallet and its first entries."""
        unit.create(self.reference(movement.wallet.uid), wallet_to_document(movement.wallet))
        self._add_entries(unit, movement)

    def update(self, unit: UnitOfWork, movement: Movement) -> None:
        """Write what a movement changed, with its entries; the wallet was read in the same unit."""
        document = wallet_to_document(movement.wallet)
        document.pop("uid")
        unit.update(self.reference(movement.wallet.uid), document)
        self._add_entries(unit, movement)

    def _add_entries(self, unit: UnitOfWork, movement: Movement) -> None:
        entries = self.reference(movement.wallet.uid).collection("entries")
        for entry in movement.entries:
            unit.create(entries.document(entry.id), entry_to_document(movement.wallet.uid, entry))


def entries_among(client: Client, wanted: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the entries, named by member (uid) and id (``kind:source``), that the ledger has; one round trip."""
    if not wanted:
        return set()
    names = {entry: client.collection(_WALLETS, entry[0], "entries").document(entry[1]) for entry in wanted}
    found = {
        snapshot.reference.path for snapshot in client.get_all(list(names.values()), field_paths=()) if snapshot.exists
    }
    return {entry for entry, reference in names.items() if reference.path in found}


def wallet_from(snapshot: Snapshot) -> Wallet | None:
    """The wallet of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    return Wallet(
        uid=document["uid"],
        is_open=document["status"] == "open",
        lots=tuple(_lot_from(lot_id, lot) for lot_id, lot in document["lots"].items()),
        holds=tuple(_hold_from(hold_id, hold) for hold_id, hold in document["holds"].items()),
        rate_full_at=document["rate_full_at"],
        debt_points=document["debt_points"],
        had_push_address=document.get("had_push_address", False),
    )


def wallet_to_document(wallet: Wallet) -> dict[str, Any]:
    """The document of a wallet; the balances in it are for readers, the lots and holds are what counts."""
    return {
        "uid": wallet.uid,
        "status": "open" if wallet.is_open else "closed",
        "available_points": wallet.available_points,
        "held_points": wallet.held_points,
        "debt_points": wallet.debt_points,
        "lots": {lot.id: _lot_to_map(lot) for lot in wallet.lots},
        "holds": {hold.id: _hold_to_map(hold) for hold in wallet.holds},
        "rate_full_at": wallet.rate_full_at,
        "next_expiry_at": wallet.next_expiry_at,
        "had_push_address": wallet.had_push_address,
    }


def entry_to_document(uid: str, entry: Entry) -> dict[str, Any]:
    """The document of a ledger entry; ``legs`` are points by account and sum to zero."""
    return {
        "uid": uid,
        "kind": entry.kind.value,
        "source": entry.source,
        "legs": entry.legs,
        "lots": entry.lots,
        "at": entry.at,
        "available_after": entry.available_after,
        "held_after": entry.held_after,
        "destroy_at": destroy_at("electronic_finance", entry.at),
    }


def _lot_to_map(lot: Lot) -> dict[str, Any]:
    return {
        "kind": lot.kind.value,
        "granted_points": lot.granted_points,
        "remaining_points": lot.remaining_points,
        "acquired_at": lot.acquired_at,
        "expires_at": lot.expires_at,
        "source": lot.source,
    }


def _lot_from(lot_id: str, lot: dict[str, Any]) -> Lot:
    return Lot(
        id=lot_id,
        kind=LotKind(lot["kind"]),
        granted_points=lot["granted_points"],
        remaining_points=lot["remaining_points"],
        acquired_at=lot["acquired_at"],
        expires_at=lot["expires_at"],
        source=lot["source"],
    )


def _hold_to_map(hold: Hold) -> dict[str, Any]:
    return {
        "points": hold.points,
        "allocations": [{"lot_id": part.lot_id, "points": part.points} for part in hold.allocations],
        "deadline_at": hold.deadline_at,
        "purpose": hold.purpose.value,
    }


def _hold_from(hold_id: str, hold: dict[str, Any]) -> Hold:
    allocations = tuple(Allocation(part["lot_id"], part["points"]) for part in hold["allocations"])
    return Hold(hold_id, allocations, hold["deadline_at"], Purpose(hold["purpose"]))


def _field_filter(path: str, operator: str, value: object) -> Any:
    from google.cloud.firestore import FieldFilter

    return FieldFilter(path, operator, value)
