"""From figures to tables."""

from collections.abc import Callable, Mapping, Sequence

from benchmarks.scheduling.measure import SERVED, AccountFigures, Figures
from benchmarks.scheduling.scenario import HOUR, Scenario
from controlplane.policy.scheduling import Mode

BEGIN, END = "<!-- simulation:start -->", "<!-- simulation:end -->"
Found = Mapping[Mode, Figures]


def markdown(scenario: Scenario, found: Found) -> str:
    """Both tables, and what they come from."""
    return f"{_source(scenario, found)}\n\n{_modes(found)}\n\n{_accounts(scenario, found)}"


def refreshed(page: str, tables: str) -> str:
    """`page` with what stands between the markers replaced; raises ValueError when it has no markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def _source(scenario: Scenario, found: Found) -> str:
    requests = next(iter(found.values())).requests
    return (
        f"{scenario.days:g} simulated days, seed {scenario.seed}: {requests:,} requests, the same for every mode. "
        "Times to the first event are what clients wait, with all waits and failed attempts."
    )


def _modes(found: Found) -> str:
    lines = _head("figure", [mode.value for mode in found])
    for name, shown in ROWS:
        lines.append(_row(name, [shown(one) for one in found.values()]))
    return "\n".join(lines)


def _accounts(scenario: Scenario, found: Found) -> str:
    lines = _head("account", [f"{mode.value}: answers (faults), credits" for mode in found])
    for account in scenario.accounts:
        cells = [_account(one.accounts[account.name]) for one in found.values()]
        lines.append(_row(f"**{account.name}** {account.meaning}", cells))
    return "\n".join(lines)


def _account(one: AccountFigures) -> str:
    faults = sum(one.faults.values())
    return f"{one.served:,}{f' ({faults:,})' if faults else ''}, {one.used:,.0f} of {one.allowed:,.0f}"


def _head(first: str, others: Sequence[str]) -> list[str]:
    return [f"| {first} | {' | '.join(others)} |", "|---|" + "---:|" * len(others)]


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _unserved(one: Figures) -> str:
    causes = [f"{count} {end}" for end, count in sorted(one.ends.items()) if end != SERVED]
    return ", ".join(causes) or "none"


def _faults(cause: str) -> Callable[[Figures], str]:
    return lambda one: f"{one.faults.get(cause, 0):,}"


def _first(place: int) -> Callable[[Figures], str]:
    return lambda one: f"{one.first[place]:.2f} s"


def _busiest(one: Figures) -> str:
    name, most = max(one.accounts.items(), key=lambda item: item[1].served)
    return f"{most.served / max(one.served, 1):.0%} ({name})"


def _returned(one: Figures) -> str:
    return "never" if one.outage.returned is None else f"{one.outage.returned:.0f} s"


def _ran_out(one: Figures) -> str:
    return "no" if one.ran_out is None else f"after {one.ran_out / HOUR:.1f} h"


ROWS: Sequence[tuple[str, Callable[[Figures], str]]] = (
    ("not served", _unserved),
    ("attempts for a request", lambda one: f"{one.attempts / max(one.requests, 1):.4f}"),
    ("requests with a failed attempt", lambda one: f"{one.troubled:.2%}"),
    ("first event, p50", _first(0)),
    ("first event, p95", _first(1)),
    ("first event, p99", _first(2)),
    ("further turns with a warm prompt cache", lambda one: f"{one.warm:.1%}"),
    ("further turns with signed reasoning that stayed at their account", lambda one: f"{one.stayed:.1%}"),
    ("requests that waited in line; 95 % of them at most", lambda one: f"{one.waited}; {one.wait_p95:.1f} s"),
    ("attempts that failed: `unavailable`", _faults("unavailable")),
    ("attempts that failed: `throttled`", _faults("throttled")),
    ("attempts that failed: `quota_exhausted`", _faults("quota_exhausted")),
    ("attempts at **broken** during its 6 hours", lambda one: f"{one.outage.attempts}"),
    ("from its recovery to its first answer", _returned),
    ("credits that lapsed at resets", lambda one: f"{one.wasted:,.0f}"),
    ("**spent** ran out", _ran_out),
    ("busiest account's share of answers", _busiest),
    ("CPU for a request, simulator included", lambda one: f"{one.cpu_us:.0f} µs"),
)
