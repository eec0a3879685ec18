"""Customers: made, looked at, changed and deleted. Nothing else hangs on them here."""

from __future__ import annotations

from local.doubles.stripe.desk import Desk, StripeObject, changed, new_id
from local.doubles.stripe.parameters import Parameters

_TEXTS = ("name", "email", "phone", "description")


class Customers:
    """The endpoints under /v1/customers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def create(self, parameters: Parameters) -> StripeObject:
        """POST /v1/customers."""
        customer: StripeObject = {
            "id": new_id("cus"),
            "object": "customer",
            "balance": 0,
            "created": self._desk.now(),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "livemode": False,
            "preferred_locales": parameters.texts("preferred_locales"),
            "shipping": None,
            **{name: parameters.text(name) for name in _TEXTS},
            "metadata": parameters.metadata(),
        }
        parameters.finish()
        self._desk.store.put(customer)
        self._desk.tell("customer.created", customer)
        return customer

    def retrieve(self, parameters: Parameters, customer_id: str) -> StripeObject:
        """GET /v1/customers/:id; a deleted one keeps its id and says so."""
        parameters.finish()
        return self._desk.store.get("customer", customer_id)

    def update(self, parameters: Parameters, customer_id: str) -> StripeObject:
        """POST /v1/customers/:id."""
        customer = self._desk.store.get("customer", customer_id)
        values: StripeObject = {name: parameters.text(name) for name in _TEXTS if name in parameters}
        values["metadata"] = parameters.metadata(customer["metadata"])
        parameters.finish()
        self._desk.tell("customer.updated", customer, changed(customer, **values))
        return customer

    def delete(self, parameters: Parameters, customer_id: str) -> StripeObject:
        """DELETE /v1/customers/:id: what was known about the person is forgotten."""
        parameters.finish()
        customer = self._desk.store.get("customer", customer_id)
        self._desk.tell("customer.deleted", customer)
        return self._desk.store.put({"id": customer_id, "object": "customer", "deleted": True})
