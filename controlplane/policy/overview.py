"""What the first page tells, made from what is known: no question is asked here."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controlplane.domain.account import AccountBrief, Status
from controlplane.domain.hour import HOUR, Hour, HourCount
from controlplane.domain.limits import Budget, Leaf, Period, Unit
from controlplane.domain.outcome import Ending
from controlplane.policy.percentiles import percentile

MOST_SPENDING = 10
RESTING = (Status.COOLING, Status.EXHAUSTED)  # what ends by itself
WORKING = (Status.ACTIVE, Status.COOLING)  # what uses its allowance up


@dataclass(frozen=True, slots=True)
class Spending:
    """One limit of a key, and how it stands."""

    key_id: str
    unit: Unit
    period: Period
    leaf: Leaf

    @property
    def share(self) -> float:
        """How much of it is spent or reserved: 1 is all. Of a limit of 0 everything is."""
        limit = self.leaf.limit
        return (self.leaf.used + self.leaf.reserved) / limit if limit else 1.0


def span(now: float, hours: int) -> tuple[int, int]:
    """Where the last `hours` hours begin and end by the UTC clock, the one under way among them."""
    end = int(now) - int(now) % HOUR + HOUR
    return end - hours * HOUR, end


def series(counts: Iterable[HourCount], start: int, end: int) -> Sequence[Hour]:
    """Every hour of the span, also those in which nothing happened."""
    hours: dict[int, list[HourCount]] = {}
    for count in counts:
        hours.setdefault(count.start, []).append(count)
    return [_hour(begin, hours.get(begin, ())) for begin in range(start, end, HOUR)]


def next_return(views: Iterable[AccountBrief], now: float) -> AccountBrief | None:
    """Which account that rests is the first to come back by itself."""
    resting = [view for view in views if view.status in RESTING and view.until > now]
    return min(resting, key=lambda view: view.until, default=None)


def runs_out(views: Iterable[AccountBrief], now: float) -> AccountBrief | None:
    """Which account in use is the first to have used up its allowance, as it goes now."""
    going = [view for view in views if view.status in WORKING and view.forecast is not None and view.forecast.runs_out_at > now]
    return min(going, key=lambda view: view.forecast.runs_out_at if view.forecast else 0, default=None)


def spending(budgets: Iterable[tuple[str, Budget]]) -> Sequence[Spending]:
    """The limits of keys, by id, that are nearest to their end, the nearest first."""
    found = [
        Spending(key_id, unit, period, leaf) for key_id, budget in budgets for unit, period, leaf in budget.leaves if leaf.limit is not None
    ]
    return sorted(found, key=lambda one: -one.share)[:MOST_SPENDING]


def _hour(start: int, counts: Sequence[HourCount]) -> Hour:
    endings: Counter[Ending] = Counter()
    waits: Counter[int] = Counter()
    for one in counts:
        endings[one.ending] += one.count
        waits[one.bucket] += one.count
    return Hour(
        start,
        served=endings[Ending.SERVED],
        failed=endings[Ending.FAILED],
        cut=endings[Ending.CUT],
        cancelled=endings[Ending.CANCELLED],
        p50=percentile(waits, 0.5),
        p95=percentile(waits, 0.95),
        tokens=sum([one.tokens for one in counts]),
        cost=sum([one.cost for one in counts]),
    )
