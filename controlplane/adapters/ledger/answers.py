"""What is told of a payer's book: why a claim cannot pass, the windows, the budget."""

from collections.abc import Iterator, Sequence
from math import inf

from controlplane.adapters.ledger.book import Book
from controlplane.adapters.ledger.rules import PERIODS, REQUESTS, TOKENS, UNITS, Row, Rules, Triple
from controlplane.domain.limits import Amounts, Budget, Denied, Leaf, Period, Unit, Window
from controlplane.policy.windows import SCALE, Bucket, full

# When a request may have ended, by itself nothing tells: milliseconds.
SOON = 1000


def denial(shares: Sequence[tuple[Book, Rules]], wanted: Triple, ms: int) -> Denied:
    """Of the limits that stand against the claim the one that does so longest; there must be one."""
    found = [denied for book, limits in shares for denied in _obstacles(book, limits, wanted, ms)]
    return max(found, key=_retry)


def shown(book: Book, limits: Rules, ms: int) -> Sequence[Window]:
    """The limits of requests and tokens, as clients are told."""
    if not limits.shown:
        return ()
    book.turn(ms)
    made: list[Window] = []
    for unit, limit in limits.minutes:
        if unit <= TOKENS:
            bucket = book.buckets[unit]
            bucket.refill(ms)
            left = bucket.left()
            made.append(Window(UNITS[unit], Period.MINUTE, limit, min(left, limit), _seconds(bucket.whole())))
    for unit, period, limit in limits.caps:
        if unit <= TOKENS:
            left = limit - book.used(unit, period) - book.reserved[unit]
            made.append(Window(UNITS[unit], PERIODS[period], limit, max(left, 0), _seconds(_end(book, period))))
    return made


def budget(book: Book, limits: Row, ms: int) -> Budget:
    """How the payer stands under these limits."""
    book.turn(ms)
    leaves: list[tuple[Unit, Period, Leaf]] = []
    for unit in range(3):
        minute = limits[unit * 4]
        if minute >= 0:
            leaves.append((UNITS[unit], Period.MINUTE, _minute(book.buckets.get(unit), minute, ms)))
        for period in range(3):
            leaf = _leaf(book.used(unit, period), book.reserved[unit], limits[unit * 4 + 1 + period], _end(book, period))
            leaves.append((UNITS[unit], PERIODS[period], leaf))
    return Budget(leaves, _leaf(book.open, 0, limits[12], None), Amounts(*book.overrun))


def _obstacles(book: Book, limits: Rules, wanted: Triple, ms: int) -> Iterator[Denied]:
    if not wanted[REQUESTS]:
        limits = limits.beside_requests()
    if limits.concurrency is not None and book.open >= limits.concurrency:
        yield Denied(book.payer_id, None, None, limits.concurrency, max(limits.concurrency - book.open, 0), _later(ms + SOON))
    for unit, _ in limits.minutes:
        bucket = book.buckets[unit]
        bucket.refill(ms)
        if bucket.level < wanted[unit] * SCALE:
            yield Denied(book.payer_id, UNITS[unit], Period.MINUTE, bucket.limit, bucket.left(), _later(bucket.holds(wanted[unit])))
    for unit, period, limit in limits.caps:
        left = limit - book.used(unit, period) - book.reserved[unit]
        if wanted[unit] > left:
            again = _end(book, period) if wanted[unit] <= limit else None
            yield Denied(book.payer_id, UNITS[unit], PERIODS[period], limit, max(left, 0), _later(again))


def _minute(bucket: Bucket | None, limit: int, ms: int) -> Leaf:
    """`used` is what the bucket lacks, more than the limit when it is overdrawn; what a claim has taken
    of it is not told apart.
    """
    bucket = bucket or full(limit, ms)
    bucket.refill(ms)
    level = min(bucket.level // SCALE, limit)
    return Leaf(limit - level, 0, 0, limit, max(level, 0), _seconds(bucket.whole()))


def _leaf(used: int, reserved: int, limit: int, end: int | None) -> Leaf:
    if limit < 0:
        return Leaf(used, reserved, 0, None, None, _seconds(end))
    return Leaf(used, reserved, 0, limit, max(limit - used - reserved, 0), _seconds(end))


def _end(book: Book, period: int) -> int | None:
    """When the period ends; None: never."""
    return (book.day_end, book.month_end, None)[period]


def _seconds(ms: int | None) -> float:
    """Epoch seconds; 0: never."""
    return 0.0 if ms is None else ms / 1000


def _later(ms: int | None) -> float | None:
    """Epoch seconds; None: never."""
    return None if ms is None else ms / 1000


def _retry(denied: Denied) -> float:
    return inf if denied.retry_at is None else denied.retry_at
