"""What happens by the clock: loops that only call use cases. A failure is logged, the loop goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from controlplane.service.accounts import Care
from controlplane.service.leasing import Leasing
from controlplane.service.roster import Roster

log = logging.getLogger(__name__)

EXPIRE_EVERY = 15.0
TEND_EVERY = 5.0
# Accounts that are tended at a time: a pool of hundreds that all fall due must not storm the provider.
AT_A_TIME = 8


async def every(seconds: float, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` again and again, `seconds` apart."""
    while True:
        try:
            await work()
        except Exception:  # the edge of a job: the next round may do better
            log.exception("job failed name=%s", name)
        await asyncio.sleep(seconds)


def loops(roster: Roster, care: Care, leasing: Leasing) -> Sequence[tuple[str, Coroutine[Any, Any, None]]]:
    """Every job, by name."""

    async def expire() -> None:
        leasing.expire()

    async def tend() -> None:
        places = asyncio.Semaphore(AT_A_TIME)

        async def visit(seat_id: str) -> None:
            async with places:
                seat = roster.find(seat_id)
                if seat is not None:
                    await care.tend(seat)

        results = await asyncio.gather(*(visit(seat.account.id) for seat in roster), return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                log.error("an account could not be tended", exc_info=result)

    return (
        ("expire leases", every(EXPIRE_EVERY, "expire leases", expire)),
        ("tend accounts", every(TEND_EVERY, "tend accounts", tend)),
    )
