"""My page, profile, consents, corrections, export and single images, on a real database."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any, cast

import pytest
from imagesfactory.accounts.changes import ConsentRequest, ProfileRequest
from imagesfactory.accounts.devices import DeviceRequest, DeviceService
from imagesfactory.accounts.errors import NameInvalid, PolicyVersionOutdated
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.service import Visit
from imagesfactory.doors import views_privacy
from imagesfactory.generation.errors import JobNotFound
from imagesfactory.kit import unit_of_work
from imagesfactory.mail.delivery import MailDelivery
from imagesfactory.mail.model import HELD_RECHECK
from imagesfactory.mail.outbox import Outbox
from imagesfactory.mail.words import Advertisement, PolicyChange
from imagesfactory.payments.model import Channel
from imagesfactory.points.store import WalletStore
from imagesfactory.policy.company import company
from imagesfactory.policy.processors import processors
from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy import records
from imagesfactory.rights.archive_file import ArchiveDamaged, verify
from imagesfactory.rights.correction import CorrectionDecision, CorrectionRequest
from imagesfactory.rights.errors import CorrectionPending, PlaceUnknown, RequestNotFound
from imagesfactory.rights.export_model import ATTEMPTS_MAX
from imagesfactory.staff.model import Role, StaffMember
from imagesfactory.support.request import InquiryRequest

from tests.backend import job_request
from tests.members import Members

EMAIL = "jisu@example.com"
VERSION = company().privacy_policy_version
OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")
AD = Advertisement("spring", "봄맞이 포인트", "Spring points", "20% 더", "20 % more")
CHANGE = PolicyChange("privacy", "2027-01-01", "바뀝니다", "changes", needs_consent=False)


def lived(house: Members) -> str:
    uid = house.member("uid-of-jisu-0000000000000000")
    house.accounts.sign_in(Identity(uid, EMAIL, "password"), Visit("e1", "198.51.100.7", "Firefox"), house.clock.now())
    house.generation.create(uid, job_request(), house.clock.now())
    house.work_off()
    return uid


def consents(house: Members, uid: str) -> list[dict[str, Any]]:
    found = [one.to_dict() or {} for one in house.client.collection(f"users/{uid}/consents").stream()]
    return sorted(found, key=lambda one: (one["at"], one["kind"]))


def test_my_page_counts_everything_of_the_member_and_nothing_of_others(house: Members) -> None:
    uid = lived(house)
    house.member("somebody-else", "other@example.com")
    held = {one.place: one for one in house.my_page.overview(uid).held}
    mine = [path for path, content in house.everything().items() if uid in path or uid in repr(content)]
    assert sum(one.count for one in held.values()) == len(mine)
    assert (held["jobs/{id}"].period, held["jobs/{id}"].purpose) == ({"days": 90}, "service")
    assert held["users/{uid}"].until == "withdrawal"
    assert held["orders/{id}"].count == 0
    made = house.my_page.records(uid, "jobs/{id}", None)[0][0]["created_at"]
    assert held["jobs/{id}"].first_end == held["jobs/{id}"].last_end == destroy_at("generated_image", made)
    assert held["users/{uid}"].first_end is None
    assert held["orders/{id}"].last_end is None


def test_my_page_says_until_when_each_kind_is_kept_and_who_signed_in_from_where(house: Members) -> None:
    uid = lived(house)
    start = house.clock.now()
    for number in range(12):
        house.clock.move(timedelta(days=1))
        visit = Visit(f"visit-{number}", f"198.51.100.{number}", "Firefox")
        house.accounts.sign_in(Identity(uid, EMAIL, "password"), visit, house.clock.now())
    phone = DeviceRequest(device_id="phone-0001", platform="ios", operating_system="iOS 19", push=None)
    DeviceService(house.client, WalletStore(house.client)).register(uid, phone, house.clock.now())
    shown = house.my_page.overview(uid)
    visits = next(one for one in shown.held if one.place == "visits/{id}")
    assert (visits.count, visits.period) == (13, {"months": 3})
    assert (visits.first_end, visits.last_end) == (destroy_at("visit", start), destroy_at("visit", house.clock.now()))
    assert [visit["ip_address"] for visit in shown.visits] == [f"198.51.100.{number}" for number in range(11, 1, -1)]
    assert [(device["id"], device["operating_system"]) for device in shown.devices] == [("phone-0001", "iOS 19")]
    assert shown.sign_in is not None
    assert shown.sign_in.methods == ("password",)
    answer = views_privacy.my_page(shown, house.clock.now())
    assert json.loads(json.dumps(answer)) == answer, "plain values only"
    assert {copy["processor"] for copy in answer["copies"]} == set(processors().processors)


def test_of_more_records_than_a_page_only_the_number_is_told(house: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "PAGE", 2)
    uid = lived(house)
    held = {one.place: one for one in house.my_page.overview(uid).held}
    assert held["users/{uid}/consents/{id}"].count == 5
    entries = len(list(house.client.collection(f"wallets/{uid}/entries").get()))
    assert held["wallets/{uid}/entries/{id}"].count == entries
    assert held["wallets/{uid}/entries/{id}"].first_end is None


def test_records_are_shown_page_by_page_without_the_machinery(house: Members) -> None:
    uid = lived(house)
    for number in range(30):
        visit = Visit(f"visit-{number}", "198.51.100.7", "Firefox")
        house.accounts.sign_in(Identity(uid, EMAIL, "password"), visit, house.clock.now())
    first, cursor = house.my_page.records(uid, "visits/{id}", None)
    rest, end = house.my_page.records(uid, "visits/{id}", cursor)
    assert (len(first), len(rest), end) == (25, 6, None)
    assert len({one["id"] for one in first + rest}) == 31
    (job,), _ = house.my_page.records(uid, "jobs/{id}", None)
    assert job["prompt"]
    assert "request_digest" not in job


def test_a_cursor_of_somebody_else_shows_nothing(house: Members) -> None:
    uid, other = lived(house), house.member("somebody-else", "other@example.com")
    entry = next(house.client.collection(f"wallets/{other}/entries").list_documents()).path
    for place, cursor in (("wallets/{uid}/entries/{id}", entry), ("jobs/{id}", f"users/{uid}"), ("misuse/{id}", None)):
        with pytest.raises(PlaceUnknown):
            house.my_page.records(uid, place, cursor)


def test_the_profile_changes(house: Members) -> None:
    uid = lived(house)
    assert house.profiles.update(uid, ProfileRequest(name="이지수", language="en"), house.clock.now()).name == "이지수"
    assert house.document(f"users/{uid}")["language"] == "en"
    with pytest.raises(NameInvalid):
        house.profiles.update(uid, ProfileRequest(name="\n"), house.clock.now())


def test_consents_are_append_only_told_by_mail_and_asked_at_the_moment_of_sending(house: Members) -> None:
    uid = lived(house)
    house.doubles.control.clear_mails()
    before = consents(house, uid)
    house.clock.move(timedelta(hours=1))
    yes = ConsentRequest(version=VERSION, channel="ios", marketing_email=True)
    house.profiles.set_consents(uid, yes, house.clock.now())
    recipient = house.accounts.recipient(uid, house.clock.now())
    assert recipient is not None
    assert recipient.agrees_to_marketing_email
    house.profiles.set_consents(uid, yes, house.clock.now())
    house.clock.move(timedelta(hours=1))
    no = ConsentRequest(version=VERSION, channel="web", marketing_email=False)
    house.profiles.set_consents(uid, no, house.clock.now())
    after = consents(house, uid)
    assert after[: len(before)] == before
    assert [(one["kind"], one["is_granted"], one["channel"]) for one in after[len(before) :]] == [
        ("marketing_email", True, "ios"),
        ("marketing_email", False, "web"),
    ]
    recipient = house.accounts.recipient(uid, house.clock.now())
    assert recipient is not None
    assert not recipient.agrees_to_marketing_email
    house.work_off()
    mails = house.doubles.control.mails(to=EMAIL)
    assert len(mails) == 2
    assert any("동의 철회" in mail["text"] for mail in mails)
    with pytest.raises(PolicyVersionOutdated):
        house.profiles.set_consents(uid, ConsentRequest(version="1999-01-01", channel="web"), house.clock.now())


def test_while_a_correction_is_pending_no_letter_leaves_and_images_are_still_made(house: Members) -> None:
    uid = lived(house)
    house.doubles.control.clear_mails()
    asked = CorrectionRequest(request_id="correction-1", text="my name is wrong")
    correction_id = house.corrections.request(uid, asked, house.clock.now())
    assert house.corrections.request(uid, asked, house.clock.now()) == correction_id
    another = CorrectionRequest(request_id="correction-2", text="and more")
    with pytest.raises(CorrectionPending):
        house.corrections.request(uid, another, house.clock.now())
    accepted = house.generation.create(uid, job_request("request-2"), house.clock.now())
    house.work_off()
    assert house.job(accepted.job_id)["captured_points"] == 26
    assert house.document(f"mail/{accepted.job_id}-finished")["is_held"]
    assert house.doubles.control.mails() == []

    shown = house.my_page.overview(uid).pending
    assert shown is not None
    assert (shown.text, shown.held_letters, shown.due_at > house.clock.now()) == ("my name is wrong", 1, True)

    (open_one,) = house.corrections.open_ones(OFFICER, house.clock.now())
    assert open_one["owner"] == uid
    decision = CorrectionDecision(correction_id=correction_id, is_done=True, reason="이름을 고쳤습니다", name="김지우")
    assert house.corrections.decide(OFFICER, decision, house.clock.now()) == uid
    with pytest.raises(RequestNotFound):
        house.corrections.decide(OFFICER, decision, house.clock.now())
    house.work_off()
    mails = house.doubles.control.mails(to=EMAIL)
    assert len(mails) == 2
    assert all("김지우" in mail["text"] for mail in mails)
    assert house.corrections.open_ones(OFFICER, house.clock.now()) == []
    assert house.my_page.overview(uid).pending is None
    looks = [(line["action"], line["subjects"]) for line in house.access_log.read(OFFICER, uid, house.clock.now())]
    assert ("correction-decided", [uid]) in looks
    assert ("corrections-listed", [uid]) in looks


def test_letters_that_a_crash_left_waiting_leave_within_the_hour(house: Members) -> None:
    uid = lived(house)
    asked = CorrectionRequest(request_id="correction-1", text="my name is wrong")
    correction_id = house.corrections.request(uid, asked, house.clock.now())
    house.generation.create(uid, job_request("request-2"), house.clock.now())
    house.work_off()
    house.doubles.control.clear_mails()
    decision = CorrectionDecision(correction_id=correction_id, is_done=False, reason="기록과 같습니다")
    house.corrections._mail = cast("MailDelivery", Nothing())
    house.corrections.decide(OFFICER, decision, house.clock.now())
    house.clock.move(HELD_RECHECK + timedelta(minutes=10))
    house.sweep()
    house.work_off()
    assert len(house.doubles.control.mails(to=EMAIL)) == 2


class Nothing:
    """A mail room that dies before it does anything."""

    def release(self, *_: Any) -> int:
        return 0


def test_every_way_out_is_held_back_while_a_correction_is_pending(house: Members) -> None:
    """Advertising, announcements, receipts, refunds, inquiries, exports: what leaves to or about the member."""
    uid = house.member("uid-of-jisu-0000000000000000")
    yes = ConsentRequest(version=VERSION, channel="ios", marketing_email=True)
    house.profiles.set_consents(uid, yes, house.clock.now())
    order = house.buy_with_toss(uid)
    house.work_off()
    house.doubles.control.clear_mails()
    house.doubles.control.clear_requests()
    asked = CorrectionRequest(request_id="correction-1", text="my name is wrong")
    correction_id = house.corrections.request(uid, asked, house.clock.now())

    outbox, now = Outbox(house.client), house.clock.now()
    unit_of_work.run(house.client, lambda unit: outbox.post(unit, "advertisement", uid, AD, now))
    unit_of_work.run(house.client, lambda unit: outbox.post(unit, "policy-change", uid, CHANGE, now))
    house.receipts.mail(uid, order.id, now)
    house.ask_refund(uid, order, 10)
    house.exports.request(uid, now)
    question = InquiryRequest.model_validate({"request_id": "question-1", "topic": "service", "text": "언제 되나요"})
    house.support.create(uid, question, now)
    house.order(uid, request_id="order-2-of-test")
    house.order(uid, Channel.CHECKOUT, currency="USD", request_id="order-3-of-test")
    house.generation.create(uid, job_request(), now)
    house.work_off()

    assert house.doubles.control.mails(to=EMAIL) == []
    letters = [one.to_dict() or {} for one in house.client.collection("mail").stream()]
    assert {one["kind"] for one in letters if one["is_held"]} == {
        "advertisement",
        "policy-change",
        "receipt",
        "refund-decided",
        "export-finished",
        "inquiry-received",
        "job-finished",
    }
    pending = house.my_page.overview(uid).pending
    assert pending is not None
    assert pending.held_letters == 7
    asked_of = {one.provider: repr(one) for one in house.doubles.control.requests()}
    assert {"openai", "stability", "toss", "stripe"} <= asked_of.keys(), "they work on, and need nothing of it"
    assert not [who for who, said in asked_of.items() for fact in ("김지수", EMAIL, uid) if fact in said]

    decision = CorrectionDecision(correction_id=correction_id, is_done=True, reason="이름을 고쳤습니다", name="김지우")
    house.corrections.decide(OFFICER, decision, house.clock.now())
    house.clock.move(timedelta(hours=24) - timedelta(hours=house.clock.now().hour - 3))  # noon in Seoul
    house.work_off()
    texts = [mail["text"] for mail in house.doubles.control.mails(to=EMAIL)]
    assert len(texts) == 7 + 1
    assert not [text for text in texts if "김지수" in text]


def test_the_export_holds_everything_and_says_so_by_mail(house: Members) -> None:
    uid = lived(house)
    house.doubles.control.clear_mails()
    export = house.exports.request(uid, house.clock.now())
    assert house.exports.request(uid, house.clock.now()).id == export.id
    house.work_off()
    record = house.document(f"exports/{export.id}")
    assert record["state"] == "ready"
    with zipfile.ZipFile(io.BytesIO(house.bucket.files[record["file"]])) as file:
        manifest = json.loads(file.read("manifest.json"))
        assert len(manifest["images"]) == 4
        assert all(uid not in image["name"] for image in manifest["images"])
        for place, part in manifest["records"].items():
            assert len(json.loads(file.read(part["name"]))) == part["count"] == record["counts"]["records"][place]
        (profile,) = json.loads(file.read(manifest["records"]["users/{uid}"]["name"]))
    held = {one.place: one.count for one in house.my_page.overview(uid).held}
    counted = record["counts"]["records"]
    assert {place: held[place] for place in held if not place.startswith("mail/")} == {
        place: counted[place] for place in held if not place.startswith("mail/")
    }
    assert profile["email"] == EMAIL
    (mail,) = house.doubles.control.mails(to=EMAIL)
    assert export.id in mail["text"]


def test_an_export_whose_workers_all_died_is_told_once(house: Members) -> None:
    uid = house.member()
    export = house.exports.request(uid, house.clock.now())
    died = {"state": "building", "claim": "dead", "attempts": ATTEMPTS_MAX, "resume_at": house.clock.now()}
    house.client.document(f"exports/{export.id}").update(died)
    for _ in range(2):
        house.exports.perform(export.id)
    assert house.document(f"exports/{export.id}")["state"] == "failed"
    letters = [one.get("kind") for one in house.client.collection("mail").stream()]
    assert letters == ["export-finished"]


def test_an_export_that_cannot_be_made_is_told_and_can_be_asked_again(house: Members) -> None:
    uid = lived(house)
    house.doubles.control.clear_mails()
    good, house.exports._folders = house.exports._folders, Broken(house.exports._folders)
    export = house.exports.request(uid, house.clock.now())
    house.work_off()
    assert house.document(f"exports/{export.id}")["state"] == "failed"
    assert house.document(f"exports/{export.id}")["file"] == ""
    (mail,) = house.doubles.control.mails(to=EMAIL)
    assert "만들지 못했습니다" in mail["subject"]
    house.exports._folders = good
    house.exports.request(uid, house.clock.now())
    house.work_off()
    assert house.document(f"exports/{export.id}")["state"] == "ready"


class Broken:
    """Folders that store something else than what was written."""

    def __init__(self, folders: Any) -> None:
        self._folders = folders

    def __getattr__(self, name: str) -> Any:
        return getattr(self._folders, name)

    def reader(self, name: str) -> Any:
        content = bytearray(self._folders._bucket.get(name))
        if name.startswith("exports/"):
            content[len(content) // 3] ^= 1
        return io.BytesIO(content)


def test_every_flipped_byte_of_a_stored_image_or_record_is_noticed(house: Members) -> None:
    from imagesfactory.rights.archive_file import ArchiveWriter

    file = io.BytesIO()
    writer = ArchiveWriter(file, house.clock.now())
    writer.records("jobs/{id}", [[{"id": "1", "prompt": "한강"}], [{"id": "2"}]])
    writer.image("images/job/0.png", io.BytesIO(bytes(range(256))))
    manifest = writer.close()
    whole = file.getvalue()
    verify(io.BytesIO(whole), manifest)
    start = whole.index(bytes(range(64)))
    for position in range(start, start + 256, 17):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        with pytest.raises(ArchiveDamaged):
            verify(io.BytesIO(bytes(damaged)), manifest)
    with pytest.raises(ArchiveDamaged):
        verify(io.BytesIO(whole[:-30]), manifest)


def test_an_image_is_deleted_for_good_and_the_job_says_so(house: Members) -> None:
    uid = lived(house)
    (job,) = [path.split("/")[1] for path in house.everything() if path.startswith("jobs/")]
    with pytest.raises(JobNotFound):
        house.image_deletion.delete("somebody-else", job, 0)
    for _ in range(2):
        house.image_deletion.delete(uid, job, 0)
    image = house.job(job)["images"]["0"]
    assert (image["state"], image["file"], image["is_deleted"], image["charged"]) == ("stored", "", True, True)
    assert len(house.bucket.files) == 3
    with pytest.raises(JobNotFound):
        house.image_deletion.delete(uid, job, 9)


def test_withdrawal_takes_exports_and_corrections_along(house: Members) -> None:
    uid = lived(house)
    house.exports.request(uid, house.clock.now())
    asked = CorrectionRequest(request_id="correction-1", text="my name is wrong")
    house.work_off()
    house.corrections.request(uid, asked, house.clock.now())
    house.leave(uid)
    assert not [path for path, content in house.everything().items() if uid in path or uid in repr(content)]
    assert house.bucket.files == {}
    archive = house.everything(house.archive_client)
    assert [content["destroy_at"] is not None for path, content in archive.items() if path.startswith("corr")] == [True]
