"""Why somebody may not join, sign in or complete a sign-up; every refusal leaves everything as it was."""

from __future__ import annotations

from imagesfactory.kit.errors import Outcome, Refusal, Text


class SignupRefused(Refusal):
    """The identity is on the misuse register. The answer does not say so, to help nobody around it."""

    outcome = Outcome.PERMISSION_DENIED
    code = "signup-refused"
    text = Text(
        "가입할 수 없는 계정입니다. 문의: support@imagesfactory.com",
        "This account cannot join. Please write to support@imagesfactory.com.",
    )


class SignInMethodNotOffered(Refusal):
    """Members join with an e-mail address and a password, or with Google."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "sign-in-method-not-offered"
    text = Text("이메일 또는 구글 계정으로 가입해 주세요.", "Please join by e-mail or with a Google account.")


class AccountNotActive(Refusal):
    """The account is being closed, or never was completed."""

    outcome = Outcome.PERMISSION_DENIED
    code = "account-not-active"
    text = Text("사용할 수 없는 계정입니다.", "This account cannot be used.")


class AccountSuspended(AccountNotActive):
    """The service is closed to this member; my page, export, correction, withdrawal, refunds and inquiries are not."""

    code = "account-suspended"
    text = Text(
        "이용이 정지된 계정입니다. 내 정보, 내려받기, 환불, 탈퇴와 문의는 계속 이용할 수 있습니다.",
        "This account is suspended. My page, export, refunds, withdrawal and inquiries remain open to you.",
    )


class UnderFourteen(Refusal):
    """The person does not state to be 14 or older (privacy policy, article 11)."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "under-fourteen"
    text = Text("만 14세 이상만 가입할 수 있습니다.", "You must be at least 14 years old to join.")


class ConsentMissing(Refusal):
    """A consent without which there is no contract was not given; details: ``consent``."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "consent-missing"
    text = Text("필수 약관에 동의해 주세요.", "Please agree to the required terms.")


class PolicyVersionOutdated(Refusal):
    """The consents refer to a version that is not in force; details: ``current`` versions."""

    outcome = Outcome.FAILED_PRECONDITION
    code = "policy-version-outdated"
    text = Text(
        "약관이 변경되었습니다. 새 약관을 확인해 주세요.", "The terms have changed. Please read the current version."
    )


class NameInvalid(Refusal):
    """The name is empty, too long or has characters that cannot be shown; details: ``maximum`` characters."""

    outcome = Outcome.INVALID_ARGUMENT
    code = "name-invalid"
    text = Text("이름을 확인해 주세요.", "Please check the name.")


class AddressTaken(Refusal):
    """Somebody else signs in with that e-mail address."""

    outcome = Outcome.ALREADY_EXISTS
    code = "address-taken"
    text = Text("다른 계정이 사용하는 이메일 주소입니다.", "Another account uses that e-mail address.")


class AccountUnknown(Refusal):
    """There is no account to complete: it was removed, or never begun."""

    outcome = Outcome.NOT_FOUND
    code = "account-unknown"
    text = Text("가입 정보를 찾을 수 없습니다. 다시 가입해 주세요.", "There is no such sign-up. Please join again.")


class SignupCompletedBefore(Refusal):
    """Sign-up was completed before, with other statements."""

    outcome = Outcome.ALREADY_EXISTS
    code = "signup-completed-before"
    text = Text("이미 가입이 완료된 계정입니다.", "This sign-up is already complete.")
