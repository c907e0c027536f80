"""Figures that upstreams tell of an answer: read leniently, and cut to what can be true.

They come when all is said: one that cannot be read is no reason to lose the answer, and is passed over. One that
cannot be true would empty a key, or count backwards.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T")

# More than the largest windows hold: what is beyond is an error.
MOST_TOKENS = 10_000_000
# What stands for a member that is not there, and equals one that is null.
NULL = msgspec.Raw(b"null")


def tokens(*members: msgspec.Raw) -> int | None:
    """The first of them that is a number, as a count; None where none is."""
    for member in members:
        if (found := figure(member, MOST_TOKENS)) is not None:
            return int(found)
    return None


def figure(member: msgspec.Raw, most: float) -> float | None:
    """From 0 to `most`; None for what is no number that can be held."""
    found = glance(_number, member)
    return None if found is None else min(max(found, 0.0), most)


def glance(read: Callable[[bytes | msgspec.Raw], T], member: bytes | msgspec.Raw) -> T | None:
    """What `read` makes of a member; None where it is not there, null, or something else."""
    if member == NULL:
        return None
    try:
        return read(member)
    except (ValueError, RecursionError):
        return None


_number = msgspec.json.Decoder(float | None).decode
