"""What happens by the clock: loops that only call use cases. A failure is logged, the loop goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from controlplane.domain.errors import LedgerAway
from controlplane.service.retention import Retention
from controlplane.wiring import Parts, Pool

log = logging.getLogger(__name__)

EXPIRE_EVERY = 15.0
TEND_EVERY = 5.0
# Other control planes take places too; where there are none, this costs nothing.
COUNT_EVERY = 1.0
# Records of the previous release, which may still be running beside this one.
ADOPT_EVERY = 60.0
PRUNE_EVERY = 3600.0
FORGET_EVERY = 600.0
# Accounts that are tended at a time: a pool of hundreds that all fall due must not storm the provider.
AT_A_TIME = 8


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
    work: Sequence[tuple[str, float, Callable[[], Awaitable[object]]]] = (
        ("expire leases", EXPIRE_EVERY, parts.settling.expire),
        ("tend accounts", TEND_EVERY, partial(tend, parts.pool)),
        ("count places", COUNT_EVERY, partial(count, parts)),
        ("adopt records", ADOPT_EVERY, parts.records.adopt),
        ("prune records", PRUNE_EVERY, retention.prune),
        ("forget", FORGET_EVERY, partial(forget, parts)),
    )
    return [(name, every(seconds, name, each)) for name, seconds, each in work]


async def tend(pool: Pool) -> None:
    """Visit every account: its token, its models, its allowance."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def visit(account_id: str) -> None:
        async with places:
            seat = pool.roster.find(account_id)
            if seat is not None:
                await pool.care.tend(seat)
                await pool.allowances.tend(seat)

    results = await asyncio.gather(*(visit(seat.account.id) for seat in pool.roster), return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            log.error("an account could not be tended", exc_info=result)


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
