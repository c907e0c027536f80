"""Whose turn it is: order, giving up, leaving, dying, several processes."""

import asyncio
import itertools

import pytest

from summarizer.errors import Absent, Busy
from summarizer.kept import Bounds, Said
from summarizer.store import engine as database
from summarizer.store.sessions import Sessions
from summarizer.turns import Turns

LONG = 60_000  # milliseconds
numbers = itertools.count()


class Clock:
    def __init__(self):
        self.now = 1_000_000

    def __call__(self):
        return self.now


class Gated(Sessions):
    """A store whose claims are written, and told when `gate` is open. `fails` is raised by what ends them."""

    gate: asyncio.Event
    fails = None
    claimed = 0

    async def claim(self, *ask):
        got = await super().claim(*ask)
        self.claimed += 1
        await self.gate.wait()
        return got

    async def end(self, *ask):
        if self.fails:
            raise self.fails
        return await super().end(*ask)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(engine):
    store = Gated(engine, Bounds(), 3_600_000)
    store.gate = asyncio.Event()
    store.gate.set()
    return store


@pytest.fixture
async def turns(sessions, clock):
    made = Turns(sessions, clock)
    yield made
    await made.close()


def begin(turns, wait_ms, key="k", user="u"):
    """A turn with a name of its own."""
    return turns.begin(key, user, f"t{next(numbers)}", wait_ms, LONG)


def words(text):
    return [Said(by_assistant=False, text=text)]


async def until(true):
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.001)


async def queue(turns, count, wait_ms=LONG):
    """So many that wait for the session, in this order."""
    tasks = []
    for at in range(count):
        tasks.append(asyncio.ensure_future(begin(turns, wait_ms)))
        await until(lambda at=at: "u" in {user for _, user in turns._lines} and turns._lines["k", "u"].waiting == at + 1)
    return tasks


async def test_turns_come_in_the_order_in_which_they_were_asked_for(turns):
    turn = await begin(turns, 0)
    waiting = await queue(turns, 4)
    for at, task in enumerate(waiting):
        await turns.end("k", "u", turn.id, words(f"{at}"))
        turn = await asyncio.wait_for(task, 10)
        assert [one.text for one in turn.said] == [f"{each}" for each in range(at + 1)]
        assert not any(task.done() for task in waiting[at + 1 :])
    assert not turns._lines


async def test_who_has_waited_long_enough_is_told(turns):
    first = await begin(turns, 0)
    for wait in (0, 5):
        with pytest.raises(Busy):
            await begin(turns, wait)
    # Also those who never were first in line.
    ahead = await queue(turns, 1)
    with pytest.raises(Busy):
        await begin(turns, 5)
    await turns.end("k", "u", first.id, ())
    assert (await asyncio.wait_for(ahead[0], 10)).said == []
    assert not turns._lines


async def test_who_leaves_gives_up_its_place(turns):
    turn = await begin(turns, 0)
    first, second, third = await queue(turns, 3)
    second.cancel()
    first.cancel()
    await asyncio.wait((first, second))
    await turns.end("k", "u", turn.id, words("hello"))
    assert [one.text for one in (await asyncio.wait_for(third, 10)).said] == ["hello"]


async def test_who_leaves_while_it_is_given_the_turn_leaves_no_turn_behind(turns, sessions):
    sessions.gate.clear()
    (leaving,) = await queue(turns, 1)
    await until(lambda: sessions.claimed == 1)
    leaving.cancel()
    await asyncio.wait((leaving,))
    assert leaving.cancelled()
    sessions.gate.set()
    assert (await begin(turns, LONG)).said == []


async def test_giving_back_may_fail(turns, sessions, clock, caplog):
    sessions.gate.clear()
    sessions.fails = ConnectionResetError("hush")
    (leaving,) = await queue(turns, 1)
    await until(lambda: sessions.claimed == 1)
    leaving.cancel()
    await asyncio.wait((leaving,))
    sessions.gate.set()
    await turns.close()
    assert "turn not given back error=ConnectionResetError" in caplog.text
    with pytest.raises(Busy):
        await begin(turns, 0)
    clock.now += LONG
    assert await begin(turns, 0)


async def test_a_holder_that_died_is_waited_for_until_its_deadline(turns, clock):
    dead = await begin(turns, 0)
    (next_one,) = await queue(turns, 1)
    clock.now += LONG
    assert (await asyncio.wait_for(next_one, 10)).said == []
    with pytest.raises(Absent):
        await turns.end("k", "u", dead.id, words("late"))


async def test_forgetting_a_session_ends_its_turn(turns):
    await begin(turns, 0)
    (next_one,) = await queue(turns, 1)
    await turns.forget("k", "u")
    assert (await asyncio.wait_for(next_one, 10)).said == []


async def test_sessions_do_not_wait_for_each_other(turns):
    for key, user in (("k", "u"), ("k", "v"), ("x", "u")):
        await begin(turns, 0, key, user)


async def test_a_turn_may_end_by_way_of_another_process(turns, url, clock):
    other = database.connect(url)
    there = Turns(Sessions(other, Bounds(), 3_600_000), clock)
    turn = await begin(turns, 0)
    waiting = asyncio.ensure_future(begin(there, LONG))
    await until(lambda: there._lines)
    await turns.end("k", "u", turn.id, words("hello"))
    assert [one.text for one in (await asyncio.wait_for(waiting, 10)).said] == ["hello"]
    await other.dispose()


async def test_many_at_once_through_two_processes_interleave_nothing(turns, url, clock):
    other = database.connect(url)
    both = [turns, Turns(Sessions(other, Bounds(), 3_600_000), clock)]

    async def talk(at):
        mine = both[at % 2]
        turn = await begin(mine, LONG)
        await asyncio.sleep(0)
        await mine.end("k", "u", turn.id, words(f"after {len(turn.said)}"))

    await asyncio.wait_for(asyncio.gather(*map(talk, range(12))), 50)
    turn = await begin(turns, 0)
    assert [one.text for one in turn.said] == [f"after {at}" for at in range(12)]
    await other.dispose()
