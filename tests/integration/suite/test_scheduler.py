"""The local scheduler against a real HTTP server in the place of the functions emulator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest

from local.scheduler import EmulatorTargets, RunFailed, Schedule, Scheduler
from local.scheduler.schedules import Retry

SWEEP = Schedule("sweep-often", "sweep", "*/5 * * * *", ZoneInfo("Asia/Seoul"), Retry(3, 5, 60, 5))
START = datetime(2026, 8, 31, 14, 58, tzinfo=UTC)


@dataclass
class SteppingClock:
    """Waiting moves it ahead at once; it stops the scheduler when its waits are used up."""

    moment: datetime = START
    waits_left: int = 100
    waited_seconds: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def wait(self, seconds: float, stopped: threading.Event) -> bool:
        if self.waits_left == 0:
            stopped.set()
        self.waits_left -= 1
        self.waited_seconds.append(seconds)
        self.moment += timedelta(seconds=seconds)
        return stopped.is_set()


@dataclass
class Emulator:
    """Answers as the functions emulator does for scheduled functions, and keeps what was asked."""

    url: str
    answers: list[int] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    keys: str = "asia-northeast3-hello, asia-northeast3-sweep-0, asia-northeast3-sweep-2, asia-northeast3-sweep_all-7"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(404, f"Function none-x does not exist, valid functions are: {state.keys}")

        def do_POST(self) -> None:
            state.calls.append((self.path, dict(self.headers)))
            self._answer(state.answers.pop(0) if state.answers else 200, "")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state = Emulator(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def _scheduler(emulator: Emulator, clock: SteppingClock) -> Scheduler:
    return Scheduler([SWEEP], EmulatorTargets(emulator.url, "demo-x"), clock)


def test_fire_now_calls_the_newest_generation_with_cloud_schedulers_headers(emulator: Emulator) -> None:
    firing = _scheduler(emulator, SteppingClock()).fire_now("sweep-often")

    ((path, headers),) = emulator.calls
    assert path == "/demo-x/asia-northeast3/sweep-2"
    assert headers["X-CloudScheduler-JobName"] == "sweep-often"
    assert headers["X-CloudScheduler-ScheduleTime"] == "2026-08-31T14:58:00Z"
    assert firing.attempts == 1


def test_a_failed_run_is_repeated_after_growing_waits_with_the_same_schedule_time(emulator: Emulator) -> None:
    emulator.answers = [500, 204, 429]
    clock = SteppingClock()

    firing = _scheduler(emulator, clock).fire_now("sweep-often")

    assert firing.attempts == 4
    assert clock.waited_seconds == [5, 10, 20]
    assert {headers["X-CloudScheduler-ScheduleTime"] for _, headers in emulator.calls} == {"2026-08-31T14:58:00Z"}


def test_when_the_retries_are_used_up_the_run_has_failed(emulator: Emulator) -> None:
    emulator.answers = [500] * 10

    with pytest.raises(RunFailed, match="failed 4 times; the last time: HTTP 500"):
        _scheduler(emulator, SteppingClock()).fire_now("sweep-often")

    assert len(emulator.calls) == 4


def test_a_function_that_is_not_served_is_a_failure_that_names_it(emulator: Emulator) -> None:
    emulator.keys = "asia-northeast3-hello"

    with pytest.raises(RunFailed, match="no scheduled function named sweep"):
        _scheduler(emulator, SteppingClock()).fire_now("sweep-often")

    assert emulator.calls == []


def test_an_emulator_that_is_gone_is_a_failure() -> None:
    scheduler = Scheduler([SWEEP], EmulatorTargets("http://127.0.0.1:1", "demo-x"), SteppingClock())

    with pytest.raises(RunFailed, match="ConnectionError"):
        scheduler.fire_now("sweep-often")


def test_in_the_background_each_due_time_is_fired_once_and_a_failure_stops_nothing(emulator: Emulator) -> None:
    emulator.answers = [500, 500, 500, 500, 200, 200]
    scheduler = _scheduler(emulator, SteppingClock(waits_left=6))

    with scheduler:
        for thread in scheduler._threads:
            thread.join(20)

    times = [headers["X-CloudScheduler-ScheduleTime"] for _, headers in emulator.calls]
    assert times == [*["2026-08-31T15:00:00Z"] * 4, "2026-08-31T15:05:00Z", "2026-08-31T15:10:00Z"]


def test_an_unknown_schedule_is_a_key_error(emulator: Emulator) -> None:
    with pytest.raises(KeyError):
        _scheduler(emulator, SteppingClock()).fire_now("unknown")
