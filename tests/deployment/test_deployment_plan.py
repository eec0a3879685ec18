"""The deployment is complete, shows before it does, does nothing twice, and stops where it fails."""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imagesfactory.kit.clock import SEOUL
from imagesfactory.policy.company import company
from rich.console import Console

from local.deployment import __main__ as command
from local.deployment import alerts, declared, incident, plan, runner, upkeep
from local.deployment.plan import Target
from local.deployment.steps import Stage, Step

ROOT = Path(__file__).parents[2]
TARGET = Target("my-shop", billing_account="0-0-0", channel="projects/my-shop/notificationChannels/1")
LOGGED = re.compile(r'log\.(?:error|failure)\)?\(\s*"([a-z_]+\.[a-z_]+)"')
CHOSEN = re.compile(r'else log\.error\)\(\s*"([a-z_]+\.[a-z_]+)"')


def commands() -> list[str]:
    steps = [step for stage in plan.stages(TARGET) for step in stage.steps]
    return [" ".join(one) for step in steps for one in step.commands]


def test_every_secret_task_and_trigger_of_the_code_is_in_the_plan() -> None:
    whole = "\n".join(commands())
    assert not [secret for secret in declared.secrets() if f"functions:secrets:set {secret} " not in whole]
    called = [one.service for one in declared.functions() if one.is_task or one.is_trigger]
    assert len(called) > 8
    assert not [service for service in called if f"add-iam-policy-binding {service} " not in whole]


def test_no_account_is_given_a_role_that_reaches_everything() -> None:
    everything = re.compile(r"roles/(owner|editor|viewer|[a-z.]*admin)\b", re.IGNORECASE)
    assert not [one for one in commands() if everything.search(one)]


def test_one_account_only_reaches_the_archive() -> None:
    reaching = [one for one in commands() if "databases/archive" in one and "datastore" in one]
    assert len(reaching) == 1
    assert "serviceAccount:keeper@" in reaching[0]


def test_every_line_that_somebody_must_see_raises_an_alert() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "functions" / "imagesfactory").rglob("*.py")]
    logged = {event for source in sources for pattern in (LOGGED, CHOSEN) for event in pattern.findall(source)}
    every = {event for source in sources for event in re.findall(r'"([a-z_]+\.[a-z_]+)"', source)}
    told = {event for alert in alerts.alerts().alerts for event in alert.any_of}
    assert len(logged) > 20
    assert not logged - told
    assert not told - every
    assert not {heartbeat.event for heartbeat in alerts.alerts().heartbeats} - every


def test_showing_runs_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # whatever were run would not be found
    assert command.main(["--project", "my-shop"]) == 0
    shown = capsys.readouterr().out
    assert "gcloud firestore databases create" in shown
    assert "Nothing was done" in shown


def test_what_is_there_is_left_alone_and_a_failure_stops_the_rest(tmp_path: Path) -> None:
    made = tmp_path / "made"
    make, check = (sys.executable, "-c", f"open({str(made)!r}, 'x')"), (sys.executable, "-c", "print('there')")
    fail = (sys.executable, "-c", "raise SystemExit(3)")
    first = Stage("first", "", (Step("made", (make,)), Step("there", (fail,), done_if=check)))
    console = Console(file=io.StringIO())
    runner.run([first], console)
    assert made.exists()
    second = Stage("second", "", (Step("fails", (fail,)), Step("never", ((sys.executable, "-c", "print()"),))))
    with pytest.raises(runner.StepFailed, match="run the same plan again"):
        runner.run([second], console)


def test_a_file_that_a_command_names_is_there_while_it_runs(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    read = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    step = Step("copied", ((sys.executable, "-c", read, "{policy.json}", str(copy)),), files={"policy.json": "{}"})
    runner.run([Stage("files", "", (step,))], Console(file=io.StringIO()))
    assert copy.read_text() == "{}"


def test_a_secret_is_rotated_by_deploying_whatever_is_given_it() -> None:
    (stage,) = upkeep.rotation(TARGET, "STRIPE_SECRET_KEY")
    deployed = next(one for step in stage.steps for one in step.commands if one[1] == "deploy")[-1]
    assert set(deployed.split(",")) == {f"functions:{name}" for name in declared.functions_with("STRIPE_SECRET_KEY")}


@pytest.mark.parametrize("secret", ["PSEUDONYM_KEY", "NO_SUCH_KEY"])
def test_what_cannot_be_rotated_is_said(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--project", "my-shop", "--rotate", secret]) == 2
    assert secret in capsys.readouterr().out


def test_the_clocks_of_an_incident_run_from_the_moment_it_was_known() -> None:
    known = datetime(2026, 11, 25, 9, 30, tzinfo=SEOUL)
    first, *others = incident.deadlines(known)
    assert first.at == datetime(2026, 11, 26, 9, 30, tzinfo=SEOUL)
    assert {one.at for one in others} == {datetime(2026, 11, 28, 9, 30, tzinfo=SEOUL)}
    assert "OVER by 2 hours" in incident.written(first, datetime(2026, 11, 26, 2, 30, tzinfo=UTC))
    assert "1 hours left" in incident.written(first, datetime(2026, 11, 25, 23, 30, tzinfo=UTC))


def test_drafts_name_where_to_ask_and_the_relief_bodies(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--project", "my-shop", "--incident", "2026-11-25T09:30"]) == 0
    printed = capsys.readouterr().out
    assert "2026-11-28 09:30 Seoul" in printed
    for body in company().relief_bodies:
        assert printed.count(body.telephone) >= 2
    assert printed.count(company().support_address) == 2
