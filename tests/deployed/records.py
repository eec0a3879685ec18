"""Everything that is stored and sent, read at once and without the product's own code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import requests

from tests.deployed.surroundings import DATABASES, Surroundings
from tests.documents import all_documents

Documents = dict[str, dict[str, Any]]
ENDS = ("sweep_at", "resume_at", "copies_due_at")
"""Fields by which the sweep finds what is under way."""


@dataclass(frozen=True)
class State:
    """All there is at one moment."""

    documents: Documents
    archive: Documents
    files: frozenset[str]
    mails: tuple[dict[str, Any], ...]

    def uncounted(self) -> State:
        """The same without the counts of calls, which a call that changes nothing changes too."""
        kept = {path: content for path, content in self.documents.items() if not path.startswith("allowances/")}
        return replace(self, documents=kept)

    def under(self, collection: str) -> Documents:
        """The documents of a top collection, by their ids."""
        return {
            path.split("/", 1)[1]: content
            for path, content in self.documents.items()
            if path.count("/") == 1 and path.startswith(f"{collection}/")
        }

    def one(self, collection: str) -> dict[str, Any]:
        """The only document of a top collection."""
        (found,) = self.under(collection).values()
        return found

    def everything(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every document of both databases."""
        yield from self.documents.items()
        yield from self.archive.items()

    def under_way(self) -> list[str]:
        """What is not at its end: whatever the sweep is to look at later, and sign-ups that are not complete."""
        found = [path for path, content in self.everything() if any(content.get(name) for name in ENDS)]
        found += [path for path, content in self.everything() if content.get("holds")]
        return found + [
            f"users/{uid}" for uid, user in self.under("users").items() if user["status"] in {"unfinished", "removing"}
        ]


class Records:
    """Reads the servers of a deployment."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._clients: list[Any] = [surroundings.client(database) for database in DATABASES]
        self._session = requests.Session()

    def close(self) -> None:
        """Close the clients."""
        self._session.close()
        for client in self._clients:
            client.close()

    def read(self) -> State:
        """Everything."""
        documents, archive = map(all_documents, self._clients)
        return State(documents, archive, self._files(), tuple(self._surroundings.doubles.control.mails()))

    def _files(self) -> frozenset[str]:
        url = f"http://{self._surroundings.emulators.storage}/storage/v1/b/{self._surroundings.bucket}/o"
        answer = self._session.get(url, timeout=30)
        return frozenset(item["name"] for item in answer.json().get("items", ())) if answer.ok else frozenset()
