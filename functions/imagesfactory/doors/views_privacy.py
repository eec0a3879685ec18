"""Answers about members' own data as plain values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from imagesfactory.accounts.model import Profile
from imagesfactory.officer.members import MemberShown
from imagesfactory.policy.payments import written
from imagesfactory.policy.processors import Processor, processors
from imagesfactory.policy.retention import retention
from imagesfactory.rights.export_model import Export
from imagesfactory.rights.my_page import Overview
from imagesfactory.withdrawal.model import Preview


def withdrawal(shown: Preview) -> dict[str, Any]:
    """What a withdrawal would do; ``confirm`` is what the app sends back to have it done."""
    return {
        "confirm": shown.digest,
        "lost_points": shown.lost_points,
        "unfinished_jobs": shown.unfinished_jobs,
        "refunds": [
            {
                "order_id": one.order_id,
                "points": one.points,
                "amount": written(one.amount, one.currency),
                "fee": written(one.fee, one.currency),
                "needs_account": one.needs_account,
            }
            for one in shown.refunds
        ],
        "kept": [
            {
                "place": one.place,
                "class": one.record_class,
                "count": one.count,
                "period": one.period,
                "basis": {"ko": one.basis_ko, "en": one.basis_en},
            }
            for one in shown.kept
        ],
        "erased": shown.erased,
    }


def my_page(shown: Overview, now: datetime) -> dict[str, Any]:
    """The first screen of my page, as it is now."""
    held = [
        {
            "place": one.place,
            "purpose": one.purpose,
            "class": one.record_class,
            "count": one.count,
            "period": one.period,
            "until": one.until,
            "clock": one.clock,
            "basis": {"ko": one.basis_ko, "en": one.basis_en},
            "first_end": plain(one.first_end),
            "last_end": plain(one.last_end),
        }
        for one in shown.held
    ]
    return {
        "profile": profile(shown.profile, now),
        "held": held,
        "pending_correction": plain(vars(shown.pending)) if shown.pending else None,
        "sign_in": plain(vars(shown.sign_in)) if shown.sign_in else None,
        "devices": plain(shown.devices),
        "visits": plain(shown.visits),
        "copies": [_copy(name, one) for name, one in processors().processors.items()],
    }


def _copy(name: str, processor: Processor) -> dict[str, Any]:
    """What a processor holds of every member, and what ends it there."""
    how = retention().copies[name].how
    return {
        "processor": name,
        "name": {"ko": processor.name.ko, "en": processor.name.en},
        "holds": {
            "ko": [item.ko for item in processor.receives],
            "en": [item.en for item in processor.receives],
        },
        "ends": {"ko": how.ko, "en": how.en},
    }


def export(one: Export) -> dict[str, Any]:
    """How far an export is."""
    return {"export_id": one.id, "status": one.state.value, "expires_at": one.expires_at.isoformat()}


def member(shown: MemberShown) -> dict[str, Any]:
    """A member as the officer sees one who asks."""
    found, suspension = shown.profile, shown.suspension
    return {
        "uid": found.uid,
        "email": found.email,
        "name": found.name,
        "language": found.language,
        "status": found.status.value,
        "created_at": found.created_at.isoformat(),
        "is_correction_pending": found.is_correction_pending,
        "suspension": {
            "suspension_id": suspension.id,
            "category": suspension.category.value,
            "began_at": suspension.began_at.isoformat(),
        }
        if suspension
        else None,
    }


def profile(whole: Profile, now: datetime) -> dict[str, Any]:
    """A member's own profile with the present consents: until when each holds, and from when on it can be confirmed."""
    return {
        "email": whole.email,
        "name": whole.name,
        "language": whole.language,
        "photo_url": whole.photo_url,
        "status": whole.status.value,
        "created_at": whole.created_at.isoformat(),
        "is_correction_pending": whole.is_correction_pending,
        "consents": {
            one.kind.value: {
                "is_granted": one.is_granted,
                "version": one.version,
                "at": one.at.isoformat(),
                "channel": one.channel,
                "asked_from": plain(one.asked_from),
                "lapses_at": plain(one.lapses_at),
                "has_lapsed": one.is_granted and not one.holds(now),
            }
            for one in whole.consents
        },
    }


def plain(value: Any) -> Any:
    """A record as JSON can say it: instants in ISO 8601."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, datetime) else value
