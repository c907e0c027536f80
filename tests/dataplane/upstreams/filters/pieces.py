"""Ways in which a model's text may arrive: every filter is tested with all of them."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from time import perf_counter

from hypothesis import strategies as st


def cuttings(text: str) -> Iterator[list[str]]:
    """`text` whole, cut into two and into three at each place, and character by character."""
    yield [text]
    places = range(1, len(text))
    for at in places:
        yield [text[:at], text[at:]]
    for first in places:
        for second in range(first + 1, len(text)):
            yield [text[:first], text[first:second], text[second:]]
    yield list(text)


def cut(text: str, places: list[int]) -> list[str]:
    """`text` cut at `places`, some of which may not be in it; pieces may be empty."""
    edges = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


def spent(made: Callable[[], Callable[[str], object]], pieces: list[str]) -> float:
    """Seconds that a filter takes for `pieces`, the best of three; `made` makes one and gives its `feed`."""
    found = []
    for _ in range(3):
        feed, start = made(), perf_counter()
        for piece in pieces:
            feed(piece)
        found.append(perf_counter() - start)
    return min(found)


def growth(made: Callable[[], Callable[[str], object]], piece: str, first: str = "") -> float:
    """How much more sixteen times as many pieces cost: about 16 when each is looked at once, far more otherwise."""
    return spent(made, [first] + [piece] * 64_000) / spent(made, [first] + [piece] * 4_000)


places = st.lists(st.integers(0, 60), max_size=8)
