"""Devices: written down for active members only, changed in place, forgotten on request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from imagesfactory.accounts.devices import DEVICES_MAX, DeviceRequest, DeviceService, TooManyDevices
from imagesfactory.accounts.errors import AccountNotActive, AccountUnknown
from imagesfactory.accounts.model import Identity
from imagesfactory.points.store import WalletStore

from tests.backend import Backend

TOKEN = {"kind": "token", "value": "f" * 140}


def device(device_id: str = "8f14e45f-ceea-467f", **more: Any) -> DeviceRequest:
    body = {"device_id": device_id, "platform": "ios", "operating_system": "iOS 20.1", "app_version": "1.2.0"}
    return DeviceRequest.model_validate(body | more)


def test_a_device_is_registered_changed_and_forgotten(backend: Backend) -> None:
    uid, devices = backend.member(), DeviceService(backend.client, WalletStore(backend.client))
    path, first = f"users/{uid}/devices/8f14e45f-ceea-467f", backend.clock.now()
    devices.register(uid, device(push=TOKEN), first)
    backend.clock.move(timedelta(days=1))
    devices.register(uid, device(app_version="1.3.0"), backend.clock.now())
    stored = backend.document(path)
    assert (stored["owner"], stored["app_version"], stored["push"]) == (uid, "1.3.0", None)
    assert (stored["registered_at"], stored["seen_at"]) == (first, backend.clock.now())
    devices.remove(uid, "8f14e45f-ceea-467f")
    devices.remove(uid, "8f14e45f-ceea-467f")
    assert not backend.client.document(path).get().exists


def test_only_active_members_have_devices_and_not_too_many(backend: Backend) -> None:
    devices, now = DeviceService(backend.client, WalletStore(backend.client)), backend.clock.now()
    with pytest.raises(AccountUnknown):
        devices.register("nobody", device(), now)
    backend.accounts.admit(Identity("unfinished", "u@example.com", "password"), now)
    with pytest.raises(AccountNotActive):
        devices.register("unfinished", device(), now)
    uid = backend.member()
    for number in range(DEVICES_MAX):
        devices.register(uid, device(f"device-{number:04}"), now)
    devices.register(uid, device("device-0000", app_version="2.0.0"), now)
    with pytest.raises(TooManyDevices):
        devices.register(uid, device("device-9999"), now)
