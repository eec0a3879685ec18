"""Whether anything is stored where the registry of retention.yaml knows no place: there no record would ever die.

The page asks for the names of root collections and of the bucket's folders, which are few. The audit reads the name of
every record of both databases. Neither shows an id: what stands in an unknown place may be named after anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from imagesfactory.policy.retention import place_of, retention
from imagesfactory.privacy.purge.model import Store
from imagesfactory.privacy.purge.ports import FileStore
from imagesfactory.truth.model import IDS_MAX, Check, Verdict
from imagesfactory.truth.reading import pages

if TYPE_CHECKING:
    from google.cloud.firestore import Client

FOLDERS_MAX: Final = 50
"""Folders of the bucket that are looked at; two are known."""
FILES_PAGE: Final = 1000
"""As many as one listing answers; only the first is looked at."""
_LAST: Final = "\U0010ffff"
"""Sorts behind every name."""


class Places:
    """Compares what there is with the registry."""

    def __init__(self, client: Client, archive: Client, files: FileStore) -> None:
        self._databases = {Store.DEFAULT: client, Store.ARCHIVE: archive}
        self._files = files

    def roots(self) -> Verdict:
        """Whether each root collection and each folder of the bucket is in the registry."""
        unknown = Counter(
            f"{store} {collection.id}"
            for store, client in self._databases.items()
            for collection in client.collections()
            if collection.id not in _roots(store)
        )
        known = {template.split("/")[0] for template in retention().buckets}
        unknown.update(f"{Store.BUCKET} {folder}" for folder in self._folders() if folder not in known)
        return _verdict(Check.PLACES_REGISTERED, unknown)

    def records(self) -> Verdict:
        """Whether each record of both databases lies in a place that the registry has for that database."""
        unknown: Counter[str] = Counter()
        for store, client in self._databases.items():
            every = client.collection_group("").select(()).order_by("__name__")  # of whatever collection
            for page in pages(every):
                paths = (snapshot.reference.path for snapshot in page)
                unknown.update(f"{store} {shape_of(path)}" for path in paths if not is_registered(store, path))
        return _verdict(Check.RECORDS_REGISTERED, unknown)

    def _folders(self) -> Iterator[str]:
        """What the names of files begin with, up to the first slash."""
        after = ""
        for _ in range(FOLDERS_MAX):
            if not (found := self._files.page("", after, FILES_PAGE)):
                return
            folder, slash, _ = found[0].name.partition("/")
            yield folder if slash else "(none)"
            after = f"{folder}/{_LAST}" if slash else found[0].name


def is_registered(store: Store, path: str) -> bool:
    """Whether a record of this path may be in that database: the archive holds only what a law keeps."""
    place = place_of(path)
    return place is not None and _may_hold(store, place)


def shape_of(path: str) -> str:
    """The collections of a path without the ids in it: ``users/*/notes/*``."""
    return "/".join(part if number % 2 == 0 else "*" for number, part in enumerate(path.split("/")))


def _roots(store: Store) -> set[str]:
    return {template.split("/")[0] for template in retention().collections if _may_hold(store, template)}


def _may_hold(store: Store, place: str) -> bool:
    return store is Store.DEFAULT or retention().classes[retention().collections[place].record_class].archived


def _verdict(check: Check, unknown: Counter[str]) -> Verdict:
    return Verdict(check, sum(unknown.values()), tuple(sorted(unknown))[:IDS_MAX])
