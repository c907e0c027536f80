"""How long conversations are shortened."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompressionPolicy:
    """What the compression contract means by its fields; the defaults are those of an installation that says nothing.

    `tokens`: estimated ones above which a conversation is long, None: half of what its model reads; `messages` the same in
    number. `keep`: the latest that stay word for word. `batch_messages` and `batch_characters`: the most that one model call
    summarises. `ratio`: a summary's length as a share of what it stands for. `ttl_minutes` after its last use a summary is
    forgotten, `entries` of one key are remembered. `key_tokens_per_day`: what summaries may cost a key, 0: any number.
    `seconds`: how long a request waits. `original_hours`: how long what was replaced is kept, 0: not at all.
    """

    enabled: bool = True
    tokens: int | None = None
    messages: int = 200
    keep: int = 30
    tool_lookback: int = 8
    # The most there may be: batches are summarised one after another, each knowing what came before, and the request
    # waits for all of them. A batch of 8 would take more than twice as many model calls in a row.
    batch_messages: int = 20
    batch_characters: int = 40_000
    ratio: float = 0.15
    ttl_minutes: int = 60
    entries: int = 500
    summary_model: str = "claude-haiku-4.5"
    key_tokens_per_day: int = 2_000_000
    seconds: int = 60
    original_hours: int = 24


USUAL = CompressionPolicy()
