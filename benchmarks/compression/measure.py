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
# Ends of a request for which no summary was due although it is long.
NOT_DUE = ("no-gain", "short")


@dataclass(frozen=True)
class Figures:
    """Tokens are estimated; shares are in 0..1; `cuts` is how often the summary became another one. Dollars as in the example:
    with every beginning that can be read from the provider's cache read from there, and with no cache at all.

    Of the requests that were `due` a summary: who had it at once from `memory` or the `store`, who `waited` and had it, who went
    with the `older` one and who went as they came, `late`, while it was made. Waits are in seconds: all `together`,
    the longest of conversations that fit and of those that do not.
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
    due: int
    memory: int
    store: int
    waited: int
    older: int
    late: int
    together: float
    longest: float
    longest_unfit: float
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

    @property
    def at_once(self) -> float:
        """Of the requests that were due a summary, those that had it and waited for nothing."""
        return (self.memory + self.store) / self.due if self.due else 0.0


def figures(steps: Sequence[Step]) -> Figures:
    whole, sent = sum(step.whole for step in steps), sum(step.sent for step in steps)
    whole_known, sent_known = sum(step.whole_known for step in steps), sum(step.sent_known for step in steps)
    summary_in, summary_out = sum(step.spent.prompt_tokens for step in steps), sum(step.spent.answer_tokens for step in steps)
    ends = Counter(step.how for step in steps if step.how)
    at_once = Counter(step.how for step in steps if step.replaced and not step.waited)
    # Who waited and was sent on while it was made still: what he has is the summary of an earlier cut.
    waited = Counter(step.unfinished for step in steps if step.replaced and step.waited)
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
        due=ends.total() - sum(ends[end] for end in NOT_DUE),
        memory=at_once["memory"],
        store=at_once["store"],
        waited=waited[False],
        older=waited[True],
        late=ends["late"],
        together=sum(step.waited for step in steps),
        longest=max((step.waited for step in steps if step.whole_fitted), default=0.0),
        longest_unfit=max((step.waited for step in steps if not step.whole_fitted), default=0.0),
        ends=ends,
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
