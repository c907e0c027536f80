"""What requests of a model cost in the upstream's credits, learned from the last ones.

What is learned are credits for a unit of rate: an upstream that changes a model's rate changes the
price of everything, and what was learned still holds.
"""

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field

WINDOW = 256  # samples that are kept: with 100 and more the 99th percentile is not just the largest
PERCENTILE = 0.99
# Where the upstream's list does not say (Kiro protocol notes, model ids).
ASSUMED = (("opus", 5.0), ("haiku", 0.2))
ORDINARY = 1.0
# A request is worth this for each unit of rate while nothing is known, and reserves no less ever.
WORTH = 1.0


def assumed(model: str) -> float:
    """The rate of a model whose rate nobody told."""
    name = model.lower()
    return next((rate for part, rate in ASSUMED if part in name), ORDINARY)


@dataclass(slots=True)
class Experience:
    """The last requests of one model, in credits for a unit of `rate`; `told` by the upstream, else assumed."""

    rate: float
    told: bool = False
    latest: deque[float] = field(default_factory=deque)
    ordered: list[float] = field(default_factory=list)

    def tell(self, rate: float) -> None:
        """The upstream says what the rate is. Samples that were divided by an assumed one are put right."""
        if not self.told and rate != self.rate:
            scale = self.rate / rate
            self.latest = deque(sample * scale for sample in self.latest)
            self.ordered = [sample * scale for sample in self.ordered]
        self.rate = rate
        self.told = True

    def learn(self, credits: float) -> None:
        """A request cost this."""
        sample = credits / self.rate
        if len(self.latest) >= WINDOW:
            del self.ordered[bisect_left(self.ordered, self.latest.popleft())]
        self.latest.append(sample)
        insort(self.ordered, sample)

    def most(self) -> float:
        """Credits that 99 of 100 requests stay within, and never less than one request's worth."""
        if not self.ordered:
            return WORTH * self.rate
        highest = self.ordered[math.ceil(len(self.ordered) * PERCENTILE) - 1]
        return max(highest, WORTH) * self.rate

    def usual(self) -> float:
        """Credits of a request on average; one request's worth while nothing was learned."""
        return (math.fsum(self.latest) / len(self.latest) if self.latest else WORTH) * self.rate
