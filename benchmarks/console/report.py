"""From figures to a table."""

from collections.abc import Mapping, Sequence

from benchmarks.compression.report import machine
from benchmarks.console.calls import Call
from benchmarks.console.measure import Figures

BEGIN, END = "<!-- console:start -->", "<!-- console:end -->"
TARGET = 200.0  # milliseconds, of each p95


def markdown(calls: Sequence[Call], found: Mapping[str, Mapping[str, Figures]], rows: int, audit: int) -> str:
    """A line for each call, the databases beside each other; what takes longer than the target is bold."""
    lines = [
        f"{rows:,} requests of 30 days, {audit:,} changes, 40 keys, 9 accounts, 12 models. Made on {machine()}.",
        "",
        "| page | call |" + "".join(f" {name} p50, ms | p95 |" for name in found),
        "|---|---|" + "---:|---:|" * len(found),
    ]
    for call in calls:
        each = [figures.get(f"{call.page}: {call.name}") for figures in found.values()]
        if any(each):
            lines.append(f"| {call.page} | {call.name} |" + "".join(map(_cells, each)))
    return "\n".join(lines)


def refreshed(page: str, table: str) -> str:
    """`page` with what stands between the markers replaced; raises ValueError when it has no markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _cells(figures: Figures | None) -> str:
    if figures is None:
        return " | |"
    shown = f"{figures.p95:.1f}"
    return f" {figures.p50:.1f} | {f'**{shown}**' if figures.p95 >= TARGET else shown} |"
