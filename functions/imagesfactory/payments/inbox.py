"""The inbox of webhooks: an event is written down before it is answered, and acted on until it is handled.

Acting means to bring its order in line with the provider; the event itself is only the reason to look. So one event
ten times, ten events about one payment, or events in the wrong order all end the same.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import RetryLater
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.queue import Queue
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.limits.model import Subject
from imagesfactory.limits.store import AllowanceStore
from imagesfactory.payments.fold import PaymentMismatch
from imagesfactory.payments.model import is_order_id
from imagesfactory.payments.ports import Forged, Notice, ProviderBusy, ProviderUnusable
from imagesfactory.payments.reconciliation import Reconciliation, UnknownOrder
from imagesfactory.payments.store import PaymentStore
from imagesfactory.policy.limits import limits
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot
    from imagesfactory.payments.reconciliation import Providers

Recall = Callable[[str, datetime], bool]
"""Brings an order (its id) of somebody who withdrew back from the archive; False when it is not there."""

TASK_FUNCTION = "processevent"
UNSIGNED = frozenset({"toss"})
"""Whose events anybody could send. Their orders are always there before their payments."""
ELSEWHERE = "elsewhere"
ENQUEUE_GRACE = timedelta(minutes=2)
"""How long the sweep leaves a new event to the trigger and the queue."""
PARKED_FIRST = timedelta(minutes=1)
PARKED_MAX = timedelta(hours=6)
ATTEMPTS_MAX = 24
"""Looks at an event before it is handed to an operator; with the pauses above that is about four days."""


class EventState(StrEnum):
    """Where an event stands."""

    RECEIVED = "received"
    PARKED = "parked"
    """Its order is not known yet, or its provider does not answer: it is tried again."""
    DONE = "done"
    ABANDONED = "abandoned"
    """It never made sense: an operator was told."""


@dataclass(frozen=True)
class Event:
    """One event: ids only, nothing of its body."""

    id: str
    provider: str
    kind: str
    order_id: str
    reference: str
    received_at: datetime
    state: EventState = EventState.RECEIVED
    attempts: int = 0
    problem: str = ""
    resume_at: datetime | None = None


class Inbox:
    """Receives events and acts on them."""

    def __init__(
        self,
        client: Client,
        *,
        queue: Queue,
        providers: Providers,
        reconciliation: Reconciliation,
        allowances: AllowanceStore,
        recall: Recall | None = None,
    ) -> None:
        self._client = client
        self._allowances = allowances
        self._recall = recall
        self._queue = queue
        self._providers = providers
        self._reconciliation = reconciliation
        self._store = PaymentStore(client)

    def receive(self, notice: Notice, now: datetime) -> bool:
        """Write the event down; False if that is not needed: it is there already, or about nothing of ours.

        Anybody could fill the inbox with unsigned events (Toss). A buyer knows the number of their order, so those of
        an order are counted, and the sweep looks at an order whose events are refused. All that name an order which is
        not here are counted together: it may be in the archive, which whoever acts on the event can reach and the
        door, open to the world, cannot.

        Raises:
            Forged: it carries a secret, and not the one that the payment came with.
            TooManyRequests: more unsigned events came than payments can have changed; the provider sends it again.

        """
        event = Event(
            id=f"{notice.provider}-{notice.event_id}",
            provider=notice.provider,
            kind=notice.kind,
            order_id=notice.order_id,
            reference=notice.reference,
            received_at=now,
            resume_at=now + ENQUEUE_GRACE,
        )
        is_new = self._keep_unsigned(event, notice) if notice.provider in UNSIGNED else self._keep(event)
        if is_new:
            log.info("webhook.received", provider=event.provider, event_id=event.id, code=event.kind)
        return is_new

    def _keep(self, event: Event) -> bool:
        from google.api_core.exceptions import Conflict

        try:
            self._reference(event.id).create({**_moving(event), **_fixed(event)})
        except Conflict:
            return False
        return True

    def _keep_unsigned(self, event: Event, notice: Notice) -> bool:
        share = self._share_of(notice)
        if share is None:
            log.info("webhook.unknown_order", provider=notice.provider)
            return False
        return unit_of_work.run(self._client, partial(self._count, event=event, share=share))

    def _count(self, unit: UnitOfWork, event: Event, share: str) -> bool:
        rate = limits().rate("events_of_order" if share == event.order_id else "events_of_orders_elsewhere")
        counted = self._allowances.reference(Subject("events", "order", share))
        known, allowance = unit.peek(self._reference(event.id), counted)
        if known.exists:
            return False
        self._allowances.take_in(unit, allowance, rate, event.received_at)
        unit.create(known.reference, {**_moving(event), **_fixed(event)})
        return True

    def enqueue(self, event_id: str, occasion: str) -> None:
        """Send a worker to an event; at most one for each ``occasion``."""
        self._queue.enqueue(TASK_FUNCTION, f"{derive_id('event', event_id)}-{occasion}", {"event_id": event_id})

    def process(self, event_id: str, now: datetime) -> None:
        """Act on an event; one that is done stays so. What cannot be done now is parked for the sweep.

        Raises:
            RetryLater: the provider does not answer now.

        """
        event = event_from(self._reference(event_id).get())
        if event is None or event.state in {EventState.DONE, EventState.ABANDONED}:
            return
        try:
            self._act(event, now)
        except UnknownOrder as problem:
            if event.provider not in UNSIGNED:
                self._park(event, type(problem).__name__, now)
                return
            log.info("webhook.unknown_order", provider=event.provider)
        except (PaymentMismatch, ProviderBusy, ProviderUnusable, RetryLater) as problem:
            self._park(event, type(problem).__name__, now)
            if isinstance(problem, RetryLater | ProviderBusy):
                raise RetryLater("event-parked", problem.delay) from None
            return
        self._record(replace(event, state=EventState.DONE, problem="", resume_at=None))

    def sweep(self, now: datetime, limit: int) -> int:
        """Send workers to the events that nobody looked after in time, at most ``limit``; returns how many."""
        from google.cloud.firestore import FieldFilter

        due = self._client.collection("inbox").where(filter=FieldFilter("resume_at", "<=", now))
        events = [event_from(snapshot) for snapshot in due.order_by("resume_at").limit(limit).stream()]
        for event in events:
            if event is not None:
                self.enqueue(event.id, f"sweep-{int(now.timestamp())}")
        return len(events)

    def _act(self, event: Event, now: datetime) -> None:
        order_id = event.order_id
        if not order_id:
            provider = self._providers.get(event.provider)
            if provider is None:
                raise ProviderUnusable("provider-off")
            order_id = provider.order_of(event.reference)
        if not is_order_id(order_id):
            raise UnknownOrder
        try:
            self._reconciliation.settle(order_id, now, event.reference)
        except UnknownOrder:
            # Its member may have withdrawn: the order is brought back from the archive, without a name.
            if self._recall is None or not self._recall(order_id, now):
                raise
            self._reconciliation.settle(order_id, now, event.reference)

    def _share_of(self, notice: Notice) -> str | None:
        """Whose allowance an unsigned event uses: its order's, or that of all orders which are not here; None for what
        cannot be about an order of ours.
        """
        if not is_order_id(notice.order_id):
            return None
        order = self._store.order(notice.order_id)
        if order is None:
            return ELSEWHERE
        if order.secret and notice.secret and not _is_equal(order.secret, notice.secret):
            raise Forged
        return order.id if order.provider == notice.provider else None

    def _park(self, event: Event, problem: str, now: datetime) -> None:
        attempts = event.attempts + 1
        if attempts >= ATTEMPTS_MAX:
            log.error("webhook.abandoned", event_id=event.id, provider=event.provider, code=problem)
            parked = replace(event, state=EventState.ABANDONED, resume_at=None)
        else:
            wait = min(PARKED_FIRST * 2 ** min(attempts - 1, 10), PARKED_MAX)
            parked = replace(event, state=EventState.PARKED, resume_at=now + wait)
            log.warning("webhook.parked", event_id=event.id, code=problem, attempt=attempts)
        self._record(replace(parked, attempts=attempts, problem=problem))

    def _record(self, event: Event) -> None:
        unit_of_work.run(self._client, partial(self._write, event=event))

    def _write(self, unit: UnitOfWork, event: Event) -> None:
        """What is done stays done, though a slower twin was less lucky."""
        (snapshot,) = unit.read(self._reference(event.id))
        known = event_from(snapshot)
        if known is not None and known.state is not EventState.DONE:
            unit.update(self._reference(event.id), _moving(event))

    def _reference(self, event_id: str) -> DocumentReference:
        return self._client.collection("inbox").document(event_id)


def _is_equal(secret: str, told: str) -> bool:
    """In a time that tells nothing. JSON can spell texts that plain UTF-8 has no bytes for."""
    return hmac.compare_digest(secret.encode(), told.encode(errors="surrogatepass"))


def event_from(snapshot: Snapshot) -> Event | None:
    """The event of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    return Event(
        id=snapshot.id,
        provider=document["provider"],
        kind=document["kind"],
        order_id=document["order_id"],
        reference=document["reference"],
        received_at=document["received_at"],
        state=EventState(document["state"]),
        attempts=document["attempts"],
        problem=document["problem"],
        resume_at=document["resume_at"],
    )


def _fixed(event: Event) -> dict[str, Any]:
    return {
        "provider": event.provider,
        "kind": event.kind,
        "order_id": event.order_id,
        "reference": event.reference,
        "received_at": event.received_at,
        "destroy_at": destroy_at("payment_event", event.received_at),
    }


def _moving(event: Event) -> dict[str, Any]:
    return {
        "state": event.state.value,
        "attempts": event.attempts,
        "problem": event.problem,
        "resume_at": event.resume_at,
    }
