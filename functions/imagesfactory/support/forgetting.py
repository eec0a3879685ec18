"""Has the mail carrier forget people without an account once their inquiry is settled: no withdrawal ever will."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.support import model
from imagesfactory.support.ports import Carrier
from imagesfactory.support.store import InquiryStore, inquiry_from

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class ContactErasure:
    """Orders the erasures that are due; one that is asked for twice is one of nothing."""

    def __init__(self, client: Client, carrier: Carrier) -> None:
        self._client = client
        self._store = InquiryStore(client)
        self._carrier = carrier

    def sweep(self, now: datetime, limit: int) -> int:
        """Have those forgotten whose inquiry was settled a day ago, at most ``limit``; returns how many were."""
        return sum(self._was_forgotten(inquiry_id) for inquiry_id in self._store.to_be_forgotten(now, limit))

    def _was_forgotten(self, inquiry_id: str) -> bool:
        try:
            inquiry = self._store.get(inquiry_id)
            if inquiry is None:
                return False
            self._carrier.forget(inquiry.contact_email)
            unit_of_work.run(self._client, partial(self._note, inquiry_id=inquiry_id))
        except RetryLater as later:
            log.info("inquiry.forgetting_postponed", event_id=inquiry_id, code=later.reason)
            return False
        except Exception as problem:
            log.failure("inquiry.forgetting_failed", problem, event_id=inquiry_id)
            return False
        log.info("inquiry.contact_forgotten", event_id=inquiry_id)
        return True

    def _note(self, unit: UnitOfWork, inquiry_id: str) -> None:
        (snapshot,) = unit.peek(self._store.reference(inquiry_id))
        inquiry = inquiry_from(snapshot)
        if inquiry is not None:
            unit.tie(snapshot)
            self._store.update(unit, model.forgotten(inquiry))
