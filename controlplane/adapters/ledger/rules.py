"""Limits, made ready to be checked. Units are counted by their place in UNITS, periods by that in PERIODS."""

from dataclasses import dataclass
from typing import TypeAlias

from controlplane.domain.limits import Amounts, Caps, Limits, Period, Unit
from controlplane.policy.windows import LARGEST

UNITS = (Unit.REQUESTS, Unit.TOKENS, Unit.CREDITS)
REQUESTS, TOKENS = 0, 1
PERIODS = (Period.DAY, Period.MONTH, Period.TOTAL)

# Some of each unit.
Triple: TypeAlias = tuple[int, int, int]
# Limits in one row, as they travel to Redis: minute, day, month, total of each unit, then concurrency; -1: none.
Row: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """`minutes` are (unit, limit), `caps` (unit, period, limit). `drawn`: 1 for each unit whose claims
    are taken out of a bucket. `shown`: whether there are limits that clients are told. `free`: there
    are none at all.
    """

    minutes: tuple[tuple[int, int], ...] = ()
    caps: tuple[tuple[int, int, int], ...] = ()
    concurrency: int | None = None
    drawn: Triple = (0, 0, 0)
    shown: bool = False
    free: bool = True

    def of_tokens(self) -> "Rules":
        """Those that stand against more tokens for a lease that is held."""
        minutes = tuple(rule for rule in self.minutes if rule[0] == TOKENS)
        caps = tuple(rule for rule in self.caps if rule[0] == TOKENS)
        return Rules(minutes, caps, free=not (minutes or caps))

    def beside_requests(self) -> "Rules":
        """Those that stand against a claim without a request."""
        minutes = tuple(rule for rule in self.minutes if rule[0] != REQUESTS)
        caps = tuple(rule for rule in self.caps if rule[0] != REQUESTS)
        return Rules(minutes, caps, free=not (minutes or caps))


FREE = Rules()


def triple(amounts: Amounts) -> Triple:
    return amounts.requests, amounts.tokens, amounts.credits


def row(limits: Limits) -> Row:
    """The limits in one row."""
    figures: list[int | None] = []
    for caps in (limits.requests, limits.tokens, limits.credits):
        figures += (None if caps.minute is None else min(caps.minute, LARGEST), caps.day, caps.month, caps.total)
    figures.append(limits.concurrency)
    return tuple(-1 if figure is None else figure for figure in figures)


def rules(limits: Row) -> Rules:
    """What a row of limits comes to."""
    minutes = tuple((unit, limits[unit * 4]) for unit in range(3) if limits[unit * 4] >= 0)
    cells = ((unit, period, limits[unit * 4 + 1 + period]) for unit in range(3) for period in range(3))
    caps = tuple(cell for cell in cells if cell[2] >= 0)
    concurrency = limits[12] if limits[12] >= 0 else None
    return Rules(
        minutes,
        caps,
        concurrency,
        drawn=(int(limits[0] >= 0), int(limits[4] >= 0), int(limits[8] >= 0)),
        shown=any(rule[0] <= TOKENS for rule in (*minutes, *caps)),
        free=not minutes and not caps and concurrency is None,
    )


def restored(limits: Limits) -> Limits:
    """What holds for a lease that comes back into the books. Its claim was taken out of a bucket that
    has been filled since, or is gone: only what it spends will be.
    """

    def lasting(caps: Caps) -> Caps:
        return Caps(None, caps.day, caps.month, caps.total)

    return Limits(lasting(limits.requests), lasting(limits.tokens), lasting(limits.credits), limits.concurrency)
