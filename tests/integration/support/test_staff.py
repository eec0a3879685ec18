"""Lawful disclosures and roles: each on record once, before anything else happens."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from imagesfactory.policy.retention import destroy_at
from imagesfactory.staff.disclosures import DisclosureRegister
from imagesfactory.staff.model import Action, DisclosureRecordedBefore, DisclosureRequest, Role, StaffMember
from imagesfactory.staff.roles import NobodySignsInSo, RoleService

from tests.backend import Backend
from tests.integration.support.test_inquiries import accesses

OFFICER = StaffMember("soyeon", Role.OFFICER, "203.0.113.8")


def demand(purpose: str = "수사") -> DisclosureRequest:
    return DisclosureRequest.model_validate(
        {
            "request_id": "demand-01",
            "subject": "jisu",
            "authority": "서울중앙지방법원",
            "legal_basis": "형사소송법 제215조, 영장 2026-123",
            "items": ["이메일 주소", "방문 기록"],
            "purpose": purpose,
        }
    )


def test_a_disclosure_is_recorded_once_with_its_look(backend: Backend) -> None:
    register = DisclosureRegister(backend.client, backend.access_log)
    now = backend.clock.now()
    first = register.record(OFFICER, demand(), now)
    assert register.record(OFFICER, demand(), now) == first
    with pytest.raises(DisclosureRecordedBefore):
        register.record(OFFICER, demand("다른 목적"), now)
    assert [line["action"] for line in accesses(backend)] == [Action.DISCLOSURE_RECORDED]
    assert register.read(OFFICER, "jisu", now) == [first]
    assert register.read(OFFICER, "somebody-else", now) == []
    assert backend.document(f"disclosures/{first.id}")["destroy_at"] == destroy_at("disclosure", now)


class Directory:
    """A RoleDirectory in memory that knows one person."""

    def __init__(self) -> None:
        self.held: tuple[str, ...] = ("finance",)

    def uid_of(self, address: str) -> str | None:
        return "minji" if address == "minji@imagesfactory.com" else None

    def roles(self, uid: str) -> tuple[str, ...]:
        return self.held

    def set_roles(self, uid: str, roles: Sequence[str]) -> None:
        self.held = tuple(roles)


def test_a_role_changes_only_when_it_is_applied_and_is_then_on_record(backend: Backend) -> None:
    directory = Directory()
    roles = RoleService(backend.client, directory)
    change = roles.plan("minji@imagesfactory.com", {Role.SUPPORT}, {Role.FINANCE})
    assert (change.before, change.after, change.is_needed) == (("finance",), ("support",), True)
    assert directory.held == ("finance",)
    roles.apply(change, "new task", backend.clock.now())
    assert directory.held == ("support",)
    (record,) = [one.to_dict() or {} for one in backend.client.collection("role_changes").stream()]
    assert (record["before"], record["after"], record["reason"]) == (["finance"], ["support"], "new task")
    assert not roles.plan("minji@imagesfactory.com", {Role.SUPPORT}, set()).is_needed
    with pytest.raises(NobodySignsInSo):
        roles.plan("nobody@example.com", {Role.SUPPORT}, set())
