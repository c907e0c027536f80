"""The policies that are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from headgate.api.compression.v1 import policy_pb2


@dataclass(frozen=True)
class Case:
    """`tokens`: the threshold. `keep`: turns that stay. `every`: cut at every turn, as a window that slides along does.
    `seconds`: how long a request waits for its summary.
    """

    tokens: int = 100_000
    keep: int = 30
    ratio: float = 0.15
    every: bool = False
    seconds: int = 60

    @property
    def name(self) -> str:
        """For tables."""
        told = f"{self.tokens // 1000} 000, keep {self.keep}, ratio {self.ratio:g}"
        return f"{told}{', cut at every turn' * self.every}{f', {self.seconds} s' * (self.seconds != USUAL.seconds)}"

    @property
    def policy(self) -> policy_pb2.Policy:
        """As it travels."""
        return policy_pb2.Policy(
            enabled=True,
            tokens=self.tokens,
            turns=200,
            keep_turns=self.keep,
            tool_lookback=8,
            batch_turns=20,
            batch_characters=40_000,
            ratio_thousandths=round(self.ratio * 1000),
            life_minutes=60,
            entries=500,
            model="claude-haiku-4.5",
            seconds=self.seconds,
            original_hours=24,
        )


# What an installation that says nothing does, for a model that reads 200 000 tokens.
USUAL = Case()
CASES: Sequence[Case] = [
    *(Case(tokens, keep, ratio) for tokens in (100_000, 50_000) for keep in (30, 15) for ratio in (0.1, 0.15, 0.3)),
    *(Case(tokens, every=True) for tokens in (100_000, 50_000)),
    *(Case(tokens, seconds=90) for tokens in (100_000, 50_000)),
]
