"""The retention table as the privacy policy promises it, written down by hand: what the checker believes, not the code.

Neither retention.yaml nor anything that reads it is used here. A row that the policy does not have (a machine's own
record) says so by its name's ending.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.simulation.seoul_days import Span, days, months, years

CONSENT_LAPSES, CONSENT_ASKED = months(24), months(23)
"""After so long a consent to advertising counts no more, and is to be confirmed (Network Act article 50(8))."""
REMINDER = "consent-reminder"
"""The kind of the letter that asks."""
UNFINISHED = timedelta(hours=24)
"""How long somebody may take to complete a sign-up; counted from the instant, not by days (article 11)."""


@dataclass(frozen=True)
class Row:
    """One class of records. ``span`` is None where the membership is the only limit."""

    name: str
    span: Span | None = None
    starts: str = "written"
    """``written``: the clock starts when the record is, and again whenever the story says it does. ``told``: only when
    the story says so; until then the record stays."""
    is_kept: bool = False
    """Whether a law keeps it after a withdrawal, in the archive."""
    restarts: bool = False
    """Whether its clock starts again each time it is used: a counter is needed as long as the last thing it counted."""
    says_whose: bool = False
    """Whether the record has to say whose data it is about for as long as it lives: logs of looks and disclosures."""


MEMBER = Row("member data")
CONTRACT = Row("contracts and withdrawals of offer", years(5), is_kept=True)
PAYMENT = Row("payment and supply", years(5), is_kept=True)
COMPLAINT = Row("complaints and disputes", years(3), starts="told", is_kept=True)
ADVERTISING = Row("display and advertising", months(6), is_kept=True)
VISIT = Row("visit records", months(3), is_kept=True)
FINANCE = Row("electronic financial transactions", years(5), is_kept=True)
MISUSE = Row("misuse records", years(1))
IMAGE = Row("generated images", days(90))

ROWS: dict[str, Row] = {
    "users/*": MEMBER,
    "users/*/consents/*": MEMBER,
    "users/*/devices/*": MEMBER,
    "users/*/alerts/*": MEMBER,
    "wallets/*": MEMBER,
    "withdrawals/*": MEMBER,
    "misuse/*": MISUSE,
    "bonuses/*": Row("marks of who had the sign-up bonus (ours)", years(1)),
    "departures/*": Row("hashes of who left with payments that can be disputed (ours)", months(6)),
    "suspensions/*": Row("suspensions of members", years(1), starts="told"),
    "orders/*": CONTRACT,
    "refunds/*": CONTRACT,
    "coupon_uses/*": CONTRACT,
    "payments/*": PAYMENT,
    "inquiries/*": COMPLAINT,
    "inquiries/*/messages/*": COMPLAINT,
    "corrections/*": COMPLAINT,
    "disputes/*": COMPLAINT,
    "ads/*": ADVERTISING,
    "visits/*": VISIT,
    "wallets/*/entries/*": FINANCE,
    "jobs/*": IMAGE,
    "mail/*": Row("letters (ours)", days(90)),
    "exports/*": Row("exports (ours)", days(7)),
    "withdrawn/*": Row("evidence of withdrawals (ours)", years(5)),
    "tombstones/*": Row("marks of withdrawn accounts (ours)", days(90)),
    "suppressions/*": Row("dead addresses (ours)", years(1)),
    "allowances/*": Row("allowances (ours)", days(1), restarts=True),
    "accesses/*": Row("access log (ours)", years(2), says_whose=True),
    "disclosures/*": Row("disclosures (ours)", years(3), says_whose=True),
    "role_changes/*": Row("staff rights (ours)", years(3)),
    "policies/*": Row("announcements (ours)", years(5)),
    "notices/*": Row("announcements (ours)", years(5)),
    "campaigns/*": Row("announcements (ours)", years(5)),
    "inbox/*": Row("providers' events (ours)", days(30)),
    "receipt_numbers/*": Row("receipt counters (ours)", years(5), restarts=True),
    "settlements/*": Row("daily settlements (ours)", years(5)),
    "purges/*": Row("evidence of destruction (ours)", years(5)),
}
FILES: dict[str, Row] = {
    "images/*/*/*": IMAGE,
    "exports/*/*/*": Row("exports (ours)", days(7)),
}
SWEPT = frozenset(
    {
        "users/*",
        "wallets/*",
        "orders/*",
        "refunds/*",
        "disputes/*",
        "inbox/*",
        "jobs/*",
        "mail/*",
        "inquiries/*",
        "inquiries/*/messages/*",
        "suspensions/*",
        "withdrawals/*",
        "withdrawn/*",
        "campaigns/*",
        "policies/*",
    }
)
"""Places of which the sweep may change records: what it brings to its end. All others it leaves as they are."""


def pattern_of(path: str, patterns: dict[str, Row]) -> str | None:
    """The pattern that a path has, or None when it is registered nowhere."""
    parts = path.split("/")
    for pattern in patterns:
        names = pattern.split("/")
        if len(names) == len(parts) and all(name in ("*", part) for name, part in zip(names, parts, strict=True)):
            return pattern
    return None
