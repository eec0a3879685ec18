"""What points of an order are worth, and how many points an amount stands for: one cumulative scale for both.

Everything is computed from the totals before and after, never from single parts, so that rounding cannot add up: all
points are worth exactly the whole price, and the whole price stands for exactly all points.
"""

from __future__ import annotations

from datetime import datetime

from imagesfactory.payments.model import Order, Refund


def value_of_points(order: Order, points: int) -> int:
    """What the next ``points`` to go back are worth, in the smallest unit of the order's currency (rounded down)."""
    gone = order.refunded_points + points
    total = order.amount if gone >= order.points else order.amount * gone // order.points
    return max(total - order.refunded_value, 0)


def points_of_value(order: Order, value: int) -> int:
    """How many points the next ``value`` to go back stands for (rounded down, in the member's favour)."""
    gone = order.refunded_value + value
    total = order.points if gone >= order.amount else order.points * gone // order.amount
    return max(total - order.refunded_points, 0)


def bonus_share(order: Order, points: int) -> int:
    """How many bonus points go with the next ``points`` to go back, if they are still unused."""
    before, after = order.refunded_points, min(order.refunded_points + points, order.points)
    return order.bonus_points * after // order.points - order.bonus_points * before // order.points


def fee_of(value: int, percent: int) -> int:
    """The fee of a late refund, rounded down."""
    return value * percent // 100


def late_interest(refund: Refund, percent_per_year: int, now: datetime) -> int:
    """Interest owed for paying back late, up to the day the money left, or to ``now`` while it has not; rounded up
    (E-Commerce Act article 18(2)).
    """
    left_at = refund.booked_at or refund.settled_at or now
    days_late = max((left_at - refund.due_at).days + 1, 0)
    return -(-refund.amount * percent_per_year * days_late // 36_500)
