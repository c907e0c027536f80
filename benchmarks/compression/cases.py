"""The policies that are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from headgate.api.compression.v1 import policy_pb2


@dataclass(frozen=True)
class Case:
    """`tokens`: the threshold. `keep`: turns that stay. `every`: cut at every turn, as a window that slides along does."""

    tokens: int = 100_000
    keep: int = 30
    ratio: float = 0.15
    every: bool = False

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.tokens // 1000} 000, keep {self.keep}, ratio {self.ratio:g}{', cut at every turn' * self.every}"

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
            seconds=60,
            original_hours=24,
        )


# What an installation that says nothing does, for a model that reads 200 000 tokens.
USUAL = Case()
CASES: Sequence[Case] = [
    USUAL,
    Case(ratio=0.3),
    Case(keep=15),
    Case(50_000),
    Case(50_000, keep=15),
    Case(every=True),
    Case(50_000, every=True),
]
