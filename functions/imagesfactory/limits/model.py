"""Whose allowance a call uses: pure words."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["member", "address", "contact", "order"]

_HOUSEHOLD_BITS: Final = 64
"""What an IPv6 customer is given at the least; whoever holds it has all its addresses. Source: RFC 6177."""


@dataclass(frozen=True)
class Subject:
    """Who is counted, and for what: allowances of different purposes have nothing to do with each other."""

    purpose: str
    kind: Kind
    name: str


def of_address(purpose: str, address: str) -> Subject | None:
    """The allowance of a network address: of the address itself for IPv4, of its /64 for IPv6.

    None for what is no address of a caller: nobody but a machine's own processes calls from its loopback.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if parsed.is_loopback:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            household = ipaddress.ip_network((int(parsed) >> _HOUSEHOLD_BITS << _HOUSEHOLD_BITS, _HOUSEHOLD_BITS))
            return Subject(purpose, "address", str(household))
        parsed = parsed.ipv4_mapped
    return Subject(purpose, "address", str(parsed))
