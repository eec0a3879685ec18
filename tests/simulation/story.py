"""Six years of some people's lives: every class of records, on the days on which calendars go wrong.

31 August with its six months, the last of November with its three, New Year's Eve late in the evening of Seoul (when
it is still afternoon in London), leap days, and members who leave in every way there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tests.simulation.deeds import Deeds, Person
from tests.simulation.seoul_days import begin_of

FIRST_DAY = date(2027, 8, 31)
LAST_DAY = date(2033, 9, 5)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

JISU = Person("jisu-000000000000000000000001", "jisu@mail.example", "김지수")
MINHO = Person("minho-00000000000000000000002", "minho@mail.example", "이민호")
SEOYEON = Person("seoyeon-000000000000000000003", "seoyeon@mail.example", "박서연")
JUNHO = Person("junho-00000000000000000000004", "junho@mail.example", "최준호")
NARI = Person("7m-nari-000000000000000000005", "nari@mail.example", "정나리")
"""Her id is among those that the sweep compares with the directory in the early afternoon of Seoul."""
HANA = Person("hana-000000000000000000000006", "hana@mail.example", "강하나")
DOYUN = Person("doyun-00000000000000000000007", "doyun@mail.example", "조도윤")
ARIN = Person("arin-000000000000000000000009", "arin@mail.example", "한아린")
SOMI = Person("somi-000000000000000000000010", "somi@mail.example", "서소미")
MINHO_AGAIN = Person("again-00000000000000000000008", "minho@mail.example", "이민호")


@dataclass(frozen=True)
class Act:
    """Something that somebody does at an instant (UTC)."""

    at: datetime
    name: str
    do: Callable[[], object]


class Story:
    """Collects acts; what one returns the later ones can use by its name."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.known: dict[str, Any] = {}

    def on(self, day: str, time: str, name: str, deed: Callable[..., Any], *uses: Any, **more: Any) -> None:
        """Let a deed be done on a day (Seoul) at a time (HH:MM). Of ``uses``, names of earlier acts stand for what
        those returned.
        """
        hours, minutes = map(int, time.split(":"))
        at = begin_of(date.fromisoformat(day)) + HOUR * hours + MINUTE * minutes

        def do() -> None:
            self.known[name] = deed(*(self._meant(use) for use in uses), **more)

        self.acts.append(Act(at, name, do))

    def _meant(self, use: Any) -> Any:
        if isinstance(use, Result):
            found = self.known[use.act]
            return found[use.part] if use.part is not None else found
        return use


@dataclass(frozen=True)
class Result:
    """What an earlier act returned, or one part of it."""

    act: str
    part: int | None = None


def six_years(deeds: Deeds) -> Story:
    """The story."""
    story = Story()
    _last_of_august(story, deeds)
    _autumn(story, deeds)
    _new_year(story, deeds)
    _leap_day(story, deeds)
    _end_of_may(story, deeds)
    _later_years(story, deeds)
    return story


def _last_of_august(story: Story, deeds: Deeds) -> None:
    day = "2027-08-31"
    story.on(day, "09:00", "jisu joins", deeds.join, JISU, likes_ads=True)
    story.on(day, "09:05", "minho joins", deeds.join, MINHO, google=True, likes_ads=True)
    story.on(day, "09:10", "seoyeon joins", deeds.join, SEOYEON)
    story.on(day, "09:15", "junho begins to join", deeds.begin_to_join, JUNHO)
    story.on(day, "09:17", "junho looks around", deeds.visit, JUNHO)
    story.on(day, "09:20", "nari joins", deeds.join, NARI)
    story.on(day, "09:30", "jisu buys", deeds.buy_with_toss, JISU)
    story.on(day, "09:35", "minho pays", deeds.pay_with_stripe, MINHO)
    story.on(day, "09:40", "seoyeon orders", deeds.order_for_deposit, SEOYEON)
    story.on(day, "09:45", "jisu generates", deeds.generate, JISU)
    story.on(day, "09:50", "seoyeon asks", deeds.ask, SEOYEON)
    story.on(day, "09:55", "a stranger asks", deeds.ask_as_stranger, "stranger@elsewhere.example")
    story.on(day, "10:00", "nari asks", deeds.ask, NARI)
    story.on(day, "10:05", "a campaign", deeds.advertise)
    story.on(day, "10:10", "jisu's telephone", deeds.register_device, JISU, "telephone-1")
    story.on(day, "10:15", "jisu uses a coupon", deeds.redeem, JISU, "WELCOME2026")
    story.on(day, "10:20", "nari orders and forgets", deeds.order_and_forget, NARI)
    story.on(day, "10:25", "minji gets a role", deeds.give_role)
    story.on(day, "10:30", "a court demands", deeds.disclose, SEOYEON)
    story.on(day, "10:35", "a change is announced", deeds.announce_change, "2027-10-15")


def _autumn(story: Story, deeds: Deeds) -> None:
    story.on("2027-09-01", "00:30", "minho's events arrive", deeds.events_arrive, MINHO)
    orders = Result("seoyeon orders", 0), Result("seoyeon orders", 1)
    story.on("2027-09-01", "00:40", "seoyeon deposits", deeds.deposit, SEOYEON, *orders)
    story.on("2027-09-01", "10:00", "seoyeon is answered", deeds.answer, SEOYEON, Result("seoyeon asks"))
    story.on("2027-09-01", "10:05", "the stranger is settled", deeds.settle, None, Result("a stranger asks"))
    story.on("2027-09-01", "10:10", "the books of August", deeds.settle_books)
    day = "2027-11-30"
    story.on(day, "11:00", "minho visits", deeds.visit, MINHO)
    story.on(day, "11:05", "jisu exports", deeds.export, JISU)
    story.on(day, "11:10", "jisu finds her name wrong", deeds.ask_correction, JISU)
    story.on(day, "11:20", "jisu loses her telephone", deeds.remove_device, JISU, "telephone-1")
    story.on(day, "11:25", "minho generates", deeds.generate, MINHO)
    story.on(day, "11:30", "minho deletes it", deeds.delete_image, MINHO, Result("minho generates"))
    story.on(day, "11:35", "minho disputes", deeds.dispute, MINHO, Result("minho pays"))


def _new_year(story: Story, deeds: Deeds) -> None:
    day = "2027-12-31"
    story.on(day, "23:20", "jisu's name is right", deeds.decide_correction, JISU, Result("jisu finds her name wrong"))
    story.on(day, "23:25", "jisu buys at the end of the year", deeds.buy_with_toss, JISU)
    story.on(day, "23:30", "seoyeon withdraws", deeds.withdraw, SEOYEON, has_deposit=True)
    story.on(day, "23:50", "jisu visits before midnight", deeds.visit, JISU)
    day = "2028-01-01"
    story.on(day, "00:20", "minho loses us the money", deeds.decide_dispute, MINHO, Result("minho disputes"), "lost")
    story.on(day, "00:25", "jisu visits after midnight", deeds.visit, JISU)
    story.on(day, "00:30", "minho withdraws", deeds.withdraw, MINHO)


def _leap_day(story: Story, deeds: Deeds) -> None:
    day = "2028-02-29"
    story.on(day, "09:00", "hana joins", deeds.join, HANA, likes_ads=True)
    story.on(day, "09:05", "hana buys", deeds.buy_with_toss, HANA)
    story.on(day, "09:10", "hana generates", deeds.generate, HANA)
    story.on(day, "09:15", "hana asks", deeds.ask, HANA)
    story.on(day, "09:20", "hana is settled", deeds.settle, HANA, Result("hana asks"))
    story.on(day, "09:25", "leap day's campaign", deeds.advertise)
    story.on(day, "09:30", "hana's letters return", deeds.mail_bounces, HANA)
    story.on(day, "09:35", "hana dislikes ads", deeds.change_consents, HANA, likes_ads=False)
    story.on(day, "09:37", "nari finds her name wrong", deeds.ask_correction, NARI)
    story.on(day, "09:40", "nari is deleted in the console", deeds.is_deleted_outside, NARI)


def _end_of_may(story: Story, deeds: Deeds) -> None:
    day = "2028-05-31"
    story.on(day, "10:00", "hana pays", deeds.pay_with_stripe, HANA, currency="KRW")
    story.on(day, "10:05", "hana's events arrive", deeds.events_arrive, HANA)
    story.on(day, "10:10", "hana disputes", deeds.dispute, HANA, Result("hana pays"))
    story.on(day, "10:12", "jisu is suspended for a while", deeds.is_suspended_for_a_while, JISU)
    story.on(day, "10:15", "hana withdraws", deeds.withdraw, HANA, Result("hana pays"))
    story.on(day, "11:00", "doyun joins", deeds.join, DOYUN)
    story.on(day, "11:05", "doyun leaves suspended", deeds.withdraw_suspended, DOYUN)
    story.on(day, "11:30", "arin joins", deeds.join, ARIN)
    story.on(day, "11:35", "arin's mother has it closed", deeds.is_closed_for_guardian, ARIN)
    story.on(day, "12:00", "somi joins", deeds.join, SOMI)
    story.on(day, "12:05", "somi buys", deeds.buy_with_stripe, SOMI)
    story.on(day, "12:10", "somi generates", deeds.generate, SOMI)
    story.on(day, "12:15", "somi withdraws", deeds.withdraw, SOMI)
    late = "2028-06-02", "11:00", "somi disputes after leaving"
    story.on(*late, deeds.dispute_after_leaving, SOMI, Result("somi buys"))
    story.on("2028-06-04", "11:00", "somi's bank decides", deeds.decide_dispute, SOMI, Result(late[2]), "lost")
    story.on("2028-06-02", "10:00", "hana's bank decides", deeds.decide_dispute, HANA, Result("hana disputes"), "won")


def _later_years(story: Story, deeds: Deeds) -> None:
    story.on("2029-01-01", "23:00", "minho is refused on the last day", deeds.is_refused, MINHO_AGAIN)
    story.on("2029-01-02", "00:30", "minho joins again", deeds.join, MINHO_AGAIN)
    story.on("2029-08-30", "10:00", "jisu goes on liking ads", deeds.change_consents, JISU, likes_ads=True)
    story.on("2029-08-31", "10:00", "a campaign after two years", deeds.advertise)
    day = "2030-05-31"
    story.on(day, "10:00", "jisu buys once more", deeds.pay_with_stripe, JISU)
    story.on(day, "10:05", "jisu's events arrive", deeds.events_arrive, JISU)
    story.on(day, "10:10", "jisu gives some back", deeds.refund, JISU, Result("jisu buys once more"), 100)
    story.on("2032-02-29", "10:00", "the last campaign", deeds.advertise)
    story.on("2032-02-29", "10:05", "jisu visits on a leap day", deeds.visit, JISU)
