"""Kills and restarts processes of one suite, found by the run's mark in their environment, and of nothing else."""

from __future__ import annotations

from contextlib import suppress

import psutil
import requests

from local.suite import Suite
from local.suite.leftovers import processes_of
from local.suite.process import Child
from local.suite.registry import get_json

READY = "Firestore server is ready on "
START_SECONDS = 60.0
ANSWER_SECONDS = 10.0

Event = dict[str, dict[str, str]]
"""What a trigger waits for, as firebase-tools knows it."""


class Servers:
    """The processes of one suite. Made before the storm: later firebase-tools may be too busy to say anything."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._restarted: list[Child] = []
        self._triggers = _triggers_of(suite)

    def kill_worker(self, choice: int) -> bool:
        """Kill one of the function workers that live now; False if there is none."""
        workers = sorted((one for one in self._processes("functions-framework")), key=lambda process: process.pid)
        if not workers:
            return False
        with suppress(psutil.NoSuchProcess):
            workers[choice % len(workers)].kill()
        return True

    def restart_firestore(self) -> None:
        """Kill the Firestore server and start it again with what it kept on disk, its port and its triggers."""
        (server,) = self._processes("emulator.firestore")
        command, environment, folder = server.cmdline(), server.environ(), server.cwd()
        server.kill()
        psutil.wait_procs([server], timeout=ANSWER_SECONDS)
        log = self._suite.logs / f"firestore-restarted-{len(self._restarted) + 1}.log"
        child = Child(command, environment=environment, folder=folder, log=log)  # type: ignore[arg-type]
        self._restarted.append(child)
        if not child.wait_for_line(START_SECONDS, lambda line: line.startswith(READY)):
            raise RuntimeError(f"Firestore did not come back; see {log}")
        self._register_triggers()

    def close(self) -> None:
        """Wait for the logs of what was started here, once the suite has ended it."""
        for child in self._restarted:
            child.close()

    def _processes(self, word: str) -> list[psutil.Process]:
        found = []
        for process in processes_of(self._suite.run.id):
            with suppress(psutil.Error):
                if any(word in argument for argument in process.cmdline()):
                    found.append(process)
        return found

    def _register_triggers(self) -> None:
        """As firebase-tools does it once, when it starts (lib/emulator/functionsEmulator.js, addFirestoreTrigger)."""
        for key, event in self._triggers.items():
            self._register(key, event)

    def _register(self, key: str, event: Event) -> None:
        filters, patterns = event["eventFilters"], event.get("eventFilterPathPatterns") or {}
        pattern = patterns.get("document")
        document = {"value": pattern or filters["document"], "matchType": "PATH_PATTERN" if pattern else "EXACT"}
        body = {
            "eventType": event["eventType"],
            "database": filters["database"],
            "namespace": filters["namespace"],
            "document": document,
        }
        path = f"/emulator/v1/projects/{self._suite.project}/eventarcTrigger"
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self._suite.addresses.firestore.url}{path}"
            session.post(url, params={"eventarcTriggerId": key}, json=body, timeout=START_SECONDS).raise_for_status()


def _triggers_of(suite: Suite) -> dict[str, Event]:
    """The triggers on documents, by the ids under which firebase-tools registered them."""
    backends = get_json(f"{suite.addresses.functions.url}/backends")["backends"]
    found = {}
    for trigger in (one for backend in backends for one in backend["functionTriggers"]):
        event = trigger.get("eventTrigger") or {}
        if str(event.get("eventType", "")).startswith("google.cloud.firestore."):
            found[f"{trigger['id']}-0"] = event
    return found
