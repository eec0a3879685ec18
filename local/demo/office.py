"""The company's side of the story: what an operator does and sees, with the backend's own code."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from google.cloud import firestore
from imagesfactory.accounts.model import Identity
from imagesfactory.points.trial_balance import TrialBalance, trial_balance
from imagesfactory.policy.retention import collection_name
from imagesfactory.privacy.misuse import Case, MisuseRegister
from imagesfactory.privacy.purge.desk import PurgeDesk
from imagesfactory.privacy.purge.model import Store, steps
from imagesfactory.vendors.bucket import CloudStorageBucket

from local.client import Watch
from local.suite import Suite

SECONDS = 30


class Office:
    """Somebody of the company with all rights on the local project."""

    def __init__(self, suite: Suite) -> None:
        self._pseudonym_key = suite.given.secrets["PSEUDONYM_KEY"]
        self._clock = suite.clock
        self._usage = f"{suite.addresses.firestore.url}/emulator/v1/usage"
        self._firestore = str(suite.addresses.firestore)
        self.database = firestore.Client(project=suite.project)
        self._bucket = CloudStorageBucket(
            name=f"{suite.project}.firebasestorage.app",
            project=suite.project,
            emulator=suite.addresses.storage.url,
        )
        archive = firestore.Client(project=suite.project, database="archive")
        self._archive = archive
        self.purges = PurgeDesk(self.database, archive, self._bucket)

    def list_as_misuser(self, email: str) -> None:
        """Put an address on the misuse register."""
        register = MisuseRegister(self.database, self._pseudonym_key)
        register.list_identities(Identity("", email, "password").names, Case("demo", "demo-1"), self._clock.now())

    def save_files(self, names: list[str], folder: Path) -> list[Path]:
        """Copy files of the bucket into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        saved = [folder / name.rsplit("/", 1)[-1] for name in names]
        for name, path in zip(names, saved, strict=True):
            path.write_bytes(self._bucket.get(name))
        return saved

    def file(self, name: str) -> bytes:
        """The bytes of one file of the bucket."""
        return self._bucket.get(name)

    def document(self, path: str) -> dict[str, Any]:
        """One document; KeyError when it is not there."""
        found: dict[str, Any] | None = self.database.document(path).get().to_dict()
        if found is None:
            raise KeyError(path)
        return found

    def watching(self, path: str) -> Watch:
        """Follow one document live, with all rights."""
        return Watch(self._firestore, self.database.project, path, "owner")

    def last_days(self) -> list[datetime]:
        """When each record of the archive dies."""
        return [one.get("destroy_at") for one in self._archived_records()]

    def archived(self) -> int:
        """How many records the archive holds."""
        return len(self._archived_records())

    def _archived_records(self) -> list[Any]:
        places = [step.path for step in steps() if step.store is Store.ARCHIVE]
        return [one for place in places for one in self._archive.collection_group(collection_name(place)).stream()]

    def trial_balance(self) -> TrialBalance:
        """Add up the ledger."""
        return trial_balance(self.database)

    def forget_usage(self) -> None:
        """Count billed operations from zero."""
        requests.delete(self._usage, timeout=SECONDS).raise_for_status()

    def usage(self) -> dict[str, Any]:
        """Billed reads, writes and deletes since then."""
        totals: dict[str, Any] = requests.get(self._usage, timeout=SECONDS).json()["totals"]
        return {name: totals[name] for name in ("reads", "writes", "deletes")}
