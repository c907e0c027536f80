"""Percentiles of times that were counted in classes.

A class is half as wide as its times are long, or less: class n holds the times above 2^((n-1)/2) and up to 2^(n/2)
milliseconds, class 1 those below too. So a few dozen counts stand for any number of requests, and sums of them for any
span of time. Class 0 is for what has no time.
"""

from collections.abc import Mapping

NONE = 0


def bucket(milliseconds: int | None) -> int:
    """The class of a time; what is below a millisecond is in the first."""
    if milliseconds is None:
        return NONE
    # The same as ceil(2 * log2(milliseconds)), without a float.
    return max(1, (milliseconds * milliseconds - 1).bit_length()) if milliseconds > 1 else 1


def bounds(of: int) -> tuple[float, float]:
    """Above which and up to which time a class reaches, in milliseconds."""
    return (0.0 if of == 1 else 2 ** ((of - 1) / 2)), 2 ** (of / 2)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The time that `share` (0..1) of the times do not exceed, by their number in each class; None where there are none.
    The true one is in the same class, so this one is wrong by less than the class is wide.
    """
    classes = sorted((of, count) for of, count in counts.items() if of != NONE and count > 0)
    rank = share * sum(count for _, count in classes)
    below = 0
    for of, count in classes:
        if below + count >= rank:
            low, high = bounds(of)
            return low + (high - low) * (rank - below) / count
        below += count
    return bounds(classes[-1][0])[1] if classes else None
