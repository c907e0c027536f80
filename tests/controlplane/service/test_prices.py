import asyncio
import math

import pytest

from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.outcome import Usage
from controlplane.service import prices as module
from controlplane.service.prices import PriceDraft, Prices
from controlplane.service.runtime_settings import RuntimeSettings
from tests.controlplane.fakes import MemoryPrices, MemorySettings

MILLION_OUT = Usage(output=1_000_000)


async def loaded(store, setting_store):
    """A price table as after a start of the process."""
    settings = RuntimeSettings(setting_store)
    await settings.load()
    prices = Prices(store)
    await prices.load(settings)
    return prices


@pytest.fixture
def stores():
    return MemoryPrices(), MemorySettings()


@pytest.fixture
async def prices(stores):
    return await loaded(*stores)


@pytest.mark.parametrize(
    ("model", "input", "output"),
    [
        ("claude-opus-4.5", 5, 25),
        ("claude-opus-4.8", 5, 25),
        ("claude-opus-4", 15, 75),
        ("claude-opus-4.1", 15, 75),
        ("claude-sonnet-4", 3, 15),
        ("claude-sonnet-4.5-1m", 3, 15),
        ("claude-haiku-4.5", 1, 5),
        ("claude-3-opus-20240229", 15, 75),
        ("claude-3-haiku-20240307", 0.25, 1.25),
        ("claude-3-5-haiku-20241022", 0.8, 4),
        ("claude-3-5-sonnet-20241022", 3, 15),
    ],
)
async def test_the_first_start_brings_list_prices(prices, model, input, output):
    found = prices.find("kiro", model)
    assert (found.input, found.output) == (input, output)
    assert (found.cache_read, found.cache_write) == (pytest.approx(input * 0.1), pytest.approx(input * 1.25))
    assert prices.find("kiro", "gpt-5.6-sol") is None


async def test_what_was_deleted_does_not_return(stores, prices):
    for price in prices.list():
        await prices.remove(price.id)
    await prices.create(PriceDraft("auto", 1.0, 2.0))
    again = await loaded(*stores)
    assert [price.model for price in again.list()] == ["auto"]
    assert again.find("kiro", "claude-opus-4.5") is None


async def test_a_first_start_that_was_interrupted_is_repeated_without_doubles(stores, prices):
    stores[1].stored.clear()
    again = await loaded(*stores)
    assert sorted(price.model for price in again.list()) == sorted(price.model for price in prices.list())


async def test_a_change_holds_at_once_and_after_a_restart(stores, prices):
    assert prices.cost("kiro", "claude-sonnet-4.5", MILLION_OUT) == 15.0
    made = await prices.create(PriceDraft(" claude-sonnet-4-5 ", 1.0, 2.0))
    assert (made.model, made.cache_read, made.cache_write) == ("claude-sonnet-4-5", 0.1, 1.25)
    assert prices.cost("kiro", "claude-sonnet-4.5", MILLION_OUT) == 2.0
    before, changed = await prices.update(made.id, {"output": 3.0, "cache_read": 0.0})
    assert before == made
    assert (changed.input, changed.output, changed.cache_read, changed.cache_write) == (1.0, 3.0, 0.0, 1.25)
    assert (await prices.update(made.id, {"cache_read": None, "input": 10.0}))[1].cache_read == 1.0
    again = await loaded(*stores)
    assert again.cost("kiro", "claude-sonnet-4.5", MILLION_OUT) == 3.0
    assert again.get(made.id) == prices.get(made.id)
    assert await prices.remove(made.id) == again.get(made.id)
    assert prices.cost("kiro", "claude-sonnet-4.5", MILLION_OUT) == 15.0


@pytest.mark.parametrize(
    ("cached", "changes", "after"),
    [
        ((None, None), {"input": 10.0}, (1.0, 12.5)),
        ((None, None), {"input": 0.3}, (0.03, 0.375)),
        ((0.3, 3.75), {"input": 10.0}, (1.0, 12.5)),
        ((0.4, 0.0), {"input": 10.0}, (0.4, 0.0)),
        ((0.4, None), {"input": 10.0}, (0.4, 12.5)),
        ((None, None), {"input": 10.0, "cache_read": 0.3}, (0.3, 12.5)),
        ((0.4, 0.0), {"input": 10.0, "cache_read": None}, (1.0, 0.0)),
        ((None, None), {"output": 1.0}, (0.3, 3.75)),
    ],
)
async def test_prices_of_the_cache_follow_the_input_they_were_made_from(prices, cached, changes, after):
    made = await prices.create(PriceDraft("auto", 3.0, 15.0, *cached))
    _, changed = await prices.update(made.id, changes)
    assert (changed.cache_read, changed.cache_write) == after


async def test_changes_at_once_make_a_chain(prices):
    made = await prices.create(PriceDraft("auto", 1.0, 1.0))
    pairs = await asyncio.gather(*(prices.update(made.id, {"output": figure}) for figure in (2.0, 3.0, 4.0)))
    assert [before.output for before, _ in pairs] == [1.0, 2.0, 3.0]
    assert [after.output for _, after in pairs] == [2.0, 3.0, 4.0]


async def test_a_price_of_a_kind_is_no_other_kinds(prices):
    await prices.create(PriceDraft("anthropic/claude-sonnet-4.5", 1.0, 2.0))
    assert prices.cost("anthropic", "claude-sonnet-4-5-20250929", MILLION_OUT) == 2.0
    assert prices.cost("kiro", "claude-sonnet-4.5", MILLION_OUT) == 15.0


async def test_what_is_not_there(prices):
    for attempt in (prices.update("price_x", {}), prices.remove("price_x")):
        with pytest.raises(Absent):
            await attempt
    with pytest.raises(Absent):
        prices.get("price_x")


async def test_a_model_has_one_price(prices):
    with pytest.raises(Duplicate):
        await prices.create(PriceDraft("Claude-Opus-*", 1.0, 1.0))
    made = await prices.create(PriceDraft("auto", 1.0, 1.0))
    with pytest.raises(Duplicate):
        await prices.update(made.id, {"model": "claude-opus-*"})
    assert (await prices.update(made.id, {"model": "AUTO"}))[1].model == "AUTO"


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (PriceDraft("", 1, 1), "model"),
        (PriceDraft(" ", 1, 1), "model"),
        (PriceDraft("a\nb", 1, 1), "model"),
        (PriceDraft("a" * 201, 1, 1), "model"),
        (PriceDraft("a", -1, 1), "input"),
        (PriceDraft("a", 1, math.nan), "output"),
        (PriceDraft("a", 1, 1, math.inf), "cacheRead"),
        (PriceDraft("a", 1, 1, 1, 1_000_001), "cacheWrite"),
    ],
)
async def test_nonsense(prices, stores, draft, field):
    before = dict(stores[0].stored)
    with pytest.raises(Invalid) as caught:
        await prices.create(draft)
    assert caught.value.field == field
    assert stores[0].stored == before


async def test_made_up_models_do_not_fill_the_memory(prices, monkeypatch):
    monkeypatch.setattr(module, "MOST_MODELS", 3)
    for number in range(10):
        assert prices.find("kiro", f"m{number}") is None
    assert len(prices._found) <= 3
