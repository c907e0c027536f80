"""The books in this process's memory, for a control plane that is alone. Every answer is there at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controlplane.adapters.ledger.answers import budget, denial, shown
from controlplane.adapters.ledger.book import Book, blank
from controlplane.adapters.ledger.rules import Rules, Triple, restored, row, rules, triple
from controlplane.domain.limits import Amounts, Booked, Booking, Budget, Claim, Denied, Full, Granted, Payer, Place
from controlplane.policy.windows import milliseconds
from controlplane.service.ports import SpentStore

# Leases whose spending has counted are remembered in two halves of at most this many.
REMEMBERED = 50_000
NONE: Triple = (0, 0, 0)


@dataclass(slots=True, eq=False)
class _Lease:
    """What is held: a claim in each of the books, by the rules it was made under."""

    shares: list[tuple[Book, Rules]]
    claimed: Triple
    deadline: int
    account_id: str = ""


class MemoryLedger:
    """Implements the Ledger port. `base`: what was spent before the start; None: nothing."""

    def __init__(self, base: SpentStore | None = None) -> None:
        self._base = base
        self._books: dict[str, Book] = {}
        self._leases: dict[str, _Lease] = {}
        self._places: dict[str, int] = {}
        self._counted: set[str] = set()
        self._counted_before: set[str] = set()

    async def start(self, now: float) -> None:
        if self._base is None or self._books:
            return
        for payer_id, spent in (await self._base.spent(now)).items():
            book = self._book(payer_id, milliseconds(spent.at))
            book.total[:] = triple(spent.total)
            book.day_base[:] = [book.total[unit] - day for unit, day in enumerate(triple(spent.day))]
            book.month_base[:] = [book.total[unit] - month for unit, month in enumerate(triple(spent.month))]

    def reserve(self, claim: Claim, now: float) -> Granted | Denied | Full:
        ms = milliseconds(now)
        held = self._leases.get(claim.lease_id)
        if held is not None:
            return Granted(self._places.get(held.account_id, 0), shown(*held.shares[0], ms))
        wanted: Triple = claim.amounts
        shares = [self._share(payer, ms) for payer in claim.payers]
        for book, limits in shares:
            if not limits.free and not book.admits(limits, wanted, ms):
                denied = denial(shares, wanted, ms)
                denied.windows = shown(*shares[0], ms)
                return denied
        place = claim.place
        if place is not None and 0 < place.limit <= self._places.get(place.account_id, 0):
            return Full(self._places[place.account_id])
        lease = _Lease(shares, wanted, claim.deadline)
        self._leases[claim.lease_id] = lease
        for book, limits in shares:
            book.reserve(limits, wanted)
        in_flight = 0 if place is None else self._take(lease, place)
        return Granted(in_flight, shown(*shares[0], ms) if shares[0][1].shown else ())

    def restore(self, claim: Claim, now: float) -> int:
        ms = milliseconds(now)
        if claim.lease_id not in self._leases and not self._has_counted(claim.lease_id):
            shares = [(self._book(payer.id, ms), rules(row(restored(payer.limits)))) for payer in claim.payers]
            lease = _Lease(shares, triple(claim.amounts), claim.deadline)
            self._leases[claim.lease_id] = lease
            for book, limits in shares:
                book.reserve(limits, lease.claimed)
            if claim.place is not None:
                self._take(lease, claim.place)
        return 0 if claim.place is None else self._places.get(claim.place.account_id, 0)

    def move(self, lease_id: str, place: Place | None, now: float) -> Granted | Full | None:  # noqa: ARG002 - the port's form
        lease = self._leases.get(lease_id)
        if lease is None:
            return None
        left = self._vacate(lease)
        if place is None:
            return Granted(left)
        if 0 < place.limit <= self._places.get(place.account_id, 0):
            return Full(self._places[place.account_id])
        return Granted(self._take(lease, place))

    def extend(self, lease_id: str, tokens: int, now: float) -> Granted | Denied | None:
        lease = self._leases.get(lease_id)
        if lease is None:
            return None
        ms = milliseconds(now)
        more = (0, tokens, 0)
        shares = [(book, limits.of_tokens()) for book, limits in lease.shares]
        for book, _ in shares:
            book.turn(ms)
        if not all(book.admits(limits, more, ms) for book, limits in shares):
            return denial(shares, more, ms)
        for book, limits in shares:
            book.reserve(limits, more)
        claimed = lease.claimed
        lease.claimed = (claimed[0], claimed[1] + tokens, claimed[2])
        return Granted(self._places.get(lease.account_id, 0))

    def settle(self, bookings: Sequence[Booking], now: float) -> Sequence[Booked]:
        ms = milliseconds(now)
        return [self._settle(booking, ms) for booking in bookings]

    def book(self, bookings: Sequence[Booking], now: float) -> None:
        ms = milliseconds(now)
        for booking in bookings:
            spent = triple(booking.spent)
            if spent != NONE and self._counts(booking.lease_id):
                self._book(booking.key_id, ms).spend(spent, ms)

    def keep(self, lease_ids: Sequence[str], deadline: int) -> None:
        for lease_id in lease_ids:
            lease = self._leases.get(lease_id)
            if lease is not None:
                lease.deadline = deadline

    def expire(self, now: float) -> Sequence[str]:
        ms = milliseconds(now)
        late = [lease_id for lease_id, lease in self._leases.items() if lease.deadline * 1000 <= ms]
        for lease_id in late:
            self._end(self._leases.pop(lease_id), NONE, ms)
        return late

    def read(self, payers: Sequence[Payer], now: float) -> Sequence[Budget]:
        ms = milliseconds(now)
        return [budget(self._books.get(payer.id) or blank(payer.id, ms), row(payer.limits), ms) for payer in payers]

    def in_flight(self) -> Mapping[str, int]:
        return dict(self._places)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _share(self, payer: Payer, ms: int) -> tuple[Book, Rules]:
        """The payer's book, in the present day and with the limits of the claim."""
        book = self._books.get(payer.id)
        if book is None or ms >= book.day_end:
            book = self._book(payer.id, ms)
        # Limits are values that stay the same object as long as they hold: comparing them would cost
        # as much as the whole reservation.
        return book, book.rules if book.limits is payer.limits else book.adopt(payer.limits, ms)

    def _book(self, payer_id: str, ms: int) -> Book:
        book = self._books.get(payer_id)
        if book is None:
            book = self._books[payer_id] = blank(payer_id, ms)
        else:
            book.turn(ms)
        return book

    def _take(self, lease: _Lease, place: Place) -> int:
        """Give the lease a place; how many are at its account then."""
        lease.account_id = place.account_id
        in_flight = self._places[place.account_id] = self._places.get(place.account_id, 0) + 1
        return in_flight

    def _vacate(self, lease: _Lease) -> int:
        """Give the lease's place back; how many stay at the account."""
        account_id, lease.account_id = lease.account_id, ""
        if not account_id:
            return 0
        left = self._places[account_id] - 1
        if left:
            self._places[account_id] = left
        else:
            del self._places[account_id]
        return left

    def _settle(self, booking: Booking, ms: int) -> Booked:
        lease = self._leases.pop(booking.lease_id, None)
        if lease is None:
            return Booked(held=False)
        claimed = lease.claimed
        spent: Triple = booking.spent
        if spent != NONE and not self._counts(booking.lease_id):
            spent = NONE
        account_id = lease.account_id
        in_flight = self._end(lease, spent, ms)
        if spent[0] <= claimed[0] and spent[1] <= claimed[1] and spent[2] <= claimed[2]:
            return Booked(True, account_id, in_flight)
        above = Amounts(*(max(cost - claim, 0) for cost, claim in zip(spent, claimed, strict=True)))
        return Booked(True, account_id, in_flight, above)

    def _end(self, lease: _Lease, spent: Triple, ms: int) -> int:
        """What the lease holds returns; how many stay at its account."""
        for book, limits in lease.shares:
            book.turn(ms)
            book.settle(limits, lease.claimed, spent, ms)
        return self._vacate(lease)

    def _has_counted(self, lease_id: str) -> bool:
        return lease_id in self._counted or lease_id in self._counted_before

    def _counts(self, lease_id: str) -> bool:
        """Whether this spending is the lease's first; from now on none other of it counts."""
        if self._has_counted(lease_id):
            return False
        if len(self._counted) >= REMEMBERED:
            self._counted, self._counted_before = set(), self._counted
        self._counted.add(lease_id)
        return True
