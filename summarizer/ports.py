"""What compressing stands on. `store/` and `gateway.py` implement these; tests use hand-written fakes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from summarizer.shortening.summary import Replaced, Summary


@dataclass(frozen=True, slots=True)
class Errand:
    """For whom a model call is made: the key that pays, and the request that caused it."""

    key_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A model's text, perhaps none, and the tokens the call cost, in and out. `cut`: it reached its limit and broke off."""

    text: str
    tokens: int
    cut: bool = False


class Model(Protocol):
    """The model that summarises."""

    async def ask(self, errand: Errand, model: str, system: str, prompt: str, max_tokens: int) -> Answered:
        """Raises ModelFailed. Cancelled, it ends the call."""
        ...


class Summaries(Protocol):
    """Summaries that outlive the process, of each key by itself. Raises StoreAway when they cannot be had."""

    async def latest(self, key_id: str, names: Sequence[bytes], now: int, life_ms: int) -> Summary | None:
        """The one of those names that stands for most turns; its life begins anew. `names`: any number."""
        ...

    async def put(self, key_id: str, summary: Summary, now: int, life_ms: int, entries: int) -> None:
        """Keep it for `life_ms` after its last use; of more than `entries` of a key the longest unused go."""
        ...


class Originals(Protocol):
    """What was replaced, for a while. Raises StoreAway."""

    async def keep(self, replaced: Replaced) -> None:
        """A passage that is kept already lives as long as whoever names it last."""
        ...

    async def find(self, request_id: str, key_id: str, now: int) -> Replaced:
        """With all passages, oldest first. `key_id` "": anybody's. Raises Absent."""
        ...


class Spending(Protocol):
    """What summaries cost each key in a UTC day, in tokens. Raises StoreAway."""

    async def spent(self, key_id: str, now: int) -> int: ...

    async def add(self, key_id: str, tokens: int, now: int) -> None: ...
