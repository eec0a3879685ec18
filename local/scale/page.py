"""docs/scale.md and its plots: the words stand in a template, every number comes from the simulation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import pygal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pygal.style import CleanStyle

from local.scale import costs, day, limits
from local.scale.demand import demand_of
from local.scale.figures import figures

SIZES = (1_000, 1_000_000, 50_000_000)
COLOURS = (
    "#1f77b4",
    "#d62728",
    "#2ca02c",
    "#9467bd",
    "#ff7f0e",
    "#17becf",
    "#8c564b",
    "#e377c2",
    "#bcbd22",
    "#7f7f7f",
    "#393b79",
    "#000000",
    "#ad494a",
)
CURVE = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000)


def files() -> dict[str, str]:
    """The content of every file below docs/, by its name there."""
    return {"scale.md": _page(), "scale/costs.svg": _costs(), "scale/limits.svg": _limits()}


def _page() -> str:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown of our own numbers
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"count": _count, "money": _money, "share": lambda share: f"{share:.0%}"}
    demands = [demand_of(members) for members in SIZES]
    every = [limits.uses(demand) for demand in demands]
    return made.get_template("scale.md.jinja").render(
        demands=demands,
        bills=[costs.monthly(demand) for demand in demands],
        uses=list(zip(*every, strict=True)),
        enough={use.name: limits.members_until(use.name) for use in every[0]},
        firsts=[limits.first_limit(members) for members in SIZES],
        days=[day.simulated(demand) for demand in demands],
        figures=figures(),
    )


def _costs() -> str:
    chart = _chart("US dollars a month", [10**power for power in range(8)])
    bills = [costs.monthly(demand_of(members)) for members in CURVE]
    for line in sorted(bills[-1], key=lambda line: -bills[-1][line]):
        chart.add(line, [bill[line] if bill[line] >= 1 else None for bill in bills])
    return _drawn(chart)


def _limits() -> str:
    chart = _chart("how much of each limit is taken", [10.0**power for power in range(-6, 4)])
    uses = [limits.uses(demand_of(members)) for members in CURVE]
    for same in sorted(zip(*uses, strict=True), key=lambda same: -same[0].share):
        chart.add(same[0].name, [use.share for use in same])
    chart.add("reached", [1] * len(CURVE), show_dots=False, stroke_style={"width": 4, "dasharray": "8, 6"})
    return _drawn(chart)


def _chart(title: str, heights: Sequence[float]) -> pygal.Line:
    """On loopback and in a repository alike: no script, no font, no address is fetched to show it."""
    chart = pygal.Line(
        title=f"{title}, by number of members",
        logarithmic=True,
        width=1000,
        height=560,
        style=CleanStyle(font_family="sans-serif", colors=COLOURS),
        js=[],
        no_prefix=True,
        disable_xml_declaration=True,
        truncate_legend=-1,
    )
    chart.x_labels = [_count(size) for size in CURVE]
    chart.y_labels = heights
    chart.value_formatter = lambda height: f"{height:,.6g}"
    return chart


def _drawn(chart: pygal.Line) -> str:
    chart.add_xml_filter(_without_comments)
    return str(chart.render(is_unicode=True)) + "\n"


def _without_comments(drawing: Element) -> Element:
    """They name the day of drawing, and the page is to be the same on every day."""
    for comment in [child for child in drawing if not isinstance(child.tag, str)]:
        drawing.remove(comment)
    return drawing


def _count(number: float) -> str:
    for size, word in ((1e9, " billion"), (1e6, " million"), (1e3, " thousand")):
        if number >= size:
            return f"{number / size:,.3g}{word}"
    return f"{number:,.3g}"


def _money(dollars: float) -> str:
    return f"{dollars:,.2f}" if dollars < 1000 else f"{dollars:,.0f}"
