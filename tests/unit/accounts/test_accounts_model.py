"""Who may join, what completes a sign-up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from imagesfactory.accounts import errors, model
from imagesfactory.accounts.changes import Amendment, ConsentRequest
from imagesfactory.accounts.model import ConsentKind, Identity, Profile, SignupRequest, Status, Versions
from imagesfactory.kit.errors import Refusal

NOW = datetime(2026, 11, 24, tzinfo=UTC)
VERSIONS = Versions("t1", "p1")


def begun() -> Profile:
    return model.begin(Identity("jisu", "jisu@example.com", "password"), NOW)


def statements(**changes: object) -> SignupRequest:
    body: dict[str, object] = {
        "name": "김지수",
        "is_over_fourteen": True,
        "terms_version": "t1",
        "privacy_version": "p1",
        "agrees_to_terms": True,
        "agrees_to_privacy": True,
    }
    return SignupRequest.model_validate(body | changes)


def test_a_complete_sign_up_is_an_active_member_with_dated_consents() -> None:
    member = model.complete(begun(), statements(agrees_to_marketing_email=True), VERSIONS, NOW)
    assert (member.status, member.name, member.stated_over_fourteen_at) == (Status.ACTIVE, "김지수", NOW)
    assert {consent.kind for consent in member.consents} == set(ConsentKind)
    assert member.has_consent(ConsentKind.MARKETING_EMAIL, NOW)
    assert not member.has_consent(ConsentKind.MARKETING_PUSH, NOW)
    assert all((consent.at, consent.channel) == (NOW, "signup") for consent in member.consents)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"is_over_fourteen": False}, errors.UnderFourteen),
        ({"agrees_to_terms": False}, errors.ConsentMissing),
        ({"agrees_to_privacy": False}, errors.ConsentMissing),
        ({"terms_version": "t0"}, errors.PolicyVersionOutdated),
        ({"privacy_version": "p0"}, errors.PolicyVersionOutdated),
        ({"name": "  "}, errors.NameInvalid),
        ({"name": "x" * 51}, errors.NameInvalid),
        ({"name": "a\u202eb"}, errors.NameInvalid),
        ({"name": "a\x00b"}, errors.NameInvalid),
    ],
)
def test_what_is_missing_is_said(change: dict[str, object], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        model.complete(begun(), statements(**change), VERSIONS, NOW)


def test_a_suspended_member_keeps_rights_and_sign_in_and_may_not_use_the_service() -> None:
    suspended = replace(fan(), status=Status.SUSPENDED)
    model.check_may_sign_in(suspended)
    assert model.member(suspended) is suspended
    with pytest.raises(errors.AccountSuspended) as refused:
        model.active(suspended)
    assert refused.value.code == "account-suspended"
    with pytest.raises(errors.SignupCompletedBefore):
        model.complete(suspended, statements(), VERSIONS, NOW)


@pytest.mark.parametrize("status", [Status.WITHDRAWING, Status.REMOVING])
def test_an_account_on_its_way_out_cannot_be_completed_or_used(status: Status) -> None:
    leaving = replace(begun(), status=status)
    with pytest.raises(errors.AccountNotActive):
        model.complete(leaving, statements(), VERSIONS, NOW)
    with pytest.raises(errors.AccountNotActive):
        model.check_may_sign_in(leaving)


ASKED, LAPSED = datetime(2028, 10, 23, 15, tzinfo=UTC), datetime(2028, 11, 23, 15, tzinfo=UTC)
"""Midnight in Seoul, 23 and 24 months after NOW, which is a morning there."""
MOMENT = timedelta(microseconds=1)


def fan() -> Profile:
    return model.complete(begun(), statements(agrees_to_marketing_email=True), VERSIONS, NOW)


def test_a_consent_to_advertising_holds_until_its_anniversary_and_all_others_as_long_as_their_member_wants() -> None:
    assert fan().has_consent(ConsentKind.MARKETING_EMAIL, LAPSED - MOMENT)
    assert not fan().has_consent(ConsentKind.MARKETING_EMAIL, LAPSED)
    assert fan().has_consent(ConsentKind.TERMS, LAPSED)
    assert {one.kind: one.lapses_at for one in fan().consents if one.lapses_at} == {ConsentKind.MARKETING_EMAIL: LAPSED}


def test_a_member_is_asked_once_for_each_period_unless_they_leave() -> None:
    member = fan()
    assert list(member.confirmations.values()) == [ASKED]
    assert replace(member, asked_to_confirm_at=ASKED).confirmations == {}
    assert replace(member, status=Status.WITHDRAWING).confirmations == {}
    confirmed = replace(member, asked_to_confirm_at=ASKED, consents=said(member, ASKED, marketing_email=True))
    assert list(confirmed.confirmations.values()) == [datetime(2030, 9, 23, 15, tzinfo=UTC)]


def said(member: Profile, now: datetime, **choices: bool) -> tuple[model.Consent, ...]:
    request = ConsentRequest.model_validate({"version": "p1", "channel": "web", **choices})
    return model.changed_consents(member, request, VERSIONS, now)


@pytest.mark.parametrize(
    ("choices", "now", "is_statement"),
    [
        ({"marketing_email": True}, NOW, False),
        ({"marketing_email": True}, ASKED - MOMENT, False),
        ({"marketing_email": True}, ASKED, True),
        ({"marketing_email": True}, LAPSED, True),
        ({"marketing_email": False}, NOW, True),
        ({"marketing_email": False}, LAPSED, True),
        ({"marketing_push": False}, LAPSED, False),
        ({"marketing_push": True}, NOW, True),
        ({"personalised_ads": False}, LAPSED, False),
    ],
)
def test_what_was_said_before_is_said_anew_only_where_it_has_to_be_confirmed(
    choices: dict[str, bool], now: datetime, is_statement: bool
) -> None:
    assert [(one.is_granted, one.at) for one in said(fan(), now, **choices)] == (
        [(*choices.values(), now)] if is_statement else []
    )


def test_google_gives_name_and_photo_and_e_mail_gives_neither() -> None:
    google = Identity("jisu", "jisu@gmail.com", "google.com", "g-1", "Jisu\x07 Kim", "https://photo")
    assert (model.begin(google, NOW).name, model.begin(google, NOW).photo_url) == ("Jisu Kim", "https://photo")
    mail = replace(google, method="password")
    assert (model.begin(mail, NOW).name, model.begin(mail, NOW).photo_url) == ("", "")


@pytest.mark.parametrize(("email", "method"), [("", "password"), ("jisu@example.com", "phone"), ("", "anonymous")])
def test_other_ways_in_are_not_offered(email: str, method: str) -> None:
    with pytest.raises(errors.SignInMethodNotOffered):
        model.begin(Identity("jisu", email, method), NOW)


@pytest.mark.parametrize(
    "spelling", ["Ji.Su@GMAIL.com", "jisu+news@gmail.com", "jisu@googlemail.com", " j.i.s.u+x@gmail.com "]
)
def test_one_mailbox_is_one_identity(spelling: str) -> None:
    assert model.normalised_email(spelling) == "jisu@gmail.com"


def test_dots_matter_elsewhere() -> None:
    assert model.normalised_email("ji.su@example.com") != model.normalised_email("jisu@example.com")


def test_the_register_knows_an_identity_by_every_name_it_has() -> None:
    assert Identity("uid", "Jisu@Gmail.com", "google.com", "g-1").names == ("email:jisu@gmail.com", "google:g-1")


NEW = "new@example.com"


def test_the_verified_address_of_a_sign_in_is_the_members_own_and_the_carrier_is_to_forget_the_old_one() -> None:
    moved = model.readdressed(begun(), Identity("jisu", NEW, "password", is_email_verified=True), NOW)
    assert (moved.email, moved.former_emails, moved.copies_due_at) == (NEW, ("jisu@example.com",), NOW)
    later, old = NOW + timedelta(hours=1), Identity("jisu", "jisu@example.com", "password", is_email_verified=True)
    back = model.readdressed(moved, old, later)
    assert (back.email, back.former_emails) == ("jisu@example.com", (NEW,))
    assert (back.copies_due_at, back.copies_open_since) == (later, NOW)


@pytest.mark.parametrize(
    "identity",
    [
        Identity("jisu", NEW, "password"),
        Identity("jisu", "", "password", is_email_verified=True),
        Identity("jisu", "jisu@example.com", "password", is_email_verified=True),
    ],
)
def test_an_address_that_is_unverified_missing_or_the_same_changes_nothing(identity: Identity) -> None:
    assert model.readdressed(begun(), identity, NOW) == begun()


def test_until_the_directory_knows_a_corrected_address_its_own_one_is_the_older() -> None:
    corrected = model.amended(begun(), Amendment(email=NEW), NOW)
    assert corrected.sign_in_facts.email == NEW
    old = Identity("jisu", "jisu@example.com", "password", is_email_verified=True)
    assert model.readdressed(corrected, old, NOW) == corrected


def test_what_has_copies_elsewhere_is_due_to_be_told() -> None:
    google = replace(begun(), name="Jisu", photo_url="https://photos.example/jisu")
    due = [
        model.amended(google, change, NOW).copies_due_at
        for change in (
            Amendment(name="이지수"),
            Amendment(removes_photo=True),
            Amendment(email=NEW),
            Amendment(name="Jisu", language="en"),
        )
    ]
    assert due == [NOW, NOW, NOW, None]
    assert model.amended(google, Amendment(name="이지수"), NOW).sign_in_facts.email is None, "it has the newer one"
