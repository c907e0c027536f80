"""Text that counts how often it is compared, to tell a look-up from a search."""


def counting():
    """A kind of text of its own, whose `comparisons` start at none."""

    class Counting(str):
        __slots__ = ()
        comparisons = 0

        def __eq__(self, other):
            Counting.comparisons += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    return Counting
