"""What a member, or staff for a member, may change of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(max_length=1000)]
ConsentChannel = Literal["web", "ios", "android"]


class ProfileRequest(BaseModel):
    """What to change; what is not said stays."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Text | None = None
    language: Literal["ko", "en"] | None = None
    removes_photo: bool = False


class ConsentRequest(BaseModel):
    """What the member agrees to from now on, said under the version in force; what is not said stays."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: Annotated[str, StringConstraints(max_length=32)]
    channel: ConsentChannel
    marketing_email: bool | None = None
    marketing_push: bool | None = None
    personalised_ads: bool | None = None


@dataclass(frozen=True)
class Amendment:
    """Facts of a profile put right; None: as they were."""

    name: str | None = None
    language: Literal["ko", "en"] | None = None
    email: str | None = None
    removes_photo: bool = False
