"""Pure words and decisions of the truth page: the questions, a verdict each, and what makes one red."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.errors import Text

IDS_MAX = 20
"""How many ids a verdict names; more are counted."""
DAILY = timedelta(hours=26)
"""Something that happens once a day may be this old: a day, and what it takes."""
BOOKS_READY = timedelta(hours=5, minutes=30)
"""How long after midnight in Seoul yesterday's settlement must be there (scheduler.yaml begins it an hour before)."""

IsLeaving = Callable[[str], bool]
"""Whether a withdrawal of a member (uid) is under way, which takes apart what is the member's, step by step."""


class Check(StrEnum):
    """The questions. Those of :data:`AUDITED` need every record to be read."""

    LEDGER_BALANCED = "ledger-balanced"
    NOTHING_BELOW_ZERO = "nothing-below-zero"
    JOBS = "jobs-on-time"
    NEWEST_IMAGES = "newest-images"
    LETTERS = "letters-on-time"
    ORDERS = "orders-on-time"
    REFUNDS = "refunds-on-time"
    EVENTS = "events-on-time"
    DISPUTES = "disputes-on-time"
    EXPIRIES = "expiries-on-time"
    EXPORTS = "exports-on-time"
    CORRECTIONS = "corrections-on-time"
    WITHDRAWALS = "withdrawals-on-time"
    INQUIRIES = "inquiries-on-time"
    ANNOUNCEMENTS = "announcements-on-time"
    SIGN_UPS = "sign-ups-on-time"
    CONSENTS = "consents-on-time"
    SUSPENSIONS = "suspensions-on-time"
    PLACES_REGISTERED = "places-registered"
    RECORDS_DESTROYED = "records-destroyed"
    PURGE_RAN = "purge-ran"
    PURGE_CLEAN = "purge-clean"
    SETTLEMENT_MADE = "settlement-made"
    SETTLEMENT_CLEAN = "settlement-clean"
    WALLETS_EQUAL_ENTRIES = "wallets-equal-entries"
    LOTS_AND_HOLDS = "lots-and-holds"
    HOLDS_ALIVE = "holds-alive"
    IMAGES_CHARGED = "images-charged"
    IMAGES_STORED = "images-stored"
    FILES_NAMED = "files-named"
    PAYMENTS_GRANTED = "payments-granted"
    RETURNS_TAKEN_BACK = "returns-taken-back"
    PROVIDERS_AGREE = "providers-agree"
    RECORDS_REGISTERED = "records-registered"

    @property
    def text(self) -> Text:
        """What is true when it is green."""
        return TEXTS[self]


TEXTS = {
    Check.LEDGER_BALANCED: Text("원장의 합계가 0이다", "The ledger sums to zero"),
    Check.NOTHING_BELOW_ZERO: Text("0보다 작은 잔액이 없다", "Nothing is below zero"),
    Check.JOBS: Text("기한이 지난 작업이 없다", "No job is past its deadline"),
    Check.NEWEST_IMAGES: Text(
        "최근 하루의 이미지가 모두 청구되고 보관되어 있다", "Every image of the newest day is charged and has its file"
    ),
    Check.LETTERS: Text("방치된 메일이 없다", "No letter is stuck"),
    Check.ORDERS: Text("방치된 주문이 없다", "No order is stuck"),
    Check.REFUNDS: Text("기한이 지난 환불이 없다", "No refund is stuck or past the day it is due"),
    Check.EVENTS: Text("방치되거나 포기된 결제 이벤트가 없다", "No payment event is stuck or given up"),
    Check.DISPUTES: Text("처리되지 않은 분쟁이 없다", "No lost dispute waits for the register of misuse"),
    Check.EXPIRIES: Text("만료 처리가 밀린 포인트가 없다", "No expired points wait to be posted"),
    Check.EXPORTS: Text("방치된 열람 파일이 없다", "No export is stuck"),
    Check.CORRECTIONS: Text(
        "기한이 지난 정정이 없다", "No correction is past its ten days, or has yet to reach all copies"
    ),
    Check.WITHDRAWALS: Text("방치된 탈퇴가 없다", "No withdrawal is stuck"),
    Check.INQUIRIES: Text("답변 기한이 지난 문의가 없다", "No inquiry waits longer than promised"),
    Check.ANNOUNCEMENTS: Text(
        "멈춘 공지나 광고 발송, 공지 없이 시행되는 방침이 없다",
        "No announcement or campaign has stopped half way, and no version begins unannounced",
    ),
    Check.SIGN_UPS: Text("기한이 지난 미완료 가입이 없다", "No unfinished sign-up is past its day"),
    Check.CONSENTS: Text("확인 요청이 밀린 광고 수신 동의가 없다", "Nobody waits to be asked to confirm a consent"),
    Check.SUSPENSIONS: Text("방치된 이용 정지가 없다", "No suspension is stuck half way"),
    Check.PLACES_REGISTERED: Text("등록되지 않은 저장 위치가 없다", "No collection or folder is outside the registry"),
    Check.RECORDS_DESTROYED: Text("파기 기한이 지난 기록이 없다", "No record is overdue for destruction"),
    Check.PURGE_RAN: Text("파기 작업이 하루 안에 실행되었다", "The purge ran within a day"),
    Check.PURGE_CLEAN: Text("마지막 파기 작업에 실패가 없다", "The last purge failed at nothing and missed no file"),
    Check.SETTLEMENT_MADE: Text("어제의 정산이 있다", "Yesterday's settlement was made"),
    Check.SETTLEMENT_CLEAN: Text("정산에 차이가 없다", "No settlement of the last month shows a difference"),
    Check.WALLETS_EQUAL_ENTRIES: Text("모든 지갑이 원장과 같다", "Every wallet equals the sum of its entries"),
    Check.LOTS_AND_HOLDS: Text("지갑의 구성이 맞다", "Every wallet's balances equal its lots and holds"),
    Check.HOLDS_ALIVE: Text("보류된 포인트마다 진행 중인 건이 있다", "Every hold has its live job, refund or dispute"),
    Check.IMAGES_CHARGED: Text("완성된 이미지만 청구되었다", "Every finished image is charged, and nothing else"),
    Check.IMAGES_STORED: Text("청구된 이미지는 모두 보관되어 있다", "Every charged image has its file"),
    Check.FILES_NAMED: Text("주인 없는 이미지 파일이 없다", "Every image file belongs to an image"),
    Check.PAYMENTS_GRANTED: Text("결제와 지급이 일치한다", "Every payment granted its points, once"),
    Check.RETURNS_TAKEN_BACK: Text("환불과 회수가 일치한다", "Every refund and lost dispute took its points back once"),
    Check.PROVIDERS_AGREE: Text("결제사 장부와 일치한다", "The providers' books equal ours"),
    Check.RECORDS_REGISTERED: Text("모든 기록이 등록된 위치에 있다", "Every record lies in its registered place"),
}
AUDITED = frozenset(list(Check)[list(Check).index(Check.WALLETS_EQUAL_ENTRIES) :])
"""Only the audit answers these."""


@dataclass(frozen=True)
class Verdict:
    """The answer to one question. ``count`` says how many untruths there are, ``ids`` names the first of them."""

    check: Check
    count: int = 0
    ids: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    """Members (uid) among the ids: whoever is shown this has looked at them."""
    is_more: bool = False
    """Whether there may be more than were counted."""

    @property
    def is_green(self) -> bool:
        """Whether it is as it should be."""
        return self.count == 0


@dataclass(frozen=True)
class Page:
    """All verdicts of one look."""

    as_of: datetime
    verdicts: tuple[Verdict, ...]

    @property
    def is_green(self) -> bool:
        """Whether everything that was asked is as it should be."""
        return all(verdict.is_green for verdict in self.verdicts)

    @property
    def members(self) -> tuple[str, ...]:
        """Every member (uid) it names."""
        return tuple(dict.fromkeys(uid for verdict in self.verdicts for uid in verdict.members))


@dataclass
class Tally:
    """A verdict in the making; holds :data:`IDS_MAX` ids at most, however much is wrong."""

    check: Check
    count: int = 0
    ids: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)

    def add(self, name: str, member: str = "") -> None:
        """One more untruth: where it is, and the member (uid) if the name tells one."""
        self.count += 1
        if len(self.ids) < IDS_MAX:
            self.ids.append(name)
            if member:
                self.members.append(member)

    def verdict(self) -> Verdict:
        """What has been found."""
        return Verdict(self.check, self.count, tuple(self.ids), tuple(dict.fromkeys(self.members)))


def ledger(accounts: dict[str, int]) -> Verdict:
    """Whether points by account, over all members, sum to zero; the count is how many were minted or lost."""
    total = sum(accounts.values())
    return Verdict(Check.LEDGER_BALANCED, abs(total), ("minted" if total > 0 else "lost",) if total else ())


def purge_ran(finished_at: datetime | None, oldest_member: datetime | None, now: datetime) -> Verdict:
    """Whether a run was finished within a day; before a service is a day old there need not be one."""
    last = finished_at or oldest_member
    is_late = last is not None and last < now - DAILY
    return Verdict(Check.PURGE_RAN, int(is_late), (finished_at.isoformat() if finished_at else "never",) * is_late)


def purge_clean(failed: dict[str, int], missing: int) -> Verdict:
    """Whether the last run destroyed all it had to; ``failed`` by place, ``missing``: files that records name."""
    counts = {place: count for place, count in {**failed, "files-missing": missing}.items() if count}
    return Verdict(Check.PURGE_CLEAN, sum(counts.values()), tuple(sorted(counts))[:IDS_MAX])


def settlement_due(now: datetime) -> date:
    """The latest legal day whose settlement must be there by now."""
    return legal_day(now - BOOKS_READY) - timedelta(days=1)


def settlement_made(latest: str | None, oldest_member: datetime | None, now: datetime) -> Verdict:
    """Whether the settlement that is due was made; ``latest`` is the day of the newest report, ISO 8601."""
    due = settlement_due(now)
    is_expected = oldest_member is not None and legal_day(oldest_member) <= due
    is_missing = is_expected and (latest is None or latest < due.isoformat())
    return Verdict(Check.SETTLEMENT_MADE, int(is_missing), (due.isoformat(),) * is_missing)


def settlement_clean(reports: Iterable[dict[str, Any]]) -> Verdict:
    """Whether the reports show no difference and a ledger that balances; names the days that do not."""
    tally = Tally(Check.SETTLEMENT_CLEAN)
    for report in reports:
        ledger_says = report.get("ledger") or {}
        if report.get("difference_count") or ledger_says.get("total") or ledger_says.get("wrong_wallets"):
            tally.add(str(report["day"]))
    return tally.verdict()
