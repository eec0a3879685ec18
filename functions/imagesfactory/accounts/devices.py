"""The devices of a member: what the app says of itself, and where notifications could be pushed to.

``users/{uid}/devices/{id}`` dies with the membership. A push token belongs to one device at a time only in the view of
its own member; nobody else's devices are read. Source: privacy policy, article 1 (device information, app version,
device UUID, push token).
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from imagesfactory.accounts import model
from imagesfactory.accounts.store import AccountStore, profile_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import Outcome, Refusal, Text
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference

DEVICES_MAX = 20

DeviceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class PushAddress(BaseModel):
    """Where Firebase Cloud Messaging reaches an app: by registration token, or by installation id."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["token", "installation"]
    value: Annotated[str, StringConstraints(min_length=10, max_length=4096)]


class DeviceRequest(BaseModel):
    """A device as its app describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    device_id: DeviceId
    platform: Literal["web", "ios", "android"]
    operating_system: Label = ""
    browser: Label = ""
    app_version: Label = ""
    push: PushAddress | None = None


class DeviceQuery(BaseModel):
    """One device."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    device_id: DeviceId


class TooManyDevices(Refusal):
    """The member has as many devices as anybody may; details: ``maximum``."""

    outcome = Outcome.RESOURCE_EXHAUSTED
    code = "too-many-devices"
    text = Text("등록할 수 있는 기기 수를 넘었습니다.", "Too many devices. Please remove one first.")


class DeviceService:
    """Registers and forgets devices."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._accounts = AccountStore(client)

    def register(self, uid: str, request: DeviceRequest, now: datetime) -> None:
        """Write down a device, or what changed of it; without a push address none is kept.

        Raises:
            AccountUnknown, AccountNotActive, AccountSuspended, TooManyDevices

        """
        unit_of_work.run(self._client, partial(self._register, uid=uid, request=request, now=now))
        log.info("device.registered", uid=uid, code=request.platform)

    def remove(self, uid: str, device_id: str) -> None:
        """Forget a device; none of that id is fine."""
        self._devices(uid).document(device_id).delete()
        log.info("device.removed", uid=uid)

    def _register(self, unit: UnitOfWork, uid: str, request: DeviceRequest, now: datetime) -> None:
        reference = self._devices(uid).document(request.device_id)
        account, device = unit.peek(self._accounts.reference(uid), reference)
        model.active(profile_from(account))
        unit.tie(device)
        document: dict[str, Any] = {
            "owner": uid,
            **request.model_dump(exclude={"device_id"}),
            "seen_at": now,
        }
        if device.exists:
            unit.update(reference, document)
            return
        if len(self._devices(uid).limit(DEVICES_MAX).select(()).get()) >= DEVICES_MAX:
            raise TooManyDevices(maximum=DEVICES_MAX)
        unit.create(reference, document | {"registered_at": now})

    def _devices(self, uid: str) -> CollectionReference:
        devices: CollectionReference = self._accounts.reference(uid).collection("devices")
        return devices
