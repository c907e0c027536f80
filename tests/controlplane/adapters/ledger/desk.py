"""Either ledger, asked in one way: with a clock of its own, and waiting where there is something to wait for."""

import inspect

import msgspec
from redis.asyncio import Redis

from controlplane.adapters.ledger.memory import MemoryLedger
from controlplane.domain.limits import NOTHING, Amounts, Booking, Caps, Claim, Limits, Payer, Place

# A Monday morning, not near any border.
NOW = 1_800_000_000.0
DAY = 86_400
ONE = Amounts(1, 100, 1000)


class Records:
    """A SpentStore that says what it is told to say."""

    def __init__(self, **spent):
        self.known = spent
        self.asked = []

    async def spent(self, now):
        self.asked.append(now)
        return self.known


class Desk:
    """Asks `ledger` at `now`."""

    def __init__(self, ledger, now=NOW):
        self.ledger = ledger
        self.now = now

    async def _ask(self, method, *arguments):
        answer = getattr(self.ledger, method)(*arguments)
        return await answer if inspect.isawaitable(answer) else answer

    async def start(self):
        await self.ledger.start(self.now)

    async def reserve(self, lease_id, payers, amounts=ONE, place=None, deadline=None):
        claim = Claim(lease_id, payers, amounts, deadline or int(self.now) + 900, place)
        return await self._ask("reserve", claim, self.now)

    async def restore(self, lease_id, payers, amounts=ONE, place=None, deadline=None):
        claim = Claim(lease_id, payers, amounts, deadline or int(self.now) + 900, place)
        return await self._ask("restore", claim, self.now)

    async def move(self, lease_id, place):
        return await self._ask("move", lease_id, place, self.now)

    async def extend(self, lease_id, tokens):
        return await self._ask("extend", lease_id, tokens, self.now)

    async def settle(self, lease_id, spent=NOTHING):
        [booked] = await self._ask("settle", [Booking(lease_id, "k", spent)], self.now)
        return booked

    async def settle_all(self, bookings):
        return await self._ask("settle", bookings, self.now)

    async def book(self, lease_id, spent, key_id="k"):
        await self._ask("book", [Booking(lease_id, key_id, spent)], self.now)

    async def keep(self, lease_ids, deadline):
        await self._ask("keep", lease_ids, deadline)

    async def expire(self):
        return sorted(await self._ask("expire", self.now))

    async def read(self, *payers):
        return await self._ask("read", payers, self.now)

    async def in_flight(self):
        return await self._ask("in_flight")

    async def miscount(self, payer_id, requests):
        """The previous release has left so many requests at a time in the payer's book."""
        if isinstance(self.ledger, MemoryLedger):
            self.ledger._books[payer_id].open = requests
            return
        client, name = self.ledger._line._client, f"{self.ledger._line._key}:payer:{payer_id}"
        book = msgspec.msgpack.decode(await client.get(name))
        book[15] = requests
        await client.set(name, msgspec.msgpack.encode(book))

    async def leaf(self, payer, unit, period):
        """One leaf of the payer's budget."""
        [budget] = await self.read(payer)
        [found] = [leaf for *where, leaf in budget.leaves if where == [unit, period]]
        return found


def key(id="k", concurrency=None, **caps):
    """A payer. Its limits as `tokens_day=5`."""
    units = {}
    for name, limit in caps.items():
        unit, _, period = name.partition("_")
        units.setdefault(unit, {})[period] = limit
    return Payer(id, Limits(**{unit: Caps(**periods) for unit, periods in units.items()}, concurrency=concurrency))


def account(account_id="a", limit=0):
    return Place(account_id, limit)


async def erase(url, prefix):
    """Remove everything the tests kept under the prefix."""
    client = Redis.from_url(url)
    keys = [name async for name in client.scan_iter(match=f"{{{prefix}}}*", count=1000)]
    if keys:
        await client.delete(*keys)
    await client.aclose()
