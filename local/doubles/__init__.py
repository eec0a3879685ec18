"""The providers' doubles: real servers on loopback that the real SDKs talk to through their base-URL settings.

`python -m local.doubles` runs them as a process; tests start them in-process:

    with running() as doubles:
        client = OpenAI(base_url=doubles.addresses.openai_base_url, api_key="sk-local")
        doubles.control.plan(FaultRule(effect="error", provider="openai", status=429, retry_after_seconds=1))
"""

from local.doubles.addresses import Addresses, Ports
from local.doubles.control import ControlClient
from local.doubles.core.faults import FaultRule
from local.doubles.payments import WebhookUrls
from local.doubles.server import Doubles, PortTaken, running

__all__ = ["Addresses", "ControlClient", "Doubles", "FaultRule", "PortTaken", "Ports", "WebhookUrls", "running"]
