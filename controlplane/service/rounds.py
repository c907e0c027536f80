"""Visits to all accounts for which their providers are asked."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from controlplane.service.roster import Roster, Seat

log = logging.getLogger(__name__)

# A pool of hundreds that all fall due must not storm the provider.
AT_A_TIME = 8
# So many in a row whose provider could not be had: nor would the others' be, and each costs its whole time limit.
MOST_SILENT = 8


class Rounds:
    """Visits AT_A_TIME accounts at once. `visit` is False when the provider could not be had, None when there was
    nothing to ask it.
    """

    def __init__(self, roster: Roster, visit: Callable[[Seat], Awaitable[bool | None]]) -> None:
        self._roster = roster
        self._visit = visit
        self._next = ""

    async def go(self) -> None:
        """One round. One that is cut short since nobody answers is continued by the next, so that all have their turn."""
        waiting, silent = self._line(), 0

        async def visits() -> None:
            nonlocal silent
            while waiting and silent < MOST_SILENT:
                answered = await self._visited(waiting.popleft())
                if answered is not None:
                    silent = 0 if answered else silent + 1

        await asyncio.gather(*(visits() for _ in range(AT_A_TIME)))
        self._next = waiting[0].account.id if waiting else ""

    def _line(self) -> deque[Seat]:
        """All accounts, beginning where the last round ended."""
        line = deque(self._roster)
        line.rotate(-next((place for place, seat in enumerate(line) if seat.account.id == self._next), 0))
        return line

    async def _visited(self, seat: Seat) -> bool | None:
        if self._roster.find(seat.account.id) is not seat:
            return None
        try:
            return await self._visit(seat)
        except Exception:  # the edge of a visit: whatever befell one account, the others have theirs
            log.exception("an account could not be visited account=%s", seat.account.id)
            return False
