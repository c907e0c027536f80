"""What models cost in money: a table that administrators edit. The database is written first, then memory."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.outcome import Usage
from controlplane.domain.price import Price
from controlplane.policy import pricing
from controlplane.service.ports import PriceStore
from controlplane.service.runtime_settings import RuntimeSettings

SEEDED = "pricesSeeded"  # the mark that an installation was given its first prices
LONGEST = 200
HIGHEST = 1_000_000.0  # US dollars for a million tokens: one a token
# Models whose price is remembered. Their names come from upstreams and data planes, which may be wrong.
MOST_MODELS = 4096
# As the makers of the Claude models have them, in proportion to fresh input.
CACHE_READ = 0.1
CACHE_WRITE = 1.25


@dataclass(frozen=True, slots=True)
class PriceDraft:
    """A price as an administrator asks for it, see Price. None: in the usual proportion to `input`."""

    model: str
    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None


class Prices:
    """The price table. Reads come from memory and never wait."""

    def __init__(self, store: PriceStore) -> None:
        self._store = store
        self._prices: dict[str, Price] = {}
        self._found: dict[tuple[str, str], Price | None] = {}
        # A change is read, written and remembered as one.
        self._changing = asyncio.Lock()

    async def load(self, settings: RuntimeSettings) -> None:
        """Fill memory at the start; at the very first start the table too. What is deleted later does not return."""
        if settings.hidden(SEEDED) is None:
            await self._store.seed([_price(_new_id(), draft) for draft in FIRST])
            await settings.put({SEEDED: "1"})
        self._prices = {price.id: price for price in await self._store.load()}
        self._found.clear()

    def list(self) -> Sequence[Price]:
        """All prices, in no order."""
        return tuple(self._prices.values())

    def get(self, price_id: str) -> Price:
        """Raises Absent."""
        if price_id not in self._prices:
            raise Absent("there is no such price")
        return self._prices[price_id]

    def find(self, kind: str, model: str) -> Price | None:
        """The price of a kind's model (its id); None when nobody knows one."""
        place = kind, model
        if place in self._found:
            return self._found[place]
        if len(self._found) >= MOST_MODELS:
            self._found.clear()
        price = self._found[place] = pricing.applying(self._prices.values(), kind, model)
        return price

    def cost(self, kind: str, model: str, usage: Usage) -> float:
        """US dollars; 0 for a model without a price."""
        price = self.find(kind, model)
        return pricing.cost(price, usage) if price is not None else 0.0

    async def create(self, draft: PriceDraft) -> Price:
        """Raises Invalid, Duplicate."""
        price = _price(_new_id(), draft)
        check(price)
        async with self._changing:
            self._check_model(price)
            await self._store.add(price)
            return self._remember(price)

    async def update(self, price_id: str, changes: Mapping[str, Any]) -> tuple[Price, Price]:
        """Change the fields of PriceDraft named in `changes`; what stood in the usual proportion to `input` follows
        it. The price before and after. Raises Absent, Invalid, Duplicate.
        """
        async with self._changing:
            before = self.get(price_id)
            price = _price(price_id, replace(_draft(before), **changes))
            check(price)
            self._check_model(price)
            await self._store.save(price)
            return before, self._remember(price)

    async def remove(self, price_id: str) -> Price:
        """The price that is no more. Raises Absent."""
        async with self._changing:
            price = self.get(price_id)
            await self._store.remove(price_id)
            del self._prices[price_id]
            self._found.clear()
            return price

    def _check_model(self, price: Price) -> None:
        """Two prices of one name could not be told apart. Raises Duplicate."""
        name = price.model.lower()
        if any(other.model.lower() == name and other.id != price.id for other in self._prices.values()):
            raise Duplicate("another price is for this model", "model")

    def _remember(self, price: Price) -> Price:
        self._prices[price.id] = price
        self._found.clear()
        return price


def check(price: Price) -> None:
    """Raises Invalid, naming the field as the outside contract spells it."""
    if not 0 < len(price.model) <= LONGEST or not price.model.isprintable():
        raise Invalid(f"model must be 1 to {LONGEST} printable characters", "model")
    figures = {"input": price.input, "output": price.output, "cacheRead": price.cache_read, "cacheWrite": price.cache_write}
    for name, figure in figures.items():
        if not 0 <= figure <= HIGHEST:
            raise Invalid(f"{name} must be US dollars for a million tokens, from 0 to {HIGHEST:.0f}", name)


def _price(price_id: str, draft: PriceDraft) -> Price:
    cache_read = _usual(draft.input, CACHE_READ) if draft.cache_read is None else draft.cache_read
    cache_write = _usual(draft.input, CACHE_WRITE) if draft.cache_write is None else draft.cache_write
    return Price(price_id, draft.model.strip(), draft.input, draft.output, cache_read, cache_write)


def _draft(price: Price) -> PriceDraft:
    """The draft that would make the price as it is. What is as usual is taken to be so because nobody said otherwise."""
    cache_read = None if price.cache_read == _usual(price.input, CACHE_READ) else price.cache_read
    cache_write = None if price.cache_write == _usual(price.input, CACHE_WRITE) else price.cache_write
    return PriceDraft(price.model, price.input, price.output, cache_read, cache_write)


def _usual(input: float, proportion: float) -> float:
    return round(input * proportion, 6)


def _new_id() -> str:
    return f"price_{secrets.token_hex(8)}"


# The public list prices of the Claude models. Others have none until an administrator says so.
FIRST: Sequence[PriceDraft] = (
    PriceDraft("claude-opus-*", 5.0, 25.0),
    PriceDraft("claude-opus-4", 15.0, 75.0),
    PriceDraft("claude-opus-4.1", 15.0, 75.0),
    PriceDraft("claude-3-opus*", 15.0, 75.0),
    PriceDraft("claude-sonnet-*", 3.0, 15.0),
    PriceDraft("claude-haiku-*", 1.0, 5.0),
    PriceDraft("claude-3-5-haiku*", 0.8, 4.0),
    PriceDraft("claude-3-haiku*", 0.25, 1.25),
)
