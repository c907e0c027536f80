"""Shortening when it takes long: who waits and for how long, who leaves, and what becomes of what was begun."""

import asyncio

import pytest

from summarizer import compressing
from summarizer.compressing import Passed, Shortened, Source, Why
from summarizer.ports import Errand
from tests.summarizer.compressing_world import LONG, World


@pytest.fixture
def world():
    return World()


async def test_there_is_only_so_much_time_and_what_was_begun_goes_on(world):
    world.model.slow.add(2)
    assert await world.compress(LONG, seconds=0.2) == Passed(Why.LATE, 200)
    asked = len(world.model.prompts)
    assert await world.compress(LONG, seconds=0.2) == Passed(Why.LATE), "it waits for the same, and asks for nothing"
    assert len(world.model.prompts) == asked
    world.model.released.set()
    assert (await world.compress(LONG)).source is Source.MEMORY
    assert world.model.ended == 0
    assert not world.compressing._makings


@pytest.mark.parametrize(("room", "waits"), [(0, False), (200_000, False), (24_000, True)])
async def test_a_conversation_that_can_go_as_it_is_does_not_wait_long(world, monkeypatch, room, waits):
    monkeypatch.setattr(compressing, "FITTING_SECONDS", 0.05)
    world.model.slow.add(0)
    asking = asyncio.ensure_future(world.compress(LONG, seconds=60, room=room))
    await asyncio.wait([asking], timeout=0.5)
    assert asking.done() is not waits
    world.model.released.set()
    assert isinstance(await asking, Shortened if waits else Passed)


async def test_a_client_that_leaves_ends_the_call_and_leaves_what_was_made(world):
    world.model.slow.add(3)
    task = asyncio.ensure_future(world.compress(LONG))
    await world.model.stuck.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await world.compressing.close()
    await world.recall.drain()
    assert world.model.ended == 1
    assert (await world.restarted().compress(LONG)).source is Source.INCREMENTAL


async def test_a_client_that_leaves_does_not_end_what_another_waits_for(world):
    world.model.slow.add(0)
    first, second = (asyncio.ensure_future(world.compress(LONG)) for _ in range(2))
    await world.model.stuck.wait()
    first.cancel()
    await asyncio.wait([first])
    world.model.released.set()
    assert (await second).source is Source.MEMORY
    assert world.model.ended == 0


async def test_nothing_goes_on_for_ever(world, monkeypatch):
    monkeypatch.setattr(compressing, "LONGEST_SECONDS", 0.1)
    world.model.slow.add(1)
    assert await world.compress(LONG) == Passed(Why.LATE, 100)
    assert world.model.ended == 1
    assert (await world.restarted().compress(LONG)).source is Source.INCREMENTAL


async def test_at_the_end_of_the_process_what_was_made_is_kept(world):
    world.model.slow.add(2)
    assert (await world.compress(LONG, seconds=0.1)).why is Why.LATE
    await world.compressing.close()
    await world.recall.drain()
    assert world.model.ended == 1
    assert (await world.restarted().compress(LONG)).source is Source.INCREMENTAL


async def test_who_comes_back_at_once_begins_anew():
    """Also while the call of the request that was left is still being ended."""
    for steps in range(12):
        world = World()
        world.model.slow.add(0)
        task = asyncio.ensure_future(world.compress(LONG))
        await world.model.stuck.wait()
        task.cancel()
        for _ in range(steps):
            await asyncio.sleep(0)
        again = asyncio.ensure_future(world.compress(LONG))
        await asyncio.wait([task, again])
        assert isinstance(again.result(), Shortened), steps


async def test_only_so_many_are_made_at_a_time(world, monkeypatch):
    monkeypatch.setattr(compressing, "MOST_OF_A_KEY", 2)
    world.model.slow.update(range(10))
    for begin in (0, 2, 4):
        assert await world.compress(LONG[begin:], seconds=0.05) == Passed(Why.LATE)
    assert len(world.model.prompts) == 2
    assert (await world.compress(LONG, errand=Errand("key-2", "req_2"), seconds=0.05)).why is Why.LATE
    assert len(world.model.prompts) == 3
    await world.compressing.close()


async def test_a_defect_behind_a_request_is_told(world, caplog):
    async def defective(*_):
        await asyncio.sleep(0.05)
        raise KeyError("what")

    world.model.ask = defective
    assert (await world.compress(LONG, seconds=0.01)).why is Why.LATE
    await asyncio.sleep(0.1)
    assert "a summary could not be made" in caplog.text
