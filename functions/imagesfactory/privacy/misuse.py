"""The register of misuse: keyed hashes of identities, kept for a year, so that an abuser cannot simply rejoin.

``misuse/{hash}`` is one identity listed for one case. It holds no address and no name, and goes when its year is over
or when its case did not hold, whatever else the identity is listed for. Source: privacy policy, article 3 (misuse
records, one year).
``departures/{subject}`` keeps the hashes of somebody who left while their payments can still be disputed, so that to
spend, leave and then charge back keeps nobody off the register. ``bonuses/{hash}`` says for a year that somebody had
the sign-up bonus, so that to leave and rejoin, or to join by another spelling of an address, brings no second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from imagesfactory.kit import unit_of_work
from imagesfactory.kit.ids import derive_id, keyed_hash
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot

_MISUSE = "misuse"
_DEPARTURES = "departures"
_BONUSES = "bonuses"
_TOGETHER_MAX: Final = 30
"""Values that one ``in`` may name (firebase.google.com/docs/firestore/query-data/queries, limits on OR)."""


@dataclass(frozen=True, slots=True)
class Case:
    """What somebody is listed for: ``reason`` is a code, not a story, and ``id`` that of the record which has it."""

    reason: str
    id: str


class MisuseRegister:
    """Lists and recognises identities by keyed hash."""

    def __init__(self, client: Client, pseudonym_key: str) -> None:
        self._client = client
        self._key = pseudonym_key

    def list_identities(self, identities: tuple[str, ...], case: Case, now: datetime) -> None:
        """Put identities (``email:...``, ``google:...``) on the register."""
        unit_of_work.run(self._client, partial(self.list_in, identities=identities, case=case, now=now))

    def list_in(self, unit: UnitOfWork, identities: tuple[str, ...], case: Case, now: datetime) -> None:
        """The same in the unit of what it is listed for; whoever is listed is so for a year from ``now``."""
        self._list(unit, self._hashes(identities), case, now)

    def remember(self, subject: str, identities: tuple[str, ...], now: datetime) -> None:
        """Keep the hashes of somebody who leaves, under the ``subject`` that their payments go by; doing it twice is
        doing it once.
        """
        unit_of_work.run(self._client, partial(self._remember, subject=subject, identities=identities, now=now))

    def list_owner(self, unit: UnitOfWork, owner: str, identities: tuple[str, ...], case: Case, now: datetime) -> bool:
        """Put a member on the register by ``identities``; without any, somebody who left by what is kept under
        ``owner``. False when nobody is known (any more).
        """
        hashes = self._hashes(identities) or self._departed(owner)
        self._list(unit, hashes, case, now)
        return bool(hashes)

    def close(self, unit: UnitOfWork, case: Case) -> bool:
        """Let nobody be listed for a case that did not hold, in the unit that records it; whether anybody was."""
        return bool(self._take_off(unit, "case", [self._id_of(case)]))

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
        return any(listed.get("destroy_at") > now for listed in self._found("identity", self._hashes(identities)))

    def lift(self, unit: UnitOfWork, identity: str) -> int:
        """Take an identity off the register, with those listed for the same cases, whatever they are listed for, in
        the unit that records why; returns how many identities there were.
        """
        cases = {listed.get("case") for listed in self._found("identity", self._hashes((identity,)))}
        identities = {listed.get("identity") for listed in self._found("case", sorted(cases))}
        return self._take_off(unit, "identity", sorted(identities))

    def _remember(self, unit: UnitOfWork, subject: str, identities: tuple[str, ...], now: datetime) -> None:
        (known,) = unit.peek(self._departure(subject))
        if not known.exists:
            kept = {"identities": self._hashes(identities), "destroy_at": destroy_at("departure", now)}
            unit.create(known.reference, kept)

    def _departed(self, subject: str) -> list[str]:
        kept = self._departure(subject).get()
        return list(kept.get("identities")) if kept.exists else []

    def _list(self, unit: UnitOfWork, hashes: list[str], case: Case, now: datetime) -> None:
        case_id = self._id_of(case)
        record = {"case": case_id, "reason": case.reason, "recorded_at": now, "destroy_at": destroy_at("misuse", now)}
        places = {self._client.collection(_MISUSE).document(derive_id(one, case_id)): one for one in hashes}
        for known in unit.peek(*places) if places else ():
            if not known.exists:
                unit.create(known.reference, {"identity": places[known.reference], **record})

    def _take_off(self, unit: UnitOfWork, field: str, values: list[str]) -> int:
        """Delete what is listed; returns how many identities that were."""
        listed = self._found(field, values)
        unit.tie(*listed)
        for one in listed:
            unit.delete(one.reference)
        return len({one.get("identity") for one in listed})

    def _found(self, field: str, values: list[str]) -> list[Snapshot]:
        from google.cloud.firestore import FieldFilter

        register = self._client.collection(_MISUSE)
        parts = [values[start : start + _TOGETHER_MAX] for start in range(0, len(values), _TOGETHER_MAX)]
        return [one for part in parts for one in register.where(filter=FieldFilter(field, "in", part)).stream()]

    def _hashes(self, identities: tuple[str, ...]) -> list[str]:
        return sorted({keyed_hash(self._key, "misuse", identity) for identity in identities})

    def _id_of(self, case: Case) -> str:
        """By hash as well: a record that is kept longer names nobody here."""
        return keyed_hash(self._key, "misuse-case", case.id)

    def _departure(self, subject: str) -> DocumentReference:
        return self._client.collection(_DEPARTURES).document(subject)
