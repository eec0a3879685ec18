"""What the carrier tells about letters it took: the letter's fate, and the end of addresses that take none.

Who reports an advertisement as spam wants no advertising: that consent ends, and receipts, contracts and answers go on.
Applying an event twice, or events in another order, ends the same: the strongest fate stays, a listed address stays
listed, and a member gets one alert for one letter. So nothing needs to remember which events came before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts.model import ConsentKind
from imagesfactory.accounts.profiles import ProfileService
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.mail import model
from imagesfactory.mail.model import Fate, MailEvent
from imagesfactory.mail.store import MailStore, mail_from
from imagesfactory.mail.suppression import SuppressionList
from imagesfactory.mail.words import Advertisement

if TYPE_CHECKING:
    from google.cloud.firestore import Client

SPAM_REPORT = "spam-report"
"""The channel of a consent that ended so."""
_ALERT_KO = (
    "등록하신 이메일 주소로 메일이 전달되지 않아 메일 발송을 중단했습니다. 결과와 안내는 마이페이지에서 확인해 주세요. "
    "주소에 문제가 없으면 마이페이지에서 메일을 다시 받을 수 있습니다."
)
_ALERT_EN = (
    "Mail to your address was returned, so we stopped sending it. Results and messages stay here on your page; "
    "please give us another address, or have the mail resumed here if nothing is wrong with this one."
)


class MailEvents:
    """Applies verified events."""

    def __init__(self, client: Client, suppressions: SuppressionList, profiles: ProfileService) -> None:
        self._client = client
        self._profiles = profiles
        self._store = MailStore(client)
        self._suppressions = suppressions

    def apply(self, event: MailEvent, now: datetime) -> bool:
        """Apply one event; False when its letter is gone, or is not ours."""
        if event.fate.ends_address:
            known = unit_of_work.run(self._client, partial(self._end_address, event=event, now=now))
        else:
            known = self._store.strengthen_fate(event.mail_id, event.fate)
        log.info("mail.event", mail_id=event.mail_id if known else "", code=event.fate.value)
        return known

    def _end_address(self, unit: UnitOfWork, event: MailEvent, now: datetime) -> bool:
        (snapshot,) = unit.peek(self._store.reference(event.mail_id))
        mail = mail_from(snapshot)
        if mail is None:
            return False
        fate = model.stronger_fate(mail.fate, event.fate)
        if fate is mail.fate:
            return True
        unit.tie(snapshot)
        self._store.update(unit, replace(mail, fate=fate))
        if fate is Fate.SPAM and snapshot.get("kind") == Advertisement.kind:
            self._profiles.refuse_advertising(unit, mail.owner, ConsentKind.MARKETING_EMAIL, SPAM_REPORT, now)
            return True
        self._suppressions.add(unit, event.address, fate, now)
        if mail.owner and not mail.fate.ends_address:
            self._alert(unit, mail.owner, mail.id, now)
        return True

    def _alert(self, unit: UnitOfWork, owner: str, mail_id: str, now: datetime) -> None:
        """Tell the member on my page what mail cannot tell any more."""
        alert = {"owner": owner, "kind": "mail-returned", "ko": _ALERT_KO, "en": _ALERT_EN, "at": now}
        alerts = self._client.collection("users").document(owner).collection("alerts")
        unit.create(alerts.document(mail_id), alert)
