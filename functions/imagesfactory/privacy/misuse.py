"""The register of misuse: keyed hashes of identities, kept for a year, so that an abuser cannot simply rejoin.

``misuse/{hash}`` holds no address and no name. Source: privacy policy, article 3 (misuse records, one year).
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import unit_of_work
from imagesfactory.kit.ids import keyed_hash
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

_MISUSE = "misuse"


class MisuseRegister:
    """Lists and recognises identities by keyed hash."""

    def __init__(self, client: Client, pseudonym_key: str) -> None:
        self._client = client
        self._key = pseudonym_key

    def list_identities(self, identities: tuple[str, ...], reason: str, now: datetime) -> None:
        """Put identities (``email:...``, ``google:...``) on the register; ``reason`` is a code, not a story."""
        unit_of_work.run(self._client, partial(self.list_in, identities=identities, reason=reason, now=now))

    def list_in(self, unit: UnitOfWork, identities: tuple[str, ...], reason: str, now: datetime) -> None:
        """The same in the unit of what it is listed for; whoever is listed is so for a year from ``now``."""
        if not identities:
            return
        case = keyed_hash(self._key, "misuse-case", *sorted(identities))
        record = {"reason": reason, "case": case, "recorded_at": now, "destroy_at": destroy_at("misuse", now)}
        for known in unit.read(*map(self._reference, identities)):
            write = unit.update if known.exists else unit.create
            write(known.reference, record)

    def unlist_identities(self, identities: tuple[str, ...], reason: str) -> None:
        """Take those of the identities off the register that are on it for ``reason``, which did not hold."""
        for snapshot in self._client.get_all([self._reference(identity) for identity in identities]):
            if snapshot.exists and snapshot.get("reason") == reason:
                option = self._client.write_option(last_update_time=snapshot.update_time)
                snapshot.reference.delete(option=option)

    def is_listed(self, identities: tuple[str, ...], now: datetime) -> bool:
        """Whether any of these identities is on the register and its year has not passed."""
        found = self._client.get_all([self._reference(identity) for identity in identities])
        ends = [snapshot.get("destroy_at") for snapshot in found if snapshot.exists]
        return any(end > now for end in ends)

    def lift(self, unit: UnitOfWork, identity: str) -> int:
        """Take an identity off the register, with those listed together with it, in the unit that records why;
        returns how many there were.
        """
        from google.cloud.firestore import FieldFilter

        (snapshot,) = unit.peek(self._reference(identity))
        if not snapshot.exists:
            return 0
        together = self._client.collection(_MISUSE).where(filter=FieldFilter("case", "==", snapshot.get("case")))
        listed = list(together.stream())
        unit.tie(*listed)
        for one in listed:
            unit.delete(one.reference)
        return len(listed)

    def _reference(self, identity: str) -> DocumentReference:
        return self._client.collection(_MISUSE).document(keyed_hash(self._key, "misuse", identity))
