"""The end of the story: what is held about the member, all of it as one file, and what is left once she has gone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from local.client import ClientApp, Member
from local.demo.office import Office
from local.demo.steps import Step

SECONDS = 90


class FarewellFailed(Exception):
    """Something that the story promises about a member's data did not happen."""


class Farewell:
    """See, take along, leave."""

    def __init__(self, app: ClientApp, office: Office, folder: Path) -> None:
        self._app = app
        self._office = office
        self._folder = folder

    def see_my_page(self, member: Member, step: Step) -> None:
        """Everything that is held, by kind."""
        held = {one["place"]: one["count"] for one in self._app.call("get_my_page", {}, member)["held"] if one["count"]}
        step.result = f"{sum(held.values())} records in {len(held)} places"

    def take_along(self, member: Member, step: Step) -> Path:
        """The file of everything."""
        export_id = self._app.call("export_my_data", None, member)["export_id"]
        with self._app.watch(f"exports/{export_id}", member) as watch:
            export = watch.until(lambda version: version["state"] in {"ready", "failed"})
        if export["state"] != "ready":
            raise FarewellFailed("the file of all data was not made")
        (path,) = self._office.save_files([export["file"]], self._folder)
        step.result = f"{path.stat().st_size:,} bytes, read back before it was called ready"
        return path

    def leave(self, member: Member, step: Step) -> dict[str, Any]:
        """Look at what it means, confirm, and see what is left; returns what moved to the archive, by place."""
        shown = self._app.call("withdraw", {}, member)
        self._app.call("withdraw", {"confirmed": shown["confirm"]}, member)
        reached = self._wait_for_the_last_look(member.uid)
        if self._office.database.document(f"users/{member.uid}").get().exists:
            raise FarewellFailed("the profile is still there")
        kept = {place: count for place, count in reached["archived"].items() if count}
        refunds = ", ".join(one["amount"] for one in shown["refunds"])
        step.result = f"paid back {refunds}; {sum(kept.values())} records kept by law, apart and without a name"
        return kept

    def _wait_for_the_last_look(self, uid: str) -> dict[str, Any]:
        done, found = threading.Event(), dict[str, Any]()

        def look(snapshots: Any, *_: Any) -> None:
            for snapshot in snapshots:
                content = snapshot.to_dict()
                if content is not None and content["step"] == "look-again":
                    found.update(content)
                    done.set()

        watch: Any = self._office.database.collection("withdrawals").document(uid).on_snapshot(look)
        try:
            if not done.wait(SECONDS):
                raise FarewellFailed("the withdrawal did not get to its last look")
        finally:
            watch.unsubscribe()
        return found
