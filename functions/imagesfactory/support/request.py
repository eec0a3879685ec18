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

Name = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{1,50}$")]


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


class _Stranger(_Request):
    """Somebody without an account, who must say where to answer."""

    contact_email: Address | None = None
    contact_telephone: Telephone | None = None
    language: Literal["ko", "en"] = "ko"

    @property
    def contacts(self) -> tuple[str, str]:
        """E-mail address and telephone, empty where not given."""
        return self.contact_email or "", self.contact_telephone or ""

    @model_validator(mode="after")
    def _some_contact(self) -> Self:
        if self.contact_email is None and self.contact_telephone is None:
            msg = "a contact is needed"
            raise ValueError(msg)
        return self


class OpenInquiryRequest(InquiryRequest, _Stranger):
    """An inquiry of somebody without an account."""


class GuardianRequest(_Stranger):
    """A parent's or guardian's demand that a child's account be deleted. It needs no account."""

    request_id: RequestId
    account_email: Address
    """Of the child's account."""
    child_is_under_fourteen: bool
    guardian_name: Name
    relation: Literal["parent", "guardian"]
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""

    @property
    def digest(self) -> str:
        """The same for the same demand; the request id is not part of it."""
        return digest_of(self.model_dump(mode="json", exclude={"request_id"}))

    @property
    def words(self) -> str:
        """The demand as staff reads it."""
        return f"{self.guardian_name} ({self.relation})\n{self.text}".strip()


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
