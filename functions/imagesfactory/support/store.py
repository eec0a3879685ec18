"""Inquiries in Firestore: ``inquiries/{id}`` and ``inquiries/{id}/messages/{id}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagesfactory.policy.retention import destroy_at
from imagesfactory.support.model import Author, Inquiry, Message, State, Topic

if TYPE_CHECKING:
    from datetime import datetime

    from google.cloud.firestore import Client, CollectionReference, DocumentReference

    from imagesfactory.kit.unit_of_work import Snapshot, UnitOfWork


class InquiryStore:
    """Reads and writes inquiries inside a unit of work."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def _inquiries(self) -> CollectionReference:
        return self._client.collection("inquiries")

    def reference(self, inquiry_id: str) -> DocumentReference:
        """Where the inquiry is."""
        return self._inquiries.document(inquiry_id)

    def message_references(self, inquiry: Inquiry) -> list[DocumentReference]:
        """Where its messages are, in their order."""
        messages = self.reference(inquiry.id).collection("messages")
        return [messages.document(message_id) for message_id in inquiry.message_ids]

    def get(self, inquiry_id: str) -> Inquiry | None:
        """The inquiry as it is now, outside any unit of work."""
        return inquiry_from(self.reference(inquiry_id).get())

    def messages(self, inquiry: Inquiry) -> list[Message]:
        """Its messages, in their order."""
        found = {one.id: one for one in self._client.get_all(self.message_references(inquiry))}
        wanted = (found.get(message_id) for message_id in inquiry.message_ids)
        return [message for message in (_message_from(one) for one in wanted if one is not None) if message]

    def page(self, state: State, after: str | None, limit: int) -> list[Inquiry]:
        """Inquiries in one state, the longest unchanged first, after the one of that id."""
        query = self._where("state", "==", state.value).order_by("changed_at").limit(limit)
        if after is not None:
            snapshot = self.reference(after).get()
            if snapshot.exists:
                query = query.start_after(snapshot)
        return [inquiry for inquiry in map(inquiry_from, query.stream()) if inquiry is not None]

    def quiet(self, now: datetime, limit: int) -> list[str]:
        """Ids of answered inquiries that nobody continued in time, at most ``limit``."""
        query = self._where("settles_at", "<=", now).order_by("settles_at").limit(limit).select(())
        return [snapshot.id for snapshot in query.stream()]

    def to_be_forgotten(self, now: datetime, limit: int) -> list[str]:
        """Ids of settled inquiries whose contact the mail carrier is to forget by now, at most ``limit``."""
        due = self._where("forget_contact_at", "<=", now).order_by("forget_contact_at").limit(limit).select(())
        return [snapshot.id for snapshot in due.stream()]

    def create(self, unit: UnitOfWork, inquiry: Inquiry, message: Message) -> None:
        """Write a new inquiry with its first message."""
        unit.create(self.reference(inquiry.id), {**_fixed(inquiry), **_moving(inquiry)})
        self._add(unit, inquiry, message)

    def add(self, unit: UnitOfWork, inquiry: Inquiry, message: Message) -> None:
        """Write one more message of an inquiry read in the same unit."""
        unit.update(self.reference(inquiry.id), _moving(inquiry))
        self._add(unit, inquiry, message)

    def update(self, unit: UnitOfWork, inquiry: Inquiry) -> None:
        """Write what can change of an inquiry read in the same unit."""
        unit.update(self.reference(inquiry.id), _moving(inquiry))

    def settle(self, unit: UnitOfWork, inquiry: Inquiry, last: Message | None = None) -> None:
        """Write that it is settled, with a last word if there is one: it and all its messages, read in the same unit,
        get the same last day.
        """
        unit.update(self.reference(inquiry.id), _moving(inquiry))
        for reference in self.message_references(inquiry):
            if last is None or reference.id != last.id:
                unit.update(reference, {"destroy_at": _destroy_at(inquiry)})
        if last is not None:
            self._add(unit, inquiry, last)

    def _add(self, unit: UnitOfWork, inquiry: Inquiry, message: Message) -> None:
        document = {
            "owner": inquiry.owner,
            "author": message.author.value,
            "text": message.text,
            "at": message.at,
            "destroy_at": _destroy_at(inquiry),
        }
        unit.create(self.reference(inquiry.id).collection("messages").document(message.id), document)

    def _where(self, field: str, operator: str, value: Any) -> Any:
        return self._inquiries.where(filter=_filter(field, operator, value))


def inquiry_from(snapshot: Snapshot) -> Inquiry | None:
    """The inquiry of a snapshot, or None where there is none."""
    document = snapshot.to_dict()
    if document is None:
        return None
    return Inquiry(
        id=snapshot.id,
        owner=document["owner"],
        topic=Topic(document["topic"]),
        contact_email=document["contact_email"],
        contact_telephone=document["contact_telephone"],
        language=document["language"],
        request_digest=document["request_digest"],
        created_at=document["created_at"],
        changed_at=document["changed_at"],
        message_ids=tuple(document["message_ids"]),
        state=State(document["state"]),
        settled_at=document["settled_at"],
        forget_contact_at=document.get("forget_contact_at"),
        about_account=document.get("about_account", ""),
    )


def _message_from(snapshot: Snapshot) -> Message | None:
    document = snapshot.to_dict()
    if document is None:
        return None
    return Message(snapshot.id, Author(document["author"]), document["text"], document["at"])


def _fixed(inquiry: Inquiry) -> dict[str, Any]:
    return {
        "owner": inquiry.owner,
        "topic": inquiry.topic.value,
        "contact_email": inquiry.contact_email,
        "contact_telephone": inquiry.contact_telephone,
        "language": inquiry.language,
        "request_digest": inquiry.request_digest,
        "created_at": inquiry.created_at,
    }


def _moving(inquiry: Inquiry) -> dict[str, Any]:
    return {
        "state": inquiry.state.value,
        "changed_at": inquiry.changed_at,
        "message_ids": list(inquiry.message_ids),
        "settled_at": inquiry.settled_at,
        "settles_at": inquiry.settles_at,
        "forget_contact_at": inquiry.forget_contact_at,
        "about_account": inquiry.about_account,
        "destroy_at": _destroy_at(inquiry),
    }


def _destroy_at(inquiry: Inquiry) -> datetime | None:
    """None until it is settled: the law's three years begin then."""
    return None if inquiry.settled_at is None else destroy_at("complaint", inquiry.settled_at)


def _filter(field: str, operator: str, value: Any) -> Any:
    from google.cloud.firestore import FieldFilter

    return FieldFilter(field, operator, value)
