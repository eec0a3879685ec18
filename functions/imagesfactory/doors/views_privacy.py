"""Answers about members' own data as plain values."""

from __future__ import annotations

from typing import Any

from imagesfactory.policy.payments import written
from imagesfactory.withdrawal.model import Preview


def withdrawal(shown: Preview) -> dict[str, Any]:
    """What a withdrawal would do; ``confirm`` is what the app sends back to have it done."""
    return {
        "confirm": shown.digest,
        "lost_points": shown.lost_points,
        "unfinished_jobs": shown.unfinished_jobs,
        "refunds": [
            {
                "order_id": one.order_id,
                "points": one.points,
                "amount": written(one.amount, one.currency),
                "fee": written(one.fee, one.currency),
                "needs_account": one.needs_account,
            }
            for one in shown.refunds
        ],
        "kept": [
            {
                "place": one.place,
                "class": one.record_class,
                "count": one.count,
                "period": one.period,
                "basis": {"ko": one.basis_ko, "en": one.basis_en},
            }
            for one in shown.kept
        ],
        "erased": shown.erased,
    }
