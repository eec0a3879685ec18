"""Shows, and with --apply carries out, a change of somebody's roles: `python -m local.staff ADDRESS --give support`.

On a laptop the emulators' addresses come from FIREBASE_AUTH_EMULATOR_HOST and FIRESTORE_EMULATOR_HOST, which `make
serve` prints; without them it works on the real project with the operator's own Google credentials.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from google.cloud import firestore
from imagesfactory.staff.model import Role
from imagesfactory.staff.roles import NobodySignsInSo, RoleService
from imagesfactory.vendors.role_directory import FirebaseRoles


def main(arguments: Sequence[str] | None = None) -> int:
    """Show or make the change. Exit status 0; 1 when there is nobody with that address."""
    options = _parser().parse_args(arguments)
    service = RoleService(firestore.Client(project=options.project), FirebaseRoles(project=options.project))
    try:
        change = service.plan(options.address, options.give, options.take)
    except NobodySignsInSo:
        print("Nobody signs in with that address. Let them sign up first.", file=sys.stderr)
        return 1
    print(f"Project {options.project}, uid {change.uid}")
    print(f"Roles now: {', '.join(change.before) or 'none'}. Then: {', '.join(change.after) or 'none'}.")
    if not change.is_needed:
        print("Nothing to change.")
    elif not options.apply:
        print("Nothing was changed. Say --apply to do it.")
    else:
        service.apply(change, options.reason, datetime.now(UTC))
        print("Done and on record in role_changes. They have to sign in again.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.staff", description=__doc__)
    parser.add_argument("address", help="e-mail address of the sign-in")
    for name, what in (("give", "give this role"), ("take", "take this role away")):
        parser.add_argument(f"--{name}", type=Role, action="append", default=[], choices=list(Role), help=what)
    parser.add_argument("--project", required=True, help="Firebase project")
    parser.add_argument("--reason", required=True, help="why, for the record")
    parser.add_argument("--apply", action="store_true", help="do it; without this the change is only shown")
    return parser


if __name__ == "__main__":
    sys.exit(main())
