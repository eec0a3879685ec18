"""A small real HTTP server standing where the functions emulator stands; it keeps what it gets and can refuse."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAIT_SECONDS_MAX = 30.0


@dataclass(frozen=True)
class Delivery:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """The deliveries so far; `answer` chooses the status for each one."""

    def __init__(self) -> None:
        self.answer: Callable[[Delivery], int] = lambda _delivery: 200
        self.deliveries: list[Delivery] = []
        self.address = ""
        self._condition = threading.Condition()

    def take(self, delivery: Delivery) -> int:
        """Keeps a delivery; returns its status."""
        status = self.answer(delivery)
        with self._condition:
            self.deliveries.append(delivery)
            self._condition.notify_all()
        return status

    def wait_for(self, condition: Callable[[list[Delivery]], bool]) -> list[Delivery]:
        """The deliveries once `condition` holds."""
        with self._condition:
            held = self._condition.wait_for(lambda: condition(self.deliveries), WAIT_SECONDS_MAX)
            assert held, f"{len(self.deliveries)} deliveries arrived"
            return list(self.deliveries)


@contextmanager
def start_receiver() -> Iterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(Delivery(self.path, headers, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class chose the name
            """Stays quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        receiver.address = f"127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield receiver
        http.shutdown()
        thread.join()
