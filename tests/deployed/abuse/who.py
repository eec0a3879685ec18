"""Who calls the deployed functions in the tests of abuse: nobody, members, staff, and those who pretend."""

from __future__ import annotations

from tests.deployed.functions import Deployed
from tests.deployed.test_deployed_functions import SIGNUP
from tests.deployed.tokens import SignIn

JISU = SignIn("uid-of-jisu-0000000000000000", "jisu@example.com")
STRANGER = SignIn("uid-of-stranger-000000000000", "stranger@example.com")
ROLES = ("officer", "support", "finance", "operator")
STAFF = {role: SignIn(f"uid-of-{role}-staff-0000000", f"{role}@imagesfactory.com", roles=(role,)) for role in ROLES}
ALL_ROLES = SignIn("uid-of-everything-0000000000", "all@imagesfactory.com", roles=ROLES)


def join(deployed: Deployed, who: SignIn) -> str:
    """Sign up and complete it; the member's ID token."""
    assert deployed.block("before_create", who) == (200, {})
    token = deployed.token(who)
    assert deployed.call("complete_signup", SIGNUP, token).status == 200
    return token
