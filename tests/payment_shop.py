"""What tests of payments need on the shop's side: the real Stripe SDK and Toss's calls pointed at the doubles, and a
server that takes webhooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
import stripe

from local.doubles import Doubles


@dataclass
class Receiver:
    """Takes webhooks: what arrived, oldest first, and the statuses still to be answered (200 when none is left)."""

    url: str = ""
    received: list[tuple[Message, bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port while the block runs."""
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.received.append((self.headers, body))
            self.send_response(made.answers.pop(0) if made.answers else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/webhook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def stripe_client(doubles: Doubles, key: str | None = None, retries: int = 0) -> stripe.StripeClient:
    base = doubles.addresses.stripe_url
    return stripe.StripeClient(
        key or doubles.addresses.stripe_api_key,
        http_client=stripe.RequestsClient(timeout=30),
        base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
        max_network_retries=retries,
    )


class Toss:
    """The few calls of the Toss API, by their names."""

    def __init__(self, doubles: Doubles) -> None:
        self.base = doubles.addresses.toss_url
        self.key = doubles.addresses.toss_secret_key

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(f"{self.base}/v1{path}", json=body, auth=(self.key, ""), headers=sent, timeout=30)

    def get(self, path: str, **query: str) -> requests.Response:
        return requests.get(f"{self.base}/v1{path}", params=query, auth=(self.key, ""), timeout=30)

    def confirm(self, payment_key: str, order_id: str, amount: int, **headers: str) -> requests.Response:
        body = {"paymentKey": payment_key, "orderId": order_id, "amount": amount}
        return self.post("/payments/confirm", body, **headers)

    def cancel(self, payment_key: str, body: dict[str, Any], **headers: str) -> requests.Response:
        return self.post(f"/payments/{payment_key}/cancel", {"cancelReason": "단순 변심", **body}, **headers)
