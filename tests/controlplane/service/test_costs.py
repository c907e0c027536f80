import math

import pytest

from controlplane.domain.limits import Amounts
from controlplane.domain.outcome import Ending, Entry, Source, Usage
from controlplane.domain.price import Price
from controlplane.service import costs as module
from controlplane.service.costs import Costs
from controlplane.service.prices import Prices
from tests.controlplane.fakes import MemoryPrices, MemorySettings, outcome
from tests.controlplane.service.test_prices import loaded

SONNET = "claude-sonnet-4.5"


@pytest.fixture
async def costs():
    store = MemoryPrices()
    await store.add(Price("p", "claude-sonnet-*", 3.0, 15.0, 0.3, 3.75))
    return Costs(await loaded(store, MemorySettings()))


def ended(credit=0.0, source=Source.UNKNOWN, model=SONNET, kind="kiro", **given):
    values = {"usage": Usage(input=10, output=7, credits=credit, credits_source=source), **given}
    return Entry(outcome("ls_1", **values), "key_1", model, "acc_1", kind, model)


def test_what_a_request_reserves(costs):
    assert costs.claim("kiro", SONNET, 1.3, 1000, 200) == Amounts(1, 1300, 1_300_000)
    assert costs.claim("kiro", SONNET, 1.3, 1001, 100_000) == Amounts(1, 1102 + 4096, 1_300_000)
    assert costs.claim("kiro", SONNET, 1.3, 0, 0) == Amounts(1, 4096, 1_300_000)
    assert costs.claim("openai", "gpt", 1.3, 10, 1) == Amounts(1, 12, 0)
    assert (costs.output(0), costs.output(5), costs.output(9999)) == (4096, 5, 4096)


@pytest.mark.parametrize(("model", "credit"), [("claude-opus-4.5", 5.0), ("claude-haiku-4.5", 0.2), ("auto", 1.0)])
def test_rates_that_nobody_tells(costs, model, credit):
    assert costs.claim("kiro", model, 0, 1, 1).credits == credit * 1_000_000


def test_reservations_learn_what_requests_cost(costs):
    for _ in range(20):
        costs.settle(ended(2.6, Source.UPSTREAM))
    assert costs.claim("kiro", SONNET, 1.3, 1, 1).credits == 2_600_000
    assert costs.claim("kiro", "claude-sonnet-4", 1.3, 1, 1).credits == 1_300_000
    costs.settle(ended(4.0, Source.UPSTREAM))
    assert costs.claim("kiro", SONNET, 1.3, 1, 1).credits == 4_000_000
    assert costs.claim("kiro", SONNET, 2.6, 1, 1).credits == 8_000_000


def test_what_a_request_came_to(costs):
    entry = ended(0.25, Source.UPSTREAM, usage=Usage(1000, 2000, 100, 10, 5, 0.25, credits_source=Source.UPSTREAM))
    assert costs.settle(entry) == Amounts(1, 3110, 250_000)
    assert entry.counted
    assert costs.spent(entry) == Amounts(1, 3110, 250_000), "asked again, and nothing is learned twice"
    assert entry.cost == pytest.approx(0.004125)
    assert entry.outcome.usage.credits == 0.25


def test_a_model_without_a_price_costs_nothing(costs):
    entry = ended(0.25, Source.UPSTREAM, model="auto")
    costs.settle(entry)
    assert entry.cost == 0.0


def test_credits_that_were_not_told_are_estimated(costs):
    costs.claim("kiro", SONNET, 1.3, 1, 1)
    first = ended()
    assert costs.settle(first).credits == 1_300_000, "while nothing is known: one request's worth"
    assert first.outcome.usage.credits_source == Source.ESTIMATED
    costs.settle(ended(0.2, Source.UPSTREAM))
    costs.settle(ended(0.4, Source.UPSTREAM))
    entry = ended()
    assert costs.settle(entry) == Amounts(1, 17, 300_000)
    assert entry.outcome.usage.credits == pytest.approx(0.3)
    again = ended()
    costs.settle(again)
    assert again.outcome.usage.credits == pytest.approx(0.3), "an estimate teaches nothing"


@pytest.mark.parametrize(
    ("entry", "spent"),
    [
        (ended(kind="openai"), Amounts(1, 17, 0)),
        (ended(0.0, Source.UPSTREAM), Amounts(1, 17, 0)),
        (ended(usage=Usage(input=10)), Amounts(1, 10, 0)),
        (ended(usage=Usage(), ending=Ending.FAILED), Amounts(0, 0, 0)),
        (ended(usage=Usage(), ending=Ending.CANCELLED), Amounts(0, 0, 0)),
        (ended(usage=Usage(credits=0.5, credits_source=Source.UPSTREAM), ending=Ending.FAILED), Amounts(1, 0, 500_000)),
        (ended(math.nan, Source.UPSTREAM), Amounts(1, 17, 0)),
    ],
)
def test_what_is_not_estimated(costs, entry, spent):
    source = entry.outcome.usage.credits_source
    assert costs.settle(entry) == spent
    assert entry.outcome.usage.credits_source == source
    assert entry.counted is bool(spent.requests)


def test_a_data_plane_of_the_previous_release_does_not_say_where_credits_came_from(costs):
    entry = ended(2.0)
    assert costs.settle(entry).credits == 2_000_000
    assert entry.outcome.usage.credits_source == Source.UPSTREAM
    assert costs.claim("kiro", SONNET, 1.0, 1, 1).credits == 2_000_000


def test_what_was_learned_survives_a_restart(costs):
    costs.load([(SONNET, 2.0), (SONNET, 6.0), ("auto", math.nan)])
    assert costs.claim("kiro", SONNET, 2.0, 1, 1).credits == 6_000_000
    entry = ended()
    costs.settle(entry)
    assert entry.outcome.usage.credits == pytest.approx(4.0)


def test_made_up_models_do_not_fill_the_memory(costs, monkeypatch):
    monkeypatch.setattr(module, "MOST_MODELS", 3)
    for number in range(10):
        costs.settle(ended(2.0, Source.UPSTREAM, model=f"m{number}"))
    assert len(costs._learned) == 3
    assert costs.claim("kiro", "m9", 1.0, 1, 1).credits == 2_000_000


async def test_without_any_price_everything_is_free():
    entry = ended(0.5, Source.UPSTREAM)
    assert Costs(Prices(MemoryPrices())).settle(entry) == Amounts(1, 17, 500_000)
    assert entry.cost == 0.0
