"""Routes of the price table."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field, Strict, StringConstraints

from controlplane.domain.errors import Invalid
from controlplane.domain.price import Price
from controlplane.rest import errors
from controlplane.rest.audit import Audited
from controlplane.rest.schemas import Body, Page, Text, View, cut
from controlplane.rest.wired import Wired
from controlplane.service.prices import HIGHEST, PriceDraft

router = APIRouter(prefix="/api/prices", tags=["prices"])

Model = Annotated[Text, StringConstraints(min_length=1)]
# Text and truth are no amounts.
Dollars = Annotated[float, Strict(), Field(ge=0, le=HIGHEST, allow_inf_nan=False)]


class PriceChange(Body):
    """What of a price is changed, in US dollars for a million tokens."""

    model: Model | None = Field(
        None,
        description="A public name, * stands for any run of characters; the one that says most of a name wins. "
        "Behind a kind, as in openai/gpt-*, for that kind alone, and before all others there",
    )
    input: Dollars | None = None
    output: Dollars | None = None
    cache_read: Dollars | None = Field(None, description="null: 0.1 of input")
    cache_write: Dollars | None = Field(None, description="null: 1.25 of input")

    def changes(self) -> dict[str, Any]:
        """The fields the caller named, by the names of PriceDraft. Raises Invalid for one that is cleared but cannot be."""
        named = self.model_dump(exclude_unset=True)
        for name in REQUIRED:
            if name in named and named[name] is None:
                raise Invalid(f"{name} cannot be cleared", name)
        return named


class PriceBody(PriceChange):
    """A new price."""

    model: Model
    input: Dollars
    output: Dollars


class PriceRead(View):
    """US dollars for a million tokens."""

    id: str
    model: str
    input: float
    output: float
    cache_read: float
    cache_write: float

    @classmethod
    def of(cls, price: Price) -> "PriceRead":
        return cls(
            id=price.id,
            model=price.model,
            input=price.input,
            output=price.output,
            cache_read=price.cache_read,
            cache_write=price.cache_write,
        )


class PriceList(View):
    prices: list[PriceRead]
    next_cursor: str | None
    total: int


@router.get("")
async def list_prices(services: Wired, query: Annotated[Page, Query()]) -> PriceList:
    """All prices, by model. A request keeps the cost it had when it ended."""
    prices = services.prices.list()
    found, cursor = cut(prices, _place, query)
    return PriceList(prices=[PriceRead.of(price) for price in found], next_cursor=cursor, total=len(prices))


@router.post("", status_code=201, responses=errors.TAKEN)
async def create_price(services: Wired, audited: Audited, body: PriceBody) -> PriceRead:
    """Add a price; it holds for requests that end from now on."""
    made = PriceRead.of(await services.prices.create(PriceDraft(**body.changes())))
    await audited.note("price.create", made.id, made.model, after=made)
    return made


@router.put("/{price_id}", responses={**errors.ABSENT, **errors.TAKEN})
async def update_price(services: Wired, audited: Audited, price_id: str, body: PriceChange) -> PriceRead:
    """Change what the body names. Prices of the cache that stand in the usual proportion to `input` follow it."""
    before, after = map(PriceRead.of, await services.prices.update(price_id, body.changes()))
    await audited.note("price.update", after.id, after.model, before=before, after=after)
    return after


@router.delete("/{price_id}", status_code=204, responses=errors.ABSENT)
async def delete_price(services: Wired, audited: Audited, price_id: str) -> Response:
    """Remove a price; models that only it applied to cost nothing from now on."""
    before = PriceRead.of(await services.prices.remove(price_id))
    await audited.note("price.delete", before.id, before.model, before=before)
    return Response(status_code=204)


def _place(price: Price) -> str:
    return f"{price.model} {price.id}"


REQUIRED = ("model", "input", "output")
