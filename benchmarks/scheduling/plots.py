"""Figures as pictures: SVG, the same bytes from the same figures, readable on light and dark pages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from benchmarks.scheduling.report import Found
from benchmarks.scheduling.scenario import BROKEN, HOUR, Scenario
from controlplane.policy.scheduling import Mode

WIDTH = 9.0  # inches
GREY = 7  # its place among the ten colours
COLOURS = {Mode.SMART: "#0b62a8", Mode.PRIORITY: "#b4561e", Mode.BALANCED: "#3c7d3c"}
STYLE: dict[Any, Any] = {"svg.hashsalt": "headgate", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9.0}


def draw(scenario: Scenario, found: Found, directory: Path) -> list[Path]:
    """Write every plot; where they are."""
    pictures = {"load": _load(scenario, found), "waiting": _waiting(scenario, found), "allowance": _allowance(scenario, found)}
    return [_save(figure, directory / f"scheduling-{name}.svg") for name, figure in pictures.items()]


def _load(scenario: Scenario, found: Found) -> Figure:
    """Who serves: answers by the hour, stacked by account, a panel for each mode."""
    figure, panels = _panels(len(found), 2.1)
    hours = range(_hours(scenario))
    for panel, (mode, one) in zip(panels, found.items(), strict=True):
        panel.stackplot(hours, [one.series.served[account.name][: len(hours)] for account in scenario.accounts], colors=_shades(scenario))
        panel.set_title(f"{mode.value}: answers in an hour, by account", loc="left", fontsize=9)
        _outage(scenario, panel)
    _legend(figure, scenario, panels[0])
    _days(scenario, panels[-1])
    return figure


def _waiting(scenario: Scenario, found: Found) -> Figure:
    """What clients notice: the slowest first events, and failed attempts."""
    figure, (first, faults) = _panels(2, 2.3)
    hours = range(_hours(scenario))
    for mode, one in found.items():
        first.plot(hours, one.series.first_p95[: len(hours)], color=COLOURS[mode], linewidth=1.3, label=mode.value)
        faults.plot(hours, one.series.faults[: len(hours)], color=COLOURS[mode], linewidth=1.3)
    first.set_title("seconds to the first event, 95 % of an hour's requests are below", loc="left", fontsize=9)
    faults.set_title("failed attempts in an hour", loc="left", fontsize=9)
    for panel in (first, faults):
        panel.set_ylim(bottom=0)
        _outage(scenario, panel)
    figure.legend(loc="outside right center", frameon=False)
    _days(scenario, faults)
    return figure


def _allowance(scenario: Scenario, found: Found) -> Figure:
    """What is left of every account's allowance, a panel for each mode."""
    figure, panels = _panels(len(found), 2.1)
    shades = _shades(scenario)
    for panel, (mode, one) in zip(panels, found.items(), strict=True):
        for account, shade in zip(scenario.accounts, shades, strict=True):
            panel.plot(one.series.left_at, [100 * left for left in one.series.left[account.name]], color=shade, linewidth=1.5)
        panel.set_title(f"{mode.value}: % of the allowance that is left", loc="left", fontsize=9)
        panel.set_ylim(0, 105)
    _legend(figure, scenario, panels[0])
    _days(scenario, panels[-1])
    return figure


def _panels(count: int, height: float) -> tuple[Figure, Sequence[Axes]]:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height * count), layout="constrained", facecolor="white")
        panels: Sequence[Axes] = [row[0] for row in figure.subplots(count, 1, sharex=True, squeeze=False)]
    for panel in panels:
        panel.grid(visible=True, color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _shades(scenario: Scenario) -> list[tuple[float, float, float, float]]:
    """A colour for each account; not the grey that outages are shown in."""
    ten = mpl.colormaps["tab10"]
    colours = [ten(number) for number in range(10) if number != GREY]
    return [colours[number % len(colours)] for number, _ in enumerate(scenario.accounts)]


def _legend(figure: Figure, scenario: Scenario, panel: Axes) -> None:
    marks = [
        panel.fill_between([], [], color=shade, label=one.name) for one, shade in zip(scenario.accounts, _shades(scenario), strict=True)
    ]
    figure.legend(handles=marks, loc="outside right center", frameon=False)


def _outage(scenario: Scenario, panel: Axes) -> None:
    """Shade the time in which an account cannot be reached."""
    for one in scenario.accounts:
        if one.name == BROKEN and one.outage[1] <= scenario.seconds:
            panel.axvspan(one.outage[0] / HOUR, one.outage[1] / HOUR, color="#888888", alpha=0.2, linewidth=0)


def _days(scenario: Scenario, panel: Axes) -> None:
    panel.set_xlim(0, scenario.days * 24)
    panel.set_xticks(range(0, int(scenario.days * 24) + 1, 12))
    panel.set_xlabel("hours; the account `broken` cannot be reached where it is grey")


def _hours(scenario: Scenario) -> int:
    return int(scenario.days * 24)


def _save(figure: Figure, path: Path) -> Path:
    FigureCanvasSVG(figure)
    with mpl.rc_context(STYLE):
        figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    return path
