"""The company's legal facts, as one validated object."""

from __future__ import annotations

from functools import cache

from imagesfactory.policy.reader import Bilingual, Record, read


class ReliefBody(Record):
    """A public body a member can turn to about personal data."""

    name: Bilingual
    telephone: str


class Company(Record):
    """The whole file."""

    name: Bilingual
    service: Bilingual
    business_number: str
    mail_order_number: str
    support_address: str
    sender_address: str
    relief_bodies: tuple[ReliefBody, ...]
    terms_version: str
    privacy_policy_version: str


@cache
def company() -> Company:
    """The company, read once."""
    return read("company.yaml", Company)
