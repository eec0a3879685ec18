"""What members, strangers and staff may send about inquiries."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from imagesfactory.kit.ids import digest_of
from imagesfactory.support.model import State, Topic

RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
InquiryId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{24}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,60}$")]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{6,18}[0-9]$")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class InquiryRequest(_Request):
    """A new inquiry of a member; without a contact the answer goes to the account's address."""

    request_id: RequestId
    topic: Annotated[Topic, Field(strict=False)]
    text: Words
    contact_telephone: Telephone | None = None

    @property
    def digest(self) -> str:
        """The same for the same inquiry; the request id is not part of it."""
        return digest_of(self.model_dump(mode="json", exclude={"request_id"}))


class OpenInquiryRequest(InquiryRequest):
    """An inquiry of somebody without an account, who must say where to answer."""

    contact_email: Address | None = None
    language: Literal["ko", "en"] = "ko"

    @model_validator(mode="after")
    def _some_contact(self) -> Self:
        if self.contact_email is None and self.contact_telephone is None:
            msg = "a contact is needed"
            raise ValueError(msg)
        return self


class MessageRequest(_Request):
    """One more message of an inquiry, by whoever may write it."""

    request_id: RequestId
    inquiry_id: InquiryId
    text: Words


class InquiryQuery(_Request):
    """One inquiry."""

    inquiry_id: InquiryId


class InquiriesQuery(_Request):
    """A page of inquiries in one state, the longest waiting first; ``cursor`` is where the page before ended."""

    state: Annotated[State, Field(strict=False)] = State.OPEN
    cursor: InquiryId | None = None
