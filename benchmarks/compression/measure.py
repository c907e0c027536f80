"""What a course comes to: tokens, waiting, and as an example money."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.compression.course import Step

# An example, dollars for a million tokens: what the model that works reads, and how much of that a read from and a write
# to its provider's cache cost; what the model that summarises reads and writes.
WORKING, CACHE_READ, CACHE_WRITE = 3.0, 0.1, 1.25
SUMMARISING_IN, SUMMARISING_OUT = 1.0, 5.0
MILLION = 1_000_000
# Ends of a request that was shortened, by the layer that had its summary.
LAYERS = ("memory", "store", "incremental", "model")
# Ends of a request that should have been and passed as it came; "short": nothing was left to be gained.
PASSED = ("late", "no-gain", "model-failed", "budget", "unavailable", "short")


@dataclass(frozen=True)
class Figures:
    """Tokens are estimated; shares are in 0..1; `cuts` is how often the summary became another one. Dollars as in the example:
    with every beginning that can be read from the provider's cache read from there, and with no cache at all.
    """

    whole: int
    sent: int
    summary_in: int
    summary_out: int
    calls: int
    cuts: int
    whole_known: float
    sent_known: float
    unfit_before: int
    unfit: int
    waited: int
    longest: float
    ends: Mapping[str, int]
    dollars_before: float
    dollars: float
    dollars_summaries: float
    uncached_before: float
    uncached: float

    @property
    def summaries(self) -> int:
        """What summaries cost, in tokens."""
        return self.summary_in + self.summary_out

    @property
    def saved(self) -> int:
        """Tokens fewer, those of the summaries taken off."""
        return self.whole - self.sent - self.summaries


def figures(steps: Sequence[Step]) -> Figures:
    whole, sent = sum(step.whole for step in steps), sum(step.sent for step in steps)
    whole_known, sent_known = sum(step.whole_known for step in steps), sum(step.sent_known for step in steps)
    summary_in, summary_out = sum(step.spent.prompt_tokens for step in steps), sum(step.spent.answer_tokens for step in steps)
    waits = [step.spent.seconds for step in steps if step.spent.seconds]
    return Figures(
        whole=whole,
        sent=sent,
        summary_in=summary_in,
        summary_out=summary_out,
        calls=sum(step.spent.calls for step in steps),
        cuts=changes([step.replaced for step in steps]),
        whole_known=whole_known / whole,
        sent_known=sent_known / sent,
        unfit_before=sum(not step.whole_fitted for step in steps),
        unfit=sum(not step.fitted for step in steps),
        waited=len(waits),
        longest=max(waits, default=0.0),
        ends=Counter(step.how for step in steps if step.how),
        dollars_before=read(whole_known, whole),
        dollars=read(sent_known, sent),
        dollars_summaries=(summary_in * SUMMARISING_IN + summary_out * SUMMARISING_OUT) / MILLION,
        uncached_before=whole * WORKING / MILLION,
        uncached=sent * WORKING / MILLION,
    )


def read(known: int, tokens: int) -> float:
    """Dollars for prompts of so many tokens, of which so many are in the provider's cache."""
    return (known * CACHE_READ + (tokens - known) * CACHE_WRITE) * WORKING / MILLION


def changes(values: Sequence[int]) -> int:
    """How often a value is another than the one before it; the first counts against 0."""
    return sum(old != new for old, new in zip((0, *values), values, strict=False))


def hit_rate(one: Figures) -> float:
    """Of the requests that were shortened, those that needed no model call."""
    hits, all_of_them = one.ends.get("memory", 0) + one.ends.get("store", 0), sum(one.ends.get(layer, 0) for layer in LAYERS)
    return hits / all_of_them if all_of_them else 0.0
