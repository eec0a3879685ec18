"""Says who is asking, from the authorization header, and what stands between that caller and the data.

Every transport asks here and nowhere else. Where no security rules are in force only the admin gets through.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

import grpc

from emulator.firestore.errors import StatusError
from emulator.firestore.guard import Guard

ADMIN_TOKEN = "owner"  # noqa: S105 - a public, fixed word of the emulator suite
TOKEN_BYTES_MAX = 16_384


class CallerKind(Enum):
    """How much is known about a caller."""

    ADMIN = "admin"
    """A server SDK: rules do not apply."""
    USER = "user"
    """A signed-in user of the Auth emulator."""
    NOBODY = "nobody"
    """No authorization header: `request.auth` is null in rules."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `claims` is the whole token payload (`request.auth.token`), empty unless a user."""

    kind: CallerKind
    uid: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_admin(self) -> bool:
        """Rules do not apply to this caller."""
        return self.kind is CallerKind.ADMIN


ADMIN = Caller(CallerKind.ADMIN)
NOBODY = Caller(CallerKind.NOBODY)
current_caller: ContextVar[Caller] = ContextVar("current_caller", default=ADMIN)
"""The caller of the request being served, for those who learn of its commit (event auth context)."""

GuardFactory = Callable[[Caller, str], Guard]
"""Makes the guard for one caller and one database (`projects/p/databases/d`)."""


def identify(authorization: str | None) -> Caller:
    """The caller behind an `authorization` header value; None means nobody.

    User tokens are the Auth emulator's unsigned JWTs; like the official emulator, neither signature nor expiry is
    checked. Raises StatusError UNAUTHENTICATED for anything else.
    """
    if not authorization:
        return NOBODY
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() not in {"bearer", "firebase"} or not token:
        raise _unauthenticated("the authorization header is not of the form 'Bearer TOKEN'")
    if token == ADMIN_TOKEN:
        return ADMIN
    return _user(token)


class AccessPolicy:
    """Which guard applies per project. Projects without rules refuse everybody but the admin."""

    def __init__(self) -> None:
        self._factories: dict[str, GuardFactory] = {}

    def install(self, project: str, factory: GuardFactory) -> None:
        """From now on `factory` guards the databases of `project`, or with "" of projects without their own."""
        self._factories[project] = factory

    def guard(self, caller: Caller, database: str) -> Guard | None:
        """None for the admin, else the rules' guard; raises StatusError PERMISSION_DENIED when there is none."""
        if caller.is_admin:
            return None
        factory = self._factories.get(project_of(database)) or self._factories.get("")
        if factory is None:
            raise _denied("No security rules are in force for this project, so only the admin may pass.")
        return factory(caller, database)

    def require_admin(self, caller: Caller) -> None:
        """Raises PERMISSION_DENIED for what production opens to service accounts alone."""
        if not caller.is_admin:
            raise _denied("Missing or insufficient permissions.")


def project_of(database: str) -> str:
    """`p` of `projects/p/databases/d`; the empty string when there is none."""
    parts = database.split("/", 2)
    return parts[1] if len(parts) > 1 and parts[0] == "projects" else ""


@lru_cache(maxsize=256)
def _user(token: str) -> Caller:
    claims = _payload(token)
    uid = claims.get("sub") or claims.get("user_id")
    if not isinstance(uid, str) or not uid:
        raise _unauthenticated("the token names no user (sub)")
    return Caller(CallerKind.USER, uid, claims)


def _payload(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3 or len(token) > TOKEN_BYTES_MAX:
        raise _unauthenticated("the token is neither 'owner' nor a JWT")
    try:
        header, payload = (json.loads(_decode(part)) for part in parts[:2])
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _unauthenticated("the token is not a JWT") from error
    if not isinstance(header, dict) or not isinstance(payload, dict):
        raise _unauthenticated("the token is not a JWT")
    return payload


def _decode(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _unauthenticated(reason: str) -> StatusError:
    return StatusError(grpc.StatusCode.UNAUTHENTICATED, f"Request had invalid authentication credentials: {reason}.")


def _denied(message: str) -> StatusError:
    return StatusError(grpc.StatusCode.PERMISSION_DENIED, message)
