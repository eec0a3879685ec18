"""The control client's Stripe part: acts as the payer, the payer's bank and the shop's staff in the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from local.doubles.webhook_client import Call, WebhookControl

_PREFIX = "/_control/stripe"


class StripeControlClient(WebhookControl):
    """Each call answers the object as it is afterwards. A ControlRefused holds Stripe's own words."""

    def __init__(self, call: Call) -> None:
        super().__init__(call, _PREFIX)

    def pay_checkout(self, session_id: str, method: str = "pm_card_visa", **payer: str) -> dict[str, Any]:
        """The payer pays a session on the page; `payer` may give email and name. A declined card is refused (402)."""
        return self._act(f"sessions/{session_id}/pay", method=method, **payer)

    def expire_checkout(self, session_id: str) -> dict[str, Any]:
        """The session's time is over."""
        return self._act(f"sessions/{session_id}/expire")

    def pay_intent(
        self, intent_id: str, method: str = "pm_card_visa", *, authenticated: bool = False
    ) -> dict[str, Any]:
        """The payer pays in the app's payment sheet; `authenticated` when the bank's question was answered too."""
        return self._act(f"intents/{intent_id}/pay", method=method, authenticated=authenticated)

    def settle_payment(self, intent_or_session: str, *, succeeded: bool = True) -> dict[str, Any]:
        """An asynchronous payment arrives, or does not; the payment intent comes back."""
        return self._act(f"intents/{intent_or_session}/settle", succeeded=succeeded)

    def refund_in_dashboard(self, charge: str, amount: int | None = None) -> dict[str, Any]:
        """The shop's staff refund a charge (or the one of an intent or a session); the refund comes back."""
        return self._act(f"charges/{charge}/refund", amount=amount)

    def plan_late_bookings(self, *, late: bool = True) -> None:
        """Whether payments from now on are captured at once and booked only by :meth:`book_payment`."""
        self._act("bookings/plan", late=late)

    def book_payment(self, charge: str) -> dict[str, Any]:
        """A captured payment (charge, intent or session) is booked; the charge comes back."""
        return self._act(f"charges/{charge}/book")

    def plan_exchange(self, currency: str, rate: float) -> None:
        """The account settles in ``currency``: money in any other is booked at ``rate``, in smallest units."""
        self._act("exchange/plan", currency=currency, rate=rate)

    def plan_refunds(self, *statuses: str) -> None:
        """The fates of the next refunds: succeeded, pending, or failed (created as succeeded, then failing)."""
        self._act("refunds/plan", statuses=list(statuses))

    def settle_refund(self, refund_id: str, status: str) -> dict[str, Any]:
        """A refund ends: succeeded (a pending one), or failed (its money is ours again)."""
        return self._act(f"refunds/{refund_id}/settle", status=status)

    def open_dispute(
        self, charge: str, reason: str = "fraudulent", amount: int | None = None, *, inquiry: bool = False
    ) -> dict[str, Any]:
        """The payer's bank disputes a charge (or the one of an intent or a session); the dispute comes back."""
        return self._act(f"charges/{charge}/dispute", reason=reason, amount=amount, inquiry=inquiry)

    def close_dispute(self, dispute_id: str, outcome: str) -> dict[str, Any]:
        """The bank decides: won or lost."""
        return self._act(f"disputes/{dispute_id}/close", outcome=outcome)

    def escalate_inquiry(self, dispute_id: str) -> dict[str, Any]:
        """An inquiry, even a closed one, becomes a dispute."""
        return self._act(f"disputes/{dispute_id}/escalate")

    def win_appeal(self, dispute_id: str) -> dict[str, Any]:
        """A dispute that was lost is won after all; its money is ours again."""
        return self._act(f"disputes/{dispute_id}/appeal")

    def emit_event(self, event_type: str, about: str | dict[str, Any]) -> dict[str, Any]:
        """Deliver an event of any type about a known object (its id) or one that never was (a whole object)."""
        return self._act("events", type=event_type, object=about)

    def event_ids(self, types: Sequence[str] = ()) -> list[str]:
        """The ids of the events made so far, oldest first, all or of these types; waits for the queue to empty."""
        return [one.id for one in self.messages() if not types or one.type in types]

    def _act(self, path: str, **asked: Any) -> dict[str, Any]:
        made: dict[str, Any] = self._call("POST", f"{_PREFIX}/{path}", json=asked)
        return made
