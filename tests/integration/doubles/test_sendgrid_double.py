"""The SendGrid double, through the real sendgrid SDK and its webhook helper."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.mail import (
    Asm,
    Attachment,
    Category,
    ContentId,
    CustomArg,
    Disposition,
    FileContent,
    FileName,
    FileType,
    GroupId,
    Mail,
    MailSettings,
    SandBoxMode,
    To,
)

from local.doubles import ControlClient, Doubles, running

FROM = ("support@imagesfactory.com", "imagesfactory")


def mail_to(*addresses: str, subject: str = "이미지가 완성되었습니다") -> Mail:
    mail = Mail(FROM, [To(one) for one in addresses], subject, plain_text_content="본문", html_content="<p>본문</p>")
    mail.custom_arg = CustomArg("mail_id", "m-1")
    mail.category = Category("job-finished")
    return mail


def body(**changes: Any) -> dict[str, Any]:
    whole = {
        "personalizations": [{"to": [{"email": "hana@example.com"}]}],
        "from": {"email": "support@imagesfactory.com"},
        "subject": "제목",
        "content": [{"type": "text/plain", "value": "본문"}],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def test_accepted_mail_lies_in_the_mailbox(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    mail = mail_to("hana@example.com")
    picture = base64.b64encode(b"not really a picture").decode()
    mail.attachment = Attachment(
        FileContent(picture), FileName("그림.png"), FileType("image/png"), Disposition("inline"), ContentId("img1")
    )
    answer = sendgrid.send(mail)
    assert (answer.status_code, answer.body) == (202, b"")
    (found,) = control.mails(to="HANA@example.com", at_least=1)
    assert found["message_id"] == answer.headers["X-Message-Id"]
    assert (found["subject"], found["text"], found["html"]) == ("이미지가 완성되었습니다", "본문", "<p>본문</p>")
    assert found["from"] == {"email": FROM[0], "name": FROM[1]}
    assert (found["custom_args"], found["categories"]) == ({"mail_id": "m-1"}, ["job-finished"])
    assert found["states"] == {"hana@example.com": "delivered"}
    assert (found["attachments"][0]["content_id"], found["attachments"][0]["bytes"]) == ("img1", 20)
    control.clear_mails()
    assert control.mails() == []


def test_each_personalization_is_a_mail_of_its_own(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    people = [
        {"to": [{"email": "a@example.com"}], "subject": "첫째", "substitutions": {"-name-": "하나"}},
        {"to": [{"email": "b@example.com"}], "cc": [{"email": "c@example.com"}]},
    ]
    content = [{"type": "text/plain", "value": "안녕 -name-"}]
    sendgrid.client.mail.send.post(request_body=body(personalizations=people, content=content))
    first, second = control.mails()
    assert (first["subject"], first["text"]) == ("첫째", "안녕 하나")
    assert (second["subject"], second["cc"][0]["email"]) == ("제목", "c@example.com")


def test_sandbox_mail_is_checked_and_not_delivered(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    mail = mail_to("hana@example.com")
    mail.mail_settings = MailSettings()
    mail.mail_settings.sandbox_mode = SandBoxMode(True)
    assert sendgrid.send(mail).status_code == 200
    assert control.mails() == []


PERSON, UPPER = {"email": "hana@example.com"}, {"email": "HANA@example.com"}


@pytest.mark.parametrize(
    ("changes", "field_name"),
    [
        ({"from": None}, "from.email"),
        ({"from": {"email": "하나@example.com"}}, "from.email"),
        ({"from": {"email": "support@imagesfactory.com", "name": "a; b"}}, "from.name"),
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "nobody"}]}]}, "personalizations.0.to.0.email"),
        ({"personalizations": [{"to": [{**PERSON, "name": "a, b"}]}]}, "personalizations.0.to.0.name"),
        ({"personalizations": [{"to": [PERSON], "cc": [UPPER]}]}, "personalizations.0.cc.0.email"),
        (
            {"personalizations": [{"to": [{"email": f"a{n}-{k}@example.com"} for n in range(501)]} for k in range(2)]},
            "personalizations",
        ),
        ({"subject": ""}, "subject"),
        ({"content": None}, "content"),
        ({"content": [{"type": "text/html", "value": "a"}, {"type": "text/plain", "value": "b"}]}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"attachments": [{"filename": "a.png", "content": "no base64!"}]}, "attachments.0.content"),
        ({"attachments": [{"content": "aGk="}]}, "attachments.0.filename"),
        ({"custom_args": {"a": "x" * 10_000}}, "custom_args"),
        ({"custom_args": {"a": 1}}, "custom_args"),
        ({"categories": [str(n) for n in range(11)]}, "categories"),
        ({"headers": {"Subject": "other"}}, "headers.Subject"),
        ({"send_at": 99_999_999_999}, "send_at"),
    ],
)  # fmt: skip
def test_wrong_mails_are_refused_by_field(
    sendgrid: SendGridAPIClient, control: ControlClient, changes: dict[str, Any], field_name: str
) -> None:
    with pytest.raises(HTTPError) as caught:
        sendgrid.client.mail.send.post(request_body=body(**changes))
    assert caught.value.status_code == 400
    assert field_name in [one["field"] for one in caught.value.to_dict["errors"]]
    assert control.mails() == []


def test_thousand_recipients_pass(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    people = [{"to": [{"email": f"a{number}@example.com"} for number in range(1000)]}]
    assert sendgrid.client.mail.send.post(request_body=body(personalizations=people)).status_code == 202
    assert len(control.mails()[0]["to"]) == 1000


def test_too_large_mail_is_413(sendgrid: SendGridAPIClient) -> None:
    with pytest.raises(HTTPError) as caught:
        sendgrid.client.mail.send.post(
            request_body=body(attachments=[{"filename": "a", "content": "A" * 32 * 1024 * 1024}])
        )
    assert caught.value.status_code == 413


def test_wrong_key_is_401(doubles: Doubles) -> None:
    client = SendGridAPIClient("SG.invalid", host=doubles.addresses.sendgrid_url)
    with pytest.raises(HTTPError) as caught:
        client.send(mail_to("hana@example.com"))
    assert caught.value.status_code == 401


def test_bounced_address_is_listed_dropped_and_can_be_taken_off(
    sendgrid: SendGridAPIClient, control: ControlClient
) -> None:
    address = "bounce+a@example.com"
    bounces = sendgrid.client.suppression.bounces
    sendgrid.send(mail_to(address))
    sendgrid.send(mail_to(address))
    assert [mail["states"][address] for mail in control.mails()] == ["bounced", "dropped"]
    assert [one["email"] for one in bounces.get().to_dict] == [address]
    assert bounces._(quote(address)).delete().status_code == 204
    assert bounces.get().to_dict == []
    with pytest.raises(HTTPError) as caught:
        bounces._(quote(address)).delete()
    assert caught.value.status_code == 404


def test_spam_report_stops_later_mail_and_a_block_does_not(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    for address in ("spam@example.com", "blocked@example.com"):
        sendgrid.send(mail_to(address))
        sendgrid.send(mail_to(address))
    states = [next(iter(mail["states"].values())) for mail in control.mails()]
    assert states == ["spam", "dropped", "blocked", "blocked"]


def test_group_unsubscribe_concerns_its_group_only(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    sendgrid.client.asm.groups._("7").suppressions.post(request_body={"recipient_emails": ["hana@example.com"]})
    for group in (7, 8):
        mail = mail_to("hana@example.com")
        mail.asm = Asm(GroupId(group))
        sendgrid.send(mail)
    assert [mail["states"]["hana@example.com"] for mail in control.mails()] == ["dropped", "delivered"]


def test_erasure_is_accepted_and_forgets_the_events(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    sendgrid.send(mail_to("hana@example.com", "duri@example.com"))
    answer = sendgrid.client.recipients.erasejob.post(request_body={"email_addresses": ["hana@example.com"]})
    assert answer.status_code == 202
    assert control.erasures() == [{**answer.to_dict, "email_addresses": ["hana@example.com"]}]
    assert {event["email"] for event in control.mails()[0]["events"]} == {"duri@example.com"}


@pytest.mark.parametrize("addresses", [[], ["nobody"], [f"a{n}@example.com" for n in range(5001)]])
def test_wrong_erasures_are_refused(sendgrid: SendGridAPIClient, control: ControlClient, addresses: list[str]) -> None:
    with pytest.raises(HTTPError) as caught:
        sendgrid.client.recipients.erasejob.post(request_body={"email_addresses": addresses})
    assert caught.value.status_code == 400
    assert control.erasures() == []


@dataclass
class Receiver:
    """A webhook endpoint: what was posted to it, as raw text with the two signature headers."""

    url: str
    status: int = 204
    posts: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            prefix = "X-Twilio-Email-Event-Webhook-"
            found.posts.append((text, self.headers[prefix + "Signature"], self.headers[prefix + "Timestamp"]))
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Receiver(f"http://127.0.0.1:{server.server_address[1]}/events")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def verified(doubles: Doubles, post: tuple[str, str, str]) -> bool:
    helper = EventWebhook(doubles.addresses.sendgrid_event_public_key)
    return bool(helper.verify_signature(*post))


def test_no_event_leaves_unless_configured(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    sendgrid.send(mail_to("hana@example.com"))
    assert control.posted_events() == []


def test_events_are_signed_as_sendgrid_signs(
    doubles: Doubles, sendgrid: SendGridAPIClient, control: ControlClient
) -> None:
    with receiver() as endpoint:
        control.set_event_webhook(endpoint.url)
        message_id = sendgrid.send(mail_to("hana@example.com", "bounce@example.com")).headers["X-Message-Id"]
        assert [one["status"] for one in control.posted_events()] == [204]
    (post,) = endpoint.posts
    events = json.loads(post[0])
    told = [(event["email"].partition("@")[0], event["event"]) for event in events]
    assert told == [("hana", "processed"), ("hana", "delivered"), ("bounce", "processed"), ("bounce", "bounce")]
    assert events[3]["type"] == "bounce"
    assert all(event["mail_id"] == "m-1" and event["sg_message_id"].startswith(message_id) for event in events)
    assert len({event["sg_event_id"] for event in events}) == 4
    assert verified(doubles, post)
    assert not verified(doubles, (post[0].replace("bounce", "open"), *post[1:]))


def test_events_can_come_twice_backwards_late_and_forged(
    doubles: Doubles, sendgrid: SendGridAPIClient, control: ControlClient
) -> None:
    with receiver() as endpoint:
        control.set_event_webhook(endpoint.url, duplicate=True, reverse=True)
        sendgrid.send(mail_to("hana@example.com"))
        control.posted_events()
        control.set_event_webhook(endpoint.url)
        mail_id = control.mails()[0]["id"]
        control.emit_event(mail_id, "spamreport", tampered=True)
        control.emit_event(mail_id, "unsubscribe", offset_seconds=-3600)
        control.posted_events()
    first, twin, forged, late = endpoint.posts
    assert first[0] == twin[0]
    assert [event["event"] for event in json.loads(first[0])] == ["delivered", "processed"]
    assert [verified(doubles, post) for post in endpoint.posts] == [True, True, False, True]
    assert int(first[2]) - int(late[2]) > 3500
    assert json.loads(forged[0])[0]["event"] == "spamreport"


def test_failed_posts_are_told(sendgrid: SendGridAPIClient, control: ControlClient) -> None:
    with receiver() as endpoint:
        endpoint.status = 500
        control.set_event_webhook(endpoint.url)
        sendgrid.send(mail_to("hana@example.com"))
        control.posted_events()
    sendgrid.send(mail_to("hana@example.com"))
    assert [(one["status"], one["error"]) for one in control.posted_events()] == [(500, None), (None, "ConnectError")]


def test_public_key_is_served_where_sendgrid_serves_it(doubles: Doubles, sendgrid: SendGridAPIClient) -> None:
    answer = sendgrid.client.user.webhooks.event.settings.signed.get()
    assert answer.to_dict["public_key"] == doubles.addresses.sendgrid_event_public_key


def test_webhook_can_be_on_from_the_start_and_survives_a_reset() -> None:
    with receiver() as endpoint, running(events_url=endpoint.url) as doubles:
        doubles.control.reset()
        SendGridAPIClient("SG.local", host=doubles.addresses.sendgrid_url).send(mail_to("hana@example.com"))
        assert len(doubles.control.posted_events()) == 1
