"""How much is taken away in one transaction: while it runs, nobody else of the key, and on SQLite nobody at all, can
keep anything.
"""

from collections.abc import Iterable

from summarizer.kept import MIB

# What goes within some 50 ms from a SQLite file; it is counted in rows that go along, and in what is in them.
ROWS = 2000
BYTES = 2 * MIB
# How many answers or sessions are looked at together.
STEP = 500
# Between two portions, in seconds: whoever wants to keep something gets in between.
PAUSE = 0.03
# What a key may have beyond its bound, as a part of that, until the rest goes by the clock.
SLACK = 1 / 16


def portion(sizes: Iterable[tuple[int, int]]) -> int:
    """How many of `sizes` (rows, bytes), from the first on, go in one transaction; one in any case."""
    rows = size = count = 0
    for more_rows, more_bytes in sizes:
        rows, size = rows + more_rows, size + more_bytes
        if count and (rows > ROWS or size > BYTES):
            break
        count += 1
    return count


def enough(freed: Iterable[int], wanted: int) -> int:
    """How many of `freed`, from the first on, come to what is wanted."""
    count = 0
    for each in freed:
        if wanted <= 0:
            break
        wanted, count = wanted - each, count + 1
    return count
