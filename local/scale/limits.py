"""How much of each limit so many members take, the limits that our own code sets among them: read from the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imagesfactory.doors.schedules import SWEEP_TIME
from imagesfactory.payments.receipt_numbers import LANES

from local.deployment import declared
from local.scale.demand import SECONDS_PER_MONTH, Demand, demand_of
from local.scale.figures import figures, habit, work

SLOTS_A_DAY = 288
SWEEP_SECONDS = 300
NOTICE_SECONDS = 7 * 86_400
"""A change of the policy is told at least seven days before (privacy policy, article 12)."""


@dataclass(frozen=True)
class Use:
    """One limit: how much is wanted of it and how much there is, in ``unit``; what to do when it is reached."""

    name: str
    wanted: float
    allowed: float
    unit: str
    whose: str
    remedy: str

    @property
    def share(self) -> float:
        """1 and more: the limit is reached."""
        return self.wanted / self.allowed


def uses(demand: Demand) -> tuple[Use, ...]:
    """Every limit under this demand, in the busiest second unless a limit is about a day."""
    return (*_images(demand), *_database(demand), *_nights(demand))


def first_limit(members: int) -> Use:
    """The limit of which so many members take the most."""
    return max(uses(demand_of(members)), key=lambda use: use.share)


def members_until(name: str) -> float:
    """How many members the limit is enough for."""
    use = next(use for use in uses(demand_of(1_000_000)) if use.name == name)
    return 1_000_000 / use.share


def generate() -> Any:
    """What is declared of the image workers."""
    return declared.endpoints()["generate"]


def _images(demand: Demand) -> tuple[Use, ...]:
    wanted = demand.peak_per_second(demand.images)
    share = habit("openai_share")
    rates = generate().taskQueueTrigger["rateLimits"]
    queue = min(rates["maxConcurrentDispatches"] / work("image_seconds"), rates["maxDispatchesPerSecond"])
    workers = generate().maxInstances * generate().concurrency / work("image_seconds")
    return (
        Use("image queue", wanted, queue, "images/s", "ours", "raise rate_limits of generate (doors/tasks.py)"),
        Use("image workers", wanted, workers, "images/s", "ours", "raise max_instances of generate"),
        _given("OpenAI", "openai_images_per_second", wanted * share, "images/s"),
        _given("Stability AI", "stability_images_per_second", wanted * (1 - share), "images/s"),
        _given("dispatches of a queue", "dispatches_per_queue", wanted, "tasks/s"),
    )


def _database(demand: Demand) -> tuple[Use, ...]:
    jobs = demand.peak_per_second(demand.jobs) * work("job_document_writes")
    document = figures().limits["writes_per_document"]
    lanes = LANES * document.value
    purchases = demand.peak_per_second(demand.purchases)
    return (
        _given("index of jobs by sweep_at", "writes_per_hot_index", jobs, "writes/s"),
        Use("receipt number lanes", purchases, lanes, "writes/s", "ours", "raise LANES (payments/receipt_numbers.py)"),
    )


def _nights(demand: Demand) -> tuple[Use, ...]:
    purge = demand.records_due_per_day / work("purge_records_per_second")
    ledger = demand.members + demand.entries_standing
    nights = ledger / work("ledger_records_per_second") / work("settlement_walk_seconds")
    outstanding = demand.members / work("ledger_records_per_second")
    slot = demand.members / SLOTS_A_DAY / work("sign_ins_looked_up_per_second")
    told = demand.members / work("members_told_per_second")
    expiring = demand.joining / SECONDS_PER_MONTH * habit("joining_burst") * SWEEP_SECONDS
    expired = SWEEP_TIME.total_seconds() * work("wallets_expired_per_second")
    return (
        Use("purge of one day", purge, 86_400, "s", "ours", "one run for each range of names, side by side"),
        _given("a walk through the ledger", "nights_of_a_walk", nights, "nights"),
        _given("points outstanding by age", "scheduled_seconds", outstanding, "s"),
        Use("search for removed sign-ins", slot, SWEEP_SECONDS, "s", "ours", "a task for each slot"),
        Use("bonuses that expire together", expiring, expired, "wallets a sweep", "ours", "several wallets at a time"),
        Use("letters about a change", told, NOTICE_SECONDS, "s", "ours", "several rolls side by side"),
    )


def _given(name: str, limit: str, wanted: float, unit: str) -> Use:
    given = figures().limits[limit]
    return Use(name, wanted, given.value, unit, given.source, given.remedy)
