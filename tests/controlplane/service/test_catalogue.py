from dataclasses import replace

import pytest

from controlplane.domain.errors import AccessRejected, CallForbidden, ProviderUnavailable
from controlplane.domain.model import ModelFacts
from controlplane.domain.route import Match, Route, Target
from controlplane.policy import wellknown
from controlplane.service.catalogue import stale
from tests.controlplane.fakes import HAIKU, NOW, SONNET


def ids(world):
    return [listed.facts.id for listed in world.catalogue.models()]


async def test_without_accounts_names_are_known_but_nothing_is_listed(world):
    assert world.catalogue.models() == ()
    assert world.catalogue.meanings.resolve("claude-sonnet-4-5").targets == (Target("kiro", "claude-sonnet-4.5"),)
    assert world.catalogue.meanings.resolve("gpt-4") is None


async def test_the_well_known_models_stand_in_until_the_list_is_there(world):
    world.provider.failure, world.provider.for_ever = ProviderUnavailable("503"), True
    made = await world.account("one")
    assert ids(world) == sorted(model.id for model in wellknown.MODELS["kiro"])
    assert world.account_store.stored[made].models_at == 0
    world.provider.failure = None
    await world.catalogue.tend(world.seat(made))
    assert len(ids(world)) > 2, "asked again only after a while"
    world.clock.time += 61
    await world.catalogue.tend(world.seat(made))
    assert ids(world) == [HAIKU.id, SONNET.id]


async def test_a_stored_list_serves_at_once_after_a_restart(world):
    await world.account("one")
    calls = len(world.provider.calls)
    await world.restart()
    assert ids(world) == [HAIKU.id, SONNET.id]
    assert len(world.provider.calls) == calls


async def test_an_empty_list_is_an_answer(world):
    world.provider.offers = ()
    await world.account("one")
    assert ids(world) == []


async def test_the_table_is_merged_and_keeps_first_sightings(world):
    await world.account("one")
    world.clock.time += 100
    world.provider.offers = (ModelFacts(SONNET.id, "", 1_000_000, 128_000), ModelFacts("glm-5"))
    await world.account("two")
    listed = {model.facts.id: model for model in world.catalogue.models()}
    assert set(listed) == {HAIKU.id, SONNET.id, "glm-5"}
    facts = listed[SONNET.id].facts
    assert (facts.context_window, facts.max_output, facts.created) == (1_000_000, 128_000, int(NOW))
    assert listed[SONNET.id].aliases == ("claude-sonnet-4-5",)
    assert world.catalogue.facts(Target("kiro", SONNET.id)).context_window == 1_000_000
    assert world.catalogue.facts(Target("kiro", "none")).context_window == 0
    assert world.catalogue.facts(Target("openai", SONNET.id)).context_window == 0


async def test_lists_are_fetched_again_every_hour(world):
    seat = world.seat(await world.account("one"))
    seat.credentials = type(seat.credentials)("r", "a", expires_at=0)
    world.clock.time += 3000
    await world.catalogue.tend(seat)
    asked = len(world.provider.calls)
    world.clock.time += 3599
    await world.catalogue.tend(seat)
    assert len(world.provider.calls) == asked
    world.clock.time += 1
    await world.catalogue.tend(seat)
    assert len(world.provider.calls) == asked + 1
    world.provider.offers = (SONNET,)
    world.clock.time += 3700
    await world.catalogue.tend(seat)
    assert ids(world) == [SONNET.id]


async def test_many_invented_names_do_not_fill_the_memory(world):
    await world.account("one")
    for number in range(5000):
        world.catalogue.meanings.resolve(f"invented-{number}")
    assert world.catalogue.meanings.resolve("x" * 100_000) is None
    assert len(world.catalogue.meanings._resolved) <= 1024


@pytest.mark.parametrize(("failure", "calls", "trades"), [(CallForbidden("plan"), 1, 0), (AccessRejected("401"), 2, 1)])
async def test_a_list_that_is_refused_is_not_asked_for_every_minute(world, failure, calls, trades):
    seat = world.seat(await world.account("one"))
    seat.credentials = replace(seat.credentials, expires_at=int(NOW) + 99_999)
    asked = []

    async def models(account, bearer):
        asked.append(bearer)
        raise failure

    world.provider.models = models
    world.clock.time = NOW + 3600
    for _ in range(20):
        await world.catalogue.tend(seat)
        world.clock.time += 120
    assert (len(asked), len(world.provider.traded)) == (calls, trades)
    world.clock.time = NOW + 7200
    seat.credentials = replace(seat.credentials, expires_at=int(NOW) + 99_999)
    await world.catalogue.tend(seat)
    assert len(asked) == 2 * calls


async def test_a_new_account_s_list_is_read_again_after_a_minute_and_after_five(world):
    world.provider.offers = (SONNET,)
    seat = world.seat(await world.account("one"))
    world.provider.offers = (SONNET, HAIKU)
    asked = []
    for seconds in range(5, 700, 5):
        world.clock.time = NOW + seconds
        before = len(world.provider.calls)
        await world.catalogue.tend(seat)
        asked += [seconds] * (len(world.provider.calls) - before)
    assert asked == [60, 300]
    assert ids(world) == [HAIKU.id, SONNET.id]


async def test_an_old_account_s_list_is_left_alone_for_an_hour():
    for seconds in (0, 59, 61, 299, 301, 3599):
        assert not stale(int(NOW), int(NOW) - 86_400, NOW + seconds)
    assert stale(int(NOW), int(NOW) - 86_400, NOW + 3600)


async def test_a_routes_name_is_listed_with_the_first_model_that_anybody_offers(world):
    await world.account("one")
    version = world.bulletin.version
    world.catalogue.route(
        (
            Route("best", Match.EXACT, (Target("openai", "gpt-9"), Target("kiro", "claude-sonnet-4-5"), Target("kiro", HAIKU.id))),
            Route("none", Match.EXACT, (Target("openai", "gpt-9"),)),
            Route("any-", Match.PREFIX, (Target("kiro", SONNET.id),)),
        )
    )
    assert {listed.facts.id: listed.routes for listed in world.catalogue.models()} == {HAIKU.id: (), SONNET.id: ("best",)}
    assert world.bulletin.version == version + 1
    assert world.catalogue.meanings.resolve("best").route == "best"
    world.catalogue.route(())
    assert world.catalogue.meanings.resolve("best") is None
    assert world.bulletin.version == version + 2
    world.provider.offers = (HAIKU,)
    await world.catalogue.fetch(next(iter(world.roster)))
    assert world.bulletin.version == version + 3


async def test_what_a_name_meant_is_forgotten_with_each_change(world):
    assert world.catalogue.own.resolve("glm-5") is not None
    assert world.catalogue.meanings.resolve("best") is world.catalogue.own.resolve("best") is None
    world.catalogue.route((Route("best", Match.EXACT, (Target("kiro", "glm-5"),)),))
    assert world.catalogue.meanings.resolve("best") == world.catalogue.own.resolve("best")
    await world.account("one")
    assert world.catalogue.meanings.resolve("glm-5") is None
    assert world.catalogue.own.resolve("glm-5").targets == (Target("kiro", "glm-5"),)
