"""Withdrawal on both databases: settled, archived, erased, and nothing late brings anything back."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from imagesfactory.accounts.errors import AccountNotActive
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.service import Visit
from imagesfactory.generation.errors import JobNotFound
from imagesfactory.kit.errors import RetryLater
from imagesfactory.points.model import SignupUnfinished, WalletClosed
from imagesfactory.policy.payments import written
from imagesfactory.rights.correction import CorrectionRequest
from imagesfactory.support.model import Topic
from imagesfactory.support.request import InquiryRequest
from imagesfactory.withdrawal.errors import PreviewOutdated, RefundAccountNeeded, SignInAgain
from imagesfactory.withdrawal.model import LAST_LOOK_AFTER, Channel, WithdrawRequest
from imagesfactory.withdrawal.sweep import SIGNUP_GRACE, slot_range

from local.doubles.core.faults import FaultRule
from tests.backend import job_request
from tests.members import Members

EMAIL = "jisu@example.com"


def lived(house: Members) -> str:
    """A member with everything: a visit, images, a purchase with a part refunded, another one unused."""
    uid = house.member("uid-of-jisu-0000000000000000")
    house.accounts.sign_in(Identity(uid, EMAIL, "password"), Visit("e1", "198.51.100.7", "Firefox"), house.clock.now())
    house.generation.create(uid, job_request(), house.clock.now())
    first = house.buy_with_toss(uid)
    house.buy_with_stripe(uid, request_id="order-2-of-test")
    house.receive_all()
    house.ask_refund(uid, first, 10)
    house.work_off()
    return uid


def mentions(documents: dict[str, dict[str, Any]], *words: str) -> list[str]:
    return [path for path, content in documents.items() for word in words if word in path or word in repr(content)]


def test_what_it_means_is_shown_first_and_changes_nothing(house: Members) -> None:
    uid = lived(house)
    before = house.everything()
    shown = house.withdrawals.preview(uid, house.clock.now())
    assert house.everything() == before
    assert shown.lost_points > 0
    assert {refund.currency for refund in shown.refunds} == {"KRW", "USD"}
    assert all(refund.amount > 0 and refund.fee == 0 for refund in shown.refunds)
    kept = {one.place: (one.record_class, one.period) for one in shown.kept}
    assert kept["orders/{id}"] == ("contract", {"years": 5})
    assert kept["visits/{id}"] == ("visit", {"months": 3})
    assert shown.erased["jobs/{id}"] == 1


def test_it_needs_a_fresh_sign_in_and_what_was_shown(house: Members) -> None:
    uid = lived(house)
    now = house.clock.now()
    confirmed = WithdrawRequest(confirmed=house.withdrawals.preview(uid, now).digest)
    with pytest.raises(SignInAgain):
        house.withdrawals.withdraw(uid, confirmed, now - timedelta(minutes=6), now)
    with pytest.raises(PreviewOutdated):
        house.withdrawals.withdraw(uid, WithdrawRequest(confirmed="0" * 64), now, now)
    house.generation.create(uid, job_request("request-2"), now)
    house.work_off()
    with pytest.raises(PreviewOutdated):
        house.withdrawals.withdraw(uid, confirmed, now, now)
    assert house.document(f"users/{uid}")["status"] == "active"


def test_after_it_only_the_archive_knows_anything_and_not_of_whom(house: Members) -> None:
    uid = lived(house)
    entries = len(list(house.client.collection(f"wallets/{uid}/entries").stream()))
    house.leave(uid)

    here, archive = house.everything(), house.everything(house.archive_client)
    assert mentions(here, uid, EMAIL, "김지수", "198.51.100.7", "paper boat") == []
    assert mentions(archive, uid, EMAIL, "김지수", "paper boat") == []
    assert house.bucket.files == {}
    assert house.sign_ins.deleted == {uid}
    (evidence,) = [content for path, content in here.items() if path.startswith("withdrawn/")]
    subject = next(path for path in here if path.startswith("withdrawn/")).split("/")[1]
    counts = evidence["archived"]
    assert (counts["orders/{id}"], counts["payments/{id}"], counts["refunds/{id}"]) == (2, 2, 3)
    assert counts["wallets/{uid}/entries/{id}"] > entries, "the refunds and the forfeit are in the ledger as well"
    assert counts["visits/{id}"] == 1
    assert counts["disputes/{id}"] == 0, "a place without records says so"
    assert sum(counts.values()) == len(archive)
    assert all(subject in repr((path, content)) for path, content in archive.items())
    assert all(content["destroy_at"] is not None for content in archive.values())
    assert evidence["completed_at"] is not None
    assert evidence["processors"]["sendgrid"]
    assert evidence["erased"]["images/{uid}/{job}/{file}"] == 4


def test_a_link_to_an_own_image_in_an_inquiry_stops_nobody_from_leaving(house: Members) -> None:
    uid = house.member()
    link = f"이미지가 깨져요: https://files.example/images/{uid}/job-1/0.png"
    telephone = "010-1234-5678"
    request = InquiryRequest(request_id="inquiry-1", topic=Topic.SERVICE, text=link, contact_telephone=telephone)
    house.support.create(uid, request, house.clock.now())
    house.leave(uid)
    assert mentions(house.everything(), uid) == []
    archive = house.everything(house.archive_client)
    assert mentions(archive, uid, telephone) == []
    (subject,) = {content["owner"] for path, content in archive.items() if path.startswith("inquiries/")}
    (text,) = [content["text"] for content in archive.values() if "text" in content]
    assert text == link.replace(uid, subject), "the text is kept as it was written"
    (mail,) = last_letters(house)
    assert "쓰신 그대로" in mail["text"]
    assert "쓰신 그대로" in mail["html"]


def last_letters(house: Members) -> list[dict[str, Any]]:
    return [mail for mail in house.doubles.control.mails(to=EMAIL) if "계정이 삭제되었습니다" in mail["subject"]]


def test_the_member_is_told_once_what_became_of_everything_and_the_address_does_not_survive(house: Members) -> None:
    uid = lived(house)
    house.clock.move(timedelta(minutes=1))
    shown = house.withdrawals.preview(uid, house.clock.now())
    house.leave(uid)
    house.work_off()
    (mail,) = last_letters(house)
    for refund in shown.refunds:
        assert written(refund.amount, refund.currency) in mail["text"]
        assert written(refund.amount, refund.currency) in mail["html"]
    assert f"소멸한 포인트: {shown.lost_points}" in mail["text"]
    assert "파일 4개" in mail["text"]
    archive = house.everything(house.archive_client)
    entries = sum("/entries/" in path for path in archive)
    assert f"전자금융 거래 기록(포인트 원장): {entries}건 · 5년 · 전자금융거래법 제22조" in mail["text"]
    assert "<strong>웹사이트 방문 기록</strong><br>1건 · 3개월 · 통신비밀보호법 시행령 제41조" in mail["html"]
    assert [path for path in house.everything() if path.startswith("mail/")] == []
    (evidence,) = [content for path, content in house.everything().items() if path.startswith("withdrawn/")]
    assert evidence["letter"] == "sent"
    erased_at = house.doubles.control.erasures()[-1]
    assert erased_at, "and the carrier was told to forget the address after it had sent the letter"


def test_a_letter_that_nobody_takes_holds_no_withdrawal_up(house: Members) -> None:
    uid = house.member()
    house.doubles.control.plan(FaultRule(effect="error", provider="sendgrid", path="*mail/send", status=400))
    house.leave(uid)
    assert mentions(house.everything(), uid) == []
    (evidence,) = [content for path, content in house.everything().items() if path.startswith("withdrawn/")]
    assert (evidence["letter"], evidence["completed_at"] is not None) == ("refused-by-carrier", True)


def test_a_carrier_that_is_down_for_hours_delays_the_letter_and_the_end(house: Members) -> None:
    uid = house.member()
    house.withdraw(uid)
    house.doubles.control.plan(FaultRule(effect="error", provider="sendgrid", path="*mail/send", status=503))
    with pytest.raises(RetryLater, match="step-open"):
        house.process.proceed(uid)
    assert house.document(f"withdrawals/{uid}")["step"] == "tell-member"
    assert house.document(f"users/{uid}")["email"] == EMAIL
    house.doubles.control.clear_faults()
    for _ in range(6):
        house.clock.move(timedelta(minutes=30))
        house.sweep()
    assert len(last_letters(house)) == 1
    assert mentions(house.everything(), uid) == []


def test_somebody_whose_correction_was_pending_is_told_as_well(house: Members) -> None:
    uid = house.member()
    asked = CorrectionRequest(request_id="correction-1", text="my name is wrong")
    house.corrections.request(uid, asked, house.clock.now())
    house.leave(uid)
    assert len(last_letters(house)) == 1


def test_money_that_is_owed_goes_back_before_anything_is_erased(house: Members) -> None:
    uid = lived(house)
    owed = {one.order_id: one.amount for one in house.withdrawals.preview(uid, house.clock.now()).refunds}
    house.leave(uid)
    archive = house.everything(house.archive_client)
    refunds = [content for path, content in archive.items() if path.startswith("refunds/")]
    assert {refund["state"] for refund in refunds} == {"succeeded"}
    for order_id, amount in owed.items():
        assert amount in [refund["amount"] for refund in refunds if refund["order_id"] == order_id]
    entries = [content for path, content in archive.items() if "/entries/" in path]
    sums: dict[str, int] = {}
    for entry in entries:
        for account, points in entry["legs"].items():
            sums[account] = sums.get(account, 0) + points
    assert sum(sums.values()) == 0
    assert {name: sums.get(name, 0) for name in ("available_paid", "available_bonus", "held_paid", "held_bonus")} == {
        "available_paid": 0,
        "available_bonus": 0,
        "held_paid": 0,
        "held_bonus": 0,
    }
    assert sums["forfeited_bonus"] > 0


def test_every_one_of_several_purchases_is_paid_back(house: Members) -> None:
    uid = house.member()
    orders = [house.buy_with_toss(uid, request_id=f"order-{number}-of-test").id for number in range(3)]
    house.leave(uid)
    archive = house.everything(house.archive_client)
    refunds = [content for path, content in archive.items() if path.startswith("refunds/")]
    assert sorted(refund["order_id"] for refund in refunds) == sorted(orders)
    assert {(refund["state"], refund["points"]) for refund in refunds} == {("succeeded", 1000)}


def test_a_deposit_needs_an_account_to_go_back_to(house: Members) -> None:
    uid = house.member()
    order = house.order(uid).order
    key = house.doubles.control.toss.pay(order.id, order.amount, "virtual_account")
    house.confirm(uid, order, key)
    house.doubles.control.toss.deposit(key)
    house.settle(order)
    (refund,) = house.withdrawals.preview(uid, house.clock.now()).refunds
    assert refund.needs_account
    with pytest.raises(RefundAccountNeeded):
        house.withdraw(uid)
    house.leave(uid, refund_account={"bank": "88", "account_number": "110123456789", "holder_name": "김지수"})
    archive = house.everything(house.archive_client)
    assert [content["state"] for path, content in archive.items() if path.startswith("refunds/")] == ["succeeded"]
    assert mentions(archive, "110123456789") == []


def test_from_the_commit_on_nothing_can_be_begun(house: Members) -> None:
    uid = lived(house)
    house.withdraw(uid)
    with pytest.raises(WalletClosed):
        house.generation.create(uid, job_request("too-late-request"), house.clock.now())
    with pytest.raises(WalletClosed):
        house.order(uid, request_id="order-3-of-test")
    with pytest.raises(AccountNotActive):
        house.withdraw(uid)
    with pytest.raises(AccountNotActive):
        house.accounts.sign_in(Identity(uid, EMAIL, "password"), Visit("e2", "", ""), house.clock.now())
    assert house.accounts.recipient(uid, house.clock.now()) is None, "no letter leaves any more"


def test_nothing_late_brings_the_profile_back(house: Members) -> None:
    uid = lived(house)
    events = [*house.stripe_events(), *house.toss_events()]
    tasks: list[tuple[str, dict[str, str | int]]] = [
        ("generate", {"job_id": str(job.id), "image": 0, "occasion": "late"})
        for job in house.client.collection("jobs").stream()
    ]
    letters: list[tuple[str, dict[str, str | int]]] = [
        ("deliver", {"mail_id": str(mail.id)}) for mail in house.client.collection("mail").stream()
    ]
    house.leave(uid)
    after = house.everything()
    for function, payload in [*tasks, *letters]:
        house.perform(function, payload)
    house.perform("withdrawmember", {"uid": uid})
    with pytest.raises(AccountNotActive):
        house.accounts.sign_in(Identity(uid, EMAIL, "password"), Visit("e2", "", ""), house.clock.now())
    with pytest.raises(SignupUnfinished):
        house.generation.create(uid, job_request("too-late-request"), house.clock.now())
    with pytest.raises(JobNotFound):
        house.generation.cancel(uid, "any", house.clock.now())
    house.receive_all()
    house.work_off()
    house.sweep()
    nobodys = ("inbox/", "allowances/")
    left = {path: content for path, content in house.everything().items() if not path.startswith(nobodys)}
    assert left == {path: content for path, content in after.items() if not path.startswith(nobodys)}
    assert events


def test_the_same_person_may_join_again(house: Members) -> None:
    uid = lived(house)
    house.leave(uid)
    again = house.member("another-uid", EMAIL)
    assert house.wallet(again)["status"] == "open"


def test_a_suspended_member_who_leaves_may_not_simply_join_again(house: Members) -> None:
    uid = house.member()
    house.client.document(f"users/{uid}").update({"status": "suspended"})
    house.withdrawals.begin(uid, Channel.MEMBER, house.clock.now())
    house.work_off()
    assert house.misuse.is_listed((f"email:{EMAIL}",), house.clock.now())


def test_an_image_in_the_making_is_waited_for(house: Members) -> None:
    uid = house.member()
    accepted = house.generation.create(uid, job_request(), house.clock.now())
    from imagesfactory.kit import unit_of_work

    unit_of_work.run(
        house.client,
        lambda unit: house.image_work._claim(unit, job_id=accepted.job_id, index=0, token="slow"),
    )
    house.withdraw(uid)
    with pytest.raises(RetryLater) as later:
        house.process.proceed(uid)
    assert later.value.delay > timedelta(seconds=100)
    assert house.job(accepted.job_id)["images"]["1"]["state"] == "released"
    house.clock.move(later.value.delay)
    house.process.proceed(uid)
    assert f"users/{uid}" not in house.everything()


def test_what_is_written_late_is_found_by_the_last_look(house: Members) -> None:
    uid = lived(house)
    house.withdraw(uid)
    house.work_off()
    assert house.document(f"withdrawals/{uid}")["step"] == "look-again"
    house.accounts._store.record_visit("late", uid, "198.51.100.9", "Firefox", house.clock.now())
    house.bucket.put(f"images/{uid}/job/9.png", b"late")
    house.clock.move(LAST_LOOK_AFTER + timedelta(seconds=1))
    house.sweep()
    assert f"withdrawals/{uid}" in house.everything(), "something was found: it is not over"
    house.clock.move(LAST_LOOK_AFTER + timedelta(seconds=1))
    house.sweep()
    assert mentions(house.everything(), uid) == []
    assert mentions(house.everything(house.archive_client), "198.51.100.9")
    assert house.bucket.files == {}


def test_it_is_never_complete_while_a_step_fails(house: Members) -> None:
    uid = lived(house)
    house.withdraw(uid)
    house.doubles.control.plan(FaultRule(effect="error", provider="sendgrid", path="*erasejob*", status=403))
    with pytest.raises(AssertionError, match="never end"):
        house.work_off(60)
    kept = house.document(f"withdrawals/{uid}")
    assert kept["step"] == "erase-at-processors"
    assert house.document(f"users/{uid}")["email"] == EMAIL, "the address is still needed"
    assert house.sign_ins.deleted == set()
    house.doubles.control.clear_faults()
    house.queue.waiting.clear()
    for _ in range(2):
        house.clock.move(timedelta(hours=7))
        house.sweep()
    assert mentions(house.everything(), uid) == []


def test_a_provider_that_is_down_only_delays_it(house: Members) -> None:
    uid = lived(house)
    house.withdraw(uid)
    house.doubles.control.plan(FaultRule(effect="error", provider="toss", path="*", status=500))
    with pytest.raises(RetryLater):
        house.process.proceed(uid)
    assert house.document(f"withdrawals/{uid}")["step"] == "settle-money"
    assert f"wallets/{uid}" in house.everything()
    house.doubles.control.clear_faults()
    house.clock.move(timedelta(hours=1))
    house.sweep()
    assert f"users/{uid}" not in house.everything()


def test_a_lost_task_is_found_by_the_sweep(house: Members) -> None:
    uid = house.member()
    house.withdraw(uid)
    house.queue.waiting.clear()
    house.clock.move(timedelta(minutes=5))
    house.sweep()
    assert f"users/{uid}" not in house.everything()


def test_an_account_deleted_from_outside_is_found_within_a_day(house: Members) -> None:
    gone, stays = house.member("Zxy-deleted"), house.member("Zxz-stays", "other@example.com")
    house.sign_ins.deleted = {gone}
    house.clock.move(SIGNUP_GRACE)  # a younger account may not have its sign-in yet, and is left alone
    for _ in range(288):
        house.clock.move(timedelta(minutes=5))
        house.withdrawal_sweep.find_deleted(house.clock.now())
    house.work_off()
    assert f"users/{gone}" not in house.everything()
    assert house.document(f"users/{stays}")["status"] == "active"


def test_the_slots_of_a_day_cover_every_account_once(house: Members) -> None:
    midnight = house.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    ranges = [slot_range(midnight + timedelta(minutes=5 * slot)) for slot in range(288)]
    assert ranges[0][0] == ""
    assert ranges[-1][1] is None
    assert all(before[1] == after[0] for before, after in pairwise(ranges))
    assert all(start < (end or "~") for start, end in ranges)


def test_an_open_dispute_outlives_the_member_without_a_name(house: Members) -> None:
    uid = house.member()
    order = house.buy_with_stripe(uid, "pm_card_createDispute")
    house.receive_all()
    house.leave(uid)
    (subject,) = [path.split("/")[1] for path in house.everything() if path.startswith("withdrawn/")]
    assert house.document(f"orders/{order.id}")["owner"] == subject
    assert mentions(house.everything(), uid) == []
    assert house.document(f"withdrawn/{subject}")["open_orders"] == [order.id]

    (dispute,) = [path.split("/")[1] for path in house.everything() if path.startswith("disputes/")]
    house.doubles.control.stripe.close_dispute(dispute, "lost")
    house.receive_all()
    for _ in range(3):
        house.clock.move(timedelta(days=1, minutes=1))
        house.sweep()
    here, archive = house.everything(), house.everything(house.archive_client)
    assert [path for path in here if path.startswith(("orders/", "payments/", "disputes/", "users/"))] == []
    assert archive[f"disputes/{dispute}"]["state"] == "lost"
    assert archive[f"disputes/{dispute}"]["destroy_at"] is not None
    assert archive[f"orders/{order.id}"]["owner"] == subject
    assert house.document(f"withdrawn/{subject}")["open_orders"] == []


def test_a_dispute_that_begins_after_the_withdrawal_settles_money_and_no_more(house: Members) -> None:
    uid = house.member()
    order = house.buy_with_stripe(uid)
    house.receive_all()
    accepted = house.generation.create(uid, job_request(), house.clock.now())
    house.work_off()
    house.leave(uid)
    assert accepted
    archive = house.everything(house.archive_client)
    charge = archive[f"payments/stripe-{order.id}"]["provider_payment_id"]
    dispute = house.doubles.control.stripe.open_dispute(charge)["id"]
    house.receive_all()
    subject = archive[f"orders/{order.id}"]["owner"]
    assert house.document(f"disputes/{dispute}")["owner"] == subject
    assert f"orders/{order.id}" not in house.everything(house.archive_client), "it is in one place at a time"
    house.doubles.control.stripe.close_dispute(dispute, "lost")
    house.receive_all()
    for _ in range(3):
        house.clock.move(timedelta(days=1, minutes=1))
        house.sweep()
    after = house.everything(house.archive_client)
    assert after[f"disputes/{dispute}"]["state"] == "lost"
    assert after[f"orders/{order.id}"]["owner"] == subject
    assert [path for path in house.everything() if path.startswith(("orders/", "users/", "wallets/"))] == []
