"""What a key may still do, for the rate headers of its answers."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Window:
    """The tightest limit of one unit. `resets_at_ms`: epoch milliseconds when it is whole again, 0: never."""

    limit: int
    left: int
    resets_at_ms: int = 0


@dataclass(slots=True)
class Windows:
    """None: the key has no such limit."""

    requests: Window | None = None
    tokens: Window | None = None

    def each(self) -> Iterator[tuple[str, Window]]:
        """The limits there are, by what they count: "requests", "tokens"."""
        if self.requests is not None:
            yield "requests", self.requests
        if self.tokens is not None:
            yield "tokens", self.tokens
