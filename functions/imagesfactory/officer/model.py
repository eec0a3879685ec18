"""Pure words about suspensions: for what kind of reason, since when, and until when something is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from imagesfactory.staff.model import Id

PATIENCE = timedelta(minutes=5)
"""When the sweep looks after a suspension whose function may have died."""

RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
SuspensionId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{24}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Category(StrEnum):
    """What kind of reason a member is told; the letter has words for each."""

    PROHIBITED_CONTENT = "prohibited-content"
    PAYMENT_ABUSE = "payment-abuse"
    AUTOMATED_USE = "automated-use"
    ACCOUNT_MISUSE = "account-misuse"
    TERMS_BREACH = "terms-breach"


class SuspensionRequest(BaseModel):
    """Whom to suspend, for what kind of reason, and the officer's own words, which stand in the access log alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    request_id: RequestId
    uid: Id
    category: Annotated[Category, Field(strict=False)]
    reason: Reason


class ReinstatementRequest(BaseModel):
    """Which suspension to end, and why. It ends once, so its id makes a repetition the same act."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    suspension_id: SuspensionId
    reason: Reason


@dataclass(frozen=True)
class Suspension:
    """One suspension of a member."""

    id: str
    owner: str
    category: Category
    began_at: datetime
    ended_at: datetime | None = None
    resume_at: datetime | None = None
    """When somebody should see to what follows from it; None: it is done."""
