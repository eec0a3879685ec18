"""Where to answer an inquiry that came without an account, for the mail room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagesfactory.accounts.service import Recipient
from imagesfactory.support.store import InquiryStore

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class InquiryContacts:
    """The mail room's Outsiders."""

    def __init__(self, client: Client) -> None:
        self._store = InquiryStore(client)

    def recipient(self, inquiry_id: str) -> Recipient | None:
        """Who asked, in the language they asked in; None when the inquiry is gone or named no e-mail address."""
        inquiry = self._store.get(inquiry_id)
        if inquiry is None or not inquiry.contact_email:
            return None
        return Recipient(inquiry.contact_email, "", inquiry.language, is_held=False)
