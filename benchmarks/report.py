"""From measurements to tables."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.cases import BUDGETS, CASES
from benchmarks.load import Result

COLUMNS = (
    "case",
    "CPU µs/request",
    "rounds max/min",
    "control plane µs",
    "requests/s",
    "core busy",
    "p50 ms",
    "p99 ms",
    "first byte p50 ms",
    "added p50 ms",
    "added first byte p50 ms",
)
# Figures that are made of two cases, whose names begin so.
FURTHER = {"each further event, at once": "", "each further event, OpenAI": "oai-", "each further event, Anthropic": "ant-"}
BEGIN, END = "<!-- bench:start -->", "<!-- bench:end -->"


@dataclass(frozen=True)
class Measurement:
    """One case in one round.

    `load` is the window that CPU is counted in; `light` and `bare` tell what waiting the gateway
    adds where nothing queues: through it, and to the mock without it.
    """

    case: str
    round: int
    load: Result
    light: Result
    bare: Result


@dataclass(frozen=True)
class Run:
    """Everything one run found; memory in MiB, starts in seconds."""

    measurements: Sequence[Measurement]
    starts: dict[str, float]
    memory_idle: float
    memory_after: float


@dataclass(frozen=True)
class Row:
    """A case's figures over all rounds: medians; `spread` is the largest CPU figure over the smallest."""

    case: str
    cpu_us: float
    spread: float
    control_us: float
    rate: float
    busy: float
    p50_ms: float
    p99_ms: float
    first_ms: float
    added_ms: float
    added_first_ms: float


def rows(measurements: Iterable[Measurement]) -> dict[str, Row]:
    """One row for each case, in the order they were measured."""
    grouped: dict[str, list[Measurement]] = {}
    for measurement in measurements:
        grouped.setdefault(measurement.case, []).append(measurement)
    return {case: _row(case, found) for case, found in grouped.items()}


def _row(case: str, found: Sequence[Measurement]) -> Row:
    measured = "mock" if CASES[case].dialect == "kiro" else "dataplane"
    loads, light, bare = [one.load for one in found], [one.light for one in found], [one.bare for one in found]
    cpu = [load.cpu_us[measured] for load in loads]
    return Row(
        case=case,
        cpu_us=statistics.median(cpu),
        spread=max(cpu) / min(cpu),
        control_us=statistics.median(load.cpu_us["controlplane"] for load in loads),
        rate=statistics.median(load.requests / load.seconds for load in loads),
        busy=statistics.median(load.cpu_us[measured] * load.requests / load.seconds / 1e6 for load in loads),
        p50_ms=statistics.median(one.latency_ms["p50"] for one in light),
        p99_ms=statistics.median(one.latency_ms["p99"] for one in light),
        first_ms=statistics.median(one.first_byte_ms["p50"] for one in light),
        added_ms=statistics.median(one.latency_ms["p50"] - none.latency_ms["p50"] for one, none in zip(light, bare, strict=True)),
        added_first_ms=statistics.median(
            one.first_byte_ms["p50"] - none.first_byte_ms["p50"] for one, none in zip(light, bare, strict=True)
        ),
    )


def per_further_event(short: Row, long: Row) -> float:
    """What one event more costs when all arrive at once, in microseconds."""
    return (long.cpu_us - short.cpu_us) / (CASES[long.case].events - CASES[short.case].events)


def per_paced_event(row: Row) -> float:
    """What an event costs that arrives alone, the request's own share included, in microseconds."""
    return row.cpu_us / CASES[row.case].events


def figures(run: Run) -> dict[str, float]:
    """Every figure that has a budget and was measured, under the budget's name."""
    by_case = rows(run.measurements)
    found = {name: row.cpu_us for name, row in by_case.items() if name in BUDGETS}
    for name, prefix in FURTHER.items():
        short, long = by_case.get(f"{prefix}s20"), by_case.get(f"{prefix}s200")
        if short and long:
            found[name] = per_further_event(short, long)
    if "p200" in by_case:
        found["each event, paced"] = per_paced_event(by_case["p200"])
    if paced := by_case.get("p20") or by_case.get("p200"):
        found["added time to first byte, paced, p50"] = paced.added_first_ms
    if saturated := [by_case[name].control_us for name in ("ns", "s20") if name in by_case]:
        found["control plane, per request"] = statistics.mean(saturated)
    found["memory of the data plane, idle"] = run.memory_idle
    found["start to ready, data plane"] = run.starts["data plane"]
    found["start to ready, whole stack"] = run.starts["whole stack"]
    return found


def markdown(run: Run) -> str:
    """Both tables."""
    return f"{_budgets(figures(run))}\n\n{_details(rows(run.measurements))}\n\n{_notes(run)}"


def _budgets(found: dict[str, float]) -> str:
    lines = ["| figure | measured | budget | goal | |", "|---|---:|---:|---:|---|"]
    for name, value in found.items():
        budget = BUDGETS[name]
        title = f"{name}: {CASES[name].meaning}" if name in CASES else name
        shown = f"{value:.{_digits(value)}f} {budget.unit}"
        lines.append(f"| {title} | {shown} | {budget.most:g} | {budget.goal:g} | {_verdict(value, budget.most, budget.goal)} |")
    return "\n".join(lines)


def _verdict(value: float, most: float, goal: float) -> str:
    if value <= goal:
        return "goal met"
    return "within" if value <= most else "**over**"


def _details(found: dict[str, Row]) -> str:
    lines = [f"| {' | '.join(COLUMNS)} |", "|---|" + "---:|" * (len(COLUMNS) - 1)]
    for row in found.values():
        direct = CASES[row.case].dialect == "kiro"
        cells = [f"{row.cpu_us:.0f}", f"{row.spread:.2f}", "" if direct else f"{row.control_us:.0f}", f"{row.rate:.0f}", f"{row.busy:.0%}"]
        cells += [f"{value:.2f}" for value in (row.p50_ms, row.p99_ms, row.first_ms)]
        cells += ["", ""] if direct else [f"{row.added_ms:.2f}", f"{row.added_first_ms:.2f}"]
        lines.append(f"| {row.case} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _notes(run: Run) -> str:
    shapes = "; ".join(f"{name}: {CASES[name].connections}" for name in rows(run.measurements))
    return (
        f"CPU is that of the data plane's process (of the mock's in `direct`) over whole requests, connections at a time: {shapes}. "
        "Times to wait are taken where nothing queues: one connection, or the paced streams themselves; "
        "added is over the mock reached directly. "
        f"Memory of the data plane after the run: {run.memory_after:.0f} MiB."
    )


def _digits(value: float) -> int:
    return 0 if value >= 100 else 1 if value >= 10 else 2


def refreshed(page: str, tables: str) -> str:
    """`page` with what stands between the markers replaced; raises ValueError when it has no markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"
