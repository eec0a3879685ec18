"""Lets the planned blows fall on a running suite, one after the other, until it is told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from imagesfactory.kit.settings import REGION

from local.chaos.plan import Blow, Strike
from local.chaos.servers import Servers
from local.doubles.control import ControlClient, ControlRefused
from local.doubles.webhook_client import WebhookControl
from local.scheduler import Scheduler
from local.scheduler.firing import RunFailed
from local.suite import Suite

SWEEP_SECONDS = 200.0
"""Longer than one attempt of the local scheduler."""
POSTED_SECONDS = 60.0
"""How long the doubles may take to post what is on its way."""
HELD_SECONDS = 8.0
"""How long a held call waits: shorter than any client of ours does."""
RETRIES = (0.5, 1.0, 2.0)
WAYS = (
    {"copies": 2},
    {"keep_back": ("*",)},
    {"copies": 3, "retry_pauses_seconds": RETRIES},
    {"drop": ("*",)},
)
"""How webhooks travel for a while: twice, late and backwards, thrice, or not at all."""


class Weather:
    """Carries out blows."""

    def __init__(self, suite: Suite, doubles: ControlClient, servers: Servers, scheduler: Scheduler) -> None:
        self._functions = f"{suite.addresses.functions.url}/{suite.project}/{REGION}"
        self._doubles = doubles
        self._servers = servers
        self._scheduler = scheduler
        self._sweeps: list[threading.Thread] = []
        self._held: list[tuple[float, str]] = []

    def storm(self, blows: Sequence[Blow], stopped: threading.Event, struck: Callable[[Blow], None]) -> None:
        """Let each blow fall at its time, counted from now."""
        began = time.monotonic()
        for blow in blows:
            if stopped.wait(max(began + blow.at_seconds - time.monotonic(), 0)):
                return
            self._release_held()
            self._strike(blow)
            struck(blow)

    def clear(self) -> None:
        """End every fault; webhooks travel as they should, and go out again if they did not arrive: a provider tries
        for days.
        """
        self._doubles.clear_faults()
        for provider, control in self._webhooks():
            control.set_webhook(self._url(provider), retry_pauses_seconds=RETRIES)
            for message in control.messages(timeout_seconds=POSTED_SECONDS):
                if message.state != "delivered":
                    control.post_again(message.id)
            control.messages(timeout_seconds=POSTED_SECONDS)

    def end_sweeps(self) -> None:
        """Wait for the sweeps that were begun; they are repeated no more."""
        self._scheduler.stop()
        for sweep in self._sweeps:
            sweep.join(SWEEP_SECONDS)

    def _strike(self, blow: Blow) -> None:
        match blow.strike:
            case Strike.FAULT if blow.rule is not None:
                fault = self._doubles.plan(blow.rule)
                if blow.rule.effect == "hold":
                    self._held.append((time.monotonic() + HELD_SECONDS, fault))
            case Strike.WEBHOOKS:
                self._change_webhooks(blow.choice)
            case Strike.KILL_WORKER:
                self._servers.kill_worker(blow.choice)
            case Strike.KILL_FIRESTORE:
                self._servers.restart_firestore()
            case Strike.SWEEP:
                self._sweeps.append(threading.Thread(target=self._sweep, daemon=True))
                self._sweeps[-1].start()
            case _:
                raise ValueError(blow.strike)

    def _sweep(self) -> None:
        try:
            self._scheduler.fire_now("sweep")
        except RunFailed:
            return  # the next one goes on where this one ended

    def _change_webhooks(self, choice: int) -> None:
        provider, control = self._webhooks()[choice % 2]
        control.release(backwards=True)
        control.set_webhook(self._url(provider), **WAYS[choice // 2 % len(WAYS)])

    def _webhooks(self) -> tuple[tuple[str, WebhookControl], ...]:
        return ("stripe", self._doubles.stripe), ("toss", self._doubles.toss)

    def _url(self, provider: str) -> str:
        return f"{self._functions}/{provider}_webhook"

    def _release_held(self) -> None:
        now = time.monotonic()
        for until, fault in [one for one in self._held if one[0] <= now]:
            self._held.remove((until, fault))
            try:
                self._doubles.remove_fault(fault)
            except ControlRefused:
                continue  # cleared meanwhile
