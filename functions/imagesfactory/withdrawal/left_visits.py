"""The visits of somebody who never became a member go to the archive, as those of a member who leaves do."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from imagesfactory.kit.ids import new_id
from imagesfactory.privacy.records import owned_places
from imagesfactory.withdrawal.erasure import Erasure

VISITS: Final = "visits/{id}"


class LeftVisits:
    """Moves them."""

    def __init__(self, erasure: Erasure) -> None:
        self._erasure = erasure

    def part(self, uid: str, now: datetime) -> int:
        """Move the visits of ``uid``, page by page, under a subject that nothing joins with it; returns how many.

        Raises:
            MemberStillNamed, ArchiveUnequal: what was not copied stays where it is.

        """
        (visits,) = (where for where in owned_places() if where.path == VISITS)
        return self._erasure.place(visits, uid, new_id(), now)
