"""Ways in which a network may cut bytes: every parser of the wire is tested with all of them."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def cuttings(data: bytes) -> Iterator[list[bytes]]:
    """`data` whole, cut into two at each place, and byte by byte."""
    yield [data]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]
    yield [data[at : at + 1] for at in range(len(data))]


def fed(data: bytes, start: Callable[[], Callable[[bytes], Iterable[T]]]) -> Iterator[list[T]]:
    """What comes of `data` for each way to cut it; `start` makes the feed function of a fresh parser."""
    for pieces in cuttings(data):
        feed = start()
        yield [item for piece in pieces for item in feed(piece)]
