"""The simulation of size adds up, reads the limits that are declared, and its page is the one that it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from imagesfactory.doors.schedules import SWEEP_SLOT, SWEEP_TIME

from local.deployment import declared
from local.scale import costs, limits
from local.scale.day import DEADLINE_MINUTES, simulated
from local.scale.demand import SECONDS_PER_MONTH, demand_of
from local.scale.figures import figures, habit, work

ROOT = Path(__file__).parents[4]


def test_the_page_is_what_the_simulation_says() -> None:
    """In a process of its own: the library of the plots changes how every later import of its process works."""
    checked = subprocess.run(
        [sys.executable, "-m", "local.scale", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "functions")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    drawings = [file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "scale").glob("*.svg")]
    assert drawings
    assert "<!--" not in "".join(drawings), "the library's remark names the day of drawing"


def test_demand_grows_with_the_members() -> None:
    small, large = demand_of(1_000), demand_of(1_000_000)
    assert large.images == pytest.approx(1000 * small.images)
    assert large.records_standing == pytest.approx(1000 * small.records_standing)
    assert small.images == 1000 * habit("active_share") * habit("jobs") * habit("images_per_job")


def test_what_is_free_is_not_charged() -> None:
    assert costs.monthly(demand_of(1_000))["sign-ins"] == 0
    million = demand_of(1_000_000)
    beyond = million.active - figures().free["sign_ins"]
    assert costs.monthly(million)["sign-ins"] == pytest.approx(beyond * figures().prices["sign_in_month"].value)


def test_images_cost_what_their_providers_take() -> None:
    bill, demand = costs.monthly(demand_of(10_000)), demand_of(10_000)
    assert bill["images: OpenAI"] == pytest.approx(demand.images * habit("openai_share") * 0.032)


def test_every_price_that_was_seen_has_its_day_and_the_fees_are_of_both_providers() -> None:
    assert all((price.as_of is None) == (price.seen == "assumed") for price in figures().prices.values())
    demand = demand_of(10_000)
    toss, stripe = (
        demand.purchases * habit("toss_share") * 0.43,
        demand.purchases * (1 - habit("toss_share")) * (0.54 + 0.30),
    )
    assert costs.monthly(demand)["payment fees"] == pytest.approx(toss + stripe)


def test_what_expires_together_is_held_against_what_a_sweep_has_time_for() -> None:
    use = next(use for use in limits.uses(demand_of(1_000_000)) if use.name == "bonuses that expire together")
    assert use.allowed == SWEEP_TIME.total_seconds() * work("wallets_expired_per_second")
    assert use.wanted > demand_of(1_000_000).joining / SECONDS_PER_MONTH * SWEEP_SLOT.total_seconds(), "more than usual"


def test_our_own_limits_are_read_from_what_is_declared() -> None:
    generate = declared.endpoints()["generate"]
    uses = {use.name: use for use in limits.uses(demand_of(1_000_000))}
    assert uses["image workers"].allowed == generate.maxInstances * generate.concurrency / work("image_seconds")
    rates = generate.taskQueueTrigger["rateLimits"]
    assert uses["image queue"].allowed <= rates["maxDispatchesPerSecond"]


def test_the_queue_is_no_tighter_than_the_workers_behind_it() -> None:
    """What we choose ourselves must not be the first limit of the images: providers' limits can be raised by asking."""
    uses = {use.name: use for use in limits.uses(demand_of(1_000_000))}
    providers = uses["OpenAI"].allowed + uses["Stability AI"].allowed
    assert min(uses["image queue"].allowed, uses["image workers"].allowed) >= providers


def test_a_limit_is_enough_for_as_many_members_as_are_said() -> None:
    enough = limits.members_until("OpenAI")
    use = next(use for use in limits.uses(demand_of(round(enough))) if use.name == "OpenAI")
    assert use.share == pytest.approx(1, rel=1e-6)


def test_a_quiet_day_is_served_at_once_and_every_image_is_accounted_for() -> None:
    quiet, crowded = simulated(demand_of(10_000)), simulated(demand_of(50_000_000))
    assert quiet.done == quiet.asked
    assert quiet.percentile(0.99) == 0
    for day in (quiet, crowded):
        assert day.done + day.missed == day.asked
        assert sum(day.waited.values()) == day.done
    assert crowded.missed > 0
    assert max(crowded.waited) < DEADLINE_MINUTES


def test_the_same_seed_is_the_same_day() -> None:
    assert simulated(demand_of(100_000), seed=3) == simulated(demand_of(100_000), seed=3)
    assert simulated(demand_of(100_000), seed=3) != simulated(demand_of(100_000), seed=4)
