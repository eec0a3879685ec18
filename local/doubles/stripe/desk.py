"""What the parts of the Stripe double share: the objects, the clock, the events, and the request in work."""

from __future__ import annotations

import copy
import secrets
import string
from dataclasses import dataclass
from typing import Any

from local.doubles.core.clock import MovableClock
from local.doubles.core.postman import Message, Postman
from local.doubles.stripe.errors import no_such

API_VERSION = "2026-10-28.endive"
"""The version that the pinned SDK asks for; objects and events have its shapes."""
StripeObject = dict[str, Any]
_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """A fresh id such as `re_3Q...`."""
    return f"{prefix}_3{''.join(secrets.choice(_LETTERS) for _ in range(23))}"


class Store:
    """Every object by its id, in the order made."""

    def __init__(self) -> None:
        self._objects: dict[str, StripeObject] = {}

    def put(self, made: StripeObject) -> StripeObject:
        """Keep an object under its id."""
        self._objects[made["id"]] = made
        return made

    def find(self, object_id: str) -> StripeObject | None:
        """The object of that id, whatever its kind."""
        return self._objects.get(object_id)

    def get(self, kind: str, object_id: str, param: str = "id") -> StripeObject:
        """The object of that kind and id. Raises StripeRefusal (404)."""
        found = self._objects.get(object_id)
        if found is None or found["object"] != kind:
            raise no_such(kind, object_id, param)
        return found

    def of(self, kind: str) -> list[StripeObject]:
        """All objects of a kind, oldest first."""
        return [one for one in self._objects.values() if one["object"] == kind]

    def clear(self) -> None:
        """Forget everything."""
        self._objects.clear()


@dataclass(frozen=True)
class RequestInWork:
    """The API call that causes what happens now; its event tells of it."""

    id: str
    idempotency_key: str | None


@dataclass(frozen=True)
class Exchange:
    """Money is booked in ``currency``: an amount of another one times ``rate``, both in the smallest units."""

    currency: str
    rate: float


class Desk:
    """Shared state of the double. Used from the doubles' one event loop only; no handler gives way while it works."""

    def __init__(self, clock: MovableClock, postman: Postman) -> None:
        self.store = Store()
        self.clock = clock
        self.postman = postman
        self.base_url = ""
        self.request: RequestInWork | None = None
        self.next_refund_status: list[str] = []
        self.books_late = False
        """Payments are booked on a word of the control API: Stripe captures first and books later."""
        self.exchange: Exchange | None = None
        """What the account's balance is kept in, where that is not the payers' currency."""

    def now(self) -> int:
        """The present as Unix seconds."""
        return int(self.clock.now().timestamp())

    def reset(self) -> None:
        """Forget every object."""
        self.store.clear()
        self.next_refund_status.clear()
        self.books_late = False
        self.exchange = None

    def tell(self, event_type: str, about: StripeObject, before: StripeObject | None = None) -> StripeObject:
        """Make an event with a snapshot of the object, keep it and have it delivered.

        `before` holds the earlier values of what changed (`previous_attributes`).
        """
        data: StripeObject = {"object": copy.deepcopy(about)}
        if before is not None:
            data["previous_attributes"] = copy.deepcopy(before)
        request = vars(self.request) if self.request else {"id": None, "idempotency_key": None}
        event: StripeObject = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": int(self.postman.settings.url is not None),
            "request": dict(request),
            "type": event_type,
        }
        self.store.put(event)
        self.postman.accept(Message(event["id"], event_type, event))
        return event


def changed(about: StripeObject, **values: Any) -> StripeObject:
    """Set these values; what they were before comes back, for the event."""
    before = {name: about.get(name) for name, value in values.items() if about.get(name) != value}
    about.update(values)
    return before
