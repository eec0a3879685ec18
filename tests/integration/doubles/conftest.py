"""One process's worth of doubles for these tests, wiped before each, and the real SDKs pointed at them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import OpenAI
from sendgrid import SendGridAPIClient

from local.doubles import ControlClient, Doubles, running


@pytest.fixture(scope="package")
def running_doubles() -> Iterator[Doubles]:
    with running() as doubles:
        yield doubles


@pytest.fixture
def doubles(running_doubles: Doubles) -> Iterator[Doubles]:
    running_doubles.control.reset()
    yield running_doubles
    running_doubles.control.clear_faults()


@pytest.fixture
def control(doubles: Doubles) -> ControlClient:
    return doubles.control


@pytest.fixture
def openai(doubles: Doubles) -> Iterator[OpenAI]:
    with OpenAI(base_url=doubles.addresses.openai_base_url, api_key="sk-local", max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture
def sendgrid(doubles: Doubles) -> SendGridAPIClient:
    client = SendGridAPIClient("SG.local", host=doubles.addresses.sendgrid_url)
    client.client.timeout = 60
    return client
