"""All rooms with one clock that only the simulation moves: members' lives, the office, the purge and the sweep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from google.cloud import firestore
from imagesfactory.accounts.devices import DeviceService
from imagesfactory.accounts.model import Versions
from imagesfactory.accounts.renewal import ConsentRenewal
from imagesfactory.accounts.roll import MemberRoll
from imagesfactory.mail.outbox import Outbox
from imagesfactory.notices.campaigns import TASK_FUNCTION as ADVERTISE
from imagesfactory.notices.campaigns import CampaignService
from imagesfactory.notices.service import TASK_FUNCTION as TELL
from imagesfactory.notices.service import NoticeService
from imagesfactory.points.store import WalletStore
from imagesfactory.policy.company import company
from imagesfactory.privacy.purge.service import Purge
from imagesfactory.staff.disclosures import DisclosureRegister
from imagesfactory.staff.roles import RoleService

from local.doubles import Doubles
from tests.backend import ADVERTISER
from tests.members import Members


class StaffDirectory:
    """A RoleDirectory with one person."""

    def __init__(self) -> None:
        self.held: tuple[str, ...] = ()

    def uid_of(self, address: str) -> str | None:
        return address.partition("@")[0]

    def roles(self, uid: str) -> tuple[str, ...]:
        return self.held

    def set_roles(self, uid: str, roles: Any) -> None:
        self.held = tuple(roles)


class SimulatedHouse(Members):
    """The whole backend. The payment doubles' clock stands where the house's does."""

    def __init__(self, client: firestore.Client, archive: firestore.Client, doubles: Doubles) -> None:
        super().__init__(client, archive, doubles)
        versions = Versions(company().terms_version, company().privacy_policy_version)
        roll, outbox = MemberRoll(client), Outbox(client)
        self.devices = DeviceService(client, WalletStore(client))
        self.disclosures = DisclosureRegister(client, self.access_log)
        self.staff_roles = RoleService(client, StaffDirectory())
        self.campaigns = CampaignService(client, roll=roll, outbox=outbox, queue=self.queue, advertiser=ADVERTISER)
        self.notices = NoticeService(
            client,
            roll=roll,
            renewal=ConsentRenewal(client, versions),
            outbox=outbox,
            queue=self.queue,
            versions=versions,
        )
        self.purge = Purge(client, archive, self.bucket, clock=self.clock, queue=self.queue)
        self._events_seen = {"stripe": 0, "toss": 0}

    def go_to(self, instant: datetime) -> None:
        """Put the clock forward; what took longer than until then has put it there already."""
        self.clock.instant = max(instant, self.clock.instant)

    def stand_doubles(self) -> None:
        """Let the payment doubles' clock stand where the house's does."""
        self.doubles.control.stand_clock_at(self.clock.instant)

    def perform(self, function: str, payload: dict[str, str | int]) -> None:
        if function == ADVERTISE:
            self.campaigns.proceed(str(payload["campaign_id"]), self.clock.now())
        elif function == TELL:
            self.notices.tell(str(payload["change_id"]), self.clock.now())
        else:
            super().perform(function, payload)

    def receive_new(self, provider: str) -> None:
        """Hand over the provider's events that were made since the last time, and act on them."""
        is_stripe = provider == "stripe"
        events = self.stripe_events() if is_stripe else self.toss_events()
        for event in events[self._events_seen[provider] :]:
            (self.receive_stripe if is_stripe else self.receive_toss)(event)
        self._events_seen[provider] = len(events)
        self.process_inbox()
        self.work_off()

    def sweep(self) -> None:
        super().sweep()
        now = self.clock.now()
        self.notices.sweep(now, 100)
        self.campaigns.sweep(now, 100)
        self.work_off()
