"""What is left of accounts at their upstreams: asked now and then, and counted down in between.

An account whose allowance is spent is parked until its reset; chats never find that out again and again.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from controlplane.domain.account import Allowance, Reading, Status
from controlplane.domain.errors import AccessRejected, CallForbidden, ProviderError, ProviderUnavailable
from controlplane.domain.kinds import KINDS
from controlplane.policy import cooldown, polling
from controlplane.policy.cooldown import Rest, Scope
from controlplane.service.background import Background
from controlplane.service.ports import AccountStore, Clock, Provider
from controlplane.service.refreshing import LOST, Refreshing
from controlplane.service.roster import Roster, Seat
from controlplane.service.standing import Standings

log = logging.getLogger(__name__)

# Seconds between two accounts that are asked, less in a pool that is too large for that; so many at a time
# are asked that are slow to answer, and so many before it is looked again who is most overdue.
GAP = 1.0
AT_A_TIME = 8
TURNS = 5
READ_EVERY = 600  # seconds between the readings that are kept
REMEMBERED = 48 * 3600  # how far back they are read at the start


class Allowances:
    """Asks providers what is left, and parks accounts by the answer."""

    def __init__(
        self,
        roster: Roster,
        store: AccountStore,
        providers: Mapping[str, Provider],
        refreshing: Refreshing,
        standings: Standings,
        clock: Clock,
        background: Background,
    ) -> None:
        self._roster = roster
        self._store = store
        self._providers = providers
        self._refreshing = refreshing
        self._standings = standings
        self._clock = clock
        self._background = background
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._close = polling.SOON

    async def load(self) -> None:
        """Take the stored readings into the roster."""
        for account_id, readings in (await self._store.readings(int(self._clock.now()) - REMEMBERED)).items():
            seat = self._roster.find(account_id)
            if seat is not None:
                seat.readings.clear()
                seat.readings.extend(readings)

    def spent(self, seat: Seat, credits: float) -> None:
        """A request used this much, in the upstream's unit; the next answer of the upstream is the truth again."""
        if seat.candidate.limit:
            seat.candidate.left -= credits

    async def ask(self, seat: Seat) -> Allowance:
        """Ask now, store the answer and act on it. Raises ProviderError."""
        answer = await self._refreshing.presented(seat, self._providers[seat.account.kind].allowance)
        now = self._clock.now()
        allowance = replace(answer, checked_at=int(now))
        keep = not seat.readings or allowance.checked_at >= seat.readings[-1].at + READ_EVERY
        await self._store.set_allowance(seat.account.id, allowance, reading=keep)
        if keep:
            seat.readings.append(Reading(allowance.checked_at, allowance.used, allowance.limit))
        seat.measure(allowance)
        seat.polls.failures, seat.polls.not_before = 0, 0.0
        self._judge(seat, allowance, now)
        return allowance

    async def poll(self) -> None:
        """The background's round: ask whoever is due, the most overdue first, one after the other, until nobody is."""
        gap = min(GAP, polling.USUAL / 2 / max(len(self._roster), 1))
        while overdue := self._overdue(gap):
            for seat in overdue[:TURNS]:
                await self._places.acquire()
                self._background.spawn(self._turn(seat), f"ask allowance {seat.account.id}")
                await self._clock.sleep(gap)

    async def tend(self, seat: Seat) -> None:
        """Ask when it is time. Failures are in the log."""
        now = self._clock.now()
        if now < self.due(seat) or not self._askable(seat, now):
            return
        # Whatever goes wrong, also with the database, does not make the next visit ask at once.
        seat.polls.not_before = now + polling.FIRST_BACKOFF
        try:
            await self.ask(seat)
        except ProviderError as error:
            self._set_back(seat, error)
            log.warning("no allowance account=%s reason=%s", seat.account.id, error.message)

    def due(self, seat: Seat) -> float:
        """When it is time, epoch seconds."""
        due = polling.due_at(seat.allowance, seat.candidate.left, seat.parked_at, seat.chance, self._close)
        return max(due, seat.polls.not_before)

    def _overdue(self, gap: float) -> list[Seat]:
        """Those to be asked now, who waits longest first. The more are watched closely, the less closely: who is in a
        hurry must not take all turns from the others.
        """
        now = self._clock.now()
        self._close = polling.soon(sum(polling.watched(seat.allowance, seat.candidate.left) for seat in self._roster), gap)
        found = [(due, seat) for seat in self._roster if (due := self.due(seat)) <= now and self._askable(seat, now)]
        found.sort(key=lambda one: one[0])
        return [seat for _, seat in found]

    async def _turn(self, seat: Seat) -> None:
        try:
            if self._roster.find(seat.account.id) is seat:
                await self.tend(seat)
        finally:
            self._places.release()

    def _askable(self, seat: Seat, now: float) -> bool:
        has = KINDS[seat.account.kind].allowance
        return has and not seat.account.disabled and seat.standing.status not in LOST and seat.ready(now)

    def _judge(self, seat: Seat, allowance: Allowance, now: float) -> None:
        """Park a spent account until its reset; let one return that has allowance again."""
        if not polling.spent(allowance):
            if now >= seat.parked_at + polling.HELD:
                self._standings.unpark(seat)
            return
        reason, until = cooldown.TABLE[cooldown.EXHAUSTED].reason, cooldown.reset(allowance.resets_at, now)
        if seat.standing.status is Status.EXHAUSTED:
            # Known better now, be it sooner or later.
            if seat.standing.until != int(until):
                self._standings.put(seat, Status.EXHAUSTED, reason, int(until))
            return
        self._standings.rest(seat, Rest(Status.EXHAUSTED, reason, Scope.ACCOUNT, until, cause=""))

    def _set_back(self, seat: Seat, error: ProviderError) -> None:
        polls = seat.polls
        polls.failures += 1
        asked = error.retry_after if isinstance(error, ProviderUnavailable) else None
        if isinstance(error, AccessRejected | CallForbidden):
            # Not a matter of minutes; and each try with a refused token costs a new one.
            asked = polling.LONGEST_BACKOFF
        polls.not_before = self._clock.now() + polling.backoff(polls.failures, asked)
