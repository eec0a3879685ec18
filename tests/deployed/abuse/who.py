"""Who calls the deployed functions in the tests of abuse: nobody, members, staff, and those who pretend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.backend import SIGNUP
from tests.deployed.functions import Deployed
from tests.deployed.tokens import SignIn

JISU = SignIn("uid-of-jisu-0000000000000000", "jisu@example.com")
STRANGER = SignIn("uid-of-stranger-000000000000", "stranger@example.com")
ROLES = ("officer", "support", "finance", "operator")
STAFF = {role: SignIn(f"uid-of-{role}-staff-0000000", f"{role}@imagesfactory.com", roles=(role,)) for role in ROLES}
ALL_ROLES = SignIn("uid-of-everything-0000000000", "all@imagesfactory.com", roles=ROLES)


def join(deployed: Deployed, who: SignIn, name: str = "박서준") -> str:
    """Sign up and complete it; the member's ID token."""
    assert deployed.block("before_create", who) == (200, {})
    token = deployed.token(who)
    assert deployed.call("complete_signup", SIGNUP | {"name": name}, token).status == 200
    return token


PROMPT = "a lighthouse that nobody else may know of"
QUESTION = "a question in confidence"
TELEPHONE = "010-5555-0199"


@dataclass(frozen=True)
class Victim:
    """What a member has, by the names of the fields that ask for it; and words that are theirs alone."""

    ids: dict[str, str]
    secrets: tuple[str, ...] = (JISU.email, PROMPT, QUESTION, TELEPHONE, "김지수")

    @classmethod
    def made(cls, deployed: Deployed, token: str) -> Victim:
        """A member's job, order and inquiry, made at their wish."""

        def asked(name: str, data: dict[str, Any]) -> dict[str, Any]:
            answer = deployed.call(name, data, token)
            assert answer.status == 200, answer
            found: dict[str, Any] = answer.body["result"]
            return found

        images = [{"model": "gpt-image", "quality": "low", "count": 1}]
        job = asked("create_job", {"request_id": "request-1", "prompt": PROMPT, "images": images})
        notice = asked("get_packs", {})["notice_version"]
        pack = {"pack_id": "basic", "channel": "widget", "currency": "KRW", "notice_version": notice}
        order = asked("create_order", {"request_id": "request-1", **pack})
        words = {"request_id": "request-1", "topic": "privacy", "text": QUESTION, "contact_telephone": TELEPHONE}
        inquiry = asked("create_inquiry", words)
        return cls({one: said[one] for said in (job, order, inquiry) for one in said if one in NAMED})


NAMED = ("job_id", "order_id", "inquiry_id")
