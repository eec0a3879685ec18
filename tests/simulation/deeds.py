"""What people do in the simulation, each through the rooms' own services, and what the checker is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from imagesfactory.accounts.changes import ConsentRequest
from imagesfactory.accounts.devices import DeviceRequest
from imagesfactory.accounts.errors import SignupRefused
from imagesfactory.accounts.model import Identity
from imagesfactory.accounts.service import Visit
from imagesfactory.mail.model import Fate, MailEvent
from imagesfactory.notices.campaigns import CampaignRequest
from imagesfactory.notices.model import ChangeRequest
from imagesfactory.officer.model import ReinstatementRequest, SuspensionRequest
from imagesfactory.payments.model import Order
from imagesfactory.payments.request import CouponRequest
from imagesfactory.policy.company import company
from imagesfactory.rights.correction import CorrectionDecision, CorrectionRequest
from imagesfactory.staff.model import DisclosureRequest, Role, StaffMember
from imagesfactory.support.request import InquiryRequest, MessageRequest, OpenInquiryRequest
from imagesfactory.withdrawal.model import LAST_LOOK_AFTER, Channel

from tests.backend import job_request, signup_request
from tests.simulation.checker import Checker, Told
from tests.simulation.house import SimulatedHouse

OFFICER = StaffMember("staff-soyeon", Role.OFFICER, "203.0.113.8")
SUPPORT = StaffMember("staff-minji", Role.SUPPORT, "203.0.113.7")
QUIET = timedelta(days=30)
"""After so long without a word an answered inquiry counts as settled (our own rule)."""


@dataclass(frozen=True)
class Person:
    """Somebody, by names that occur nowhere else."""

    uid: str
    email: str
    name: str

    @property
    def google_id(self) -> str:
        """Their id at Google."""
        return f"google-{self.uid}"


class Deeds:
    """Each deed tells first what it touches; ``Told`` is made anew for every act."""

    def __init__(self, house: SimulatedHouse, checker: Checker) -> None:
        self.house = house
        self.checker = checker
        self.told = Told("nothing")
        self._count = 0

    @property
    def now(self) -> datetime:
        return self.house.clock.now()

    def _number(self) -> str:
        self._count += 1
        return f"{self._count:06d}"

    # -- joining

    def join(self, person: Person, *, google: bool = False, likes_ads: bool = False) -> None:
        """Sign up, complete it, sign in once; the letter about what was agreed to goes out."""
        self.begin_to_join(person, google=google)
        statements = signup_request(name=person.name, agrees_to_marketing_email=likes_ads)
        self.house.accounts.complete_signup(person.uid, statements, self.now)
        del self.told.unfinished[person.uid]
        self.told.agrees[person.uid] = self.now if likes_ads else None
        self.house.work_off()
        self.visit(person)

    def begin_to_join(self, person: Person, *, google: bool = False) -> None:
        """Sign up and leave it at that."""
        self.checker.know(person.uid, person.email, person.name)
        self.told.touches.add(person.uid)
        self.told.unfinished[person.uid] = self.now
        photo = f"https://photos.example/{person.uid}"
        identity = Identity(person.uid, person.email, "password")
        if google:
            identity = Identity(person.uid, person.email, "google.com", person.google_id, person.name, photo)
        self.house.accounts.admit(identity, self.now)

    def is_refused(self, person: Person) -> None:
        """Try to join and be refused, because the register of misuse says so."""
        with pytest.raises(SignupRefused):
            self.house.accounts.admit(Identity(person.uid, person.email, "password"), self.now)

    def visit(self, person: Person) -> None:
        """Sign in."""
        visit = Visit(f"event-{self._number()}", "198.51.100.7", "Firefox")
        self.house.accounts.sign_in(Identity(person.uid, person.email, "password"), visit, self.now)

    # -- using the service

    def generate(self, person: Person, model: str = "stability-core") -> str:
        """One image, to its mail; returns the job's id."""
        self.told.touches.add(person.uid)
        images = [{"model": model, "count": 1}]
        accepted = self.house.generation.create(
            person.uid, job_request(f"request-{self._number()}", images=images), self.now
        )
        self.house.work_off()
        return accepted.job_id

    def delete_image(self, person: Person, job_id: str) -> None:
        """Delete the job's image."""
        self.told.touches.add(person.uid)
        self.told.removes.add(f"images/{person.uid}/{job_id}")
        self.house.image_deletion.delete(person.uid, job_id, 0)

    def export(self, person: Person) -> None:
        """Ask for everything as one file, and get the mail."""
        self.told.touches.add(person.uid)
        self.house.exports.request(person.uid, self.now)
        self.house.work_off()

    def register_device(self, person: Person, device: str) -> None:
        """The app says what it runs on."""
        self.told.touches.add(person.uid)
        request = DeviceRequest.model_validate({"device_id": device, "platform": "ios", "operating_system": "iOS 21"})
        self.house.devices.register(person.uid, request, self.now)

    def remove_device(self, person: Person, device: str) -> None:
        """The device is forgotten."""
        self.told.removes.add(f"users/{person.uid}/devices/{device}")
        self.house.devices.remove(person.uid, device)

    def change_consents(self, person: Person, *, likes_ads: bool) -> None:
        """Agree to advertising, confirm it, or agree no more."""
        self.told.touches.add(person.uid)
        self.told.agrees[person.uid] = self.now if likes_ads else None
        version = company().privacy_policy_version
        request = ConsentRequest(version=version, channel="web", marketing_email=likes_ads)
        self.house.profiles.set_consents(person.uid, request, self.now)
        self.house.work_off()

    def redeem(self, person: Person, code: str) -> None:
        """Use a coupon."""
        self.told.touches.add(person.uid)
        request = CouponRequest(request_id=f"coupon-{code}", code=code)
        self.house.coupons.redeem(person.uid, request, self.now)

    # -- money

    def buy_with_toss(self, person: Person, pack: str = "starter") -> Order:
        """Pay by card; points are there at once."""
        self._may_pay(person)
        order = self.house.buy_with_toss(person.uid, pack=pack, request_id=f"order-{self._number()}")
        self._concluded(order)
        self.house.receive_new("toss")
        return order

    def order_for_deposit(self, person: Person) -> tuple[Order, str]:
        """Order, and be given a virtual account to pay into; returns the order and its paymentKey."""
        self._may_pay(person)
        order = self.house.order(person.uid, pack="starter", request_id=f"order-{self._number()}").order
        key = self.house.doubles.control.toss.pay(order.id, order.amount, "virtual_account")
        self.house.confirm(person.uid, order, key)
        self.house.receive_new("toss")
        return order, key

    def deposit(self, person: Person, order: Order, key: str) -> None:
        """Pay into the virtual account."""
        self._may_pay(person)
        self.house.doubles.control.toss.deposit(key)
        self._concluded(order)
        self.house.receive_new("toss")

    def order_and_forget(self, person: Person) -> Order:
        """Order and never pay; it expires."""
        self.told.touches.add(person.uid)
        return self.house.order(person.uid, pack="starter", request_id=f"order-{self._number()}").order

    def pay_with_stripe(self, person: Person, currency: str = "USD") -> Order:
        """Pay on Stripe's page; its events are still on their way."""
        self._may_pay(person)
        order = self.house.buy_with_stripe(
            person.uid, pack="starter", currency=currency, request_id=f"order-{self._number()}"
        )
        self._concluded(order)
        return order

    def buy_with_stripe(self, person: Person, currency: str = "USD") -> Order:
        """Pay on Stripe's page, and the events come at once."""
        order = self.pay_with_stripe(person, currency)
        self.house.receive_new("stripe")
        return order

    def events_arrive(self, *people: Person) -> None:
        """What providers tell arrives; it may concern these members."""
        for person in people:
            self._may_pay(person)
        self.house.receive_new("stripe")

    def refund(self, person: Person, order: Order, points: int) -> None:
        """Give unused points back."""
        self._may_pay(person)
        refund = self.house.ask_refund(person.uid, order, points, request_id=f"refund-{self._number()}")
        assert not refund.state.is_open
        self.house.receive_new(order.provider)

    def dispute(self, person: Person, order: Order) -> str:
        """The payer goes to the bank; returns the dispute's id."""
        return self._go_to_bank(person, self.house.now_of(order).reference)

    def dispute_after_leaving(self, person: Person, order: Order) -> str:
        """Somebody who left, and got the unused points' money back, wants the rest from the bank."""
        payment = self.house.archive_client.document(f"payments/{order.payment_id}").get()
        return self._go_to_bank(person, str(payment.get("provider_payment_id")), amount=5)

    def _go_to_bank(self, person: Person, charge: str, amount: int | None = None) -> str:
        self._may_pay(person)
        opened: str = self.house.doubles.control.stripe.open_dispute(charge, amount=amount)["id"]
        self.house.receive_new("stripe")
        return opened

    def decide_dispute(self, person: Person, dispute_id: str, outcome: str) -> None:
        """The bank decides; a payer who won our money is put on the register by the sweep."""
        self._may_pay(person)
        self.house.doubles.control.stripe.close_dispute(dispute_id, outcome)
        self.told.clocks[f"disputes/{dispute_id}"] = self.now
        self.house.receive_new("stripe")
        self.house.sweep()

    def settle_books(self) -> None:
        """Compare yesterday's books with the providers'."""
        assert self.house.settlements.run(self.now)["differences"] == []

    def _may_pay(self, person: Person) -> None:
        self.told.touches.add(person.uid)
        self.told.places |= {"inbox/*", "receipt_numbers/*", "withdrawn/*"}

    def _concluded(self, order: Order) -> None:
        self.told.clocks |= {f"orders/{order.id}": self.now, f"payments/{order.payment_id}": self.now}

    # -- help, and the office

    def ask(self, person: Person) -> str:
        """Make an inquiry; returns its id."""
        self._may_ask(person)
        body = {"request_id": f"question-{self._number()}", "topic": "payment", "text": "영수증이 필요해요"}
        made = self.house.support.create(person.uid, InquiryRequest.model_validate(body), self.now)
        self.house.work_off()
        return made.id

    def ask_as_stranger(self, email: str) -> str:
        """Make an inquiry without an account; returns its id."""
        self.told.places.add("allowances/*")
        body = {
            "request_id": f"appeal-{self._number()}",
            "topic": "appeal",
            "text": "저는 아닙니다",
            "contact_email": email,
        }
        made = self.house.support.create_open(OpenInquiryRequest.model_validate(body), "198.51.100.9", self.now)
        self.house.work_off()
        return made.id

    def answer(self, person: Person | None, inquiry_id: str) -> None:
        """Answer; after a month of silence it counts as settled."""
        self._may_ask(person)
        self.told.places.add("inquiries/*")
        body = {"request_id": f"answer-{self._number()}", "inquiry_id": inquiry_id, "text": "보내 드렸습니다."}
        self.house.support_desk.answer(SUPPORT, MessageRequest.model_validate(body), self.now)
        self.told.clocks[f"inquiries/{inquiry_id}"] = self.now + QUIET
        self.house.work_off()

    def settle(self, person: Person | None, inquiry_id: str) -> None:
        """Staff settles it."""
        self._may_ask(person)
        self.told.places |= {"inquiries/*", "inquiries/*/messages/*"}
        self.house.support_desk.settle(SUPPORT, inquiry_id, self.now)
        self.told.clocks[f"inquiries/{inquiry_id}"] = self.now

    def ask_correction(self, person: Person) -> str:
        """Say that something held is wrong; returns the correction's id."""
        self.told.touches.add(person.uid)
        request = CorrectionRequest(request_id=f"correction-{self._number()}", text="이름이 다릅니다")
        return self.house.corrections.request(person.uid, request, self.now)

    def decide_correction(self, person: Person, correction_id: str) -> None:
        """Staff corrects it."""
        self.told.touches.add(person.uid)
        decision = CorrectionDecision(correction_id=correction_id, is_done=True, reason="고쳤습니다", name=person.name)
        self.house.corrections.decide(OFFICER, decision, self.now)
        self.told.clocks[f"corrections/{correction_id}"] = self.now
        self.house.work_off()

    def advertise(self) -> None:
        """A campaign, to all who agree."""
        self.told.touches |= self.checker.members()
        body = dict.fromkeys(("subject_ko", "subject_en", "body_ko", "body_en"), "20 % more")
        request = CampaignRequest.model_validate({"request_id": f"campaign-{self._number()}", **body})
        self.house.campaigns.begin(OFFICER, request, self.now)
        self.house.work_off()

    def announce_change(self, effective_on: str) -> None:
        """Tell everybody of a change of the policy."""
        self.told.touches |= self.checker.members()
        body: dict[str, Any] = {"document": "privacy", "effective_on": effective_on, "summary_ko": "바뀝니다."}
        body |= {"touches_rights": False, "needs_consent": False, "summary_en": "It changes."}
        self.house.notices.announce(OFFICER, ChangeRequest.model_validate(body), self.now)
        self.house.work_off()

    def mail_bounces(self, person: Person) -> None:
        """The newest letter to them is returned."""
        self.told.touches.add(person.uid)
        letters = self.house.client.collection("mail").where(filter=_owned_by(person.uid)).stream()
        newest = max(letters, key=lambda letter: str(letter.get("created_at"))).id
        self.house.mail_events.apply(MailEvent(newest, person.email, Fate.BOUNCED), self.now)

    def disclose(self, person: Person) -> None:
        """Hand something to an authority on a lawful demand."""
        body = {"request_id": f"demand-{self._number()}", "subject": person.uid, "authority": "서울중앙지방법원"}
        body |= {"legal_basis": "형사소송법 제215조", "items": ["방문 기록"], "purpose": "수사"}  # type: ignore[dict-item]
        self.house.disclosures.record(OFFICER, DisclosureRequest.model_validate(body), self.now)

    def give_role(self) -> None:
        """A role is given at a terminal."""
        change = self.house.staff_roles.plan("staff-minji@imagesfactory.com", [Role.SUPPORT], [])
        self.house.staff_roles.apply(change, "joins the desk", self.now)

    def _may_ask(self, person: Person | None) -> None:
        if person is not None:
            self.told.touches.add(person.uid)
        self.told.places.add("allowances/*")

    # -- leaving

    def withdraw(self, person: Person, *open_orders: Order, has_deposit: bool = False) -> None:
        """Withdraw, to the very end; a provider may still change these orders."""
        self._may_pay(person)
        account = {"bank": "88", "account_number": "110123456789", "holder_name": person.name}
        more = {"refund_account": account} if has_deposit else {}
        self._leaves(person, lambda: self.house.withdraw(person.uid, **more), *open_orders)

    def withdraw_suspended(self, person: Person) -> None:
        """Leave while suspended: the register of misuse remembers."""
        self.house.client.document(f"users/{person.uid}").update({"status": "suspended"})
        self._leaves(person, lambda: self.house.withdrawals.begin(person.uid, Channel.MEMBER, self.now))

    def is_suspended_for_a_while(self, person: Person) -> None:
        """The officer suspends somebody, hears them, and takes it back; its year begins with that."""
        self.told.touches.add(person.uid)
        body = {"request_id": f"suspension-{self._number()}", "uid": person.uid, "category": "terms-breach"}
        wanted = SuspensionRequest.model_validate(body | {"reason": "reported"})
        suspension_id = self.house.suspensions.suspend(OFFICER, wanted, self.now)
        undone = ReinstatementRequest(suspension_id=suspension_id, reason="explained")
        self.house.suspensions.reinstate(OFFICER, undone, self.now)
        self.told.clocks[f"suspensions/{suspension_id}"] = self.now
        self.house.work_off()

    def is_closed_for_guardian(self, person: Person) -> None:
        """A guardian has the account of somebody under 14 deleted."""
        self._leaves(person, lambda: self.house.withdrawals.begin(person.uid, Channel.GUARDIAN, self.now))

    def is_deleted_outside(self, person: Person) -> None:
        """The sign-in is removed in the console; the sweep comes by within the day."""
        self.house.sign_ins.deleted.add(person.uid)
        self._leaves(person, self._sweep_until_found)

    def _leaves(self, person: Person, begin: Callable[[], object], *open_orders: Order) -> None:
        self.told.leaves = person.uid
        self.told.open_orders = {order.id for order in open_orders}
        begin()
        self.house.work_off()
        self.house.receive_new("stripe")  # that the money went back is told when everything is in the archive already
        self.house.clock.move(LAST_LOOK_AFTER + timedelta(seconds=1))
        self.house.sweep()

    def _sweep_until_found(self) -> None:
        for _ in range(288):
            if self.house.withdrawal_sweep.find_deleted(self.now):
                return
            self.house.clock.move(timedelta(minutes=5))
        raise AssertionError("nobody found the deleted account within a day")


def _owned_by(uid: str) -> Any:
    from google.cloud.firestore import FieldFilter

    return FieldFilter("owner", "==", uid)
