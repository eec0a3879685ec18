"""What callers may send: one schema a door, for the doors whose room has none of its own."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from imagesfactory.doors.malformed import MalformedRequest

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
Schema = TypeVar("Schema", bound=BaseModel)


class Request(BaseModel):
    """A request: unknown keys are mistakes and no value is bent into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CancelRequest(Request):
    """Ask to cancel a job."""

    job_id: Id


class SubjectQuery(Request):
    """Records about one member, or about all."""

    subject: Id | None = None


class ChangeTask(Request):
    """A change of which members are told."""

    change_id: Id


class CampaignTask(Request):
    """A campaign to carry on."""

    campaign_id: Id


class ImageTask(Request):
    """One image of one job."""

    job_id: Id
    image: Annotated[int, Field(ge=0, le=99)]
    occasion: Id


class MailTask(Request):
    """One letter of the outbox."""

    mail_id: Id


class EventTask(Request):
    """One event of the inbox."""

    event_id: Annotated[str, StringConstraints(pattern=r"^(stripe|toss)-[A-Za-z0-9_-]{1,200}$")]


class MyPageQuery(Request):
    """All of my page, or a page of the records of one ``place``; ``cursor`` is where the page before ended."""

    place: Annotated[str, StringConstraints(max_length=100)] | None = None
    cursor: Annotated[str, StringConstraints(pattern=r"^[^/]{1,200}(/[^/]{1,300}){1,3}$")] | None = None


class ExportTask(Request):
    """One export."""

    export_id: Id


class MemberTask(Request):
    """One member."""

    uid: Id


class PurgeTask(Request):
    """One run of the purge."""

    run: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]


def parsed(schema: type[Schema], data: Any) -> Schema:
    """``data`` as ``schema``.

    Raises:
        MalformedRequest: it does not fit.

    """
    try:
        return schema.model_validate(data)
    except ValidationError as problem:
        errors = problem.errors(include_url=False, include_context=False, include_input=False)
        raise MalformedRequest(
            [{"field": ".".join(map(str, error["loc"])), "problem": error["type"]} for error in errors[:20]]
        ) from None
