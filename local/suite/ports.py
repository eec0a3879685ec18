"""Chooses free ports for a run."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable
from contextlib import ExitStack

from local.suite.addresses import LOOPBACK

LOWEST_PORT = 20_000
"""Above the ports of function workers (firebase_tools.cjs)."""
HIGHEST_PORT = 30_000
"""Below the ports that systems give to outgoing connections (Linux 32768 and up), so that none is taken by chance."""
ATTEMPTS_PER_PORT = 200


def free_ports(count: int, preferred: Iterable[int] = ()) -> tuple[int, ...]:
    """``count`` different ports that are free on the loopback now.

    ``preferred`` is used instead, entry by entry, where an entry is free. All are held until the last one is chosen,
    so that no two are the same. Raises OSError when no port can be had.
    """
    wishes = list(preferred)[:count]
    with ExitStack() as held:
        ports = [_hold(held, wish) or _hold_any(held) for wish in [*wishes, *[0] * (count - len(wishes))]]
    return tuple(ports)


def _hold_any(held: ExitStack) -> int:
    for _ in range(ATTEMPTS_PER_PORT):
        port = _hold(held, random.randint(LOWEST_PORT, HIGHEST_PORT))
        if port:
            return port
    raise OSError(f"no free port between {LOWEST_PORT} and {HIGHEST_PORT} on {LOOPBACK}")


def _hold(held: ExitStack, port: int) -> int | None:
    if not port:
        return None
    listener = held.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except OSError:
        return None
    return port
