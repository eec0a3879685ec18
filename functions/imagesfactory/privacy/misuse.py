"""The register of misuse: keyed hashes of identities, kept for a year, so that an abuser cannot simply rejoin.

``misuse/{hash}`` holds no address and no name. Source: privacy policy, article 3 (misuse records, one year).
``departures/{subject}`` keeps the hashes of somebody who left while their payments can still be disputed, so that to
spend, leave and then charge back keeps nobody off the register. ``bonuses/{hash}`` says for a year that somebody had
the sign-up bonus, so that to leave and rejoin, or to join by another spelling of an address, brings no second one.
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
_DEPARTURES = "departures"
_BONUSES = "bonuses"


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
        self._list(unit, self._hashes(identities), reason, now)

    def remember(self, subject: str, identities: tuple[str, ...], now: datetime) -> None:
        """Keep the hashes of somebody who leaves, under the ``subject`` that their payments go by; doing it twice is
        doing it once.
        """
        unit_of_work.run(self._client, partial(self._remember, subject=subject, identities=identities, now=now))

    def list_owner(self, owner: str, identities: tuple[str, ...], reason: str, now: datetime) -> bool:
        """Put a member on the register by ``identities``; without any, somebody who left by what is kept under
        ``owner``. False when nobody is known (any more).
        """
        hashes = self._hashes(identities) or self._departed(owner)
        unit_of_work.run(self._client, partial(self._list, hashes=hashes, reason=reason, now=now))
        return bool(hashes)

    def unlist_owner(self, owner: str, identities: tuple[str, ...], reason: str) -> None:
        """Take those off the register, likewise known, that are on it for ``reason``, which did not hold."""
        hashes = self._hashes(identities) or self._departed(owner)
        listed = map(self._client.collection(_MISUSE).document, hashes)
        for snapshot in self._client.get_all(list(listed)) if hashes else ():
            if snapshot.exists and snapshot.get("reason") == reason:
                option = self._client.write_option(last_update_time=snapshot.update_time)
                snapshot.reference.delete(option=option)

    def takes_bonus(self, unit: UnitOfWork, identity: str, now: datetime) -> bool:
        """Whether the identity may have the sign-up bonus; if so it has had it, from the commit of ``unit`` on."""
        (known,) = unit.peek(self._client.collection(_BONUSES).document(keyed_hash(self._key, "bonus", identity)))
        if known.exists and now < known.get("destroy_at"):
            return False
        mark = {"given_at": now, "destroy_at": destroy_at("signup_bonus", now)}
        if known.exists:
            unit.tie(known)
            unit.update(known.reference, mark)
        else:
            unit.create(known.reference, mark)
        return True

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

    def _remember(self, unit: UnitOfWork, subject: str, identities: tuple[str, ...], now: datetime) -> None:
        (known,) = unit.peek(self._departure(subject))
        if not known.exists:
            kept = {"identities": self._hashes(identities), "destroy_at": destroy_at("departure", now)}
            unit.create(known.reference, kept)

    def _departed(self, subject: str) -> list[str]:
        kept = self._departure(subject).get()
        return list(kept.get("identities")) if kept.exists else []

    def _list(self, unit: UnitOfWork, hashes: list[str], reason: str, now: datetime) -> None:
        if not hashes:
            return
        case = keyed_hash(self._key, "misuse-case", *hashes)
        record = {"reason": reason, "case": case, "recorded_at": now, "destroy_at": destroy_at("misuse", now)}
        for known in unit.read(*map(self._client.collection(_MISUSE).document, hashes)):
            write = unit.update if known.exists else unit.create
            write(known.reference, record)

    def _hashes(self, identities: tuple[str, ...]) -> list[str]:
        return sorted({keyed_hash(self._key, "misuse", identity) for identity in identities})

    def _reference(self, identity: str) -> DocumentReference:
        return self._client.collection(_MISUSE).document(keyed_hash(self._key, "misuse", identity))

    def _departure(self, subject: str) -> DocumentReference:
        return self._client.collection(_DEPARTURES).document(subject)
