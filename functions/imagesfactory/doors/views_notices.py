"""Answers about changes of the terms and the policy as plain values."""

from __future__ import annotations

from typing import Any

from imagesfactory.notices.model import Change
from imagesfactory.notices.service import PolicyState


def change(whole: Change) -> dict[str, Any]:
    """An announced change."""
    return {
        **whole.request.model_dump(mode="json"),
        "change_id": whole.request.id,
        "announced_at": whole.announced_at.isoformat(),
    }


def policy_state(whole: PolicyState) -> dict[str, Any]:
    """What is in force, announced, and due."""
    return {
        "in_force": {document.value: version for document, version in whole.in_force.items()},
        "upcoming": [change(one) for one in whole.upcoming],
        "consents_due": [document.value for document in whole.due],
    }
