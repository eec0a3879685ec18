"""A service that was lived in: members who made images, bought, returned, disputed, asked, took along and left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from google.cloud import firestore
from imagesfactory.kit.clock import legal_day
from imagesfactory.payments.model import Order
from imagesfactory.payments.settlement import Settlements
from imagesfactory.privacy.purge.ports import StoredFile
from imagesfactory.privacy.purge.service import Purge
from imagesfactory.rights.correction import CorrectionRequest
from imagesfactory.support.request import InquiryRequest

from local.doubles import Doubles
from local.doubles.core.faults import FaultRule
from tests.backend import MemoryBucket, job_request
from tests.members import Members

Documents = dict[str, dict[str, Any] | None]
"""Fields of documents by their paths; None: no such document."""
KEEPER, SHOPPER, LEAVER = "keeper", "shopper", "leaver"
PASSED = timedelta(days=1)
"""How long after all of it the look is taken: nothing is waiting any more."""


class Listing:
    """The files of a MemoryBucket in the order of their names, as if all were stored at one instant."""

    def __init__(self, bucket: MemoryBucket, stored_at: datetime) -> None:
        self._bucket = bucket
        self._stored_at = stored_at

    def page(self, prefix: str, after: str, limit: int) -> list[StoredFile]:
        names = sorted(name for name in self._bucket.files if name.startswith(prefix) and name > after)
        return [StoredFile(name, self._stored_at) for name in names[:limit]]

    def delete(self, name: str) -> None:
        self._bucket.delete(name)


class LivedIn(Members):
    """Members' stories, played to their ends."""

    def __init__(self, client: firestore.Client, archive: firestore.Client, doubles: Doubles) -> None:
        super().__init__(client, archive, doubles)
        self.settlements = Settlements(client, archive=archive, providers=self.providers)
        self.began_at: datetime = self.clock.now()
        self.listing = Listing(self.bucket, self.began_at)
        self.job_id = self._make_images()
        self.bought, self.disputed = self._buy_and_return()
        self._ask()
        self.member(LEAVER, "leaver@example.com")
        self.buy_with_toss(LEAVER, request_id="leaver-order-1")
        self.leave(LEAVER)
        self.books_until = self.clock.now()
        self._let_pass()

    def _make_images(self) -> str:
        """Four images, one of which a provider refuses."""
        self.member(KEEPER, "keeper@example.com")
        refusal = FaultRule(
            effect="error", provider="openai", path="*generations*", status=400, code="moderation_blocked", times=1
        )
        self.doubles.control.plan(refusal)
        accepted = self.generation.create(KEEPER, job_request(), self.clock.now())
        self.work_off()
        self.doubles.control.clear_faults()
        return accepted.job_id

    def _buy_and_return(self) -> tuple[Order, Order]:
        self.member(SHOPPER, "shopper@example.com")
        order = self.buy_with_toss(SHOPPER)
        self.ask_refund(SHOPPER, order, points=400)
        disputed = self._bought_and_disputed("disputed-order-1")
        self._bought_and_disputed("disputed-order-2", "lost")
        return self.now_of(order), self.now_of(disputed)

    def _bought_and_disputed(self, request_id: str, outcome: str = "") -> Order:
        """A dispute that is still open, or was decided."""
        stripe = self.doubles.control.stripe
        order = self.buy_with_stripe(SHOPPER, request_id=request_id)
        self.receive_all()
        dispute = stripe.open_dispute(self.now_of(order).reference)
        self.receive_all()
        if outcome:
            stripe.close_dispute(dispute["id"], outcome)
            self.receive_all()
        return order

    def _ask(self) -> None:
        inquiry = {"request_id": "inquiry-1-of-test", "topic": "service", "text": "안녕하세요"}
        self.support.create(KEEPER, InquiryRequest.model_validate(inquiry), self.clock.now())
        correction = CorrectionRequest(request_id="correction-1", text="이름을 고쳐 주세요")
        self.corrections.request(SHOPPER, correction, self.clock.now())
        self.exports.request(KEEPER, self.clock.now())
        self.work_off()

    def _let_pass(self) -> None:
        """A day later: everything was swept, purged and settled."""
        self.clock.move(PASSED)
        for _ in range(4):
            self.sweep()
            self.work_off()
            self.clock.move(timedelta(minutes=5))
        self.purge = Purge(self.client, self.archive_client, self.listing, clock=self.clock, queue=self.queue)
        self.purge.run()
        self.settlements.run(self.clock.now())

    @contextmanager
    def planted(self, changes: Documents, archive: bool = False) -> Iterator[None]:
        """Documents changed (None: deleted) behind the service's back, and put back afterwards."""
        client = self.archive_client if archive else self.client
        before = {path: client.document(path).get().to_dict() for path in changes}
        merged = {path: change and {**(before[path] or {}), **change} for path, change in changes.items()}
        self._write(client, merged)
        try:
            yield
        finally:
            self._write(client, before)

    @staticmethod
    def _write(client: firestore.Client, documents: Documents) -> None:
        for path, document in documents.items():
            if document is None:
                client.document(path).delete()
            else:
                client.document(path).set(document)

    @property
    def run_path(self) -> str:
        """The purge that ran last."""
        (latest,) = self.client.collection("purges").order_by("sequence", direction="DESCENDING").limit(1).get()
        return str(latest.reference.path)

    def runs_at(self, finished_at: datetime) -> Documents:
        """Every purge as if it had been finished then."""
        runs = self.client.collection("purges").stream()
        return {run.reference.path: {"finished_at": finished_at} for run in runs}

    @property
    def yesterday(self) -> str:
        return (legal_day(self.clock.now()) - timedelta(days=1)).isoformat()
