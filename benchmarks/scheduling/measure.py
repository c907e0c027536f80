"""What is noted during a simulation, and the figures that it comes to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, inf

from benchmarks.scheduling.loop import START
from benchmarks.scheduling.scenario import BROKEN, HOUR, SPENT, Scenario
from benchmarks.scheduling.upstream import Upstream

SERVED = "served"


@dataclass(slots=True)
class Attempt:
    """A try at an account. `at`: seconds after the beginning. `fault` is empty where it served."""

    at: float
    account: str
    fault: str = ""


@dataclass(slots=True)
class Request:
    """One request. `end`: served, or why not. `waited`: seconds in line for an account. `first`: seconds to the
    first event, all waits and failed attempts included. `follows`: another turn of its conversation was served
    before, `stayed`: by the same account. `warm`: its prompt was in the cache of the account that served.
    `reasons`: as its conversation does.
    """

    at: float
    follows: bool
    end: str = ""
    waited: float = 0.0
    first: float = 0.0
    warm: bool = False
    reasons: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    stayed: bool = False


@dataclass(slots=True)
class Notes:
    """Everything that happened. `left`: of each account the share of its allowance that was left, at `left_at`
    (hours). `records`: how often each request was recorded. `polls`: how often providers were asked what is left.
    """

    requests: list[Request] = field(default_factory=list)
    left_at: list[float] = field(default_factory=list)
    left: dict[str, list[float]] = field(default_factory=dict)
    polls: int = 0
    records: dict[str, int] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    def sample(self, at: float, upstream: Upstream) -> None:
        """Note what is left of every account."""
        self.left_at.append(at / HOUR)
        for name, site in upstream.sites.items():
            site.renew(START + at)
            self.left.setdefault(name, []).append(site.left / site.behaviour.limit)


@dataclass(frozen=True)
class Outage:
    """The account that could not be reached: attempts at it meanwhile, and the seconds from its recovery to its
    first answer, None: there was none.
    """

    attempts: int
    returned: float | None


@dataclass(frozen=True)
class AccountFigures:
    """Of one account: attempts, answers, faults by cause, and of its credits those that were used and all there were."""

    attempts: int
    served: int
    faults: Mapping[str, int]
    used: float
    allowed: float


@dataclass(frozen=True)
class Series:
    """By the hour: answers of each account, failed attempts, and the time to the first event that 95 % undercut.
    `left`: of each account the share of its allowance, at `left_at` (hours).
    """

    served: Mapping[str, Sequence[int]]
    faults: Sequence[int]
    first_p95: Sequence[float]
    left_at: Sequence[float]
    left: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Figures:
    """One mode. Times are seconds; shares are in 0..1; `first` p50, p95 and p99; `wasted` credits. `stayed`: of further
    turns of conversations that reason, those that the same account served. `ran_out`: when the
    account that was nearly spent had none left, None: never.
    """

    requests: int
    ends: Mapping[str, int]
    attempts: int
    troubled: float
    first: Sequence[float]
    waited: int
    wait_p95: float
    warm: float
    stayed: float
    faults: Mapping[str, int]
    outage: Outage
    wasted: float
    ran_out: float | None
    accounts: Mapping[str, AccountFigures]
    series: Series
    polls: int
    records: int
    cpu_us: float

    @property
    def served(self) -> int:
        return self.ends.get(SERVED, 0)


def figures(scenario: Scenario, notes: Notes, upstream: Upstream) -> Figures:
    """What the notes come to."""
    requests = notes.requests
    served = [one for one in requests if one.end == SERVED]
    firsts = sorted(one.first for one in served)
    waits = sorted(one.waited for one in requests if one.waited > 0)
    tries = [attempt for one in requests for attempt in one.attempts]
    following = [one for one in served if one.follows]
    reasoned = [one for one in following if one.reasons]
    return Figures(
        requests=len(requests),
        ends=Counter(one.end for one in requests),
        attempts=len(tries),
        troubled=_share(sum(any(attempt.fault for attempt in one.attempts) for one in requests), len(requests)),
        first=[quantile(firsts, part) for part in (0.5, 0.95, 0.99)],
        waited=len(waits),
        wait_p95=quantile(waits, 0.95),
        warm=_share(sum(one.warm for one in following), len(following)),
        stayed=_share(sum(one.stayed for one in reasoned), len(reasoned)),
        faults=Counter(attempt.fault for attempt in tries if attempt.fault),
        outage=_outage(scenario, tries),
        wasted=sum(site.wasted for site in upstream.sites.values()),
        ran_out=_ran_out(upstream),
        accounts=_accounts(tries, upstream),
        series=_series(scenario, notes, served, tries),
        polls=notes.polls,
        records=sum(notes.records.values()),
        cpu_us=notes.cpu_seconds / max(len(requests), 1) * 1e6,
    )


def quantile(ordered: Sequence[float], part: float) -> float:
    """The value that this part of them stays below; 0 of none."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def _outage(scenario: Scenario, tries: Sequence[Attempt]) -> Outage:
    begins, ends = next((one.outage for one in scenario.accounts if one.name == BROKEN), (0.0, 0.0))
    there = [attempt for attempt in tries if attempt.account == BROKEN]
    back = min((attempt.at for attempt in there if attempt.at >= ends and not attempt.fault), default=None)
    return Outage(sum(begins <= attempt.at < ends for attempt in there), None if back is None else back - ends)


def _ran_out(upstream: Upstream) -> float | None:
    site = upstream.sites.get(SPENT)
    return None if site is None or site.ran_out == inf else site.ran_out - START


def _accounts(tries: Sequence[Attempt], upstream: Upstream) -> dict[str, AccountFigures]:
    faults: dict[str, Counter[str]] = {name: Counter() for name in upstream.sites}
    for attempt in tries:
        faults[attempt.account][attempt.fault] += 1
    found = {}
    for name, site in upstream.sites.items():
        failed = {fault: count for fault, count in faults[name].items() if fault}
        found[name] = AccountFigures(faults[name].total(), faults[name][""], failed, site.used, site.allowed)
    return found


def _series(scenario: Scenario, notes: Notes, served: Sequence[Request], tries: Sequence[Attempt]) -> Series:
    hours = ceil(scenario.seconds / HOUR) + 1  # what was asked last ends after it
    by_account = {one.name: [0] * hours for one in scenario.accounts}
    faults = [0] * hours
    firsts: list[list[float]] = [[] for _ in range(hours)]
    for attempt in tries:
        hour = min(int(attempt.at / HOUR), hours - 1)
        if attempt.fault:
            faults[hour] += 1
        else:
            by_account[attempt.account][hour] += 1
    for one in served:
        firsts[min(int(one.at / HOUR), hours - 1)].append(one.first)
    return Series(by_account, faults, [quantile(sorted(one), 0.95) for one in firsts], notes.left_at, notes.left)


def _share(some: int, whole: int) -> float:
    return some / whole if whole else 0.0
