"""Ways in which a model's text may arrive: every filter is tested with all of them."""

from collections.abc import Iterator
from itertools import pairwise

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


places = st.lists(st.integers(0, 60), max_size=8)
