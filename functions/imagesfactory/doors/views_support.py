"""Answers about inquiries, disclosures and accesses as plain values; instants in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from imagesfactory.staff.model import Disclosure
from imagesfactory.support.model import Inquiry, Message


def inquiry(whole: Inquiry) -> dict[str, Any]:
    """Where an inquiry stands."""
    return {
        "inquiry_id": whole.id,
        "topic": whole.topic.value,
        "state": whole.state.value,
        "created_at": whole.created_at.isoformat(),
        "changed_at": whole.changed_at.isoformat(),
        "settled_at": whole.settled_at.isoformat() if whole.settled_at else None,
        "message_count": len(whole.message_ids),
    }


def desk_inquiry(whole: Inquiry) -> dict[str, Any]:
    """The same with what staff needs in order to answer."""
    return {
        **inquiry(whole),
        "owner": whole.owner,
        "language": whole.language,
        "contact_email": whole.contact_email,
        "contact_telephone": whole.contact_telephone,
        "about_account": whole.about_account,
    }


def message(whole: Message) -> dict[str, Any]:
    """One message."""
    return {"author": whole.author.value, "text": whole.text, "at": whole.at.isoformat()}


def disclosure(whole: Disclosure) -> dict[str, Any]:
    """One disclosure."""
    return {
        "disclosure_id": whole.id,
        **whole.request.model_dump(mode="json", exclude={"request_id"}),
        "recorded_by": whole.recorded_by,
        "recorded_at": whole.recorded_at.isoformat(),
    }


def access(line: dict[str, Any]) -> dict[str, Any]:
    """One line of the access log."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in line.items()
        if name != "destroy_at"
    }
