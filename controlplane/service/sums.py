"""What records come to, summed up in memory."""

from dataclasses import dataclass
from typing import TypeAlias

from controlplane.domain.account import Counters
from controlplane.domain.limits import MILLION
from controlplane.domain.outcome import Ending, Entry
from controlplane.policy import pricing

# Credits in millionths, tokens in and out, money, tokens that were saved, tokens of summaries.
Figures: TypeAlias = tuple[int, int, int, float, int, int]


@dataclass(slots=True)
class Sum:
    """Counters that grow; `credits` are millionths, as in the rollups."""

    total: int = 0
    success: int = 0
    failed: int = 0
    credits: int = 0
    input: int = 0
    output: int = 0
    cost: float = 0.0
    saved: int = 0
    summary: int = 0

    def add(self, entry: Entry) -> None:
        """One request, or a call of the gateway's own, which is none."""
        ending, request = entry.outcome.ending, not entry.cause
        self.add_requests(request, request and ending is Ending.SERVED, request and ending in FAILURES)
        self.add_amounts(*amounts(entry))

    def add_requests(self, total: int, success: int, failed: int) -> None:
        self.total += total
        self.success += success
        self.failed += failed

    def add_amounts(self, credits: int, input: int, output: int, cost: float, saved: int, summary: int) -> None:
        """What some requests, or calls of the gateway's own, came to."""
        self.credits += credits
        self.input += input
        self.output += output
        self.cost += cost
        self.saved += saved
        self.summary += summary

    def add_sum(self, counters: Counters) -> None:
        self.add_requests(counters.total_requests, counters.success_requests, counters.failed_requests)
        credit, cost = round(counters.total_credits * MILLION), counters.total_cost
        self.add_amounts(credit, counters.input_tokens, counters.output_tokens, cost, counters.saved_tokens, counters.summary_tokens)

    def take_back(self) -> None:
        """Undo a record that was written by rule: it failed and used nothing."""
        self.total -= 1
        self.failed -= 1

    def counters(self) -> Counters:
        credit = self.credits / MILLION
        return Counters(self.total, self.success, self.failed, credit, self.input, self.output, self.cost, self.saved, self.summary)


def amounts(entry: Entry) -> Figures:
    """What a request adds to a sum, however it ended."""
    usage, compression = entry.outcome.usage, entry.outcome.compression
    read = usage.input + usage.cache_read + usage.cache_write
    saved = compression.saved_tokens if compression is not None else 0
    return pricing.millionths(usage.credits), read, usage.output, entry.cost, saved, read + usage.output if entry.cause else 0


FAILURES = frozenset({Ending.FAILED, Ending.CUT})
