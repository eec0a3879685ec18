"""`make truth`: whether anything was lost, minted or forgotten, a verdict for each question.

First the page that the callable `get_truth` shows, then the audit, which reads everything; --quick leaves that out.
What each verdict means and what to do about a red one is in docs/truth.md. Changes nothing; only the access log gets a
line before members are named.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from imagesfactory import bootstrap
from imagesfactory import bootstrap_office as office
from imagesfactory.staff.model import Access, Action
from imagesfactory.truth.model import IDS_MAX, Verdict
from rich.console import Console
from rich.status import Status

from local.operator import Backend, connect, parser, run_command
from local.operator.keys import require_payment_keys
from local.operator.person import operator_here
from local.truth.table import NAMED, verdict_table


def main(arguments: Sequence[str] | None = None) -> int:
    """Show every verdict. Exit status 0 when all are green, 1 when one is red, 2 when nobody could be asked."""
    options = parser("local.truth", __doc__)
    options.add_argument("--quick", action="store_true", help="only what the database answers without reading records")
    options.add_argument("--days", type=int, default=30, help="how many days of money are compared with the providers")
    options.add_argument("--all", action="store_true", help=f"name up to {IDS_MAX} places of each red verdict")
    chosen = options.parse_args(arguments)

    def act(console: Console) -> int:
        backend = connect(chosen.project)
        if not chosen.quick:
            require_payment_keys(backend)
        verdicts = read(console, backend, 0 if chosen.quick else chosen.days)
        show(console, verdicts, IDS_MAX if chosen.all else NAMED)
        red = [verdict for verdict in verdicts if not verdict.is_green]
        console.print(
            f"[red]{len(red)} of {len(verdicts)} are red: docs/truth.md says what to do.[/]"
            if red
            else "[green]All is green.[/]"
        )
        return 1 if red else 0

    return run_command(act)


def read(console: Console, backend: Backend, days: int) -> list[Verdict]:
    """The verdicts of the page, and of the audit unless ``days`` is 0; says what is being asked meanwhile."""
    now = bootstrap.clock().now()
    console.print(f"The truth about {backend.described}, as of {now:%Y-%m-%d %H:%M:%S} UTC.")
    with console.status("Asking for sums, counts and deadlines ...") as status:
        verdicts = list(office.truth_page().look(now).verdicts)
        if days:
            verdicts += _audit(status, days)
    return verdicts


def show(console: Console, verdicts: Sequence[Verdict], named: int) -> None:
    """Print the verdicts; members among them are looked at, which is on the access log before."""
    members = tuple(dict.fromkeys(uid for verdict in verdicts for uid in verdict.members))
    if members:
        look = Access(operator_here(), Action.TRUTH_READ, members)
        office.access_log().note(look, bootstrap.clock().now())
    console.print(verdict_table(verdicts, named))


def _audit(status: Status, days: int) -> list[Verdict]:
    verdicts: list[Verdict] = []
    status.update("Reading everything: wallets against their entries ...")
    for verdict in office.truth_audit().verdicts(bootstrap.clock().now(), days):
        verdicts.append(verdict)
        status.update(f"Reading everything: {len(verdicts)} questions answered, last: {verdict.check.value} ...")
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
