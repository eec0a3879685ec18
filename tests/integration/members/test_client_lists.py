"""The lists that client apps ask the database for by themselves have the indexes that they need."""

from __future__ import annotations

from google.cloud.firestore import FieldFilter, Query

from tests.members import Members


def test_own_inquiries_and_published_notices_are_listed_by_date(house: Members) -> None:
    mine = house.client.collection("inquiries").where(filter=FieldFilter("owner", "==", "uid-of-jisu"))
    published = house.client.collection("notices").where(filter=FieldFilter("state", "==", "published"))
    assert mine.order_by("changed_at", direction=Query.DESCENDING).limit(20).get() == []
    assert published.order_by("published_at", direction=Query.DESCENDING).limit(20).get() == []
