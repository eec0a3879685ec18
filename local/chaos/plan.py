"""What happens by choice, derived from the seed: the story of each member, and the blows that fall meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Literal

from local.doubles.core.faults import Effect, FaultRule


class Act(StrEnum):
    """What a member can do."""

    MAKE = "make images"
    MAKE_AND_CANCEL = "make images and cancel"
    BUY_WITH_TOSS = "buy with Toss"
    BUY_WITH_STRIPE = "buy with Stripe"
    PAY_NOTHING = "order and never pay"
    RETURN = "return points"
    RETURN_AT_THE_DESK = "be refunded by the shop's staff"
    DISPUTE = "dispute a payment"
    TAKE_ALONG = "export everything"
    ASK = "make an inquiry"
    LEAVE = "withdraw"


class Strike(StrEnum):
    """What can break."""

    FAULT = "a provider misbehaves"
    WEBHOOKS = "webhooks come twice, backwards or late"
    KILL_WORKER = "a function worker is killed"
    KILL_FIRESTORE = "Firestore is killed and comes back"
    SWEEP = "the sweep runs"


@dataclass(frozen=True)
class Blow:
    """One thing that breaks, so many seconds after the beginning."""

    at_seconds: float
    strike: Strike
    rule: FaultRule | None = None
    choice: int = 0
    """Which of what is there at that moment: a worker, a way for webhooks to travel."""

    def __str__(self) -> str:
        """For the log of the run."""
        what = f"{self.rule.provider} {self.rule.path} {self.rule.effect} {self.rule.status or ''}" if self.rule else ""
        return f"{self.at_seconds:6.1f} s  {self.strike.value} {what}".rstrip()


BUSINESS = (
    (Act.BUY_WITH_TOSS, Act.RETURN),
    (Act.BUY_WITH_STRIPE, Act.DISPUTE),
    (Act.BUY_WITH_TOSS, Act.RETURN_AT_THE_DESK),
    (Act.BUY_WITH_STRIPE, Act.RETURN),
)
"""How a member pays, and how the money, or some of it, goes back: in turn."""
SPENDING = (Act.MAKE, Act.MAKE_AND_CANCEL)
ASIDE = (Act.TAKE_ALONG, Act.ASK, Act.PAY_NOTHING)
MORE = (*SPENDING, *ASIDE, Act.MAKE, Act.RETURN)
LEAVES_EVERY = 4
"""Of so many members one leaves. So the first four stories have every act in them."""
CALLS = (
    ("openai", "*generations*"),
    ("openai", "*moderations*"),
    ("stability", "*"),
    ("sendgrid", "*mail/send*"),
    ("toss", "*"),
    ("stripe", "*refunds*"),
    ("stripe", "*"),
)
"""Whose calls go wrong."""
EFFECTS: tuple[tuple[Effect, int | None], ...] = (
    ("error", 429),
    ("error", 500),
    ("error", 503),
    ("cut", None),
    ("lost", None),
    ("hold", None),
    ("garbage", None),
)
WEIGHTS: tuple[tuple[Strike, int], ...] = (
    (Strike.FAULT, 10),
    (Strike.WEBHOOKS, 3),
    (Strike.KILL_WORKER, 2),
    (Strike.SWEEP, 2),
)
BLOW_EVERY_SECONDS = 2.5
FIRESTORE_KILLED_AT = (0.4, 0.8)
"""Parts of the run's time."""


def story(seed: int, number: int) -> tuple[Act, ...]:
    """The whole life of member ``number`` after joining: images, a purchase, more images, money back, whatever else
    comes to mind, and for some the farewell.
    """
    random = Random(f"{seed} member {number}")
    bought, returned = BUSINESS[number % len(BUSINESS)]
    life = [Act.MAKE, bought, SPENDING[number % len(SPENDING)], returned, ASIDE[number % len(ASIDE)]]
    for act in random.choices(MORE, k=random.randint(0, 3)):
        life.insert(random.randint(2, len(life)), act)
    return (*life, Act.LEAVE) if number % LEAVES_EVERY == LEAVES_EVERY - 1 else tuple(life)


def blows(seed: int, seconds: float, again: int = 0) -> tuple[Blow, ...]:
    """What breaks within so many seconds, in order; ``again``: the storm comes back so many times before."""
    random = Random(f"{seed} blows {again}")
    strikes, weights = zip(*WEIGHTS, strict=True)
    count = int(seconds / BLOW_EVERY_SECONDS)
    chosen = [_blow(random, seconds, strike) for strike in random.choices(strikes, weights, k=count)]
    killed = [Blow(seconds * part, Strike.KILL_FIRESTORE) for part in FIRESTORE_KILLED_AT]
    return tuple(sorted((*chosen, *killed), key=lambda blow: blow.at_seconds))


def _blow(random: Random, seconds: float, strike: Strike) -> Blow:
    at = random.uniform(0, seconds)
    rule = _fault(random) if strike is Strike.FAULT else None
    return Blow(at, strike, rule, random.randrange(1 << 16))


def _fault(random: Random) -> FaultRule:
    provider, path = random.choice(CALLS)
    effect, status = random.choice(EFFECTS)
    wait: Literal[1] | None = 1 if status == 429 else None
    return FaultRule(
        effect=effect,
        provider=provider,
        path=path,
        status=status,
        retry_after_seconds=wait,
        times=random.randint(1, 2 if effect == "hold" else 8),
    )
