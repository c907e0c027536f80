"""How many requests at a time an account was found to bear (Kiro rules, concurrency and risk).

No upstream tells its limit. What was under way when it throttled was too much: three quarters of it are
allowed (with half, requests queue that the account could bear; docs/scheduling.md compares), one more
after each run of served requests, until it was shown that more than then goes well, or until nothing
happened for an hour.
"""

from dataclasses import dataclass

FEWEST = 2  # a single request that is throttled says nothing of how many are too many at a time
RUN = 10  # served requests in a row that earn one place more
ROOM = 4  # above what was under way at the throttle: from there on there is no ceiling
HOUR = 3600.0


@dataclass(slots=True)
class Ceiling:
    """`limit` requests at a time; gone above `bound`. `at`: the last throttle, epoch seconds. `run`:
    requests served since the last fault or the last place that was earned.
    """

    limit: int
    bound: int
    at: float
    run: int = 0


def lowered(before: Ceiling | None, in_flight: int, now: float) -> Ceiling | None:
    """The ceiling after a throttle with so many requests under way, the throttled one included. It never rises by one."""
    if in_flight < FEWEST:
        return before
    limit = max(FEWEST, in_flight * 3 // 4)
    return Ceiling(min(limit, before.limit) if before is not None else limit, in_flight + ROOM, now)


def served(ceiling: Ceiling, now: float) -> Ceiling | None:
    """The ceiling after a served request; changed in place. None: there is none any more."""
    ceiling.run += 1
    if ceiling.run >= RUN:
        ceiling.limit += 1
        ceiling.run = 0
    return lasting(ceiling, now)


def lasting(ceiling: Ceiling, now: float) -> Ceiling | None:
    """The ceiling, unless it has had its time."""
    return ceiling if ceiling.limit <= ceiling.bound and now < ceiling.at + HOUR else None
