"""SendGrid: the real SDK against the double."""

from __future__ import annotations

import dataclasses
import logging
import time
from datetime import timedelta

import pytest
from imagesfactory.mail.ports import Attachment, Letter, LetterRefused, SenderBusy
from imagesfactory.vendors.sendgrid_mail import SendGridSender

from local.doubles import Doubles, FaultRule
from tests.integration.vendors.limits import SHORT_SECONDS

KEY = "SG.secret.of-the-test"
LETTER = Letter(
    mail_id="a24lettersanddigits",
    kind="job-finished",
    to_address="member@example.com",
    from_address="noreply@imagesfactory.com",
    from_name="imagesfactory",
    reply_to="support@imagesfactory.com",
    subject="그림이 완성되었습니다",
    text="안녕하세요",
    html='<p>안녕하세요 <img src="cid:image-1"></p>',
    attachments=(
        Attachment(filename="1.png", content_type="image/png", content_id="image-1", content=b"\x89PNG one"),
        Attachment(filename="2.png", content_type="image/png", content_id="image-2", content=b"\x89PNG two"),
    ),
)


@pytest.fixture
def sender(doubles: Doubles) -> SendGridSender:
    return SendGridSender(api_key=KEY, host=doubles.addresses.sendgrid_url)


def test_a_letter_arrives_whole_with_the_least_data(doubles: Doubles, sender: SendGridSender) -> None:
    message_id = sender.send(LETTER)
    (mail,) = doubles.control.mails(to="member@example.com")
    assert message_id
    assert mail["message_id"] == message_id
    (request,) = doubles.control.requests("sendgrid")
    body = dict(request.body)
    attached = body.pop("attachments")
    assert [(one["disposition"], one["content_id"], one["type"]) for one in attached] == [
        ("inline", "image-1", "image/png"),
        ("inline", "image-2", "image/png"),
    ]
    assert body == {
        "personalizations": [{"to": [{"email": "member@example.com"}]}],
        "from": {"email": "noreply@imagesfactory.com", "name": "imagesfactory"},
        "reply_to": {"email": "support@imagesfactory.com"},
        "subject": LETTER.subject,
        "content": [{"type": "text/plain", "value": LETTER.text}, {"type": "text/html", "value": LETTER.html}],
        "categories": ["job-finished"],
        "custom_args": {"mail_id": "a24lettersanddigits"},
        "mail_settings": {
            "bypass_bounce_management": {"enable": True},
            "bypass_spam_management": {"enable": True},
        },
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
        },
    }


def test_two_letters_do_not_mix(doubles: Doubles, sender: SendGridSender) -> None:
    sender.send(LETTER)
    sender.send(dataclasses.replace(LETTER, mail_id="another", kind="receipt", attachments=()))
    second = doubles.control.requests("sendgrid")[1]
    assert second.body["categories"] == ["receipt"]
    assert second.body["custom_args"] == {"mail_id": "another"}
    assert "attachments" not in second.body


def _error(status: int) -> FaultRule:
    return FaultRule(effect="error", status=status, message="about member@example.com")


FAILURES: list[tuple[FaultRule, type[Exception], str]] = [
    (_error(400), LetterRefused, ""),
    (_error(413), LetterRefused, ""),
    (_error(415), LetterRefused, ""),
    (_error(422), LetterRefused, ""),
    (_error(401), SenderBusy, "mail.sender_unusable"),
    (_error(403), SenderBusy, "mail.sender_unusable"),
    (_error(404), SenderBusy, "mail.sender_unusable"),
    (_error(405), SenderBusy, "mail.sender_unusable"),
    (_error(408), SenderBusy, ""),
    (_error(429), SenderBusy, ""),
    (_error(500), SenderBusy, ""),
    (_error(502), SenderBusy, ""),
    (_error(503), SenderBusy, ""),
    (_error(504), SenderBusy, ""),
    (FaultRule(effect="lost"), SenderBusy, ""),
    (FaultRule(effect="garbage"), SenderBusy, ""),
]


def _name(row: object) -> str | None:
    return f"{row.effect}-{row.status}" if isinstance(row, FaultRule) else None


@pytest.mark.parametrize(("rule", "ours", "logged"), FAILURES, ids=_name)
def test_each_failure_becomes_ours_after_exactly_one_request(
    doubles: Doubles,
    sender: SendGridSender,
    capsys: pytest.CaptureFixture[str],
    rule: FaultRule,
    ours: type[Exception],
    logged: str,
) -> None:
    doubles.control.plan(rule)
    with pytest.raises(ours) as raised:
        sender.send(LETTER)
    lines = capsys.readouterr().out
    assert logged in lines
    assert bool(logged) == bool(lines)
    for secret in (KEY, LETTER.to_address):
        assert secret not in str(raised.value) + lines
    assert len(doubles.control.requests("sendgrid", at_least=1)) == 1


def test_what_sendgrid_itself_finds_wrong_is_named_by_its_field(sender: SendGridSender) -> None:
    with pytest.raises(LetterRefused) as raised:
        sender.send(dataclasses.replace(LETTER, to_address="no address"))
    assert raised.value.code == "personalizations.0.to.0.email"


def test_a_text_that_begins_like_a_key_is_refused_before_it_leaves(doubles: Doubles, sender: SendGridSender) -> None:
    with pytest.raises(LetterRefused, match="text_like_a_key"):
        sender.send(dataclasses.replace(LETTER, text="SG.abc.def is what the member typed"))
    assert doubles.control.requests("sendgrid") == []


def test_the_wait_that_sendgrid_asks_for_is_passed_on(doubles: Doubles, sender: SendGridSender) -> None:
    fault = doubles.control.plan(FaultRule(effect="error", status=429, retry_after_seconds=30))
    with pytest.raises(SenderBusy) as raised:
        sender.send(LETTER)
    assert raised.value.delay == timedelta(seconds=30)
    doubles.control.remove_fault(fault)
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 1000)}
    doubles.control.plan(FaultRule(effect="error", status=429, headers=reset))
    with pytest.raises(SenderBusy) as raised:
        sender.send(LETTER)
    assert timedelta(seconds=500) < raised.value.delay <= timedelta(seconds=1000)


def test_no_answer_in_time_and_nobody_listening_are_busy(doubles: Doubles) -> None:
    doubles.control.plan(FaultRule(effect="hold"))
    slow = SendGridSender(api_key=KEY, host=doubles.addresses.sendgrid_url, send_seconds=SHORT_SECONDS)
    with pytest.raises(SenderBusy):
        slow.send(LETTER)
    doubles.control.clear_faults()
    with pytest.raises(SenderBusy):
        SendGridSender(api_key=KEY, host="http://127.0.0.1:9").send(LETTER)


def test_without_a_key_an_operator_is_told_and_the_letter_waits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SenderBusy):
        SendGridSender(api_key="", host="http://127.0.0.1:9").send(LETTER)
    assert "api_key_missing" in capsys.readouterr().out


def test_the_sdk_logs_neither_key_nor_letter(sender: SendGridSender, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sender.send(LETTER)
    assert KEY not in caplog.text
    assert LETTER.to_address not in caplog.text
