"""What leases hold in the ledger's books: reservations of keys, places of accounts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import cast

from controlplane.domain.errors import LedgerAway
from controlplane.domain.limits import NOTHING, Booked, Booking, Claim, Denied, Full, Granted, Place
from controlplane.policy.candidates import given, places
from controlplane.policy.scheduling import Choice
from controlplane.service.leases import Leases, Open
from controlplane.service.ports import Clock, Ledger, Soon
from controlplane.service.queue import Queue
from controlplane.service.roster import Seat
from controlplane.service.standing import Standings
from controlplane.service.work import T, Work, done, ready

SETTLING_IN = 120  # seconds that what is restored lives at least: who wants it says so meanwhile
AGAIN = 2.0  # seconds until a ledger that is away is told again


class Holding:
    """Takes and gives back. What candidates show as in flight is what the ledger said last."""

    def __init__(
        self,
        ledger: Ledger,
        leases: Leases,
        find: Callable[[str], Seat | None],
        standings: Standings,
        queue: Queue,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._leases = leases
        self._find = find
        self._standings = standings
        self._queue = queue
        self._owed: set[asyncio.Future[None]] = set()
        self._supposed: set[str] = set()
        self._clock = clock

    def reserve(self, lease: Open, place: Place | None = None) -> Soon[Granted | Denied | Full]:
        """The key's reservation, with or without a place."""
        claim = Claim(lease.lease_id, lease.payers, lease.claimed, lease.deadline, place)
        verdict = self._ledger.reserve(claim, self._clock.now())
        # The usual answer first: to ask whether it is awaitable takes five times as long.
        if not isinstance(verdict, Granted) and isinstance(verdict, Awaitable):
            return self._reserved(lease, verdict)
        return _held(lease, verdict)

    def take(self, lease: Open, seat: Seat, choice: Choice, number: int = 0) -> Soon[Granted | Denied | Full | None]:
        """A place at the account, and the key's reservation with it if the lease has none yet. None: the
        lease is over, or a newer question than the one of that number was asked for it.
        """
        if number != lease.asking:
            return None
        if choice.probes:
            # Before the ledger is asked: whoever comes meanwhile must not probe as well.
            self._standings.probe(seat, choice.probes, lease.lease_id)
        place = Place(seat.account.id, 0 if lease.identity.forced else places(seat.candidate))
        verdict: Soon[Granted | Denied | Full | None]
        verdict = self._ledger.move(lease.lease_id, place, self._clock.now()) if lease.held else self.reserve(lease, place)
        if not isinstance(verdict, Granted) and isinstance(verdict, Awaitable):
            return self._taken(lease, seat, choice, verdict)
        return self._took(lease, seat, choice, verdict, number)

    def extend(self, lease: Open, output: int, prompt: int) -> Work[Granted | Denied | None]:
        """More tokens for the answer, and for the prompt. None: the lease is not held."""
        verdict: Granted | Denied | None = yield from ready(self._ledger.extend(lease.lease_id, output + prompt, self._clock.now()))
        if isinstance(verdict, Granted):
            lease.output += output
            lease.claimed = lease.claimed._replace(tokens=lease.claimed.tokens + output + prompt)
        return verdict

    def settle(self, bookings: Sequence[Booking]) -> Work[None]:
        """What these leases spent counts, what they held returns. What the ledger held no more (it was
        emptied, or another process took the lease for dead) counts as well, once. Raises LedgerAway.
        """
        if not bookings:
            return
        booked: Sequence[Booked] = yield from ready(self._ledger.settle(bookings, self._clock.now()))
        self._settled(booked)
        late = [booking for booking, each in zip(bookings, booked, strict=True) if not each.held]
        if late:
            yield from ready(self._ledger.book(late, self._clock.now()))

    async def keep(self, leases: Sequence[Open], deadline: int) -> None:
        """These are still wanted, and what is supposed."""
        kept = [*(lease.lease_id for lease in leases), *self._supposed]
        if kept:
            await done(ready(self._ledger.keep(kept, deadline)))
            for lease in leases:
                lease.deadline = deadline

    async def expire(self) -> Sequence[str]:
        """Give back what is past its deadline, whoever held it; which leases."""
        expired: Sequence[str] = await done(ready(self._ledger.expire(self._clock.now())))
        if expired:
            await self.recount([lease.seat for lease_id in expired if (lease := self._leases.find(lease_id)) and lease.seat])
        return expired

    async def recount(self, seats: Iterable[Seat]) -> None:
        """See how many requests there are at these accounts."""
        counted: Mapping[str, int] = await done(ready(self._ledger.in_flight()))
        for seat in seats:
            seat.candidate.in_flight = counted.get(seat.account.id, 0)
        self._queue.freed()

    def give_back(self, lease: Open) -> Work[None]:
        """The place the lease holds, if any; its reservation stays."""
        seat = self._returned(lease)
        if seat is not None:
            self._left(seat, (yield from ready(self._ledger.move(lease.lease_id, None, self._clock.now()))))

    def leave(self, lease: Open) -> None:
        """The request is over, its outcome still to come: its place returns, what it reserved stays
        until it is known what was spent.
        """
        lease.orphan = lease.over = True
        self.let_go(lease)

    def let_go(self, lease: Open) -> None:
        """As `give_back`, where nobody can wait for it."""
        seat = self._returned(lease)
        if seat is not None:
            self._then(lambda: self._ledger.move(lease.lease_id, None, self._clock.now()), lambda verdict: self._left(seat, verdict))

    def drop(self, lease: Open) -> None:
        """Forget the lease; everything it held returns, nothing was spent."""
        lease.over = True
        self._leases.forget(lease)
        self._returned(lease)
        if lease.held:
            self._release(lease)

    def restore(self, lease: Open, seat: Seat | None) -> None:
        """Take back into the books what a data plane holds."""
        self._leases.add(lease)
        lease.held, lease.seat = True, seat
        place = Place(seat.account.id) if seat is not None else None
        deadline = max(lease.deadline, int(self._clock.now()) + SETTLING_IN)
        claim = Claim(lease.lease_id, lease.payers, lease.claimed, deadline, place)

        def counted(in_flight: int) -> None:
            if seat is not None:
                seat.candidate.in_flight = in_flight

        def again() -> Soon[int]:
            wanted = lease.held and self._leases.find(lease.lease_id) is lease
            return self._ledger.restore(claim, self._clock.now()) if wanted else 0

        self._then(again, counted)

    def reclaim(self, lease: Open) -> Work[None]:
        """What was restored is not all that the lease needs: it returns, to be reserved anew."""
        yield from ready(self._ledger.settle([Booking(lease.lease_id, lease.identity.key_id, NOTHING)], self._clock.now()))
        lease.held = False

    def restore_all(self) -> None:
        """The ledger lost its books: what is held goes into them again."""
        for lease in self._leases:
            if lease.held:
                self.restore(lease, lease.seat)

    def suppose(self, claims: Sequence[Claim]) -> None:
        """What leases may have spent that are not known any more is set aside until the records tell."""
        for claim in claims:
            if claim.amounts != NOTHING:
                self._supposed.add(claim.lease_id)
                self._then(partial(self._supposing, claim), lambda _: None)

    def supposes(self, lease_id: str) -> bool:
        """Whether the records have not told yet."""
        return lease_id in self._supposed

    def _supposing(self, claim: Claim) -> Soon[int]:
        return self._ledger.restore(claim, self._clock.now()) if claim.lease_id in self._supposed else 0

    def decided(self, bookings: Sequence[Booking]) -> None:
        """The records have told: this is what those leases spent."""
        self._supposed.difference_update(booking.lease_id for booking in bookings)

        def told() -> Soon[None]:
            return done(self.settle(bookings))

        if bookings:
            self._then(told, lambda _: None)

    def _settled(self, booked: Sequence[Booked]) -> None:
        """Bookings are in the books: places were returned."""
        for each in booked:
            seat = self._find(each.account_id) if each.account_id else None
            if seat is not None:
                seat.candidate.in_flight = each.in_flight
        self._queue.freed()

    def ended(self, lease: Open) -> None:
        """The lease is being settled: forget it; the books are the caller's to settle."""
        lease.over = True
        self._leases.forget(lease)
        self._returned(lease)

    def unended(self, lease: Open) -> None:
        """It could not be settled: its outcome will come again, and shall find it."""
        lease.orphan = True
        self._leases.add(lease)

    async def drain(self) -> None:
        """Wait until the ledger has heard everything it is owed."""
        if self._owed:
            await asyncio.wait(tuple(self._owed))

    def _took(
        self, lease: Open, seat: Seat, choice: Choice, verdict: Granted | Denied | Full | None, number: int
    ) -> Granted | Denied | Full | None:
        if isinstance(verdict, Granted) and lease.over:
            # It ended while the ledger was asked. Where its outcome follows, only the place returns.
            (self._away if self._leases.find(lease.lease_id) is lease else self._release)(lease)
            verdict = None
        elif isinstance(verdict, Granted) and number != lease.asking:
            verdict = None  # the newer question takes its place in the books
        if isinstance(verdict, Granted):
            given(seat.candidate, self._clock.now())
            seat.candidate.in_flight = verdict.in_flight
            lease.seat = seat
            lease.moves += 1
            return verdict
        if isinstance(verdict, Full):
            seat.candidate.in_flight = verdict.in_flight
        if choice.probes:
            self._standings.release(seat, lease.lease_id)
        return verdict

    async def _taken(
        self, lease: Open, seat: Seat, choice: Choice, asked: Awaitable[Granted | Denied | Full | None]
    ) -> Granted | Denied | Full | None:
        moving, number, verdict = lease.held, lease.asking, None
        try:
            verdict = await (self._surely(asked, lambda: self._away(lease)) if moving else asked)
        finally:
            if verdict is None and choice.probes:
                self._standings.release(seat, lease.lease_id)
        return self._took(lease, seat, choice, verdict, number)

    async def _reserved(self, lease: Open, asked: Awaitable[Granted | Denied | Full]) -> Granted | Denied | Full:
        return _held(lease, await self._surely(asked, lambda: self._release(lease)))

    async def _surely(self, asked: Awaitable[T], undo: Callable[[], None]) -> T:
        """The ledger's answer. Whoever gives up before it comes must not leave a claim behind."""
        asking = asyncio.ensure_future(asked)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(lambda _: undo())
            raise

    def _release(self, lease: Open) -> None:
        """Nothing was spent."""
        lease.held = False
        booking = Booking(lease.lease_id, lease.identity.key_id, NOTHING)
        self._then(lambda: self._ledger.settle([booking], self._clock.now()), self._settled)

    def _away(self, lease: Open) -> None:
        """Nobody knows of the place that was taken."""
        if lease.seat is None:
            self._then(lambda: self._ledger.move(lease.lease_id, None, self._clock.now()), lambda _: self._queue.freed())

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

    def _then(self, ask: Callable[[], Soon[T]], act: Callable[[T], None]) -> None:
        """Act on the ledger's answer when it is there, at once if it is there. What it is told here it is
        owed: while it is away it is told again and again.
        """
        soon = ask()
        if not isinstance(soon, Awaitable):
            act(soon)
            return
        owing = asyncio.ensure_future(self._insist(soon, ask, act))
        self._owed.add(owing)
        owing.add_done_callback(self._owed.discard)

    async def _insist(self, soon: Awaitable[T], ask: Callable[[], Soon[T]], act: Callable[[T], None]) -> None:
        while True:
            try:
                act(await soon)
            except LedgerAway:
                await self._clock.sleep(AGAIN)
                soon = cast("Awaitable[T]", ask())
            else:
                return


def _held(lease: Open, verdict: Granted | Denied | Full) -> Granted | Denied | Full:
    """The lease is in the books, if it was granted."""
    if isinstance(verdict, Granted):
        lease.held = True
        lease.windows = verdict.windows
    return verdict
