"""Requests that wait for an account, first come first served among those that want the same.

Only the first of a line tries again: when a place was given back or something about the accounts
changed, and when an account's rest ends. Once it has a place, the next one tries. So a place that
becomes free wakes one request and not all.
"""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field

MOST = 1000  # requests that may wait at a time; those that come then are refused at once


@dataclass(slots=True, eq=False)
class Ticket:
    """A place in a line. `until`: when its time is over, on the loop's clock. `missed`: something changed
    while it was trying.
    """

    want: Hashable
    until: float
    wake: "asyncio.Future[None] | None" = field(default=None, repr=False)
    missed: bool = False


class Queue:
    """Lines by what is wanted. `seconds`: how long anybody waits at most."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lines: dict[Hashable, list[Ticket]] = {}
        self._length = 0
        self._woken = 0

    def __len__(self) -> int:
        return self._length

    def waits(self, want: Hashable) -> bool:
        """Whether somebody waits for the same, or was woken and has not tried yet: who comes now must not overtake."""
        return self._woken > 0 or want in self._lines

    def join(self, want: Hashable) -> Ticket | None:
        """The end of the line; None when nobody may wait (any more)."""
        if self.seconds <= 0 or self._length >= MOST:
            return None
        ticket = Ticket(want, asyncio.get_running_loop().time() + self.seconds)
        self._lines.setdefault(want, []).append(ticket)
        self._length += 1
        return ticket

    def ahead(self, ticket: Ticket) -> int:
        """How many are before it."""
        return self._lines[ticket.want].index(ticket)

    def first(self, ticket: Ticket) -> bool:
        return self._lines[ticket.want][0] is ticket

    async def turn(self, ticket: Ticket, seconds: float | None) -> bool:
        """Wait until it is worth to try (again), for the first of a line at most `seconds`. False: the
        ticket's time is over.
        """
        loop = asyncio.get_running_loop()
        left = ticket.until - loop.time()
        if left <= 0:
            return False
        if ticket.missed:
            ticket.missed = False
            return True
        ticket.wake = loop.create_future()
        # Who is not first wakes only by becoming it.
        wait = min(left, seconds) if seconds is not None and self.first(ticket) else left
        try:
            await asyncio.wait((ticket.wake,), timeout=max(wait, 0.001))
        finally:
            self._woken -= ticket.wake.done()
            ticket.wake = None
        return loop.time() < ticket.until

    def leave(self, ticket: Ticket) -> None:
        """The ticket has a place, or gave up: the next one in its line tries."""
        line = self._lines[ticket.want]
        line.remove(ticket)
        self._length -= 1
        if line:
            self._wake(line[0])
        else:
            del self._lines[ticket.want]

    def freed(self) -> None:
        """There may be room: the first of each line tries, who came first before the others."""
        if not self._lines:
            return
        for line in sorted(self._lines.values(), key=lambda line: line[0].until):
            self._wake(line[0])

    def _wake(self, ticket: Ticket) -> None:
        if ticket.wake is None:
            ticket.missed = True
        elif not ticket.wake.done():
            ticket.wake.set_result(None)
            self._woken += 1
