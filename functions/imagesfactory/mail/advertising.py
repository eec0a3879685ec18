"""What the law asks of an advertisement, mailed or pushed, and the proof of each one in ``ads/{id}``.

Asked at the moment of sending, not when the letter was written: consent, and the hour. The subject begins with
``(광고)``; sender, address, telephone and a way to refuse that needs no sign-in stand in the body. Between 21:00 and
08:00 nothing may be pushed without a consent of its own, which nobody is asked for. E-mail is excepted from that, but
nobody wants advertising at night, so both wait until the morning.
Source: Network Act article 50 and its Enforcement Decree article 61 with schedule 6.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal

from imagesfactory.kit.clock import SEOUL, legal_day
from imagesfactory.kit.ids import keyed_hash
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import UnitOfWork

LABEL: Final = "(광고)"
Channel = Literal["email", "push"]
_MORNING: Final = time(8)
_EVENING: Final = time(21)


@dataclass(frozen=True)
class Advertiser:
    """Who sells and advertises, and where members refuse. Address, telephone and name are the deployment's."""

    address: str
    telephone: str
    unsubscribe_page: str
    key: str
    representative: str = ""
    """By law in a contract document (E-Commerce Act article 13(1)), not in advertising."""

    @property
    def may_advertise(self) -> bool:
        """Whether everything is known that has to stand in an advertising mail."""
        return bool(self.address and self.telephone and self.unsubscribe_page)

    def unsubscribe_url(self, uid: str, channel: Channel = "email") -> str:
        """Where this member refuses advertising on that channel with one click."""
        return f"{self.unsubscribe_page}?m={uid}.{self._seal(uid)}" + ("&c=push" if channel == "push" else "")

    def member_of(self, token: str) -> str | None:
        """The member (uid) whose link holds ``token``; None if we did not make it."""
        uid, _, seal = token.rpartition(".")
        return uid if uid and hmac.compare_digest(seal.encode(), self._seal(uid).encode()) else None

    def _seal(self, uid: str) -> str:
        return keyed_hash(self.key, "unsubscribe", uid)[:40]


def waits_until(now: datetime) -> datetime | None:
    """The next morning in Seoul if it is night there; None by day."""
    hour = now.astimezone(SEOUL).time()
    if _MORNING <= hour < _EVENING:
        return None
    day = legal_day(now) + timedelta(days=1 if hour >= _EVENING else 0)
    return datetime.combine(day, _MORNING, tzinfo=SEOUL)


def left_of_day(now: datetime) -> timedelta:
    """How long advertising may still appear today; zero at night."""
    if waits_until(now):
        return timedelta(0)
    return datetime.combine(legal_day(now), _EVENING, tzinfo=SEOUL) - now


class AdRecords:
    """Writes down which advertisement was sent to whom; nothing of what it said is lost: the campaign has it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def note(
        self, unit: UnitOfWork, mail_id: str, owner: str, campaign_id: str, channel: Channel, now: datetime
    ) -> None:
        """Write the record in the commit that says the letter was sent."""
        record = {
            "owner": owner,
            "channel": channel,
            "campaign": campaign_id,
            "sent_at": now,
            "destroy_at": destroy_at("advertising", now),
        }
        unit.create(self._client.collection("ads").document(mail_id), record)
