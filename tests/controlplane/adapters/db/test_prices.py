from dataclasses import replace

import pytest

from controlplane.adapters.db.prices import DatabasePrices
from controlplane.domain.errors import Absent, Duplicate
from controlplane.domain.price import Price

ONE = Price("price_1", "claude-*", 3.0, 15.0, 0.3, 3.75)


@pytest.fixture
def prices(engine):
    return DatabasePrices(engine)


async def test_prices(prices):
    two = replace(ONE, id="price_2", model="auto")
    await prices.add(ONE)
    await prices.add(two)
    assert list(await prices.load()) == [two, ONE]
    changed = replace(ONE, input=4.0)
    await prices.save(changed)
    await prices.remove("price_2")
    assert list(await prices.load()) == [changed]


async def test_a_model_has_one_price(prices):
    """Another control plane may have added it: this one's memory does not know."""
    await prices.add(ONE)
    with pytest.raises(Duplicate):
        await prices.add(replace(ONE, id="price_2"))
    await prices.add(replace(ONE, id="price_2", model="auto"))
    with pytest.raises(Duplicate):
        await prices.save(replace(ONE, id="price_2"))
    with pytest.raises(Absent):
        await prices.save(replace(ONE, id="price_3", model="other"))


async def test_seeds_leave_alone_what_is_there(prices):
    await prices.add(ONE)
    await prices.seed([replace(ONE, id="price_2", input=9.0), replace(ONE, id="price_3", model="auto")])
    assert [price.id for price in await prices.load()] == ["price_3", "price_1"]
