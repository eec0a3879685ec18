"""Events of the carrier, signed by the double as SendGrid signs them: fates, dead addresses, forgeries."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from imagesfactory.kit import unit_of_work
from imagesfactory.mail.model import Fate, MailEvent
from imagesfactory.mail.suppression import SuppressionList
from imagesfactory.rights.mail_stops import MailStopLift, MailStops
from imagesfactory.staff.model import Role, StaffMember
from imagesfactory.vendors.sendgrid_events import TOLERANCE_SECONDS, EventsForged, EventsMalformed, mail_events

from local.doubles.sendgrid.events import SigningKey
from tests.backend import PSEUDONYM_KEY, Backend
from tests.integration.support.test_inquiries import MINJI, ask, words

KEY = SigningKey()
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def read(
    events: Any, *, signed_at: datetime = NOW, key: SigningKey = KEY, body: bytes | None = None
) -> list[MailEvent]:
    payload = json.dumps(events).encode() + b"\r\n"
    timestamp = str(int(signed_at.timestamp()))
    return mail_events(body or payload, key.sign(timestamp, payload), timestamp, KEY.public_key, NOW)


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"mail_id": "m-1", "email": "jisu@example.com", "event": kind, "sg_event_id": "x", "ip": "192.0.2.1", **more}


@pytest.mark.parametrize(
    ("said", "fate"),
    [
        (event("delivered"), Fate.DELIVERED),
        (event("deferred"), Fate.DEFERRED),
        (event("bounce", type="bounce"), Fate.BOUNCED),
        (event("bounce", type="blocked"), Fate.BLOCKED),
        (event("dropped", reason="Bounced Address"), Fate.BOUNCED),
        (event("dropped", reason="Invalid"), Fate.BOUNCED),
        (event("dropped", reason="Spam Reporting Address"), Fate.SPAM),
        (event("dropped", reason="Unsubscribed Address"), Fate.BLOCKED),
        (event("spamreport"), Fate.SPAM),
    ],
)
def test_what_each_event_means(said: dict[str, Any], fate: Fate) -> None:
    assert read([said]) == [MailEvent("m-1", "jisu@example.com", fate)]


def test_what_is_not_about_our_letters_is_passed_over() -> None:
    others = [event("processed"), event("open"), {"event": "bounce"}, event("bounce", mail_id="../x"), 7, None]
    assert read([*others, event("delivered")]) == [MailEvent("m-1", "jisu@example.com", Fate.DELIVERED)]


def test_forged_old_and_future_events_are_refused() -> None:
    late = timedelta(seconds=TOLERANCE_SECONDS + 1)
    for arguments in ({"signed_at": NOW - late}, {"signed_at": NOW + late}, {"key": SigningKey()}, {"body": b"[]"}):
        with pytest.raises(EventsForged):
            read([event("spamreport")], **arguments)
    for signature, timestamp in (("", "1"), ("!!", str(int(NOW.timestamp()))), ("AAAA", "x"), ("", "")):
        with pytest.raises(EventsForged):
            mail_events(b"[]", signature, timestamp, KEY.public_key, NOW)
    for body in ({"event": "delivered"}, "text"):
        with pytest.raises(EventsMalformed):
            read(body)


def test_whatever_the_order_and_however_often_the_strongest_fate_stays(backend: Backend) -> None:
    ask(backend, backend.member())
    backend.work_off()
    mail_id = next(one.id for one in backend.client.collection("mail").stream() if one.id.endswith("-received"))
    address = "jisu@example.com"
    for order in itertools.permutations([Fate.DEFERRED, Fate.DELIVERED, Fate.SPAM]):
        backend.client.document(f"mail/{mail_id}").update({"fate": Fate.UNKNOWN.rank})
        for one in backend.client.collection("users/jisu/alerts").stream():
            one.reference.delete()
        for fate in (*order, *order):
            assert backend.mail_events.apply(MailEvent(mail_id, address, fate), backend.clock.now())
        assert backend.document(f"mail/{mail_id}")["fate"] == Fate.SPAM.rank
        assert [one.id for one in backend.client.collection("users/jisu/alerts").stream()] == [mail_id]
    assert len(list(backend.client.collection("suppressions").stream())) == 1


def test_a_returned_letter_ends_mail_to_that_address_and_says_so_on_my_page(backend: Backend) -> None:
    uid = backend.member("gone", "bounce@example.com")
    inquiry_id = ask(backend, uid)
    backend.work_off()
    (mail,) = backend.doubles.control.mails(to="bounce@example.com")
    for told in mail["events"]:
        for one in read([told]):
            backend.mail_events.apply(one, backend.clock.now())
    (alert,) = [one.to_dict() or {} for one in backend.client.collection(f"users/{uid}/alerts").stream()]
    assert (alert["kind"], alert["owner"]) == ("mail-returned", uid)
    (listed,) = backend.client.collection("suppressions").stream()
    assert "bounce" not in listed.id
    assert listed.get("reason") == "bounced"

    backend.support_desk.answer(MINJI, words(inquiry_id, "answer-01"), backend.clock.now())
    backend.work_off()
    assert len(backend.doubles.control.mails(to="bounce@example.com")) == 1
    failures = [one.get("failure") for one in backend.client.collection("mail").stream()]
    assert failures.count("address-suppressed") == 1

    stops = MailStops(
        backend.client,
        profiles=backend.profiles,
        suppressions=SuppressionList(backend.client, PSEUDONYM_KEY),
        accesses=backend.access_log,
    )
    assert stops.lift_own(uid)
    assert not stops.lift_own(uid)
    backend.support_desk.answer(MINJI, words(inquiry_id, "answer-02"), backend.clock.now())
    backend.work_off()
    *_, again = backend.doubles.control.mails(to="bounce@example.com")
    assert again["states"] == {"bounce@example.com": "bounced"}, "it was tried, not dropped by a list of SendGrid's"


def test_the_officer_lifts_a_stop_on_record(backend: Backend) -> None:
    suppressions = SuppressionList(backend.client, PSEUDONYM_KEY)
    add = partial(suppressions.add, address="Sora@example.com", fate=Fate.BOUNCED, now=backend.clock.now())
    unit_of_work.run(backend.client, add)
    stops = MailStops(backend.client, profiles=backend.profiles, suppressions=suppressions, accesses=backend.access_log)
    lift = MailStopLift(email="sora@example.com", reason="전화로 확인")
    officer = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
    assert stops.lift_for(officer, lift, backend.clock.now())
    assert not suppressions.is_listed("sora@example.com", backend.clock.now())
    (line,) = backend.client.collection("accesses").stream()
    assert (line.get("action"), line.get("reason")) == ("mail-stop-lifted", "전화로 확인")


def test_an_event_about_a_letter_that_is_gone_leaves_no_trace(backend: Backend) -> None:
    for fate in (Fate.DELIVERED, Fate.BOUNCED):
        event_of_nobody = MailEvent("no-such-letter", "withdrawn@example.com", fate)
        assert not backend.mail_events.apply(event_of_nobody, backend.clock.now())
    assert not list(backend.client.collection("suppressions").stream())
    assert not list(backend.client.collection("mail").stream())
