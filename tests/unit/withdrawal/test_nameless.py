"""What the archive keeps of a record names nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from imagesfactory.policy.retention import destroy_at
from imagesfactory.privacy.records import OwnedPlace, owned_places
from imagesfactory.withdrawal.nameless import MemberStillNamed, nameless

UID = "uid-of-jisu-0000000000000000"
NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)


def place(path: str) -> OwnedPlace:
    return next(one for one in owned_places() if one.path == path)


def test_the_subject_stands_wherever_the_member_stood() -> None:
    document = {
        "owner": UID,
        "text": f"see images/{UID}/job-1/0.png, or images%2F{UID}%2Fjob-1",
        "parts": [{UID: f"a {UID}"}, 7, None, NOW],
        "destroy_at": NOW,
    }
    assert nameless(place("inquiries/{id}/messages/{id}"), document, UID, "subject-1", NOW) == {
        "owner": "subject-1",
        "text": "see images/subject-1/job-1/0.png, or images%2Fsubject-1%2Fjob-1",
        "parts": [{"subject-1": "a subject-1"}, 7, None, NOW],
        "destroy_at": NOW,
    }


def test_contact_data_is_left_out() -> None:
    contacts = {"contact_email": "jisu@example.com", "contact_telephone": "010-1234-5678", "about_account": "kid@x.kr"}
    document = {"owner": UID, "topic": "service", "destroy_at": NOW, **contacts}
    kept = nameless(place("inquiries/{id}"), document, UID, "subject-1", NOW)
    assert kept == {"owner": "subject-1", "topic": "service", "destroy_at": NOW}


def test_a_clock_that_never_started_starts_with_the_withdrawal() -> None:
    kept = nameless(place("corrections/{id}"), {"owner": UID, "destroy_at": None}, UID, "subject-1", NOW)
    assert kept["destroy_at"] == destroy_at("complaint", NOW)


def test_a_name_that_nothing_replaces_is_refused() -> None:
    with pytest.raises(MemberStillNamed, match=r"visits/\{id\}"):
        nameless(place("visits/{id}"), {"owner": UID, "raw": UID.encode()}, UID, "subject-1", NOW)
