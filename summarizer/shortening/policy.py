"""When and how conversations are shortened. What administrators may choose; meanings as in the compression contract."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`tokens` 0: half of the room. `ratio` is a share. `key_tokens_a_day` 0: any number. Defaults are the installation's."""

    tokens: int = 0
    turns: int = 200
    keep_turns: int = 30
    tool_lookback: int = 8
    batch_turns: int = 20
    batch_characters: int = 40_000
    ratio: float = 0.15
    life_minutes: int = 60
    entries: int = 500
    model: str = "claude-haiku-4.5"
    key_tokens_a_day: int = 0
    seconds: int = 60
    original_hours: int = 24
    only_to_fit: bool = False
