"""What models cost in money, for comparison beside an upstream's own credits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens. `model` is a public name, `*` stands for any run of characters."""

    id: str
    model: str
    input: float
    output: float
    cache_read: float
    cache_write: float
