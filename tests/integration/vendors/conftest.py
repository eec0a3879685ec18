"""The outsiders: the doubles of the providers and the emulators of firebase-tools, all on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from imagesfactory.generation.ports import Picture

from local.doubles import Doubles, running
from tests.emulators import EmulatorAddresses, start_emulators
from tests.integration.vendors.limits import PROJECT


@pytest.fixture(scope="session")
def all_doubles() -> Iterator[Doubles]:
    with running() as doubles:
        yield doubles


@pytest.fixture
def doubles(all_doubles: Doubles) -> Doubles:
    all_doubles.control.reset()
    return all_doubles


@pytest.fixture(scope="session")
def emulators() -> Iterator[EmulatorAddresses]:
    with start_emulators(PROJECT) as addresses:
        yield addresses


@pytest.fixture
def picture() -> Picture:
    return Picture(
        prompt="달빛 아래 걷는 고양이",
        provider_model="gpt-image-2",
        quality="low",
        width=1024,
        height=1024,
        aspect_ratio="1:1",
        end_user="a-keyed-pseudonym",
    )
