"""firebase-tools' own loader accepts what would be deployed, and it is what it should be."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.deployment.accounts import ACCOUNTS, address
from local.suite.environment import DISCOVERY_SECONDS

ROOT = Path(__file__).parents[2]
PROJECT = "demo-imagesfactory"
Endpoints = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("manifest.cjs")), str(ROOT), PROJECT],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "NODE_PATH": str(ROOT / "node_modules"),
            "FUNCTIONS_DISCOVERY_TIMEOUT": DISCOVERY_SECONDS,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return loaded


@pytest.fixture(scope="module")
def endpoints(manifest: dict[str, Any]) -> Endpoints:
    return {endpoint["id"]: endpoint for endpoint in manifest["endpoints"]}


def test_every_function_is_loaded_for_seoul_on_the_second_generation(endpoints: Endpoints) -> None:
    import main

    assert set(endpoints) == {name for names in main.DOORS.values() for name in names}
    assert {(one["region"], one["platform"]) for one in endpoints.values()} == {("asia-northeast3", "gcfv2")}


def test_no_function_acts_as_the_project_itself(endpoints: Endpoints) -> None:
    of_no_function = {address(name, PROJECT) for name in ("tasks-invoker", "operator")}
    assert {one["serviceAccount"] for one in endpoints.values()} <= _accounts() - of_no_function


def test_secrets_and_schedules_are_given_to_accounts_that_there_are(manifest: dict[str, Any]) -> None:
    """firebase-tools grants these by itself, and completes no address there."""
    readers = {reader for readers in manifest["readers"].values() for reader in readers}
    assert readers
    assert manifest["callers"]
    assert readers | set(manifest["callers"]) <= _accounts()


def _accounts() -> set[str]:
    return {address(account.name, PROJECT) for account in ACCOUNTS}


def test_only_the_keeper_reaches_the_archive_and_only_where_it_must(endpoints: Endpoints) -> None:
    kept = {name for name, one in endpoints.items() if one["serviceAccount"] == address("keeper", PROJECT)}
    tasks = {"withdrawmember", "purge", "purgepage", "sweep", "processevent", "settle"}
    assert kept == tasks | {"get_truth", "record_refund_by_hand"}


def test_only_webhooks_and_pages_are_open_to_the_world(endpoints: Endpoints) -> None:
    public = {name for name, one in endpoints.items() if (one.get("httpsTrigger") or {}).get("invoker") == ["public"]}
    web = {"create_session", "end_session", "policy_page", "unsubscribe"}
    assert public == {"stripe_webhook", "toss_webhook", "mail_events", *web}


def test_a_function_that_waits_for_longer_than_it_may_run_is_cut_off_by_nobody(endpoints: Endpoints) -> None:
    """Cloud Tasks gives up after the deadline a task names; the function must be over by then."""
    from imagesfactory.vendors.task_queue import DISPATCH_DEADLINE_SECONDS

    tasks = {name: one["timeoutSeconds"] for name, one in endpoints.items() if one.get("taskQueueTrigger")}
    assert tasks
    assert not {name: seconds for name, seconds in tasks.items() if seconds > DISPATCH_DEADLINE_SECONDS}


def test_schedules_are_those_of_the_file(endpoints: Endpoints) -> None:
    entries = yaml.safe_load((ROOT / "scheduler.yaml").read_text(encoding="utf-8"))["schedules"]
    declared = {name: one["scheduleTrigger"]["schedule"] for name, one in endpoints.items() if "scheduleTrigger" in one}
    assert declared == {entry["function"]: entry["cron"] for entry in entries}


def test_both_databases_have_their_rules_and_indexes(manifest: dict[str, Any]) -> None:
    assert {one["database"]: one["rules"] for one in manifest["databases"]} == {
        "(default)": "firestore.rules",
        "archive": "firestore.archive.rules",
    }
