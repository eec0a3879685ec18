"""The rooms of members' rights joined to the shop: my page, export, withdrawal, with both databases of one server."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, Any

from google.cloud import firestore
from imagesfactory.accounts.copies import Copies
from imagesfactory.accounts.model import SignInFacts
from imagesfactory.accounts.removal import UnfinishedSignups
from imagesfactory.generation.deletion import ImageDeletion
from imagesfactory.kit.errors import RetryLater
from imagesfactory.mail.outbox import Outbox
from imagesfactory.officer.members import MemberDesk
from imagesfactory.officer.suspension import SuspensionService
from imagesfactory.payments.by_hand import HandRefunds
from imagesfactory.payments.inbox import Inbox
from imagesfactory.rights.correction import CorrectionService
from imagesfactory.rights.export import TASK_FUNCTION as EXPORT
from imagesfactory.rights.export import ExportService
from imagesfactory.rights.my_page import MyPage
from imagesfactory.rights.ports import SignIn
from imagesfactory.vendors.sendgrid_recipients import SendGridRecipients
from imagesfactory.withdrawal.archive import Archive
from imagesfactory.withdrawal.erasure import Erasure
from imagesfactory.withdrawal.guardians import GuardianDesk
from imagesfactory.withdrawal.last_letter import LastLetter
from imagesfactory.withdrawal.left_visits import LeftVisits
from imagesfactory.withdrawal.model import LAST_LOOK_AFTER, WithdrawRequest
from imagesfactory.withdrawal.open_money import OpenMoney
from imagesfactory.withdrawal.process import WithdrawalProcess
from imagesfactory.withdrawal.service import TASK_FUNCTION as WITHDRAW
from imagesfactory.withdrawal.service import WithdrawalService
from imagesfactory.withdrawal.settling import Settling
from imagesfactory.withdrawal.sweep import WithdrawalSweep

from local.doubles import Doubles
from tests.backend import START, MemoryBucket, Wrap, _as_is
from tests.firestore_process import FirestoreProcess
from tests.registry_watch import WATCH
from tests.shop import RULES, Shop


class MemoryFolders:
    """The folders of a MemoryBucket."""

    def __init__(self, bucket: MemoryBucket) -> None:
        self._bucket = bucket

    def names(self, prefix: str) -> Iterator[str]:
        return iter([name for name in self._bucket.files if name.startswith(prefix)])

    def delete(self, name: str) -> None:
        self._bucket.delete(name)

    @contextmanager
    def writer(self, name: str, content_type: str) -> Iterator[IO[bytes]]:
        assert content_type
        WATCH.file(name)
        file = _Unseekable()
        yield file
        self._bucket.replace(name, file.getvalue())

    @contextmanager
    def reader(self, name: str) -> Iterator[IO[bytes]]:
        yield io.BytesIO(self._bucket.get(name))


class _Unseekable(io.BytesIO):
    """Like an upload: what is written is gone."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


class SignIns:
    """The Directory port: knows whose sign-in is gone."""

    def __init__(self) -> None:
        self.deleted: set[str] = set()
        self.ended: list[str] = []
        """Whose sessions were ended, each time."""
        self.told: list[tuple[str, SignInFacts]] = []
        self.is_down = False

    def end_sessions(self, uid: str) -> None:
        self.ended.append(uid)

    def delete(self, uid: str) -> None:
        self._answer()
        self.deleted.add(uid)

    def sign_in(self, uid: str) -> SignIn | None:
        return None if uid in self.deleted else SignIn(("password",), START, START, None)

    def correct(self, uid: str, facts: SignInFacts) -> None:
        self._answer()
        self.told.append((uid, facts))

    def missing(self, uids: Iterable[str]) -> set[str]:
        return self.deleted & set(uids)

    def _answer(self) -> None:
        if self.is_down:
            raise RetryLater("directory-unavailable")


class Members(Shop):
    """The backend with its members' rights."""

    def __init__(
        self, client: firestore.Client, archive: firestore.Client, doubles: Doubles, wrap: Wrap = _as_is
    ) -> None:
        super().__init__(client, doubles, wrap)
        self.archive_client = archive
        self.sign_ins = SignIns()
        directory = wrap("directory", self.sign_ins)
        self.folders = wrap("folders", MemoryFolders(self.bucket))
        self.processor = SendGridRecipients(api_key="local", host=doubles.addresses.sendgrid_url)
        self.exports = ExportService(
            client,
            self.clock,
            profiles=self.profiles,
            folders=self.folders,
            outbox=Outbox(client),
            queue=wrap("queue", self.queue),
        )
        self.corrections = CorrectionService(
            client, profiles=self.profiles, outbox=Outbox(client), mail=self.mail, accesses=self.access_log
        )
        self.my_page = MyPage(client, profiles=self.profiles, corrections=self.corrections, sign_ins=self.sign_ins)
        self.copies = Copies(client, sign_ins=directory, carrier=wrap("processor", self.processor))
        self.image_deletion = ImageDeletion(client, self.bucket)
        self.settling = Settling(
            client,
            points=self.points,
            generation=self.generation,
            payments=self.payment_sweep,
            refunds=self.refunds,
            rules=RULES,
        )
        self.open_money = OpenMoney(client, archive, self.settling)
        self.hand_refunds = HandRefunds(
            client,
            reconciliation=self.reconciliation,
            recall=self.open_money.recall,
            accesses=self.access_log,
            rules=RULES,
        )
        self.inbox = Inbox(
            client,
            queue=wrap("queue", self.queue),
            providers=self.providers,
            reconciliation=self.reconciliation,
            allowances=self.allowances,
            recall=self.open_money.recall,
        )
        copies = Archive(client, archive)
        self.withdrawals = WithdrawalService(
            client,
            profiles=self.profiles,
            tombstones=self.tombstones,
            points=self.points,
            settling=self.settling,
            queue=wrap("queue", self.queue),
        )
        self.guardians = GuardianDesk(
            client,
            profiles=self.profiles,
            withdrawals=self.withdrawals,
            desk=self.support_desk,
            accesses=self.access_log,
        )
        self.suspensions = SuspensionService(
            client,
            accounts=self.accounts,
            profiles=self.profiles,
            points=self.points,
            settling=self.settling,
            misuse=self.misuse,
            directory=directory,
            outbox=Outbox(client),
            accesses=self.access_log,
        )
        self.member_desk = MemberDesk(
            client,
            profiles=self.profiles,
            exports=self.exports,
            withdrawals=self.withdrawals,
            desk=self.support_desk,
            accesses=self.access_log,
        )
        erasure = Erasure(
            client, archive=copies, files=self.folders, processors={"sendgrid": wrap("processor", self.processor)}
        )
        self.unfinished = UnfinishedSignups(client, directory=directory, left=LeftVisits(erasure))
        self.process = WithdrawalProcess(
            client,
            self.clock,
            accounts=self.accounts,
            profiles=self.profiles,
            misuse=self.misuse,
            directory=directory,
            settling=self.settling,
            archive=copies,
            erasure=erasure,
            open_money=self.open_money,
            letter=LastLetter(client, outbox=Outbox(client), mail=self.mail),
        )
        self.withdrawal_sweep = WithdrawalSweep(
            client,
            service=self.withdrawals,
            process=self.process,
            open_money=self.open_money,
            directory=directory,
        )

    def perform(self, function: str, payload: dict[str, str | int]) -> None:
        if function == WITHDRAW:
            self.process.proceed(str(payload["uid"]))
        elif function == EXPORT:
            self.exports.perform(str(payload["export_id"]))
        else:
            super().perform(function, payload)

    def sweep(self) -> None:
        super().sweep()
        self.unfinished.remove(self.clock.now(), 100)
        self.profiles.ask_to_confirm(self.clock.now(), 100)
        self.copies.tell(self.clock.now(), 100)
        self.exports.sweep(self.clock.now(), 100)
        self.suspensions.sweep(self.clock.now(), 100)
        self.withdrawal_sweep.run(self.clock.now(), 100)
        self.withdrawal_sweep.find_deleted(self.clock.now())

    def withdraw(self, uid: str, **more: Any) -> None:
        """Look at what it means, confirm it."""
        now = self.clock.now()
        shown = self.withdrawals.preview(uid, now)
        request = WithdrawRequest.model_validate({"confirmed": shown.digest, **more})
        self.withdrawals.withdraw(uid, request, now, now)

    def leave(self, uid: str, **more: Any) -> None:
        """Withdraw, to the very end."""
        self.withdraw(uid, **more)
        self.come_to_the_end()

    def come_to_the_end(self) -> None:
        """Let a withdrawal that was begun run to the very end."""
        self.work_off()
        self.clock.move(LAST_LOOK_AFTER + timedelta(seconds=1))
        self.sweep()

    def everything(self, client: firestore.Client | None = None) -> dict[str, dict[str, Any]]:
        """Every document of a database by its path."""
        found: dict[str, dict[str, Any]] = {}
        pending = list((client or self.client).collections())
        while pending:
            for document in pending.pop().list_documents():
                content = document.get().to_dict()
                if content is not None:
                    found[document.path] = content
                pending.extend(document.collections())
        return found


@contextmanager
def both_clean(process: FirestoreProcess, *clients: firestore.Client) -> Iterator[None]:
    """Everything of these databases is gone afterwards."""
    import requests

    try:
        yield
    finally:
        for client in clients:
            path = f"/emulator/v1/projects/{client.project}/databases/{client._database}/documents"
            requests.delete(process.url + path, timeout=30).raise_for_status()
