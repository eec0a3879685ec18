"""The plan of a chaos run: the seed decides, and nothing is left out."""

from __future__ import annotations

from local.chaos.plan import Act, Strike, blows, story
from local.doubles.core.faults import FaultRule


def test_the_same_seed_tells_the_same_stories_and_breaks_the_same_things() -> None:
    assert [story(7, number) for number in range(50)] == [story(7, number) for number in range(50)]
    assert blows(7, 120) == blows(7, 120)
    assert blows(7, 120) != blows(8, 120)
    assert blows(7, 120) != blows(7, 120, again=1)
    assert [story(7, number) for number in range(50)] != [story(8, number) for number in range(50)]


def test_a_larger_run_tells_the_stories_of_a_smaller_one_and_more() -> None:
    assert [story(7, number) for number in range(10)] == [story(7, number) for number in range(20)][:10]


def test_every_act_is_played_and_everything_breaks() -> None:
    assert {act for number in range(4) for act in story(7, number)} == set(Act), "the first to live do everything"
    fallen = blows(7, 150)
    assert {blow.strike for blow in fallen} == set(Strike)
    broken = {blow.rule.provider for blow in fallen if blow.rule}
    assert broken == {"openai", "stability", "sendgrid", "toss", "stripe"}
    assert {blow.rule.effect for blow in fallen if blow.rule} == {"error", "cut", "lost", "hold", "garbage"}


def test_whoever_leaves_does_it_last() -> None:
    for number in range(300):
        acts = story(7, number)
        assert Act.LEAVE not in acts[:-1]


def test_money_goes_back_only_after_it_came() -> None:
    bought, back = {Act.BUY_WITH_TOSS, Act.BUY_WITH_STRIPE}, {Act.RETURN, Act.RETURN_AT_THE_DESK, Act.DISPUTE}
    for number in range(300):
        acts = story(7, number)
        first = next(place for place, act in enumerate(acts) if act in bought)
        assert all(place > first for place, act in enumerate(acts) if act in back)
        assert Act.DISPUTE not in acts or Act.BUY_WITH_STRIPE in acts, "disputes are Stripe's"


def test_blows_fall_in_order_within_the_time_and_are_rules_that_doubles_take() -> None:
    fallen = blows(7, 60)
    times = [blow.at_seconds for blow in fallen]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= 60
    for rule in (blow.rule for blow in fallen if blow.rule):
        assert FaultRule.from_json(rule.to_json()) == rule
