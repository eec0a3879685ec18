"""Runs the doubles as a process: prints one JSON line when all are ready, serves until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import fields

from local.doubles.addresses import Ports
from local.doubles.payments import WebhookUrls
from local.doubles.server import PortTaken, running

RETRY_PAUSES_SECONDS = (1.0, 4.0, 16.0)
"""Pauses before a webhook is tried again: short enough for a person to wait, long enough for a reloading function."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop. Exit status 0 then, 1 when a port is taken."""
    options = _parser().parse_args(arguments)
    ports = Ports(**{one.name: getattr(options, f"{one.name}_port") for one in fields(Ports)})
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    try:
        urls = WebhookUrls(
            stripe=options.stripe_webhook_url,
            toss=options.toss_webhook_url,
            retry_pauses_seconds=RETRY_PAUSES_SECONDS,
        )
        with running(ports, options.sendgrid_events_url, urls) as doubles:
            print(json.dumps({"ready": True, **doubles.addresses.to_json()}), flush=True)
            print(f"The provider doubles are ready. Have a look: {doubles.addresses.home}", file=sys.stderr)
            told_to_stop.wait()
    except PortTaken as error:
        print(f"The doubles could not start: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.doubles", description=__doc__)
    for one in fields(Ports):
        option = f"--{one.name.replace('_', '-')}-port"
        parser.add_argument(option, type=int, default=0, metavar="PORT", help="0, the default, takes a free port")
    parser.add_argument(
        "--sendgrid-events-url", metavar="URL", help="where signed mail events are posted to; off when not given"
    )
    for provider in ("stripe", "toss"):
        option = f"--{provider}-webhook-url"
        parser.add_argument(option, metavar="URL", help="where payment webhooks are posted to; off when not given")
    return parser


if __name__ == "__main__":
    sys.exit(main())
