"""The devices of a member: what the app says of itself, and where notifications could be pushed to.

``users/{uid}/devices/{id}`` dies with the membership. An app's push address belongs to whoever registered it last: what
is meant for a member who signed out must not appear for the next one on the same telephone.
Source: privacy policy, article 1 (device information, app version, device UUID, push token).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, StringConstraints

from imagesfactory.accounts import model
from imagesfactory.accounts.store import AccountStore, profile_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.errors import Outcome, Refusal, Text
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, DocumentReference, Query

    from imagesfactory.kit.unit_of_work import Snapshot

DEVICES_MAX = 20

DeviceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class PushAddress(BaseModel):
    """Where Firebase Cloud Messaging reaches an app: by registration token, or by installation id."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["token", "installation"]
    value: Annotated[str, StringConstraints(min_length=10, max_length=4096)]


@dataclass(frozen=True)
class ReachableDevice:
    """A device of a member that notifications can be pushed to."""

    device_id: str
    address: PushAddress


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


class Wallets(Protocol):
    """Where it is noted that a member could be notified, so that whoever reads a wallet need not ask for devices."""

    def reference(self, uid: str) -> DocumentReference:
        """Where the member's wallet is."""

    def note_push_address(self, unit: UnitOfWork, wallet: Snapshot) -> None:
        """Note it in a wallet peeked at in the unit."""


class DeviceService:
    """Registers and forgets devices."""

    def __init__(self, client: Client, wallets: Wallets) -> None:
        self._client = client
        self._accounts = AccountStore(client)
        self._wallets = wallets

    def register(self, uid: str, request: DeviceRequest, now: datetime) -> None:
        """Write down a device, or what changed of it; without a push address none is kept.

        Raises:
            AccountUnknown, AccountNotActive, AccountSuspended, TooManyDevices

        """
        unit_of_work.run(self._client, partial(self._register, uid=uid, request=request, now=now))
        log.info("device.registered", uid=uid, code=request.platform)

    def remove(self, uid: str, device_id: str) -> None:
        """Forget a device; none of that id is fine."""
        _devices(self._client, uid).document(device_id).delete()
        log.info("device.removed", uid=uid)

    def _register(self, unit: UnitOfWork, uid: str, request: DeviceRequest, now: datetime) -> None:
        reference = _devices(self._client, uid).document(request.device_id)
        places = (self._accounts.reference(uid), reference, self._wallets.reference(uid))
        account, device, wallet = unit.peek(*places)
        model.active(profile_from(account))
        unit.tie(device)
        if request.push is not None:
            self._take_over(unit, request.push, reference.path)
            self._wallets.note_push_address(unit, wallet)
        document: dict[str, Any] = {
            "owner": uid,
            **request.model_dump(exclude={"device_id"}),
            "seen_at": now,
        }
        if device.exists:
            unit.update(reference, document)
            return
        if len(_devices(self._client, uid).limit(DEVICES_MAX).select(()).get()) >= DEVICES_MAX:
            raise TooManyDevices(maximum=DEVICES_MAX)
        unit.create(reference, document | {"registered_at": now})

    def _take_over(self, unit: UnitOfWork, address: PushAddress, path: str) -> None:
        """Let no other device, of whomever, keep the address that is registered at ``path``."""
        from google.cloud.firestore import FieldFilter

        everywhere = self._client.collection_group("devices")
        for other in everywhere.where(filter=FieldFilter("push.value", "==", address.value)).limit(DEVICES_MAX).get():
            if other.reference.path != path:
                unit.tie(other)
                unit.update(other.reference, {"push": None})


class PushAddresses:
    """Where notifications to a member can be pushed to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def is_reachable(self, uid: str) -> bool:
        """Whether anything can be pushed to the member."""
        return bool(self._reachable(uid).limit(1).select(()).get())

    def reachable(self, uid: str) -> list[ReachableDevice]:
        """The devices of the member that notifications can be pushed to."""
        found = self._reachable(uid).limit(DEVICES_MAX).stream()
        return [ReachableDevice(one.id, PushAddress.model_validate(one.get("push"))) for one in found]

    def forget_address(self, uid: str, device: ReachableDevice) -> None:
        """Keep no push address that nothing answers at any more; one that the app has renewed meanwhile stays."""
        unit_of_work.run(self._client, partial(self._forget_address, uid=uid, device=device))
        log.info("device.address_gone", uid=uid)

    def _forget_address(self, unit: UnitOfWork, uid: str, device: ReachableDevice) -> None:
        (snapshot,) = unit.peek(_devices(self._client, uid).document(device.device_id))
        if snapshot.exists and snapshot.get("push") == device.address.model_dump():
            unit.tie(snapshot)
            unit.update(snapshot.reference, {"push": None})

    def _reachable(self, uid: str) -> Query:
        from google.cloud.firestore import FieldFilter

        return _devices(self._client, uid).where(filter=FieldFilter("push.value", ">", ""))


def _devices(client: Client, uid: str) -> CollectionReference:
    devices: CollectionReference = AccountStore(client).reference(uid).collection("devices")
    return devices
