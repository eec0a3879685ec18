"""`python -m local.deployment --project NAME`: shows what a deployment does; with --apply, does it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from imagesfactory.kit.clock import SEOUL
from rich.console import Console

from local.deployment import incident, plan, runner, upkeep
from local.deployment.accounts import ARCHIVE, DEFAULT
from local.deployment.plan import Target
from local.deployment.steps import Stage


def main(arguments: Sequence[str] | None = None) -> int:
    """Show or run; 0, or 1 when a step failed, 2 when something else was meant."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False)
    if options.incident:
        return _incident(options.incident, console)
    target = Target(options.project, options.billing_account, options.budget, options.channel)
    try:
        chosen = [stage for stage in _stages(target, options) if not options.only or stage.name in options.only]
    except upkeep.CannotRotate as problem:
        console.print(str(problem), style="red", soft_wrap=True)
        return 2
    if not options.apply:
        runner.show(chosen, console)
        console.print("\nNothing was done. Say --apply (make deploy APPLY=1) to do it.")
        return 0
    try:
        runner.run(chosen, runner.Person(console))
    except runner.StepFailed as failed:
        console.print(f"\n{failed}", style="red", soft_wrap=True, markup=False)
        return 1
    console.print("\nDone. What is marked by hand is left to you.")
    return 0


def _stages(target: Target, options: argparse.Namespace) -> tuple[Stage, ...]:
    if options.rotate:
        return upkeep.rotation(target, options.rotate)
    if options.restore:
        return upkeep.restore_drill(target, options.restore)
    if options.recover:
        return upkeep.recovery(target, options.recover)
    return plan.stages(target)


def _incident(known_at: datetime, console: Console) -> int:
    now = datetime.now(SEOUL)
    for deadline in incident.deadlines(known_at):
        console.print(incident.written(deadline, now), soft_wrap=True, markup=False)
    for draft in incident.drafts(known_at):
        console.print(f"\n{draft}", soft_wrap=True, markup=False)
    console.print("The rest of what has to be done: docs/operations.md, 'A leak of personal data'.")
    return 0


def _instant(text: str) -> datetime:
    """An instant as somebody in Seoul writes it; an offset may be given."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=SEOUL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.deployment", description=__doc__)
    parser.add_argument("--project", required=True, help="Google Cloud project with Firebase")
    parser.add_argument("--apply", action="store_true", help="run the commands; without this they are only shown")
    parser.add_argument("--only", action="append", default=[], metavar="STAGE", help="this stage only; may be repeated")
    parser.add_argument("--channel", default="", help="notification channel that alerts go to")
    parser.add_argument("--billing-account", default="", help="account that the budget watches")
    parser.add_argument("--budget", default=Target.budget, help="monthly budget, for example 1000000KRW")
    work = parser.add_mutually_exclusive_group()
    work.add_argument("--rotate", metavar="SECRET", help="rotate a secret instead")
    work.add_argument("--restore", metavar="BACKUP", help="drill the restore of a backup (its full name) instead")
    work.add_argument("--recover", choices=(DEFAULT, ARCHIVE), help="bring a lost or spoilt database back instead")
    known = "clocks and notices of a personal data incident known since then (Seoul), for example 2026-11-25T09:30"
    work.add_argument("--incident", type=_instant, metavar="INSTANT", help=known)
    return parser


if __name__ == "__main__":
    sys.exit(main())
