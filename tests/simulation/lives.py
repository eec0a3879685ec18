"""More lives than the story's: drawn by a seed, so that a run can be repeated; most of it on days that are easy to get
wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.simulation.deeds import Deeds, Person
from tests.simulation.seoul_days import length_of
from tests.simulation.story import Result, Story

SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍"
GIVEN_NAMES = ("가온", "나래", "다온", "라온", "마루", "바다", "새봄", "아름", "자람", "차오름", "하람", "한별")
TIMES = ("00:20", "08:59", "09:01", "12:00", "14:59", "23:40")
"""Midnight in Seoul is three in the afternoon of UTC; 9 o'clock is UTC's midnight."""
PAUSE_DAYS_MIN = 4
EPISODES_MAX = 9


def draw_lives(story: Story, deeds: Deeds, count: int, seed: int, first: date, last: date) -> None:
    """Add ``count`` lives to the story, begun from ``first`` on and as far as they come by ``last``."""
    dice = random.Random(seed)
    for number in range(count):
        _Life(story, deeds, dice, number).draw(first, last)


class _Life:
    """One life: episodes one after the other, some days apart; each leaves nothing open behind."""

    def __init__(self, story: Story, deeds: Deeds, dice: random.Random, number: int) -> None:
        self._story, self._deeds, self._dice = story, deeds, dice
        name = f"{dice.choice(SURNAMES)}{dice.choice(GIVEN_NAMES)}{number:04d}"
        self._person = Person(f"life{number:04d}-{'x' * 19}", f"life{number:04d}@mail.example", name)
        self._steps = 0
        self._day, self._time = date.min, ""

    def draw(self, first: date, last: date) -> None:
        """From the sign-up to the last episode before ``last``."""
        dice, deeds = self._dice, self._deeds
        day = self._day_after(first, (last - first).days // 2)
        self._on(day, "join", deeds.join, google=dice.random() < 0.3, likes_ads=dice.random() < 0.5)
        for _ in range(dice.randint(1, EPISODES_MAX)):
            day = self._day_after(day + timedelta(days=PAUSE_DAYS_MIN), 300)
            if day + timedelta(days=PAUSE_DAYS_MIN) > last:
                return
            dice.choice(self._episodes)(self, day)
        day = self._day_after(day + timedelta(days=PAUSE_DAYS_MIN), 300)
        if day <= last and dice.random() < 0.7:
            self._on(
                day, "leave", dice.choice((deeds.withdraw, deeds.withdraw, deeds.withdraw_suspended)), time="20:00"
            )

    def _visit(self, day: date) -> None:
        self._on(day, "visit", self._deeds.visit)

    def _buy(self, day: date) -> None:
        self._on(day, "buy", self._deeds.buy_with_toss)
        self._on(day, "generate", self._deeds.generate)

    def _refund(self, day: date) -> None:
        bought = self._on(day, "buy", self._deeds.buy_with_stripe, currency=self._dice.choice(("USD", "KRW")))
        self._on(day, "refund", self._deeds.refund, Result(bought), self._dice.randint(1, 400))

    def _dispute(self, day: date) -> None:
        bought = self._on(day, "buy", self._deeds.buy_with_stripe)
        opened = self._on(day, "dispute", self._deeds.dispute, Result(bought))
        self._on(day + timedelta(days=2), "bank", self._deeds.decide_dispute, Result(opened), "won")

    def _ask(self, day: date) -> None:
        asked = self._on(day, "ask", self._deeds.ask)
        settle = self._dice.choice((self._deeds.settle, self._deeds.answer))
        self._on(day + timedelta(days=1), "desk", settle, Result(asked))

    def _export(self, day: date) -> None:
        self._on(day, "export", self._deeds.export)

    def _correct(self, day: date) -> None:
        asked = self._on(day, "correct", self._deeds.ask_correction)
        self._on(day + timedelta(days=2), "corrected", self._deeds.decide_correction, Result(asked))

    def _forget(self, day: date) -> None:
        self._on(day, "order", self._deeds.order_and_forget)

    _episodes = (_visit, _visit, _buy, _refund, _dispute, _ask, _export, _correct, _forget)

    def _on(self, day: date, what: str, deed: Callable[..., Any], *uses: Any, time: str = "", **more: Any) -> str:
        """Let the person do something, no earlier than what was done before on that day; returns the act's name."""
        self._steps += 1
        name = f"{self._person.uid} {self._steps} {what}"
        earliest = self._time if day == self._day else ""
        self._day, self._time = day, max(earliest, time or self._dice.choice(TIMES))
        self._story.on(day.isoformat(), self._time, name, deed, self._person, *uses, **more)
        return name

    def _day_after(self, first: date, days: int) -> date:
        """A day at most so many days later, preferably the last of a month."""
        day = first + timedelta(days=self._dice.randint(0, days))
        return day.replace(day=length_of(day.year, day.month)) if self._dice.random() < 0.6 else day
