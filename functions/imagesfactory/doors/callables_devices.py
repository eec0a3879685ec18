"""What an app says of the device it runs on."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.doors import callers, limits
from imagesfactory.doors.answers import answers
from imagesfactory.doors.calling import on_call
from imagesfactory.kit.settings import SECRETS_OF_IDENTITY


@on_call(timeout_sec=15, concurrency=80, secrets=list(SECRETS_OF_IDENTITY))
@answers
def register_device(request: CallableRequest[Any]) -> dict[str, Any]:
    """Write down the device, its app version and where notifications reach it."""
    caller = callers.member(request)
    limits.count("register_device", request, caller.uid)
    from imagesfactory.accounts.devices import DeviceRequest
    from imagesfactory.doors.requests import parsed

    wanted = parsed(DeviceRequest, request.data)
    office.devices().register(caller.uid, wanted, bootstrap.clock().now())
    return {"device_id": wanted.device_id}


@on_call(timeout_sec=15, concurrency=80, secrets=list(SECRETS_OF_IDENTITY))
@answers
def remove_device(request: CallableRequest[Any]) -> dict[str, Any]:
    """Forget a device, for example when its member signs out."""
    caller = callers.member(request)
    limits.count("remove_device", request, caller.uid)
    from imagesfactory.accounts.devices import DeviceQuery
    from imagesfactory.doors.requests import parsed

    device_id = parsed(DeviceQuery, request.data).device_id
    office.devices().remove(caller.uid, device_id)
    return {"device_id": device_id}
