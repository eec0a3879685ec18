"""How much of everything so many members ask for: a month, and in the busiest second."""

from __future__ import annotations

from dataclasses import dataclass

from local.scale.figures import figures, habit

SECONDS_PER_MONTH = 30.44 * 86_400
DAYS_KEPT = {"image": 90, "visit": 91, "ledger": 5 * 365}
"""About how long what is left behind stays: images and letters, visits, everything about money."""


@dataclass(frozen=True)
class Demand:
    """What ``members`` do in a month."""

    members: int
    active: float
    sign_ins: float
    jobs: float
    images: float
    purchases: float
    pages: float
    leaving: float
    joining: float

    def peak_per_second(self, per_month: float) -> float:
        """So many a month, in the busiest second."""
        return per_month / SECONDS_PER_MONTH * habit("peak_factor")

    def total(self, of: str) -> float:
        """Reads, writes, records left or function seconds of all acts of a month."""
        acts = figures().acts
        done = {
            "sign_in": self.sign_ins,
            "job": self.jobs,
            "purchase": self.purchases,
            "page": self.pages,
            "leaving": self.leaving,
        }
        return sum(count * float(getattr(acts[name], of)) for name, count in done.items())

    @property
    def records_standing(self) -> float:
        """Records there are once as many die as are born: what a month leaves behind, times how long it stays."""
        months = {kind: days / 30.44 for kind, days in DAYS_KEPT.items()}
        by_kind = {
            "visit": self.sign_ins,
            "image": 2 * self.jobs,  # the job and its letter
            "ledger": 2 * self.jobs + figures().acts["purchase"].left * self.purchases,
        }
        return 4 * self.members + sum(count * months[kind] for kind, count in by_kind.items())

    @property
    def entries_standing(self) -> float:
        """Entries of the ledger there are then: a hold and a settlement for each job, a grant for each purchase."""
        return (2 * self.jobs + self.purchases) * DAYS_KEPT["ledger"] / 30.44

    @property
    def records_due_per_day(self) -> float:
        """Records that reach their last day: as many as are born, once the longest period has gone round."""
        return self.total("left") / 30.44


def demand_of(members: int) -> Demand:
    """What so many members do in a month."""
    active = members * habit("active_share")
    jobs = active * habit("jobs")
    return Demand(
        members=members,
        active=active,
        sign_ins=active * habit("sign_ins"),
        jobs=jobs,
        images=jobs * habit("images_per_job"),
        purchases=active * habit("purchases"),
        pages=active * habit("pages_read"),
        leaving=members * habit("leaving_share"),
        joining=members * habit("joining_share"),
    )
