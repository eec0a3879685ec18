"""Shows the coverage of a rules file as one readable HTML page."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1b1f }
pre { background: #f6f6f8; padding: 1rem; overflow-x: auto; line-height: 1.6 }
.line { display: block } .line b { color: #888; font-weight: normal; display: inline-block; width: 3.5em }
.never { background: #fde2e0 } .some { background: #fff3cd } .reached { background: #dff3e3 }
table { border-collapse: collapse; width: 100% } td, th { border-bottom: 1px solid #ddd; padding: .3rem .6rem;
text-align: left; vertical-align: top } code { font-size: .9em }
"""


def coverage_page(report: dict[str, Any]) -> str:
    """The page for an official `ruleCoverage` answer.

    Lines are green when every expression that begins there was evaluated, yellow when only some were, red when none.
    """
    file = report["rules"]["files"][0]
    nodes = list(_walk(report.get("report", [])))
    reached = sum(1 for node in nodes if "values" in node)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Rules coverage</title>"
        f"<style>{_STYLE}</style><h1>Rules coverage: {html.escape(file['name'])}</h1>"
        f"<p>{reached} of {len(nodes)} expressions were evaluated since the rules were loaded.</p>"
        f"<pre>{_listing(file['content'], nodes)}</pre>"
        "<table><tr><th>Place</th><th>Expression</th><th>Values</th></tr>"
        f"{_rows(file['content'], nodes)}</table></html>"
    )


def _walk(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _walk(node.get("children", []))


def _listing(source: str, nodes: list[dict[str, Any]]) -> str:
    by_line: dict[int, list[bool]] = {}
    for node in nodes:
        by_line.setdefault(node["sourcePosition"]["line"], []).append("values" in node)
    lines = []
    for number, text in enumerate(source.splitlines(), start=1):
        marks = by_line.get(number)
        kind = "" if marks is None else "reached" if all(marks) else "some" if any(marks) else "never"
        lines.append(f"<span class='line {kind}'><b>{number}</b>{html.escape(text)}</span>")
    return "".join(lines)


def _rows(source: str, nodes: list[dict[str, Any]]) -> str:
    rows = []
    for node in nodes:
        place = node["sourcePosition"]
        text = source[place["currentOffset"] : place["endOffset"] + 1]
        values = "<br>".join(_value(entry) for entry in node.get("values", [])) or "never evaluated"
        rows.append(
            f"<tr class='{'' if 'values' in node else 'never'}'><td>{place['line']}:{place['column']}</td>"
            f"<td><code>{html.escape(text)}</code></td><td>{values}</td></tr>"
        )
    return "".join(rows)


def _value(entry: dict[str, Any]) -> str:
    value = entry["value"]
    if "undefined" in value:
        text = "error: " + value["undefined"].get("causeMessage", "")
    else:
        text = json.dumps(next(iter(value.values())), ensure_ascii=False)
    return f"{entry['count']} x <code>{html.escape(text)}</code>"
