"""Disclosures: what was handed to an authority on a lawful demand, in ``disclosures/{id}``.

The record says who demanded it, on what basis, about whom, and which kinds of data; never the data.
Source: privacy policy, article 5 (to nobody else except with consent or on a lawful demand).
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.policy.retention import destroy_at
from imagesfactory.staff.access_log import AccessLog
from imagesfactory.staff.model import (
    Access,
    Action,
    Disclosure,
    DisclosureRecordedBefore,
    DisclosureRequest,
    StaffMember,
)

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot

PAGE = 100


class DisclosureRegister:
    """Records disclosures, for the officer alone."""

    def __init__(self, client: Client, accesses: AccessLog) -> None:
        self._client = client
        self._accesses = accesses

    def record(self, officer: StaffMember, request: DisclosureRequest, now: datetime) -> Disclosure:
        """Write a disclosure down, once however often it is asked.

        Raises:
            DisclosureRecordedBefore: the request id stands for other facts.

        """
        made = unit_of_work.run(self._client, partial(self._record, officer=officer, request=request, now=now))
        log.info("disclosure.recorded", uid=officer.uid, event_id=made.id)
        return made

    def read(self, officer: StaffMember, subject: str | None, now: datetime) -> list[Disclosure]:
        """The newest disclosures, of one member (uid) or of all."""
        from google.cloud.firestore import FieldFilter

        self._accesses.note(Access(officer, Action.DISCLOSURES_READ, (subject,) if subject else ()), now)
        query = self._client.collection("disclosures").order_by("recorded_at", direction="DESCENDING").limit(PAGE)
        if subject:
            query = query.where(filter=FieldFilter("subject", "==", subject))
        return [found for found in map(_disclosure_from, query.stream()) if found is not None]

    def _record(self, unit: UnitOfWork, officer: StaffMember, request: DisclosureRequest, now: datetime) -> Disclosure:
        reference = self._reference(derive_id("disclosure", request.request_id))
        (snapshot,) = unit.read(reference)
        known = _disclosure_from(snapshot)
        if known is not None:
            if known.request != request:
                raise DisclosureRecordedBefore
            return known
        made = Disclosure(reference.id, request, officer.uid, now)
        unit.create(reference, _to_document(made))
        access = Access(officer, Action.DISCLOSURE_RECORDED, (request.subject,), reference.id, request.legal_basis)
        self._accesses.note_with(unit, access, now)
        return made

    def _reference(self, disclosure_id: str) -> DocumentReference:
        return self._client.collection("disclosures").document(disclosure_id)


def _to_document(made: Disclosure) -> dict[str, Any]:
    return {
        **made.request.model_dump(mode="json"),
        "recorded_by": made.recorded_by,
        "recorded_at": made.recorded_at,
        "destroy_at": destroy_at("disclosure", made.recorded_at),
    }


def _disclosure_from(snapshot: Snapshot) -> Disclosure | None:
    document = snapshot.to_dict()
    if document is None:
        return None
    facts = {name: document[name] for name in DisclosureRequest.model_fields}
    return Disclosure(
        snapshot.id, DisclosureRequest.model_validate(facts), document["recorded_by"], document["recorded_at"]
    )
