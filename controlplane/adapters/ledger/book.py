"""One payer's book: what is reserved and spent.

In memory this is the book itself. Redis keeps its own in the script (`ledger.lua`, same arithmetic),
and what it shows is read into a Book to be explained. Times are milliseconds.
"""

from dataclasses import dataclass, field

from controlplane.adapters.ledger.rules import FREE, REQUESTS, Rules, Triple, row, rules
from controlplane.domain.limits import Limits
from controlplane.policy.windows import SCALE, Bucket, calendar, full


def _zeros() -> list[int]:
    return [0, 0, 0]


@dataclass(slots=True, eq=False)
class Book:
    """One payer's figures, by unit.

    `total` is spent, `day_base` and `month_base` what it was when the day and the month began that end
    at `day_end` and `month_end`: so spending is added once for all periods. `open`: requests under way,
    each of which has claimed one.
    `limits` held when `rules` were made of them.
    """

    payer_id: str
    day_end: int = 0
    month_end: int = 0
    reserved: list[int] = field(default_factory=_zeros)
    total: list[int] = field(default_factory=_zeros)
    day_base: list[int] = field(default_factory=_zeros)
    month_base: list[int] = field(default_factory=_zeros)
    overrun: list[int] = field(default_factory=_zeros)
    open: int = 0
    buckets: dict[int, Bucket] = field(default_factory=dict)
    limits: Limits | None = None
    rules: Rules = FREE
    bases: tuple[list[int], list[int], list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.bases = (self.day_base, self.month_base, _zeros())

    def turn(self, ms: int) -> None:
        """Go on to the day and month of `ms`. Time never runs back."""
        if ms >= self.day_end:
            self._roll(ms)

    def _roll(self, ms: int) -> None:
        """A new day began, perhaps a month too: nothing is spent in them yet."""
        today = calendar(ms)
        if today.day_end > self.day_end:
            self.day_end = today.day_end
            self.day_base[:] = self.total
        if today.month_end > self.month_end:
            self.month_end = today.month_end
            self.month_base[:] = self.total

    def adopt(self, limits: Limits, ms: int) -> Rules:
        """These limits hold from now on."""
        self.limits = limits
        self.rules = rules(row(limits))
        for unit, limit in self.rules.minutes:
            bucket = self.buckets.get(unit)
            if bucket is None:
                self.buckets[unit] = full(limit, ms)
            else:
                bucket.refill(ms)
                bucket.adapt(limit)
        return self.rules

    def used(self, unit: int, period: int) -> int:
        """Spent in the period."""
        return self.total[unit] - self.bases[period][unit]

    def admits(self, rules: Rules, wanted: Triple, ms: int) -> bool:
        """Whether none of the rules stands against the claim."""
        if not wanted[REQUESTS]:
            rules = rules.beside_requests()
        if rules.concurrency is not None and self.open >= rules.concurrency:
            return False
        total, reserved, bases = self.total, self.reserved, self.bases
        for unit, period, limit in rules.caps:
            if total[unit] - bases[period][unit] + reserved[unit] + wanted[unit] > limit:
                return False
        for unit, _ in rules.minutes:
            bucket = self.buckets[unit]
            bucket.refill(ms)
            if bucket.level < wanted[unit] * SCALE:
                return False
        return True

    def reserve(self, rules: Rules, wanted: Triple) -> None:
        """Set a claim aside."""
        reserved = self.reserved
        reserved[0] += wanted[0]
        reserved[1] += wanted[1]
        reserved[2] += wanted[2]
        if wanted[0]:
            self.open += 1
        for unit, _ in rules.minutes:
            self.buckets[unit].change(-wanted[unit])

    def settle(self, rules: Rules, claimed: Triple, spent: Triple, ms: int) -> None:
        """A request ends: its claim, made under `rules`, returns; what it spent counts."""
        if claimed[0] and self.open:
            self.open -= 1
        reserved, total = self.reserved, self.total
        # Unit by unit without a loop, which would take twice as long.
        reserved[0] -= claimed[0]
        reserved[1] -= claimed[1]
        reserved[2] -= claimed[2]
        total[0] += spent[0]
        total[1] += spent[1]
        total[2] += spent[2]
        if spent[0] > claimed[0] or spent[1] > claimed[1] or spent[2] > claimed[2]:
            self.overrun[:] = [over + max(cost - claim, 0) for over, cost, claim in zip(self.overrun, spent, claimed, strict=True)]
        if self.buckets:
            self._draw(rules.drawn, claimed, spent, ms)

    def spend(self, spent: Triple, ms: int) -> None:
        """What was spent counts, without a claim."""
        for unit in (0, 1, 2):
            self.total[unit] += spent[unit]
        if self.buckets:
            self._draw(FREE.drawn, spent, spent, ms)

    def _draw(self, drawn: Triple, claimed: Triple, spent: Triple, ms: int) -> None:
        """Take what was spent out of the buckets, as far as the claim did not."""
        for unit, bucket in self.buckets.items():
            bucket.refill(ms)
            bucket.change(claimed[unit] * drawn[unit] - spent[unit])


def blank(payer_id: str, ms: int) -> Book:
    """The book of somebody who has spent nothing."""
    book = Book(payer_id)
    book.turn(ms)
    return book
