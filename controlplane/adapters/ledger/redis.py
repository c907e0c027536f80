"""The books in Redis, for several control planes. The script `ledger.lua` decides; here its answers are explained.

Redis may lose its memory whole (it was wiped), or what was newest of it (it was started anew and read
an older state back; `server.py` says how that is noticed). Either way nothing is granted before the
books are filled again: of each payer with what the records say was spent, or with what the book says
if that is more. What was reserved since is gone, and every process that held some is told so (`lost`).
What had reached neither the records nor Redis's disk is forgotten: of the last second with an append-only
file that is synced every second, since the last snapshot without one.
Redis must not evict (`maxmemory-policy noeviction`): a book that is dropped alone is not missed.

Payers' books stay for ever, some 200 bytes each: one that is not there is one of somebody who has spent
nothing. The marks of leases that have counted go after a day.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from controlplane.adapters.ledger.answers import budget, denial, shown
from controlplane.adapters.ledger.book import Book
from controlplane.adapters.ledger.line import Line, connect
from controlplane.adapters.ledger.rules import FREE, Row, Triple, restored, row, rules, triple
from controlplane.domain.limits import (
    NO_LIMITS,
    NOTHING,
    Amounts,
    Booked,
    Booking,
    Budget,
    Claim,
    Denied,
    Full,
    Granted,
    Limits,
    Payer,
    Place,
)
from controlplane.policy.windows import Bucket, Calendar, calendar, milliseconds
from controlplane.service.ports import SpentStore

log = logging.getLogger(__name__)

# In one run of the script, which holds up all others.
MOST_PAYERS = 500
MOST_LATE = 200


class RedisLedger:
    """Implements the Ledger port. Every call that is awaited raises LedgerAway when Redis does not answer.

    The keys begin with {prefix}, in braces so that a cluster keeps them together. `base`: what was spent
    before the books were begun. A client that is handed in must not decode responses nor have been used
    before; it is closed too.

    `lost` is called when the books were filled anew, by whatever process: what they had reserved may be
    gone, and whoever holds leases must `restore` them. It is called before the present calls are answered,
    must not raise, and may be called when nothing is missing.
    """

    def __init__(self, server: "str | Redis", base: SpentStore, prefix: str = "headgate") -> None:
        self._base = base
        self._line = Line(connect(server) if isinstance(server, str) else server, f"{{{prefix}}}:ledger", self._fill)
        self._today = Calendar(0, 0, 0, 0)
        self.lost: Callable[[], None] = _nobody

    async def start(self, now: float) -> None:
        await self._line.ask(["read", self._time(milliseconds(now)), []])

    async def reserve(self, claim: Claim, now: float) -> Granted | Denied | Full:
        ms = milliseconds(now)
        account_id, limit = _place(claim.place)
        payers = [_payer(payer.id, payer.limits) for payer in claim.payers]
        call = ("reserve", self._time(ms), claim.lease_id, payers, triple(claim.amounts), claim.deadline, account_id, limit)
        answer = _answer(await self._line.ask(call), triple(claim.amounts), ms)
        assert answer is not None
        return answer

    async def restore(self, claim: Claim, now: float) -> int:
        account_id, _ = _place(claim.place)
        payers = [_payer(payer.id, restored(payer.limits)) for payer in claim.payers]
        call = ("restore", self._time(milliseconds(now)), claim.lease_id, payers, triple(claim.amounts), claim.deadline, account_id)
        in_flight: int = await self._line.ask(call)
        return in_flight

    async def move(self, lease_id: str, place: Place | None, now: float) -> Granted | Full | None:
        ms = milliseconds(now)
        answer = _answer(await self._line.ask(("move", self._time(ms), lease_id, *_place(place))), (0, 0, 0), ms)
        assert not isinstance(answer, Denied)
        return answer

    async def extend(self, lease_id: str, tokens: int, now: float) -> Granted | Denied | None:
        ms = milliseconds(now)
        reply = await self._line.ask(("extend", self._time(ms), lease_id, tokens))
        answer = _answer(reply, (0, tokens, 0), ms, extending=True)
        assert not isinstance(answer, Full)
        return answer

    async def settle(self, bookings: Sequence[Booking], now: float) -> Sequence[Booked]:
        ends = [(booking.lease_id, triple(booking.spent)) for booking in bookings]
        return [_booked(reply) for reply in await self._line.ask(("settle", self._time(milliseconds(now)), ends))]

    async def book(self, bookings: Sequence[Booking], now: float) -> None:
        ends = [(booking.lease_id, booking.key_id, triple(booking.spent)) for booking in bookings]
        await self._line.ask(("book", self._time(milliseconds(now)), ends))

    async def keep(self, lease_ids: Sequence[str], deadline: int) -> None:
        await self._line.ask(("keep", (0, 0, 0), lease_ids, deadline))

    async def expire(self, now: float) -> Sequence[str]:
        time = self._time(milliseconds(now))
        expired: list[str] = []
        while True:
            late = await self._line.ask(("expire", time, MOST_LATE))
            expired += late
            if len(late) < MOST_LATE:
                return expired

    async def read(self, payers: Sequence[Payer], now: float) -> Sequence[Budget]:
        ms = milliseconds(now)
        budgets: list[Budget] = []
        for start in range(0, len(payers), MOST_PAYERS):
            some = payers[start : start + MOST_PAYERS]
            kept = await self._line.ask(("read", self._time(ms), [payer.id for payer in some]))
            budgets += [budget(_book(payer.id, figures), row(payer.limits), ms) for payer, figures in zip(some, kept, strict=True)]
        return budgets

    async def in_flight(self) -> Mapping[str, int]:
        flat = await self._line.ask(("places", (0, 0, 0)))
        return {account_id: int(count) for account_id, count in zip(flat[::2], flat[1::2], strict=True)}

    async def close(self) -> None:
        await self._line.close()

    def _time(self, ms: int) -> Triple:
        """A moment, and when its day and its month end."""
        today = self._today
        if not today.day <= ms < today.day_end:
            today = self._today = calendar(ms)
        return ms, today.day_end, today.month_end

    async def _fill(self, ms: int) -> str:
        """See that the books are filled, unless another process is faster; which edition they are."""
        edition: str
        edition, filled = await self._run("begin", ms, secrets.token_hex(8))
        if not filled:
            await self._copy(edition, ms)
        if self._line.edition not in ("", edition):
            log.warning("the books in Redis were begun anew from the records: Redis was wiped, or started anew")
            self.lost()
        return edition

    async def _copy(self, edition: str, ms: int) -> None:
        """What was spent, out of the records into the books."""
        known = [
            (payer_id, self._time(milliseconds(spent.at)), triple(spent.day), triple(spent.month), triple(spent.total))
            for payer_id, spent in (await self._base.spent(ms / 1000)).items()
        ]
        for start in range(0, len(known), MOST_PAYERS):
            await self._run("fill", ms, edition, known[start : start + MOST_PAYERS], False)
        await self._run("fill", ms, edition, [], True)

    async def _run(self, *call: Any) -> Any:
        """A call that works without filled books, at once."""
        name, ms, *arguments = call
        replies = await self._line.run([(name, (ms, 0, 0), *arguments)])
        assert replies is not None
        return replies[0]


def _nobody() -> None:
    """Nobody holds leases."""


def _place(place: Place | None) -> tuple[str, int]:
    return ("", 0) if place is None else (place.account_id, place.limit)


def _payer(payer_id: str, limits: Limits) -> tuple[str] | tuple[str, Row]:
    """A payer as the script takes it."""
    if limits is NO_LIMITS:
        return (payer_id,)
    figures = row(limits)
    return (payer_id,) if max(figures) < 0 else (payer_id, figures)


def _answer(reply: Sequence[Any], wanted: Triple, ms: int, *, extending: bool = False) -> Granted | Denied | Full | None:
    """A reply of the script to a claim, in words; None: the lease is not held."""
    if reply[0] == "absent":
        return None
    if reply[0] == "full":
        return Full(reply[1])
    shares = [(_book(payer_id, figures), rules(limits) if limits else FREE) for payer_id, limits, figures in reply[2]]
    if reply[0] == "granted":
        return Granted(reply[1], shown(*shares[0], ms) if shares else ())
    if extending:
        return denial([(book, limits.of_tokens()) for book, limits in shares], wanted, ms)
    denied = denial(shares, wanted, ms)
    denied.windows = shown(*shares[0], ms)
    return denied


def _book(payer_id: str, figures: Sequence[int]) -> Book:
    """A payer's book, out of the script's array."""
    book = Book(payer_id, figures[16], figures[17])
    book.open = max(figures[15], 0)  # less than none: as in the script
    for place, kept in enumerate((book.reserved, book.total, book.day_base, book.month_base, book.overrun)):
        kept[:] = figures[place * 3 : place * 3 + 3]
    for unit in range(3):
        limit, level, at, waived = figures[18 + unit * 4 : 22 + unit * 4]
        if limit >= 0:
            book.buckets[unit] = Bucket(limit, level, at, waived)
    return book


def _booked(reply: Sequence[Any]) -> Booked:
    if not reply:
        return Booked(held=False)
    account_id, in_flight, overrun = reply
    return Booked(True, account_id, in_flight, Amounts(*overrun) if any(overrun) else NOTHING)
