"""A client is built once, by whichever thread comes first, and again only when building failed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from imagesfactory.vendors.once import Once

THREADS = 8


def test_threads_that_come_together_get_the_same_object() -> None:
    together = Barrier(THREADS)
    built: list[object] = []

    def build() -> object:
        built.append(object())
        return built[-1]

    once = Once(build)

    def come(_: int) -> object:
        together.wait()
        return once()

    with ThreadPoolExecutor(THREADS) as threads:
        got = list(threads.map(come, range(THREADS)))
    assert got == built * THREADS


def test_what_could_not_be_built_is_tried_again() -> None:
    outcomes = [RuntimeError("not yet"), None]

    def build() -> str:
        problem = outcomes.pop(0)
        if problem:
            raise problem
        return "client"

    once = Once(build)
    with pytest.raises(RuntimeError, match="not yet"):
        once()
    assert once() == once() == "client"
