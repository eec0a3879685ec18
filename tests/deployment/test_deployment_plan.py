"""The deployment is complete, shows before it does, does nothing twice, and stops where it fails."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from imagesfactory.kit.clock import SEOUL
from imagesfactory.policy.company import company
from imagesfactory.policy.retention import destroy_at
from rich.console import Console

from local.deployment import __main__ as command
from local.deployment import accounts, alerts, audit, declared, incident, plan, runner, upkeep
from local.deployment.plan import Target
from local.deployment.steps import EDITED, Edit, Stage, Step

ROOT = Path(__file__).parents[2]
TARGET = Target("my-shop", billing_account="0-0-0", channel="projects/my-shop/notificationChannels/1")
DATABASES = ("(default)", "archive")


def steps_of(stages: Sequence[Stage]) -> list[Step]:
    return [step for stage in stages for step in stage.steps]


def commands(stages: Sequence[Stage] = ()) -> list[str]:
    return [" ".join(one) for step in steps_of(stages or plan.stages(TARGET)) for one in step.commands]


def place(title: str) -> int:
    (found,) = (number for number, step in enumerate(steps_of(plan.stages(TARGET))) if step.title == title)
    return found


class Terminal:
    """A person who answers one thing, and for whom time does not pass."""

    def __init__(self, answer: str = "", on_pause: Callable[[], object] = lambda: None) -> None:
        self.shown = io.StringIO()
        self.pauses = 0
        self._on_pause = on_pause
        self.person = runner.Person(Console(file=self.shown, width=400), lambda _: answer, self._pause)

    def _pause(self, _: float) -> None:
        self.pauses += 1
        self._on_pause()


def test_every_secret_task_and_trigger_of_the_code_is_in_the_plan() -> None:
    whole = "\n".join(commands())
    assert not [secret for secret in declared.secrets() if f"functions:secrets:set {secret} " not in whole]
    assert [one for one in declared.functions() if one.is_schedule]
    called = [one.service for one in declared.functions() if one.is_task or one.is_trigger]
    assert len(called) > 8
    assert not [service for service in called if f"add-iam-policy-binding {service} " not in whole]


def test_no_account_is_given_a_role_that_reaches_everything() -> None:
    everything = re.compile(r"roles/(owner|editor|viewer|[a-z.]*admin)\b", re.IGNORECASE)
    assert not [one for one in commands() if everything.search(one)]


def test_one_account_of_functions_only_reaches_the_archive() -> None:
    reaching = [one for one in commands() if "databases/archive" in one and "datastore" in one]
    assert [one.split("serviceAccount:")[1].split("@")[0] for one in reaching] == ["keeper", "operator"]


def test_a_role_that_there_is_already_gets_what_its_account_needs_now() -> None:
    own = [account for account in accounts.ACCOUNTS if account.permissions]
    steps = steps_of(plan.stages(TARGET))
    always = [" ".join(one) for step in steps if step.done_if is None for one in step.commands]
    for account in own:
        (update,) = (one for one in always if f"iam roles update {account.name}_own " in one)
        assert f"--permissions={','.join(account.permissions)} " in update


def test_nobody_is_given_access_that_does_not_end() -> None:
    granted = [one for step in steps_of(plan.stages(TARGET)) for one in (step.by_hand, *map(" ".join, step.commands))]
    to_people = [one for one in granted if "--member=user:" in one]
    assert to_people
    assert not [one for one in to_people if "request.time <" not in one]


def test_every_line_that_somebody_must_see_raises_an_alert() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "functions" / "imagesfactory").rglob("*.py")]
    must_be_seen = {event for source in sources for event in errors_logged(source)}
    every = {event for source in sources for event in re.findall(r'"([a-z_]+\.[a-z_]+)"', source)}
    told = {event for alert in alerts.alerts().alerts for event in alert.any_of}
    assert len(must_be_seen) > 20
    assert not must_be_seen - told
    assert not told - every
    assert not {heartbeat.event for heartbeat in alerts.alerts().heartbeats} - every


def errors_logged(source: str) -> set[str]:
    """The events of all lines that a module logs as errors, however it comes to choose them."""
    found: set[str] = set()
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and any(is_error_log(part) for part in ast.walk(call.func)):
            said = [one.value for one in ast.walk(call.args[0]) if isinstance(one, ast.Constant)]
            events = {event for event in said if isinstance(event, str)}
            assert events, f"no alert can be found for: {ast.unparse(call)}"
            found |= events
    return found


def is_error_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) in {"log.error", "log.failure"}


def test_a_chosen_line_is_found_as_well() -> None:
    assert errors_logged('(log.error if red else log.info)("truth.looked", count=red)') == {"truth.looked"}
    assert errors_logged('log.failure("a.failed" if late else "b.failed", problem)') == {"a.failed", "b.failed"}
    assert errors_logged('log.warning("c.failed")') == set()


def test_what_is_listened_for_comes_well_within_its_time() -> None:
    """A silence is heard of when a line is late, not each time it is about to come."""
    schedules = yaml.safe_load((ROOT / "scheduler.yaml").read_text(encoding="utf-8"))["schedules"]
    often = {entry["function"] for entry in schedules if entry["cron"].startswith("*/")}
    assert {heartbeat.event.partition(".")[0] for heartbeat in alerts.alerts().heartbeats} <= often


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
    person = Terminal().person
    runner.run([first], person)
    assert made.exists()
    second = Stage("second", "", (Step("fails", (fail,)), Step("never", ((sys.executable, "-c", "print()"),))))
    with pytest.raises(runner.StepFailed, match="run the same plan again"):
        runner.run([second], person)


def test_a_file_that_a_command_names_is_there_while_it_runs(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    read = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    step = Step("copied", ((sys.executable, "-c", read, "{policy.json}", str(copy)),), files={"policy.json": "{}"})
    runner.run([Stage("files", "", (step,))], Terminal().person)
    assert copy.read_text() == "{}"


def test_a_key_of_our_own_is_made_when_it_is_needed_and_shown_to_nobody(tmp_path: Path) -> None:
    keys = [tmp_path / "first", tmp_path / "second"]
    read = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    steps = [Step("made", ((sys.executable, "-c", read, "{key}", str(key)),), random_file="key") for key in keys]
    terminal = Terminal()
    runner.show([Stage("key", "", tuple(steps))], terminal.person.console)
    runner.run([Stage("key", "", tuple(steps))], terminal.person)
    first, second = (key.read_text() for key in keys)
    assert first != second
    assert len(first) > runner.KEY_BYTES
    assert first not in terminal.shown.getvalue()
    (pseudonyms,) = (one for one in steps_of(plan.stages(TARGET)) if one.random_file)
    assert plan.OWN_KEY in pseudonyms.commands[0]


def test_what_is_written_whole_is_read_and_changed_first_and_left_alone_when_it_is_right(tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text('{"etag": "a"}')
    write = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    edit = Edit(
        (sys.executable, "-c", f"print(open({str(policy)!r}).read())"),
        lambda found: found | {"logs": True},
        (sys.executable, "-c", write, EDITED, str(policy)),
    )
    terminal = Terminal()
    for _ in range(2):
        runner.run([Stage("edit", "", (Step("logs", edit=edit),))], terminal.person)
    assert json.loads(policy.read_text()) == {"etag": "a", "logs": True}
    assert [line.split()[0] for line in terminal.shown.getvalue().splitlines() if line.endswith(" logs")] == [
        "done",
        "there",
    ]


def test_audit_logs_are_added_to_what_the_policy_says_already() -> None:
    other = {"service": "run.googleapis.com", "auditLogConfigs": [{"logType": "DATA_READ"}]}
    old = {"service": "datastore.googleapis.com", "auditLogConfigs": [{"logType": "DATA_READ"}]}
    bindings = [{"role": "roles/owner", "members": ["user:a@example.com"]}]
    (exempt,) = {
        tuple(kind["exemptedMembers"])
        for one in audit.with_audit_logs({}, "my-shop")["auditConfigs"]
        for kind in one["auditLogConfigs"]
        if "exemptedMembers" in kind
    }
    acting = {one.account for one in declared.functions()}
    assert {one.split(":")[1].split("@")[0] for one in exempt} == acting - {"sessions"}  # whom nobody borrows
    made = audit.with_audit_logs({"etag": "a", "bindings": bindings, "auditConfigs": [other, old]}, "my-shop")
    assert (made["etag"], made["bindings"], made["auditConfigs"][0]) == ("a", bindings, other)
    kinds = {one["service"]: [kind["logType"] for kind in one["auditLogConfigs"]] for one in made["auditConfigs"][1:]}
    assert kinds == {
        service: ["ADMIN_READ", "DATA_READ", "DATA_WRITE"] for service in (*audit.OF_DATA, *audit.OF_POWER)
    }
    assert audit.with_audit_logs(made, "my-shop") == made


def test_audit_logs_live_as_long_as_our_own_log_of_looks() -> None:
    looked = datetime(2026, 11, 25, 9, 30, tzinfo=SEOUL)
    until = destroy_at("access_log", looked)
    assert until is not None
    assert timedelta(days=audit.DAYS - 1) < until - looked <= timedelta(days=audit.DAYS)


def test_webhooks_are_registered_before_their_secrets_are_asked_for() -> None:
    """Their addresses are known beforehand; a secret that stands for none would refuse every event."""
    assert place("Stripe's webhook") < place("secret STRIPE_WEBHOOK_SECRET")
    assert place("SendGrid's event webhook") < place("secret SENDGRID_EVENTS_KEY")
    shown = [step.by_hand for step in steps_of(plan.stages(TARGET))]
    public = {
        one.name for one in declared.functions() if one.name.endswith(("_webhook", "_events")) and not one.is_trigger
    }
    assert public == {"stripe_webhook", "toss_webhook", "mail_events"}
    assert not [name for name in public if not any(f"cloudfunctions.net/{name}" in text for text in shown)]


def test_services_are_enabled_in_parts_that_google_takes() -> None:
    parts = [one.split() for one in commands() if "services enable" in one]
    named = [word for part in parts for word in part if word.endswith(".googleapis.com")]
    assert named == [f"{service}.googleapis.com" for service in plan.SERVICES]
    assert max(sum(word.endswith(".googleapis.com") for word in part) for part in parts) <= plan.AT_ONCE


def test_nothing_is_removed_before_somebody_has_looked(tmp_path: Path) -> None:
    removed = tmp_path / "removed"
    look = Step("look", by_hand="Compare.", is_awaited=True)
    remove = Step("removed", ((sys.executable, "-c", f"open({str(removed)!r}, 'x')"),))
    stages = [Stage("drill", "", (look, remove))]
    for answer in ("", "no"):
        with pytest.raises(runner.StepFailed, match="Not done yet: look"):
            runner.run(stages, Terminal(answer).person)
        assert not removed.exists()
    runner.run(stages, Terminal("Done").person)
    assert removed.exists()


def test_what_takes_long_is_waited_for(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("")
    asked = (sys.executable, "-c", f"print(open({str(state)!r}).read(), end='')")
    stages = [Stage("copy", "", (Step("copied", wait_until=asked),))]
    terminal = Terminal(on_pause=lambda: terminal.pauses == 2 and state.write_text("SUCCESSFUL"))
    runner.run(stages, terminal.person)
    assert terminal.pauses == 2


@pytest.mark.parametrize(
    "stages",
    [upkeep.restore_drill(TARGET, "projects/my-shop/backups/1"), *(upkeep.recovery(TARGET, one) for one in DATABASES)],
    ids=["drill", *DATABASES],
)
def test_a_database_goes_only_after_its_copy_could_be_read_and_was_looked_at(stages: Sequence[Stage]) -> None:
    steps = steps_of(stages)
    deletes = [
        number
        for number, step in enumerate(steps)
        if any("databases delete" in one for one in (step.by_hand, *(" ".join(command) for command in step.commands)))
    ]
    assert deletes
    for number in deletes:
        before = steps[:number]
        waited = max(at for at, step in enumerate(before) if step.wait_until)
        assert steps[number].is_awaited or any(step.is_awaited for step in before[waited:])


def test_a_recovered_database_gets_back_whatever_went_with_the_old_one() -> None:
    stages = upkeep.recovery(TARGET, "(default)")
    done = commands(stages)
    triggers = [one.name for one in declared.functions() if one.is_trigger]
    assert triggers
    removed = next(number for number, one in enumerate(done) if one.startswith("firebase functions:delete"))
    deployed = next(number for number, one in enumerate(done) if one.startswith("firebase deploy"))
    assert removed < deployed
    for trigger in triggers:
        assert f" {trigger} " in done[removed]
        assert f"functions:{trigger}" in done[deployed]
    made_first = [one for one in commands() if "run.invoker" in one]
    assert [one for one in done[deployed:] if "run.invoker" in one] == made_first
    assert any("backups schedules create --database=(default)" in one for one in done)
    assert any("--delete-protection" in one and "--enable-pitr" in one for one in done)
    paused, resumed = ([one.split()[-3] for one in done if f" {verb} " in one] for verb in ("pause", "resume"))
    assert paused == resumed
    assert len(paused) == sum(one.is_task or one.is_schedule for one in declared.functions())


def test_lines_that_a_recovery_looks_for_are_written() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "functions" / "imagesfactory").rglob("*.py")]
    assert not [event for event in upkeep.SINCE if not any(f'"{event}"' in source for source in sources)]


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
