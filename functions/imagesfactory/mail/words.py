"""What there is to say: one frozen record for each kind of mail and of notification, with facts only, no address."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class NotMade:
    """An image that was not made: its number (from 1) and the reason in both languages."""

    number: int
    ko: str
    en: str


@dataclass(frozen=True)
class JobFinished:
    """A job ended: what was made, what it cost, what was not made and why."""

    kind: ClassVar[str] = "job-finished"

    job_id: str
    files: tuple[str, ...]
    captured_points: int
    released_points: int
    not_made: tuple[NotMade, ...]


@dataclass(frozen=True)
class PointsBought:
    """Points were bought: the contract document, with the notice that was confirmed."""

    kind: ClassVar[str] = "points-bought"

    order_id: str
    receipt_number: str
    pack_ko: str
    pack_en: str
    points: int
    bonus_points: int
    price: str
    notice_ko: str
    notice_en: str


@dataclass(frozen=True)
class RefundDecided:
    """A refund ended: the money went back, or the points did."""

    kind: ClassVar[str] = "refund-decided"

    order_id: str
    is_successful: bool
    is_own_request: bool
    price: str
    points: int
    owed_points: int
    late_interest: str = ""
    """What is owed besides for paying back late, if anything is."""


@dataclass(frozen=True)
class ReceiptAsked:
    """A receipt, because the member asked for it: label and value of each line, in both languages."""

    kind: ClassVar[str] = "receipt"

    number: str
    provider_url: str
    lines_ko: tuple[tuple[str, str], ...]
    lines_en: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class InquiryReceived:
    """An inquiry arrived: told to whoever asked, without repeating what was asked."""

    kind: ClassVar[str] = "inquiry-received"

    inquiry_id: str
    is_guardians: bool = False
    """Whether a parent or guardian demands a child's account be deleted, and has to show who they are."""


@dataclass(frozen=True)
class InquiryForDesk:
    """Somebody asks something, for our own support desk. What they wrote stays where looks are logged and days end."""

    kind: ClassVar[str] = "inquiry-desk"

    inquiry_id: str
    topic: str
    is_member: bool


@dataclass(frozen=True)
class InquiryAnswered:
    """What staff answered to an inquiry."""

    kind: ClassVar[str] = "inquiry-answered"

    inquiry_id: str
    text: str
    is_member: bool


@dataclass(frozen=True)
class PolicyChange:
    """The terms or the privacy policy will change (privacy policy, article 12)."""

    kind: ClassVar[str] = "policy-change"

    document: str
    effective_on: str
    summary_ko: str
    summary_en: str
    needs_consent: bool


@dataclass(frozen=True)
class Advertisement:
    """An advertisement, for members who agree to it."""

    kind: ClassVar[str] = "advertisement"

    campaign_id: str
    subject_ko: str
    subject_en: str
    body_ko: str
    body_en: str


@dataclass(frozen=True)
class ExportFinished:
    """The file of everything we hold is ready to be fetched until a day, or could not be made."""

    kind: ClassVar[str] = "export-finished"

    export_id: str
    is_ready: bool
    last_day: str


@dataclass(frozen=True)
class ConsentChanged:
    """A consent to advertising was given or taken back (Network Act article 50(7): sender, fact, day, outcome)."""

    kind: ClassVar[str] = "consent-changed"

    changes: tuple[str, ...]
    """``marketing_email:granted``, one for each change."""
    day: str


@dataclass(frozen=True)
class LapsingConsent:
    """A consent to advertising, the day on which it was given or last confirmed, and the one from which it lapses."""

    consent: str
    given_on: str
    lapses_on: str


@dataclass(frozen=True)
class ConsentReminder:
    """Consents that lapse unless confirmed (Network Act article 50(8): sender, fact, day, how to keep or withdraw)."""

    kind: ClassVar[str] = "consent-reminder"

    consents: tuple[LapsingConsent, ...]


@dataclass(frozen=True)
class CorrectionDecided:
    """A correction was made, or was not, and why."""

    kind: ClassVar[str] = "correction-decided"

    is_done: bool
    reason: str


@dataclass(frozen=True)
class AccountSuspended:
    """The service was closed to a member: for what kind of reason, and which rights remain."""

    kind: ClassVar[str] = "account-suspended"

    category: str
    """One of imagesfactory.officer.model.Category."""
    day: str


@dataclass(frozen=True)
class AccountReinstated:
    """The service is open to a suspended member again."""

    kind: ClassVar[str] = "account-reinstated"

    day: str


@dataclass(frozen=True)
class AccountClosed:
    """An account was closed: what went back, what was erased, what a law keeps and why. The last letter to anybody."""

    kind: ClassVar[str] = "account-closed"

    channel: str
    """On whose word: ``member``, ``officer`` (who was asked), ``guardian`` or ``deleted-outside``."""
    day: str
    refunds: tuple[str, ...]
    """Amounts that went back, as people read them."""
    unrefunded_count: int
    """Orders whose money had nowhere to go: its owner was not there to name an account."""
    lost_points: int
    erased_records: int
    erased_files: int
    lines_ko: tuple[tuple[str, str], ...]
    """What is kept: name of the records; how many, how long and on what basis."""
    lines_en: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ImagesEnded:
    """Pushed: a job ended, with so many images made and so many not."""

    kind: ClassVar[str] = "push-images-ended"

    job_id: str
    made_count: int
    not_made_count: int


@dataclass(frozen=True)
class AnswerWaiting:
    """Pushed: an inquiry was answered; what was answered is read in the app."""

    kind: ClassVar[str] = "push-answer-waiting"

    inquiry_id: str


@dataclass(frozen=True)
class PushedAdvertisement:
    """Pushed: an advertisement, for members who agree to that."""

    kind: ClassVar[str] = "push-advertisement"

    campaign_id: str
    subject_ko: str
    subject_en: str


Notification = ImagesEnded | AnswerWaiting | PushedAdvertisement
"""What is pushed to a member's devices instead of mailed. It passes through others and stands on locked screens, so it
has counts and our own ids in it and nothing else."""

Words = (
    Notification
    | AccountClosed
    | AccountSuspended
    | AccountReinstated
    | ExportFinished
    | ConsentChanged
    | ConsentReminder
    | CorrectionDecided
    | JobFinished
    | PointsBought
    | RefundDecided
    | ReceiptAsked
    | InquiryReceived
    | InquiryForDesk
    | InquiryAnswered
    | PolicyChange
    | Advertisement
)


def to_map(words: Words) -> dict[str, Any]:
    """The words as plain values. A database has no list of lists: each line of a receipt becomes a map."""
    values = asdict(words)
    for name in _LINES & values.keys():
        values[name] = [{"label": label, "value": value} for label, value in values[name]]
    return values


def from_map(kind: str, fields: dict[str, Any]) -> Words:
    """The words of that kind.

    Raises:
        ValueError: there is no such kind.

    """
    if kind == JobFinished.kind:
        return _job_finished(fields)
    if kind == InquiryForDesk.kind:  # letters written earlier hold the text as well
        return InquiryForDesk(fields["inquiry_id"], fields["topic"], fields["is_member"])
    if kind == ConsentChanged.kind:
        return ConsentChanged(**fields | {"changes": tuple(fields["changes"])})
    if kind == ConsentReminder.kind:
        return ConsentReminder(tuple(LapsingConsent(**consent) for consent in fields["consents"]))
    if kind == ReceiptAsked.kind:
        return ReceiptAsked(**fields | _lines(fields))
    if kind == AccountClosed.kind:
        return AccountClosed(**fields | _lines(fields) | {"refunds": tuple(fields["refunds"])})
    for flat in _FLAT:
        if flat.kind == kind:
            return flat(**fields)
    msg = "unknown kind of mail"
    raise ValueError(msg)


_LINES = frozenset({"lines_ko", "lines_en"})
_FLAT: tuple[type[Words], ...] = (
    PointsBought,
    RefundDecided,
    InquiryReceived,
    InquiryAnswered,
    PolicyChange,
    Advertisement,
    ExportFinished,
    CorrectionDecided,
    AccountSuspended,
    AccountReinstated,
    ImagesEnded,
    AnswerWaiting,
    PushedAdvertisement,
)
"""Kinds whose fields are stored as they are."""


def _lines(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple((line["label"], line["value"]) for line in fields[name]) for name in _LINES}


def _job_finished(fields: dict[str, Any]) -> JobFinished:
    return JobFinished(
        job_id=fields["job_id"],
        files=tuple(fields["files"]),
        captured_points=fields["captured_points"],
        released_points=fields["released_points"],
        not_made=tuple(NotMade(**not_made) for not_made in fields["not_made"]),
    )
