"""The pages for people: complete, escaped, and unable to run anything."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from openai import OpenAI
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Attachment, ContentId, Disposition, FileContent, FileName, FileType, Mail

from local.doubles import ControlClient, Doubles, FaultRule

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def page(doubles: Doubles, session: requests.Session, path: str) -> requests.Response:
    return session.get(doubles.addresses.home.rstrip("/") + path, timeout=60)


def send_evil_mail(client: SendGridAPIClient) -> None:
    html = f'<p>그림</p>{EVIL}<img src="cid:img1"><img src="cid:img10"><img src="https://example.com/pixel.png">'
    mail = Mail(("a@example.com", EVIL), "b@example.com", EVIL, plain_text_content=EVIL, html_content=html)
    for name, kind in (("그림.png", "image/png"), ("page.html", "text/html")):
        content = FileContent(base64.b64encode(EVIL.encode()).decode())
        mail.attachment = Attachment(content, FileName(name), FileType(kind), Disposition("inline"), ContentId("img1"))
    client.send(mail)


def test_home_lists_every_address(doubles: Doubles, session: requests.Session, control: ControlClient) -> None:
    control.plan(FaultRule(effect="error", path=EVIL))
    answer = page(doubles, session, "/")
    addresses = doubles.addresses
    for address in (addresses.openai_base_url, addresses.stability_url, addresses.stability_grpc_host):
        assert address in answer.text
    assert EVIL not in answer.text
    for link in set(re.findall(r'href="(/[^"#]*)"', answer.text)):
        assert page(doubles, session, link).status_code == 200, link


def test_pages_forbid_scripts_and_strangers(doubles: Doubles, session: requests.Session) -> None:
    for path in ("/", "/mailbox", "/gallery"):
        policy = page(doubles, session, path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
    strange = session.get(doubles.addresses.mailbox, headers={"host": "evil.example"}, timeout=60)
    assert strange.status_code == 403


def test_mail_is_shown_in_a_sandbox(
    doubles: Doubles, session: requests.Session, sendgrid: SendGridAPIClient, control: ControlClient
) -> None:
    send_evil_mail(sendgrid)
    mail_id = control.mails()[0]["id"]
    for path in ("/mailbox", f"/mailbox/{mail_id}"):
        assert EVIL not in page(doubles, session, path).text
    frame = re.search(r'<iframe[^>]* sandbox="([^"]*)"', page(doubles, session, f"/mailbox/{mail_id}").text)
    assert frame is not None
    assert "allow-scripts" not in frame[1]
    assert "allow-same-origin" not in frame[1]
    letter = page(doubles, session, f"/mailbox/messages/{mail_id}/html")
    assert letter.headers["content-security-policy"].startswith("sandbox ")
    assert "default-src 'none'" in letter.headers["content-security-policy"]
    assert f'src="/mailbox/messages/{mail_id}/attachments/0"' in letter.text
    assert "cid:img10" in letter.text


def test_attachments_cannot_become_pages(
    doubles: Doubles, session: requests.Session, sendgrid: SendGridAPIClient, control: ControlClient
) -> None:
    send_evil_mail(sendgrid)
    base = f"/mailbox/messages/{control.mails()[0]['id']}/attachments"
    # The SDK's helper puts the attachment added last first.
    shown = {page(doubles, session, f"{base}/{n}").headers["content-disposition"] for n in (0, 1)}
    kinds = {page(doubles, session, f"{base}/{n}").headers["content-type"] for n in (0, 1)}
    assert (shown, kinds) == ({"inline", "attachment"}, {"image/png", "application/octet-stream"})
    assert page(doubles, session, f"{base}/2").status_code == 404


def test_mailbox_is_emptied_by_its_own_page_only(
    doubles: Doubles, session: requests.Session, sendgrid: SendGridAPIClient, control: ControlClient
) -> None:
    send_evil_mail(sendgrid)
    url = f"{doubles.addresses.sendgrid_url}/mailbox/clear"
    assert session.post(url, headers={"origin": "https://evil.example"}, timeout=60).status_code == 403
    assert len(control.mails()) == 1
    assert session.post(url, headers={"origin": doubles.addresses.sendgrid_url}, timeout=60).status_code == 200
    assert control.mails() == []


def test_gallery_shows_what_was_drawn(doubles: Doubles, session: requests.Session, openai: OpenAI) -> None:
    answer = openai.images.generate(model="gpt-image-2", prompt=f"고래 {EVIL}")
    text = page(doubles, session, "/gallery").text
    assert "고래" in text
    assert EVIL not in text
    address = re.search(r'<img src="(/gallery/\d+)"', text)
    assert address is not None
    picture = page(doubles, session, address[1])
    assert picture.headers["content-type"] == "image/png"
    assert picture.content == base64.b64decode(answer.data[0].b64_json or "")  # type: ignore[index]


def test_no_stranger_reaches_any_double(doubles: Doubles, session: requests.Session, control: ControlClient) -> None:
    for base in (
        doubles.addresses.sendgrid_url,
        doubles.addresses.stability_url,
        doubles.addresses.openai_base_url[:-3],
    ):
        for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"host": "127.0.0.1.evil.example"}):
            answer = session.post(f"{base}/_control/faults", json={"effect": "hold"}, headers=headers, timeout=60)
            assert answer.status_code == 403
    assert control.faults() == {}
    font = session.get(f"{doubles.addresses.sendgrid_url}/korean.otf", headers={"origin": "null"}, timeout=60)
    assert (font.status_code, font.headers["access-control-allow-origin"]) == (200, "*")


def test_faults_are_planned_released_and_forgotten_on_the_page(
    doubles: Doubles, session: requests.Session, control: ControlClient, openai: OpenAI
) -> None:
    home = doubles.addresses.sendgrid_url

    def plan(**fields: str) -> int:
        return session.post(f"{home}/faults", data={"code": "", **fields}, timeout=60).status_code

    assert plan(effect="hold", provider="openai", status="", times="1") == 200
    (fault,) = control.faults()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(openai.moderations.create, input="고양이")
        control.wait_until_held(fault)
        assert f"/faults/{fault}/release" in page(doubles, session, "/").text
        session.post(f"{home}/faults/{fault}/release", timeout=60)
        assert not call.result(timeout=60).results[0].flagged
    session.post(f"{home}/faults/clear", timeout=60)
    assert control.faults() == {}
    assert plan(effect="error", status="soon", times="1") == 400


def test_what_is_gone_is_404(doubles: Doubles, session: requests.Session) -> None:
    for path in ("/mailbox/none", "/mailbox/messages/none", "/mailbox/messages/none/html", "/gallery/99999"):
        assert page(doubles, session, path).status_code == 404
