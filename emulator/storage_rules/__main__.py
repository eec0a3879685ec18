"""Runs the Storage rules runtime: JSON lines on standard input and output until the input ends."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from typing import Any, BinaryIO

from emulator.rules.coverage import value_as_json
from emulator.rules.values import Value
from emulator.storage_rules.runtime import READY, StorageRulesRuntime

USAGE = "usage: python -m emulator.storage_rules serve\nThe Storage emulator of firebase-tools starts this by itself."

log = logging.getLogger("emulator.storage_rules")


def main(arguments: list[str]) -> int:
    """Serve; returns the exit code."""
    if not arguments or arguments[0] != "serve":
        print(USAGE, file=sys.stderr)
        return 2
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s", level=logging.INFO)
    for number in (signal.SIGINT, signal.SIGTERM):
        # At once: every answer is flushed as it is written, and nothing else is held.
        signal.signal(number, lambda *_: os._exit(0))
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        return 1
    return 0


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer each line of `source` on `sink`, after saying that the runtime is ready."""
    runtime = StorageRulesRuntime(lambda value: _write(sink, _debug_line(value)))
    _write(sink, json.dumps(READY))
    for line in source:
        answer = runtime.handle(_parsed(line)) if line.strip() else None
        if answer is not None:
            _write(sink, json.dumps(answer))


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _debug_line(value: Value) -> str:
    """A line that is no JSON, so that the emulator prints it."""
    return "debug() in rules: " + json.dumps(value_as_json(value), ensure_ascii=False)


def _write(sink: BinaryIO, text: str) -> None:
    sink.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sink.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
