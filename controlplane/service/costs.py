"""What requests are expected to cost, and what they did cost."""

from collections.abc import Iterable

from controlplane.domain.limits import Amounts
from controlplane.domain.outcome import Entry, Source, Usage
from controlplane.policy import estimating, pricing
from controlplane.policy.estimating import Experience
from controlplane.service import metrics
from controlplane.service.prices import Prices

# The kinds whose upstream has a unit of its own.
CREDITED = frozenset({"kiro"})
OUTPUT_STEP = 4096  # output tokens that are reserved at first, and for a request that names no limit
# Models whose costs are remembered. Their names come from upstreams and data planes, which may be wrong.
MOST_MODELS = 1000


class Costs:
    """Answers from memory and learns from every end of a request."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._learned: dict[str, Experience] = {}

    def load(self, samples: Iterable[tuple[str, float]]) -> None:
        """Learn from earlier requests, the oldest first: models and the credits that upstreams told."""
        for model, credit in samples:
            self._experience(model).learn(pricing.plausible(credit))

    def output(self, max_output_tokens: int) -> int:
        """Output tokens that are reserved at first."""
        return min(max_output_tokens or OUTPUT_STEP, OUTPUT_STEP)

    def claim(self, kind: str, model: str, rate: float, input_tokens: int, max_output_tokens: int) -> Amounts:
        """What is reserved for a request. `rate` as the upstream tells it, credits in comparison with
        other models; 0: unknown. `max_output_tokens` 0: the client named none.
        """
        tokens = (input_tokens * 11 + 9) // 10 + self.output(max_output_tokens)
        credit = 0
        if kind in CREDITED:
            experience = self._experience(model)
            if rate > 0 and not (experience.told and experience.rate == rate):
                experience.tell(rate)
            credit = pricing.millionths(experience.most())
        return Amounts(1, min(tokens, pricing.MOST_TOKENS), credit)

    def settle(self, entry: Entry) -> Amounts:
        """Complete an entry (credits that were not told, cost, whether it counts): what its key has spent."""
        usage = entry.outcome.usage
        entry.counted = not entry.cause and pricing.counts(entry.outcome)
        if entry.kind in CREDITED:
            self._credit(entry.model, usage)
        tokens = pricing.tokens(usage)
        entry.cost = self._prices.cost(entry.kind, entry.model, usage) if tokens else 0.0
        return Amounts(int(entry.counted), tokens, pricing.millionths(usage.credits))

    def spent(self, entry: Entry) -> Amounts:
        """What the key of a complete entry has spent."""
        usage = entry.outcome.usage
        return Amounts(int(entry.counted), pricing.tokens(usage), pricing.millionths(usage.credits))

    def _credit(self, model: str, usage: Usage) -> None:
        """Learn from credits that were told; estimate them where they were not, but something was put out."""
        usage.credits = pricing.plausible(usage.credits)
        if usage.credits and usage.credits_source == Source.UNKNOWN:
            usage.credits_source = Source.UPSTREAM  # a data plane of the previous release does not say so
        if not usage.output:
            return
        if usage.credits_source == Source.UPSTREAM:
            self._experience(model).learn(usage.credits)
        elif usage.credits_source == Source.UNKNOWN:
            metrics.ESTIMATED.inc()
            usage.credits = self._experience(model).usual()
            usage.credits_source = Source.ESTIMATED

    def _experience(self, model: str) -> Experience:
        found = self._learned.get(model)
        if found is None:
            if len(self._learned) >= MOST_MODELS:
                del self._learned[next(iter(self._learned))]
            found = self._learned[model] = Experience(estimating.assumed(model))
        return found
