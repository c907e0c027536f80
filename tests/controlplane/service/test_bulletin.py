"""What data planes are told, and when they are told anew."""

import asyncio

from controlplane.domain.route import Match, Route, Target
from tests.controlplane.fakes import HAIKU, SONNET


async def test_the_version_grows_with_changes_of_the_models_only(world):
    seat = world.seat(await world.account("one"))
    version = world.bulletin.version
    await world.catalogue.fetch(seat)
    assert world.bulletin.version == version
    world.provider.offers = (SONNET,)
    waiting = asyncio.create_task(world.bulletin.change(version))
    await world.catalogue.fetch(seat)
    await asyncio.wait_for(waiting, 1)
    assert world.bulletin.version == version + 1
    assert [model.facts.id for model in world.bulletin.models()] == [SONNET.id]


async def test_routes_change_it_too(world):
    await world.account("one")
    version = world.bulletin.version
    world.catalogue.route((Route("best", Match.EXACT, (Target("kiro", HAIKU.id),)),))
    assert world.bulletin.version == version + 1
    world.catalogue.route(())
    assert world.bulletin.version == version + 2


async def test_and_how_conversations_are_shortened(world):
    version = world.bulletin.version
    waiting = asyncio.create_task(world.bulletin.change(version))
    await world.settings.change({"compressionTokens": 20_000})
    await asyncio.wait_for(waiting, 1)
    assert world.bulletin.version == version + 1
    assert world.bulletin.compression.tokens == 20_000


async def test_what_they_are_not_told_wakes_nobody(world):
    version = world.bulletin.version
    await world.settings.change({"schedulingMode": "balanced", "compressionTokens": None, "compressionMessages": 200})
    await world.settings.put({"sealCheck": "x"})
    assert world.bulletin.version == version
