"""Everything that has a deadline, as data: where it stands, which instant must not lie behind us, and by how much.

A deadline that the sweep keeps may lie behind us for as long as three sweeps take. One that people have to keep has no
patience beyond what was promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from imagesfactory.truth.model import Check

SWEPT = timedelta(minutes=15)
"""Three rounds of the sweep (scheduler.yaml): what it finds, it acts on; what it acts on for so long is stuck."""
AT_ONCE = timedelta(0)
COPIES_TOLD = timedelta(hours=3)
"""Three tries an hour apart (accounts/copies.py): whoever was told by none of them is not merely slow."""
INQUIRY_ANSWERED = timedelta(days=3)
"""Company rule: an inquiry is answered within three days."""
WITHDRAWAL_ENDED = timedelta(days=5)
"""Personal data is destroyed within five days after its purpose ended (Standard Personal Information Protection
Guidelines, article 10)."""


@dataclass(frozen=True)
class Deadline:
    """Records of ``place`` whose ``instant`` lies more than ``patience`` behind us break ``check``."""

    check: Check
    place: str
    """A collection of the default database."""
    instant: str
    """Field; empty: any record that meets the conditions."""
    patience: timedelta
    conditions: tuple[tuple[str, object], ...] = ()
    """Fields and the values they must have."""


DEADLINES = (
    Deadline(Check.JOBS, "jobs", "deadline_at", SWEPT, (("status", "queued"),)),
    Deadline(Check.JOBS, "jobs", "deadline_at", SWEPT, (("status", "running"),)),
    Deadline(Check.JOBS, "jobs", "sweep_at", SWEPT, (("is_tidy", False),)),
    Deadline(Check.LETTERS, "mail", "sweep_at", SWEPT),
    Deadline(Check.ORDERS, "orders", "resume_at", SWEPT),
    Deadline(Check.REFUNDS, "refunds", "resume_at", SWEPT),
    Deadline(Check.REFUNDS, "refunds", "due_at", AT_ONCE, (("state", "requested"),)),
    Deadline(Check.REFUNDS, "refunds", "due_at", AT_ONCE, (("state", "sent"),)),
    Deadline(Check.EVENTS, "inbox", "resume_at", SWEPT),
    Deadline(Check.EVENTS, "inbox", "", AT_ONCE, (("state", "abandoned"),)),
    Deadline(Check.DISPUTES, "disputes", "closed_at", SWEPT, (("is_misuse_due", True),)),
    Deadline(Check.EXPIRIES, "wallets", "next_expiry_at", SWEPT),
    Deadline(Check.EXPORTS, "exports", "resume_at", SWEPT),
    Deadline(Check.CORRECTIONS, "corrections", "due_at", AT_ONCE, (("state", "pending"),)),
    Deadline(Check.CORRECTIONS, "users", "copies_due_at", SWEPT),
    Deadline(Check.CORRECTIONS, "users", "copies_open_since", COPIES_TOLD),
    Deadline(Check.WITHDRAWALS, "withdrawals", "resume_at", SWEPT),
    Deadline(Check.WITHDRAWALS, "withdrawals", "requested_at", WITHDRAWAL_ENDED),
    Deadline(Check.WITHDRAWALS, "withdrawn", "resume_at", SWEPT),
    Deadline(Check.INQUIRIES, "inquiries", "settles_at", SWEPT),
    Deadline(Check.INQUIRIES, "inquiries", "forget_contact_at", SWEPT),
    Deadline(Check.INQUIRIES, "inquiries", "changed_at", INQUIRY_ANSWERED, (("state", "open"),)),
    Deadline(Check.ANNOUNCEMENTS, "policies", "resume_at", SWEPT),
    Deadline(Check.ANNOUNCEMENTS, "campaigns", "resume_at", SWEPT),
    Deadline(Check.SIGN_UPS, "users", "destroy_at", SWEPT),
    Deadline(Check.SUSPENSIONS, "suspensions", "resume_at", SWEPT),
    Deadline(Check.CONSENTS, "users", "confirmation_due_at", SWEPT),
)
NAMED_AFTER_MEMBERS = frozenset({"wallets", "users", "withdrawals"})
"""Collections whose ids are members (uid)."""
BALANCES = ("available_points", "held_points", "debt_points")
"""Fields of a wallet that are never below zero."""
