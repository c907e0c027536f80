"""From figures to tables."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.compression.cases import USUAL, Case
from benchmarks.compression.conversation import ANSWER_TOKENS, WINDOW, Growing
from benchmarks.compression.course import PAUSE_SECONDS, Step
from benchmarks.compression.measure import (
    CACHE_READ,
    CACHE_WRITE,
    SUMMARISING_IN,
    SUMMARISING_OUT,
    WORKING,
    Figures,
    figures,
)
from benchmarks.compression.model import FILLED, FIRST_SECONDS, TOKEN_SECONDS
from benchmarks.compression.served import Added, Served

BEGIN, END = "<!-- compression:start -->", "<!-- compression:end -->"
SAVED = "*Saved* is the share that is left to save once the summaries are paid for."
MILLION = 1_000_000


@dataclass(frozen=True)
class Found:
    """Everything one run found: the course of each policy, of the usual one with a restart before request `restart`, and
    what the process adds.
    """

    courses: Mapping[Case, Sequence[Step]]
    restarted: Mapping[Case, Sequence[Step]]
    restart: int
    served: Served


def markdown(seed: int, growing: Growing, found: Found) -> str:
    """All tables, and what they come from."""
    every = {case: figures(steps) for case, steps in found.courses.items()}
    again = {case: figures(steps) for case, steps in found.restarted.items()}
    parts = (
        _source(seed, growing, every[USUAL]),
        f"**Tokens.** Millions, estimated, of all requests together. {SAVED}",
        _table(("policy", *(name for name, _ in TOKENS)), every, TOKENS),
        "**The provider's cache, and what it comes to in money.** " + _example(),
        _table(("policy", *(name for name, _ in MONEY)), every, MONEY),
        f"**Waiting for summaries.** {_told(found.restart)}",
        _waiting(every, again),
        "**What asking adds.** Milliseconds of waiting or CPU, with the summarizer as a process of its own; the model answers at once.",
        _added(found.served),
    )
    return "\n\n".join(parts)


def refreshed(page: str, tables: str) -> str:
    """`page` with what stands between the markers replaced; raises ValueError when it has no markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def machine() -> str:
    """What it ran on."""
    told = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = (line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name"))
    return f"{len(os.sched_getaffinity(0))} cores ({next(models, platform.machine())}), Python {platform.python_version()}"


def _source(seed: int, growing: Growing, one: Figures) -> str:
    return (
        f"One conversation, seed {seed}: {len(growing)} requests, {len(growing.turns)} messages at the end; each request sends all of it, "
        f"{one.whole / MILLION:.1f} million tokens together, from {growing.call(0).input_estimate:,} to "
        f"{growing.call(len(growing) - 1).input_estimate:,}. The model reads {WINDOW:,} tokens, of which the answer may need "
        f"{ANSWER_TOKENS:,}. The model that summarises is a stub: {FIRST_SECONDS:g} s until its first word and "
        f"{TOKEN_SECONDS * 1000:g} ms for each token of its answer, which fills {FILLED:.0%} of the length it is asked for. "
        f"The next request comes {PAUSE_SECONDS:g} s after the one before it was sent on, and what is being made goes on meanwhile. "
        f"All this time is counted, not waited for. Made on {machine()}."
    )


def _example() -> str:
    return (
        f"An example: the model that works at {WORKING:g} $ a million tokens of prompt, {CACHE_READ:g} times that from the cache and "
        f"{CACHE_WRITE:g} times that into it; the one that summarises at {SUMMARISING_IN:g} $ in and {SUMMARISING_OUT:g} $ out. "
        "Answers cost the same either way and are left out. *With the cache*: every request finds in it what the one before "
        "began with too, system prompt and tools included, and writes the rest. *Without*: there is none, or nobody uses it."
    )


def _told(restart: int) -> str:
    return (
        "Of the requests that were due a summary, how many had it at once, how many waited and then had it, and how many went on "
        "after their wait while it was made behind them: *with the older* one, or *whole*. *Longest wait*: where the model can read "
        f"the conversation as it came, and where it cannot. In the last rows the service starts anew before request {restart + 1}."
    )


def _table(head: Sequence[str], every: Mapping[Case, Figures], columns: "Columns") -> str:
    lines = [_row(head), "|---|" + "---:|" * (len(head) - 1)]
    if columns in (TOKENS, MONEY):
        lines.append(_row(["nothing is shortened", *(shown(_untouched(next(iter(every.values())))) for _, shown in columns)]))
    for case, one in every.items():
        name = f"**{case.name}**" if case == USUAL else case.name
        lines.append(_row([name, *(shown(one) for _, shown in columns)]))
    return "\n".join(lines)


def _waiting(every: Mapping[Case, Figures], again: Mapping[Case, Figures]) -> str:
    renewed = [_row([f"{case.name}, started anew", *(shown(one) for _, shown in WAITING)]) for case, one in again.items()]
    return "\n".join([_table(("policy", *(name for name, _ in WAITING)), every, WAITING), *renewed])


def _untouched(one: Figures) -> Figures:
    """The same conversation where compression is off."""
    return replace(
        one,
        sent=one.whole,
        sent_known=one.whole_known,
        unfit=one.unfit_before,
        dollars=one.dollars_before,
        uncached=one.uncached_before,
        summary_in=0,
        summary_out=0,
        dollars_summaries=0.0,
        cuts=0,
    )


def _added(served: Served) -> str:
    lines = [_row(["figure", *(f"request {one.requests}: {one.turns} messages, {one.kilobytes} kB" for one in served.added)])]
    lines.append("|---|" + "---:|" * len(served.added))
    lines += [_row([name, *(shown(one) for one in served.added)]) for name, shown in ADDED]
    lines.append("")
    lines.append(
        f"Memory of the summarizer's process: {served.idle:.0f} MiB when started, {served.after:.0f} MiB after "
        f"all of this; its files: {served.disk:.1f} MiB, what was replaced included."
    )
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _millions(value: Callable[[Figures], int]) -> Callable[[Figures], str]:
    return lambda one: f"{value(one) / MILLION:.2f}"


def _longest(one: Figures) -> str:
    return f"{one.longest:.0f} s, {one.longest_unfit:.0f} s"


Columns = Sequence[tuple[str, Callable[[Figures], str]]]
TOKENS: Columns = (
    ("sent to the model", _millions(lambda one: one.sent)),
    ("for summaries: in", _millions(lambda one: one.summary_in)),
    ("out", _millions(lambda one: one.summary_out)),
    ("saved", lambda one: f"{one.saved / one.whole:.0%}"),
    ("times cut anew", lambda one: f"{one.cuts}"),
    ("requests too long for the model", lambda one: f"{one.unfit}"),
)
MONEY: Columns = (
    ("can come from the cache", lambda one: f"{one.sent_known:.1%}"),
    ("prompts, with the cache", lambda one: f"{one.dollars:.2f} $"),
    ("summaries", lambda one: f"{one.dollars_summaries:.2f} $"),
    ("together", lambda one: f"{one.dollars + one.dollars_summaries:.2f} $"),
    ("prompts, without the cache", lambda one: f"{one.uncached:.2f} $"),
    ("together", lambda one: f"{one.uncached + one.dollars_summaries:.2f} $"),
)
WAITING: Columns = (
    ("at once: from memory", lambda one: f"{one.memory}"),
    ("from the store", lambda one: f"{one.store}"),
    ("share", lambda one: f"{one.at_once:.0%}"),
    ("waited and had it", lambda one: f"{one.waited}"),
    ("with the older", lambda one: f"{one.older}"),
    ("whole", lambda one: f"{one.late}"),
    ("longest wait", _longest),
    ("all waits", lambda one: f"{one.together:.0f} s"),
    ("model calls", lambda one: f"{one.calls}"),
)
ADDED: Sequence[tuple[str, Callable[[Added], str]]] = (
    ("summary in memory, p50", lambda one: f"{one.memory:.1f}"),
    ("summary in memory, p95", lambda one: f"{one.memory_p95:.1f}"),
    ("CPU of the data plane for it", lambda one: f"{one.memory_dataplane:.1f}"),
    ("CPU of the summarizer for it", lambda one: f"{one.memory_summarizer:.1f}"),
    ("summary in the store, after a restart, p50", lambda one: f"{one.store:.1f}"),
    ("nothing known, p50, without the model's time", lambda one: f"{one.miss:.1f}"),
    ("CPU of the summarizer for it", lambda one: f"{one.miss_summarizer:.1f}"),
    ("model calls of it", lambda one: f"{one.miss_calls}"),
)
