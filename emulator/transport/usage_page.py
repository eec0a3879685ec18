"""Draws the billed usage as a plain page a person can read."""

from collections.abc import Iterable
from html import escape
from itertools import islice

from emulator.transport.usage_log import UsageEntry, UsageLog

ENTRIES_SHOWN = 200
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{border-bottom:1px solid #ddd;padding:.25rem .5rem;text-align:right}"
    "th:nth-child(-n+2),td:nth-child(-n+2){text-align:left}"
)


def render(usage_log: UsageLog) -> str:
    """The page: totals, round trips per method, and the latest requests, newest first."""
    totals = usage_log.totals
    newest = islice(reversed(list(usage_log.since(0))), ENTRIES_SHOWN)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Firestore usage</title>'
        f"<style>{STYLE}</style><h1>Firestore usage</h1>"
        "<p>What these requests would be billed as, since the start or the last reset "
        "(<code>DELETE /emulator/v1/usage</code>).</p>"
        f"<p><b>{totals.reads:,}</b> document reads, <b>{totals.writes:,}</b> writes, "
        f"<b>{totals.deletes:,}</b> deletes in {sum(totals.round_trips.values()):,} requests.</p>"
        "<table><tr><th>Method<th>&nbsp;<th>Requests</tr>"
        + "".join(
            f"<tr><td>{escape(method)}<td><td>{count:,}</tr>" for method, count in totals.round_trips.most_common()
        )
        + "</table><table><tr><th>Method<th>Database<th>Status<th>Reads<th>Writes<th>Deletes<th>ms</tr>"
        + _rows(newest)
        + "</table></html>"
    )


def _rows(entries: Iterable[UsageEntry]) -> str:
    return "".join(
        f"<tr><td>{entry.method}<td>{escape(entry.database)}<td>{entry.status}<td>{entry.reads}"
        f"<td>{entry.writes}<td>{entry.deletes}<td>{entry.milliseconds:.2f}</tr>"
        for entry in entries
    )
