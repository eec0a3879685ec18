"""The control client's Toss part: acts as the payer, the payer's bank and the shop's staff."""

from __future__ import annotations

from typing import Any

from local.doubles.webhook_client import Call, PostedMessage, WebhookControl

_PREFIX = "/_control/toss"


class TossControlClient(WebhookControl):
    """A payment may be named by its paymentKey or its orderId. Each call answers the Payment as it is afterwards."""

    def __init__(self, call: Call) -> None:
        super().__init__(call, _PREFIX)

    def pay(self, order_id: str, amount: int, method: str = "card", *, order_name: str = "포인트") -> str:
        """The payer goes through the window: the paymentKey comes back, to be confirmed within ten minutes.

        `method` is one of local.doubles.toss.methods.METHODS: card, easy_pay, transfer, virtual_account,
        card_declined (confirm is refused) and so on. `amount` is in won.
        """
        asked = {"order_id": order_id, "amount": amount, "method": method, "order_name": order_name}
        return str(self._act("pay", **asked)["paymentKey"])

    def fail(self, payment: str, code: str = "PAY_PROCESS_ABORTED") -> dict[str, Any]:
        """The payment fails in the window, before it could be confirmed."""
        return self._act(f"payments/{payment}/fail", code=code)

    def deposit(self, payment: str) -> dict[str, Any]:
        """The payer pays into the virtual account."""
        return self._act(f"payments/{payment}/deposit")

    def take_deposit_back(self, payment: str) -> dict[str, Any]:
        """The bank undoes a deposit; the payment waits for one again."""
        return self._act(f"payments/{payment}/take-back")

    def expire(self, payment: str) -> dict[str, Any]:
        """The payment's time is over."""
        return self._act(f"payments/{payment}/expire")

    def refund_in_dashboard(self, payment: str, amount: int | None = None) -> dict[str, Any]:
        """The shop's staff cancel so many won, or all that is left."""
        return self._act(f"payments/{payment}/refund", amount=amount)

    def refund_arrived(self, payment: str, status: str = "COMPLETED") -> dict[str, Any]:
        """A refund to a bank account ends: COMPLETED, FAILED or PARTIAL_FAILED."""
        return self._act(f"payments/{payment}/refund-arrived", status=status)

    def emit_event(self, event_type: str, body: dict[str, Any]) -> PostedMessage:
        """Post a webhook of any type with any body, as a stranger could."""
        return PostedMessage(**self._act("events", type=event_type, body=body))

    def _act(self, path: str, **asked: Any) -> dict[str, Any]:
        made: dict[str, Any] = self._call("POST", f"{_PREFIX}/{path}", json=asked)
        return made
