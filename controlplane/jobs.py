"""What happens by the clock: loops that only call use cases. A failure is logged, the loop goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from controlplane.domain.errors import LedgerAway
from controlplane.service.retention import Retention
from controlplane.service.rounds import Rounds
from controlplane.wiring import Parts, Pool

log = logging.getLogger(__name__)

EXPIRE_EVERY = 15.0
TEND_EVERY = 5.0
# Other control planes take places too; where there are none, this costs nothing.
COUNT_EVERY = 1.0
# Notes of changes that could not be written when the changes were made.
NOTE_EVERY = 5.0
WATCH_EVERY = 1.0
# Records of the previous release, which may still be running beside this one.
ADOPT_EVERY = 60.0
PRUNE_EVERY = 3600.0
FORGET_EVERY = 600.0
# What other control planes, and commands, change of who may sign in.
DOOR_EVERY = 15.0


async def every(seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work` again and again, `seconds` apart."""
    while True:
        try:
            await work()
        except LedgerAway as error:
            log.warning("job failed name=%s: %s", name, error)
        except Exception:  # the edge of a job: the next round may do better
            log.exception("job failed name=%s", name)
        await asyncio.sleep(seconds)


def loops(parts: Parts, retention: Retention) -> Sequence[tuple[str, Coroutine[Any, Any, None]]]:
    """Every job, by name."""
    pool = parts.pool
    work: Sequence[tuple[str, float, Callable[[], Awaitable[object]]]] = (
        ("expire leases", EXPIRE_EVERY, parts.settling.expire),
        ("tend accounts", TEND_EVERY, partial(tend, pool)),
        # Each by itself: a provider that is silent in one of them keeps none of the others.
        ("renew tokens", TEND_EVERY, Rounds(pool.roster, pool.refreshing.tend).go),
        ("fetch models", TEND_EVERY, Rounds(pool.roster, pool.catalogue.tend).go),
        ("poll allowances", TEND_EVERY, pool.allowances.poll),
        ("count places", COUNT_EVERY, partial(count, parts)),
        ("write audit log", NOTE_EVERY, parts.audit.retry),
        ("watch accounts", WATCH_EVERY, parts.timeline.tend),
        ("adopt records", ADOPT_EVERY, parts.records.adopt),
        ("prune records", PRUNE_EVERY, retention.prune),
        ("forget", FORGET_EVERY, partial(forget, parts)),
        ("note failed sign-ins", DOOR_EVERY, parts.door.administration.failures.flush),
        ("read who may sign in", DOOR_EVERY, parts.door.administration.reload),
        ("end sessions", FORGET_EVERY, parts.door.sessions.prune),
    )
    return [(name, every(seconds, name, each)) for name, seconds, each in work]


async def tend(pool: Pool) -> None:
    """What accounts need of the clock alone, and what nobody outside can hold up."""
    for seat in pool.roster:
        pool.standings.tend(seat)
    pool.own.tend()


async def count(parts: Parts) -> None:
    """See how many requests all control planes together have at each account."""
    counting = parts.outside.ledger.in_flight()
    if not hasattr(counting, "__await__"):
        return  # the books are ours alone, and candidates show them already
    places = await counting
    for seat in parts.pool.roster:
        seat.candidate.in_flight = places.get(seat.account.id, 0)


async def forget(parts: Parts) -> None:
    """Callers' own accounts that nobody used for long, and data planes that are gone."""
    now = parts.outside.clock.now()
    await parts.pool.own.prune(now)
    parts.sequences.forget(now)
