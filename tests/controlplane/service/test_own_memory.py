"""What of callers' own accounts is in memory, and for how long."""

import asyncio

import pytest

from controlplane.domain.errors import GrantRejected
from controlplane.domain.lease import Refusal
from controlplane.service import own as module
from controlplane.service.roster import Seat
from tests.controlplane.fakes import NOW
from tests.controlplane.own_accounts import OTHER, TOKEN, Harness

DAY = 86_400


@pytest.fixture
async def own():
    made = Harness()
    yield made
    await made.own.close()
    await made.background.close()


async def test_fifty_first_requests_are_one_look_up_and_one_trade(own):
    own.provider.gate.clear()
    asks = [asyncio.create_task(own.ask()) for _ in range(50)]
    await own.idle()
    own.provider.gate.set()
    seats = await asyncio.gather(*asks)
    assert {id(seat) for seat in seats} == {id(own.own.find(own.token().account_id))}
    assert own.provider.traded == [TOKEN]
    assert own.store.log.count("find") == 1


async def test_an_account_in_use_is_there_at_once(own):
    first = await own.ask()
    assert own.own.seat(own.token()) is first
    assert first.credentials.bearer == "access-1"


async def test_a_flood_of_unknown_tokens_is_traded_a_few_at_a_time_and_fills_nothing(own, monkeypatch):
    monkeypatch.setattr(module, "MOST_REFUSALS", 20)
    own.provider.failure, own.provider.for_ever = GrantRejected("dead"), True
    own.provider.gate.clear()
    asks = [asyncio.create_task(own.ask(f"{TOKEN}-{number}")) for number in range(60)]
    await own.idle()
    assert len(own.provider.traded) == module.FIRST_AT_A_TIME
    own.provider.gate.set()
    assert all(isinstance(said, Refusal) for said in await asyncio.gather(*asks))
    assert len(own.own) == 0
    assert len(own.own._refusals) == 20
    await own.own.prune(own.clock.now() + 60)
    assert len(own.own._refusals) == 0
    assert own.own._books.machines == {}
    assert own.own.refreshing._setbacks == {}
    assert own.store.rows == {}


async def test_so_many_wait_and_no_more(own, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    own.provider.gate.clear()
    waiting = [asyncio.create_task(own.ask(f"{TOKEN}-{number}")) for number in range(3)]
    await own.idle()
    assert await own.ask() is module.BUSY
    own.provider.gate.set()
    assert all(isinstance(said, Seat) for said in await asyncio.gather(*waiting))
    assert isinstance(await own.ask(), Seat)


async def test_a_full_memory_loses_the_least_lately_used_that_nothing_hangs_on(own, monkeypatch):
    monkeypatch.setattr(module, "MOST_SEATS", 3)
    seats = [await own.ask(f"{TOKEN}-{number}") for number in range(3)]
    seats[0].candidate.in_flight = 1
    await own.ask(f"{TOKEN}-1")
    own.clock.time += 60
    await own.ask()
    assert [own.own.find(seat.account.id) is not None for seat in seats] == [True, True, False]
    # what left memory is found again, with nothing lost
    assert (await own.ask(f"{TOKEN}-2")).credentials == seats[2].credentials
    assert len(own.provider.traded) == 4


async def test_what_was_handed_out_a_moment_ago_and_what_is_not_stored_stay_however_full(own, monkeypatch):
    monkeypatch.setattr(module, "MOST_SEATS", 1)
    unstored, handed = own.token(), own.token(OTHER)
    put, own.store.put = own.store.put, _broken
    await own.ask()
    own.store.put = put
    own.clock.time += 60
    await own.ask(OTHER)
    await own.ask(TOKEN + "-third")
    assert own.own.find(unstored.account_id)
    assert own.own.find(handed.account_id)


async def _broken(row, version):
    raise OSError("the database is away")


async def test_a_use_is_stored_once_an_hour(own):
    await own.ask()
    for _ in range(10):
        own.clock.time += 600
        await own.ask()
        await own.idle()
    assert own.store.log.count("touch") == 1
    assert own.row().used_at == NOW + 3600


async def test_what_nobody_uses_leaves_memory_after_an_hour_and_the_database_after_thirty_days(own):
    idle, busy = await own.ask(), await own.ask(OTHER)
    busy.candidate.in_flight = 1
    own.clock.time += 3600
    assert await own.own.prune(own.clock.now()) == 0
    assert own.own.find(idle.account.id) is None
    assert own.own.find(busy.account.id) is busy
    own.clock.time += module.LONGEST_REQUEST - 3600
    await own.own.prune(own.clock.now())
    assert own.own.find(busy.account.id) is None
    own.clock.time = NOW + 30 * DAY
    assert await own.own.prune(own.clock.now()) == 0
    own.clock.time += 1
    assert await own.own.prune(own.clock.now()) == 2


async def test_each_use_begins_the_thirty_days_anew(own):
    await own.ask()
    for _ in range(3):
        own.clock.time += 29 * DAY
        own.restart()
        await own.ask()
        await own.idle()
        assert await own.own.prune(own.clock.now()) == 0
    assert own.row() is not None


async def test_a_caller_that_leaves_ends_it_for_nobody_else(own):
    own.provider.gate.clear()
    first, second = asyncio.create_task(own.ask()), asyncio.create_task(own.ask())
    await own.idle()
    first.cancel()
    await own.idle()
    own.provider.gate.set()
    assert isinstance(await second, Seat)


async def test_a_trade_under_way_at_the_end_reaches_the_database(own):
    own.provider.gate.clear()
    asking = asyncio.create_task(own.ask())
    await own.idle()
    closing = asyncio.create_task(own.own.close())
    await own.idle()
    own.provider.gate.set()
    await closing
    assert own.row().credentials.refresh_token == TOKEN + "+1"
    assert asking.cancelled()
