"""Who may join, what completes a sign-up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from imagesfactory.accounts import errors, model
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
    assert member.has_consent(ConsentKind.MARKETING_EMAIL)
    assert not member.has_consent(ConsentKind.MARKETING_PUSH)
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


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.WITHDRAWING, Status.REMOVING])
def test_an_account_on_its_way_out_cannot_be_completed_or_used(status: Status) -> None:
    leaving = replace(begun(), status=status)
    with pytest.raises(errors.AccountNotActive):
        model.complete(leaving, statements(), VERSIONS, NOW)
    with pytest.raises(errors.AccountNotActive):
        model.check_may_sign_in(leaving)


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
