"""Figures as pictures: SVG, the same bytes from the same figures, readable on light and dark pages."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from benchmarks.compression.cases import USUAL, Case
from benchmarks.compression.course import Step
from benchmarks.compression.measure import MILLION, SUMMARISING_IN, SUMMARISING_OUT, WORKING, read

WIDTH, HEIGHT = 9.0, 2.6  # inches
STYLE: dict[Any, Any] = {"svg.hashsalt": "headgate", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9.0}
THOUSAND = 1000
GREY = "#666666"
# The policies that are drawn, and how.
DRAWN = {
    USUAL: ("100 000, as installed", "#0b62a8"),
    Case(50_000): ("50 000", "#3c7d3c"),
    Case(every=True): ("100 000, cut at every turn", "#b4561e"),
}


def draw(courses: Mapping[Case, Sequence[Step]], directory: Path) -> list[Path]:
    """Write every plot; where they are."""
    pictures = {"length": _length(courses), "money": _money(courses)}
    return [_save(figure, directory / f"compression-{name}.svg") for name, figure in pictures.items()]


def _length(courses: Mapping[Case, Sequence[Step]]) -> Figure:
    """How long each request is, and how much of it a provider's cache may have."""
    figure, (length, known) = _panels()
    whole = courses[USUAL]
    length.plot(_numbers(whole), [step.whole / THOUSAND for step in whole], color=GREY, linewidth=1.3, label="nothing is shortened")
    for case, (name, colour) in DRAWN.items():
        steps = courses[case]
        length.plot(_numbers(steps), [step.sent / THOUSAND for step in steps], color=colour, linewidth=1.3, label=name)
        known.plot(_numbers(steps), [100 * step.sent_known / step.sent for step in steps], color=colour, linewidth=1.0)
    length.set_title("thousand tokens that a request sends", loc="left", fontsize=9)
    known.set_title("% of them that the request before began with too", loc="left", fontsize=9)
    return _finished(figure, length, known)


def _money(courses: Mapping[Case, Sequence[Step]]) -> Figure:
    """What prompts and summaries have cost until each request, with and without a provider's cache."""
    figure, (cached, bare) = _panels()
    whole = courses[USUAL]
    cached.plot(_numbers(whole), _sums([read(step.whole_known, step.whole) for step in whole]), color=GREY, label="nothing is shortened")
    bare.plot(_numbers(whole), _sums([step.whole * WORKING / MILLION for step in whole]), color=GREY)
    for case, (name, colour) in DRAWN.items():
        steps = courses[case]
        cached.plot(
            _numbers(steps), _sums([read(step.sent_known, step.sent) + summaries(step) for step in steps]), color=colour, label=name
        )
        bare.plot(_numbers(steps), _sums([step.sent * WORKING / MILLION + summaries(step) for step in steps]), color=colour)
    cached.set_title("$ for prompts and summaries until then, with the provider's cache (an example)", loc="left", fontsize=9)
    bare.set_title("$ without it", loc="left", fontsize=9)
    return _finished(figure, cached, bare)


def summaries(step: Step) -> float:
    """Dollars."""
    return (step.spent.prompt_tokens * SUMMARISING_IN + step.spent.answer_tokens * SUMMARISING_OUT) / MILLION


def _sums(each: Sequence[float]) -> list[float]:
    return list(accumulate(each))


def _numbers(steps: Sequence[Step]) -> range:
    return range(1, len(steps) + 1)


def _panels() -> tuple[Figure, Sequence[Axes]]:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT * 2), layout="constrained", facecolor="white")
        panels: Sequence[Axes] = [row[0] for row in figure.subplots(2, 1, sharex=True, squeeze=False)]
    for panel in panels:
        panel.grid(visible=True, color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _finished(figure: Figure, *panels: Axes) -> Figure:
    for panel in panels:
        panel.set_ylim(bottom=0)
    panels[-1].set_xlabel("request of the conversation")
    figure.legend(loc="outside right center", frameon=False)
    return figure


def _save(figure: Figure, path: Path) -> Path:
    FigureCanvasSVG(figure)
    with mpl.rc_context(STYLE):
        figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    return path
