"""Shows, and with --apply carries out, a change of somebody's roles: `python -m local.staff ADDRESS --give support`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from google.cloud import firestore
from imagesfactory import bootstrap
from imagesfactory.staff.model import Role
from imagesfactory.staff.roles import NobodySignsInSo, RoleService
from imagesfactory.vendors.role_directory import FirebaseRoles
from rich.console import Console

from local.operator import Backend, OperatorError, connect, parser, run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Show or make the change. Exit status 0; 2 when there is nobody with that address, or no backend."""
    options = _parser().parse_args(arguments)
    return run_command(lambda console: _change(console, connect(options.project), options))


def _change(console: Console, backend: Backend, options: argparse.Namespace) -> int:
    service = RoleService(firestore.Client(project=backend.project), FirebaseRoles(project=backend.project))
    try:
        change = service.plan(options.address, options.give, options.take)
    except NobodySignsInSo:
        raise OperatorError("Nobody signs in with that address.", "Let them sign up first.") from None
    console.print(f"On {backend.described}, uid {change.uid}")
    console.print(f"Roles now: {', '.join(change.before) or 'none'}. Then: {', '.join(change.after) or 'none'}.")
    if not change.is_needed:
        console.print("Nothing to change.")
    elif not options.apply:
        console.print("Nothing was changed. Say --apply to do it.")
    else:
        service.apply(change, options.reason, bootstrap.clock().now())
        console.print("Done and on record in role_changes. They have to sign in again.")
    return 0


def _parser() -> argparse.ArgumentParser:
    made = parser("local.staff", __doc__)
    made.add_argument("address", help="e-mail address of the sign-in")
    for name, what in (("give", "give this role"), ("take", "take this role away")):
        made.add_argument(f"--{name}", type=Role, action="append", default=[], choices=list(Role), help=what)
    made.add_argument("--reason", required=True, help="why, for the record")
    made.add_argument("--apply", action="store_true", help="do it; without this the change is only shown")
    return made


if __name__ == "__main__":
    sys.exit(main())
