"""What leases hold in the ledger's books: reservations of keys, places of accounts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from controlplane.domain.limits import NOTHING, Booked, Booking, Claim, Denied, Full, Granted, Place
from controlplane.policy.candidates import given, places
from controlplane.policy.scheduling import Choice
from controlplane.service.background import Background
from controlplane.service.leases import Leases, Open
from controlplane.service.ports import Clock, Ledger, Soon
from controlplane.service.queue import Queue
from controlplane.service.roster import Seat
from controlplane.service.standing import Standings
from controlplane.service.work import T, Work, done, ready


class Holding:
    """Takes and gives back. What candidates show as in flight is what the ledger said last."""

    def __init__(
        self,
        ledger: Ledger,
        leases: Leases,
        find: Callable[[str], Seat | None],
        standings: Standings,
        queue: Queue,
        background: Background,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._leases = leases
        self._find = find
        self._standings = standings
        self._queue = queue
        self._background = background
        self._clock = clock

    def reserve(self, lease: Open) -> Work[Granted | Denied | Full]:
        """The key's reservation, without a place."""
        return (yield from self._reserve(lease, None))

    def take(self, lease: Open, seat: Seat, choice: Choice) -> Work[Granted | Denied | Full | None]:
        """A place at the account, and the key's reservation with it if the lease has none yet. None: the
        lease is over.
        """
        if choice.probes:
            # Before the ledger is asked: whoever comes meanwhile must not probe as well.
            self._standings.probe(seat, choice.probes, lease.lease_id)
        verdict: Granted | Denied | Full | None = None
        try:
            verdict = yield from self._placed(lease, Place(seat.account.id, places(seat.candidate)))
        finally:
            if choice.probes and not isinstance(verdict, Granted):
                self._standings.release(seat, lease.lease_id)
        if isinstance(verdict, Granted):
            given(seat.candidate, self._clock.now())
            lease.seat = seat
            lease.moves += 1
        if isinstance(verdict, Granted | Full):
            seat.candidate.in_flight = verdict.in_flight
        return verdict

    def extend(self, lease: Open, tokens: int) -> Work[Granted | Denied | None]:
        """More tokens for the answer. None: the lease is not held."""
        verdict: Granted | Denied | None = yield from ready(self._ledger.extend(lease.lease_id, tokens, self._clock.now()))
        if isinstance(verdict, Granted):
            lease.output += tokens
        return verdict

    def settle(self, bookings: Sequence[Booking]) -> Work[None]:
        """What these leases spent counts, what they held returns. They are forgotten already."""
        if bookings:
            booked: Sequence[Booked] = yield from ready(self._ledger.settle(bookings, self._clock.now()))
            self._settled(booked)

    async def expire(self, kept: Sequence[Open], deadline: int, before: float) -> None:
        """Move the deadline of leases that are still wanted; give back what nobody holds any more that ended before."""
        if kept:
            await done(ready(self._ledger.keep([lease.lease_id for lease in kept], deadline)))
        await done(ready(self._ledger.expire(before)))

    def give_back(self, lease: Open) -> Work[None]:
        """The place the lease holds, if any; its reservation stays."""
        seat = self._returned(lease)
        if seat is not None:
            self._left(seat, (yield from ready(self._ledger.move(lease.lease_id, None, self._clock.now()))))

    def leave(self, lease: Open) -> None:
        """The request is over, its outcome still to come: its place returns, what it reserved stays
        until it is known what was spent.
        """
        lease.orphan = True
        self.let_go(lease)

    def let_go(self, lease: Open) -> None:
        """As `give_back`, where nobody can wait for it."""
        seat = self._returned(lease)
        if seat is not None:
            self._then(self._ledger.move(lease.lease_id, None, self._clock.now()), lambda verdict: self._left(seat, verdict))

    def drop(self, lease: Open) -> None:
        """Forget the lease; everything it held returns, nothing was spent."""
        self._leases.forget(lease)
        self._returned(lease)
        if lease.held:
            self._release(lease)

    def restore(self, lease: Open, seat: Seat | None) -> None:
        """Take back into the books what a data plane holds."""
        self._leases.add(lease)
        lease.held, lease.seat = True, seat
        place = Place(seat.account.id) if seat is not None else None
        claim = Claim(lease.lease_id, lease.payers, lease.claimed, lease.deadline, place)

        def counted(in_flight: int) -> None:
            if seat is not None:
                seat.candidate.in_flight = in_flight

        self._then(self._ledger.restore(claim, self._clock.now()), counted)

    def _settled(self, booked: Sequence[Booked]) -> None:
        """Bookings are in the books: places were returned."""
        for each in booked:
            seat = self._find(each.account_id) if each.account_id else None
            if seat is not None:
                seat.candidate.in_flight = each.in_flight
        self._queue.freed()

    def book(self, bookings: Sequence[Booking]) -> None:
        """Count what was spent by leases that are not held any more."""
        self._then(self._ledger.book(bookings, self._clock.now()), lambda _: None)

    def ended(self, lease: Open) -> None:
        """The lease is being settled: forget it; the books are the caller's to settle."""
        self._leases.forget(lease)
        self._returned(lease)
        lease.held = False

    def _placed(self, lease: Open, place: Place) -> Work[Granted | Denied | Full | None]:
        """The ledger's word on a place, and on the reservation if the lease has none yet."""
        if not lease.held:
            return (yield from self._reserve(lease, place))
        moving = self._ledger.move(lease.lease_id, place, self._clock.now())
        moved: Work[Granted | Full | None] = self._surely(moving, lambda: self._away(lease))
        return (yield from moved)

    def _reserve(self, lease: Open, place: Place | None) -> Work[Granted | Denied | Full]:
        claim = Claim(lease.lease_id, lease.payers, lease.claimed, lease.deadline, place)
        asked = self._ledger.reserve(claim, self._clock.now())
        reserving: Work[Granted | Denied | Full] = self._surely(asked, lambda: self._release(lease))
        verdict = yield from reserving
        if isinstance(verdict, Granted):
            lease.held = True
            lease.windows = verdict.windows
        return verdict

    def _surely(self, soon: Soon[T], undo: Callable[[], None]) -> Work[T]:
        """The ledger's answer. Whoever gives up before it comes must not leave a claim behind."""
        if not hasattr(soon, "__await__"):
            return soon
        asked = asyncio.ensure_future(cast("Awaitable[T]", soon))
        try:
            return cast("T", (yield asyncio.shield(asked)))
        except BaseException:
            asked.add_done_callback(lambda _: undo())
            raise

    def _release(self, lease: Open) -> None:
        """Nothing was spent."""
        lease.held = False
        booking = Booking(lease.lease_id, lease.identity.key_id, NOTHING)
        self._then(self._ledger.settle([booking], self._clock.now()), self._settled)

    def _away(self, lease: Open) -> None:
        """Nobody knows of the place that was taken."""
        if lease.seat is None:
            self._then(self._ledger.move(lease.lease_id, None, self._clock.now()), lambda _: self._queue.freed())

    def _returned(self, lease: Open) -> Seat | None:
        """The lease has no place any more; a probe that it was is over."""
        seat, lease.seat = lease.seat, None
        if seat is not None and seat.candidate.breakers:
            self._standings.release(seat, lease.lease_id)
        return seat

    def _left(self, seat: Seat, verdict: Granted | Full | None) -> None:
        """A place of the account was given back."""
        if verdict is not None:
            seat.candidate.in_flight = verdict.in_flight
        self._queue.freed()

    def _then(self, soon: Soon[T], act: Callable[[T], None]) -> None:
        """Act on the ledger's answer when it is there, at once if it is there."""
        if not hasattr(soon, "__await__"):
            act(soon)
            return

        async def afterwards() -> None:
            act(await cast("Awaitable[T]", soon))

        self._background.spawn(afterwards(), "ledger")
