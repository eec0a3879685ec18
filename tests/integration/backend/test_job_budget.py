"""What one job of four images may cost at Firestore; the counts do not depend on the machine, so they are tested.

Source of the bounds: the budgets that `make bench` measures on the whole suite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from imagesfactory.accounts.devices import DeviceRequest, DeviceService, PushAddress
from imagesfactory.generation.ports import Generated, ImageModel, Picture
from imagesfactory.mail.model import Fate, MailEvent
from imagesfactory.points.store import WalletStore

from local.doubles import Doubles
from tests.backend import Backend, clean_database, job_request
from tests.firestore_process import FirestoreProcess
from tests.usage import billed

PHONE = DeviceRequest(device_id="the-telephone", platform="ios", push=PushAddress(kind="token", value="the-telephone"))
READS_MAX, WRITES_MAX = 12, 16


class _AfterTheOthers:
    """An ImageModel whose every call waits until the workers of the images behind it have claimed and finished theirs,
    so that four workers hold claims at once and each settles on a copy that the others have outdated.
    """

    def __init__(self, model: ImageModel, begin_next: Callable[[], None]) -> None:
        self._model = model
        self._begin_next = begin_next

    def generate(self, picture: Picture, *, timeout_seconds: float) -> Generated:
        self._begin_next()
        return self._model.generate(picture, timeout_seconds=timeout_seconds)


@pytest.fixture
def backend(firestore_process: FirestoreProcess, doubles: Doubles) -> Iterator[Backend]:
    """Its images are made side by side and come one after the other, as providers' do."""
    client = firestore_process.client("demo-job-budget")
    doubles.control.reset()

    def begin_next() -> None:
        if made.queue.waiting:
            made.perform(*made.queue.waiting.popleft())

    def wrap(name: str, outsider: Any) -> Any:
        return _AfterTheOthers(outsider, begin_next) if name == "model" else outsider

    with clean_database(client, firestore_process.url):
        made = Backend(client, doubles, wrap)
        yield made
    client.close()


@pytest.mark.parametrize("apps", [0, 1])
def test_a_job_of_four_images_keeps_its_budget_until_its_mail_is_delivered(
    backend: Backend, firestore_process: FirestoreProcess, apps: int
) -> None:
    uid = backend.member()
    for _ in range(apps):
        DeviceService(backend.client, WalletStore(backend.client)).register(uid, PHONE, backend.clock.now())
    with billed(firestore_process) as admission:
        accepted = backend.generation.create(uid, job_request(), backend.clock.now())
    created = backend.client.document(f"jobs/{accepted.job_id}").get()  # what the trigger's event carries
    with billed(firestore_process) as making:
        backend.generation.fan_out(created, backend.clock.now())
        backend.perform(*backend.queue.waiting.popleft())
    backend.mail.enqueue(mail_id := f"{accepted.job_id}-finished", "first")
    with billed(firestore_process) as mailing:
        backend.perform(*backend.queue.waiting.popleft())
        backend.mail_events.apply(MailEvent(mail_id, "jisu@example.com", Fate.DELIVERED), backend.clock.now())

    assert backend.job(accepted.job_id)["captured_points"] == accepted.held_points
    assert backend.document(f"mail/{mail_id}")["fate"] == Fate.DELIVERED.rank
    assert backend.client.document(f"mail/{accepted.job_id}-ended").get().exists == bool(apps)
    assert admission.methods == ["BatchGetDocuments", "Commit"]
    bills = (admission, making, mailing)
    assert sum(bill.reads for bill in bills) <= READS_MAX
    assert sum(bill.writes for bill in bills) <= WRITES_MAX
