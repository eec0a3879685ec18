"""Sign-up, sign-in and calls, as a client app makes them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

import requests

from local.client.watch import Watch
from local.suite import Suite

CALL_SECONDS = 90
API_KEY = "local"


class SignInRefused(Exception):
    """Firebase Authentication refused; ``code`` is its error code, ``answer`` what a blocking function said."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = message.split(" ", 1)[0]
        found = re.search(r"\{.*\}", message, re.DOTALL)
        self.answer: dict[str, Any] = json.loads(found.group()).get("error", {}) if found else {}


class CallRefused(Exception):
    """A function refused; ``status`` is the protocol's, ``details`` what the service says."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("status"), (error.get("details") or {}).get("code"))
        self.status: str = error.get("status", "")
        self.details: dict[str, Any] = error.get("details") or {}

    @property
    def code(self) -> str:
        """The service's stable code."""
        return str(self.details.get("code", ""))


@dataclass(frozen=True)
class Member:
    """Somebody signed in."""

    uid: str
    email: str
    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


NAME = "김지수"
"""Of whoever signs up by :func:`signup_statements`."""


def signup_statements(catalog: dict[str, Any]) -> dict[str, Any]:
    """What completes the sign-up of a Korean speaker who agrees to what must be agreed to, and to no advertising;
    ``catalog`` is what ``get_catalog`` answered.
    """
    return {
        "name": NAME,
        "is_over_fourteen": True,
        "language": "ko",
        "terms_version": catalog["terms_version"],
        "privacy_version": catalog["privacy_version"],
        "agrees_to_terms": True,
        "agrees_to_privacy": True,
        "agrees_to_marketing_email": False,
    }


class ClientApp:
    """One installed app."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._auth = f"{suite.addresses.auth.url}/identitytoolkit.googleapis.com/v1"
        self._token = f"{suite.addresses.auth.url}/securetoken.googleapis.com/v1/token"

    def sign_up(self, email: str, password: str) -> Member:
        """Create a sign-in by e-mail and password.

        Raises:
            SignInRefused: for example by the gate of the service.

        """
        return self._sign("signUp", {"email": email, "password": password})

    def sign_in(self, email: str, password: str) -> Member:
        """Sign in by e-mail and password.

        Raises:
            SignInRefused: wrong, unknown or blocked.

        """
        return self._sign("signInWithPassword", {"email": email, "password": password})

    def sign_in_with_google(self, email: str, google_id: str, name: str) -> Member:
        """Sign up or in with a Google account.

        Raises:
            SignInRefused: for example by the gate of the service.

        """
        claims = {"sub": google_id, "email": email, "email_verified": True, "name": name}
        post_body = f"id_token={json.dumps(claims)}&providerId=google.com"
        return self._sign("signInWithIdp", {"postBody": post_body, "requestUri": "http://localhost"})

    def verify_email(self, member: Member) -> Member:
        """Open the link of the confirmation mail; returns the member with a fresh token that says so."""
        self._post("sendOobCode", {"requestType": "VERIFY_EMAIL", "idToken": member.id_token})
        codes = requests.get(
            f"{self._suite.addresses.auth.url}/emulator/v1/projects/{self._suite.project}/oobCodes",
            timeout=CALL_SECONDS,
        ).json()["oobCodes"]
        link = [code["oobLink"] for code in codes if code["email"] == member.email][-1]
        requests.get(link, timeout=CALL_SECONDS).raise_for_status()
        return self.refresh(member)

    def refresh(self, member: Member) -> Member:
        """The member with a fresh ID token."""
        answer = requests.post(
            self._token,
            params={"key": API_KEY},
            data={"grant_type": "refresh_token", "refresh_token": member.refresh_token},
            timeout=CALL_SECONDS,
        )
        answer.raise_for_status()
        return replace(member, id_token=answer.json()["id_token"])

    def call(self, name: str, data: Any = None, member: Member | None = None) -> dict[str, Any]:
        """Call a function, signed in as ``member`` or as nobody; returns its result.

        Raises:
            CallRefused: the function refused.

        """
        headers = {"Authorization": f"Bearer {member.id_token}"} if member else {}
        url = self._suite.function_url(name)
        answer = requests.post(url, json={"data": data}, headers=headers, timeout=CALL_SECONDS)
        body = answer.json()
        if "error" in body:
            raise CallRefused(body["error"])
        result: dict[str, Any] = body["result"]
        return result

    def watch(self, path: str, member: Member) -> Watch:
        """Follow one document live, under the rules, as ``member``."""
        return Watch(str(self._suite.addresses.firestore), self._suite.project, path, member.id_token)

    def _sign(self, method: str, body: dict[str, Any]) -> Member:
        answer = self._post(method, {**body, "returnSecureToken": True})
        return Member(answer["localId"], answer["email"], answer["idToken"], answer["refreshToken"])

    def _post(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._auth}/accounts:{method}"
        answer = requests.post(url, params={"key": API_KEY}, json=body, timeout=CALL_SECONDS)
        found: dict[str, Any] = answer.json()
        if "error" in found:
            raise SignInRefused(found["error"]["message"])
        return found
