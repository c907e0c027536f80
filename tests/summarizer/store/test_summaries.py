"""Summaries, wherever they are remembered: in both databases, in Redis, and in memory."""

import asyncio
import itertools
import random
from collections import OrderedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from summarizer.errors import StoreAway
from summarizer.memory import PART as PART_OF_ROOM
from summarizer.memory import Memory
from summarizer.shortening.summary import Summary
from summarizer.store import engine as database
from summarizer.store import summaries as summaries_module
from summarizer.store import summaries_redis
from summarizer.store.summaries import PART, SqlSummaries
from summarizer.store.summaries_redis import RedisSummaries
from summarizer.store.tables import summaries as table

# As long as anything lives: what Redis does by its own clock must not come in between.
LIFE = summaries_redis.LONGEST
STEP = LIFE // 10
MANY = 1000
number = itertools.count()
everywhere = pytest.mark.parametrize("place", ["memory", "sqlite", "postgres", "redis"], indirect=True)


class Awaited:
    """Memory as it is asked here."""

    def __init__(self, evicted, key_bytes):
        self.memory = Memory(key_bytes * PART_OF_ROOM, evicted)

    async def latest(self, *arguments):
        return self.memory.latest(*arguments)

    async def put(self, *arguments):
        self.memory.put(*arguments)


def remembering(opened, evicted=lambda _: None, key_bytes=summaries_redis.KEY_BYTES, all_bytes=summaries_redis.ALL_BYTES):
    kind, there = opened
    if kind == "memory":
        return Awaited(evicted, key_bytes)
    if kind == "redis":
        return RedisSummaries(there[0], evicted, key_bytes, all_bytes, there[1])
    return SqlSummaries(there, evicted, key_bytes, all_bytes)


@pytest.fixture
def store(opened):
    return remembering(opened)


def summary(name, turns=1, *sections):
    return Summary(name.encode(), turns, sections or (f"what {name} is about",))


def noise(seed, size=8000):
    """Text that cannot be stored smaller than half."""
    return random.Random(seed).randbytes(size // 2).hex()


async def there(store, names, now, key="k"):
    """Which of the names are remembered. Asking is using."""
    return [name for name in names if await store.latest(key, [name.encode()], now, LIFE) is not None]


@everywhere
async def test_the_one_for_most_turns_is_found(store):
    for name, turns in (("a", 20), ("c", 60), ("b", 40)):
        await store.put("k", summary(name, turns), 0, LIFE, MANY)
    assert await store.latest("k", [b"a", b"b", b"x", b"b"], 1, LIFE) == summary("b", 40)
    assert await store.latest("k", [b"c", b"a"], 1, LIFE) == summary("c", 60)
    assert await store.latest("k", [b"x"], 1, LIFE) is None
    assert await store.latest("k", [], 1, LIFE) is None


@everywhere
async def test_a_conversation_may_have_thousands_of_names(store):
    names = [f"{at}".encode() for at in range(5000)]
    for at, turns in ((3, 30), (4321, 12), (2500, 31)):
        await store.put("k", Summary(names[at], turns, (f"{at}",)), 0, LIFE, MANY)
    assert await store.latest("k", names, 1, LIFE) == Summary(names[2500], 31, ("2500",))
    assert await store.latest("k", names[::-1], 1, LIFE) == Summary(names[2500], 31, ("2500",))


async def test_texts_and_names_may_hold_anything(store):
    odd = Summary(b"\x00\xff:'", 2, ("\x00 ☃'\"%_😀", "", "\ud800 broken", "x" * 100_000))
    await store.put("k:1'%", odd, 0, LIFE, MANY)
    assert await store.latest("k:1'%", [b"\x00\xff:'"], 1, LIFE) == odd
    await store.put("k", Summary(b"", 1, ()), 0, LIFE, MANY)
    assert await store.latest("k", [b""], 1, LIFE) == Summary(b"", 1, ())


@everywhere
async def test_two_keys_with_the_same_names_never_see_each_other_s(store):
    await store.put("k1", summary("a", 1, "of the first"), 0, LIFE, MANY)
    assert await store.latest("k2", [b"a"], 1, LIFE) is None
    await store.put("k2", summary("a", 1, "of the second"), 0, LIFE, MANY)
    assert (await store.latest("k1", [b"a"], 1, LIFE)).sections == ("of the first",)
    assert (await store.latest("k2", [b"a"], 1, LIFE)).sections == ("of the second",)
    # Nor do they take each other's places.
    for at in range(5):
        await store.put("k2", summary(f"{at}"), 2, LIFE, 2)
    assert await there(store, "a", 3, "k1") == ["a"]


@everywhere
async def test_it_lives_so_long_after_its_last_use(store):
    await store.put("k", summary("a"), 0, LIFE, MANY)
    await store.put("k", summary("b"), 0, LIFE, MANY)
    assert await there(store, "a", LIFE - 1) == ["a"]
    assert await there(store, "ab", LIFE) == ["a"]
    assert await there(store, "a", 2 * LIFE) == []


@everywhere
async def test_a_shorter_life_holds_from_the_next_question_on(store):
    await store.put("k", summary("a"), 0, LIFE, MANY)
    assert await store.latest("k", [b"a"], LIFE // 2, LIFE // 2) is None
    assert await store.latest("k", [b"a"], LIFE // 2, LIFE // 2 + 1) is not None


async def test_a_use_is_not_written_down_every_time(store):
    await store.put("k", summary("a"), 0, LIFE, MANY)
    assert await there(store, "a", LIFE // PART) == ["a"]
    assert await there(store, "a", LIFE) == []


@everywhere
async def test_putting_it_again_replaces_it(store):
    await store.put("k", summary("a", 1, "one"), 0, LIFE, MANY)
    await store.put("k", summary("a", 1, "another"), LIFE // 2, LIFE, MANY)
    assert (await store.latest("k", [b"a"], LIFE, LIFE)).sections == ("another",)


@everywhere
async def test_of_more_than_so_many_the_longest_unused_go(opened):
    evicted = []
    store = remembering(opened, evicted.append)
    for at, name in enumerate("abcd"):
        await store.put("k", summary(name), at * STEP, LIFE, 4)
    assert await there(store, "a", 4 * STEP) == ["a"]
    await store.put("k", summary("e"), 5 * STEP, LIFE, 4)
    assert sum(evicted) == 1
    await store.put("k", summary("f"), 5 * STEP, LIFE, 2)
    assert sum(evicted) == 4
    assert await there(store, "abcdef", 6 * STEP) == ["e", "f"]
    await store.put("k", summary("late"), 0, LIFE, 1)  # by a clock that is slow
    assert await there(store, ["e", "f", "late"], 1) == ["late"]


@everywhere
async def test_of_more_bytes_than_a_key_may_have_the_longest_unused_go(opened):
    evicted = []
    store = remembering(opened, evicted.append, key_bytes=20_000)
    for at in range(6):
        await store.put("k", summary(f"{at}", 1, noise(at)), at * STEP, LIFE, MANY)
        await store.put("k", summary("0", 1, noise(0)), at * STEP, LIFE, MANY)  # the same again takes no more
    kept = await there(store, "012345", 6 * STEP)
    assert kept == ["0", *map(str, range(7 - len(kept), 6))]
    assert sum(evicted) == 6 - len(kept)
    # What is too large for the room is not kept, and nothing goes for it.
    await store.put("k", summary("huge", 1, noise(9, 60_000)), 7 * STEP, LIFE, MANY)
    assert await there(store, [*"012345", "huge"], 7 * STEP) == kept


async def test_of_more_bytes_than_all_may_have_the_longest_unused_go(opened):
    evicted = []
    store = remembering(opened, evicted.append, all_bytes=20_000)
    gone = 0
    for at in range(6):
        await store.put(f"k{at % 2}", summary(f"{at}", 1, noise(at, 7000)), at * STEP, LIFE, MANY)
        while opened[0] in ("sqlite", "postgres") and (more := await store.shrink()) is not None:  # by the clock
            gone += more
    kept = [(key, name) for name in "012345" for key in ("k0", "k1") if await there(store, name, 6 * STEP, key)]
    assert kept == [(f"k{at % 2}", f"{at}") for at in range(6 - len(kept), 6)]
    assert 2 <= len(kept) < 6
    assert gone + sum(evicted) == 6 - len(kept)


async def test_where_nobody_is_it_is_told(nowhere):
    store = remembering(nowhere)
    with pytest.raises(StoreAway):
        await store.latest("k", [b"a"], 0, LIFE)
    with pytest.raises(StoreAway):
        await store.put("k", summary("a"), 0, LIFE, MANY)


NAME = st.sampled_from("abcdef")
TURNS = {name: turns for turns, name in enumerate("cafebd")}
ACT = st.one_of(st.tuples(st.just("put"), NAME), st.tuples(st.just("latest"), st.lists(NAME, max_size=4)))
SCRIPT = st.lists(st.tuples(st.sampled_from(["k1", "k2"]), ACT, st.sampled_from([1, 1, 1, 4])), min_size=10, max_size=25)


class Model:
    """What has to come out, one key at a time."""

    def __init__(self):
        self.used = OrderedDict()

    def put(self, name, now, entries):
        self.used[name] = now
        self.used.move_to_end(name)
        self.used = OrderedDict(list(self.used.items())[-entries:])

    def latest(self, names, now):
        alive = [name for name in names if self.used.get(name, -LIFE) > now - LIFE]
        best = max(alive, key=TURNS.get, default=None)
        if best is not None:
            self.used[best] = now
            self.used.move_to_end(best)
        return best


@everywhere
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=SCRIPT, entries=st.integers(1, 4))
async def test_whatever_two_keys_do_each_has_what_it_used_last(opened, script, entries):
    store, run = remembering(opened), next(number)
    models = {"k1": Model(), "k2": Model()}
    now = LIFE
    for key, (act, what), steps in script:
        now += steps * STEP
        if act == "put":
            models[key].put(what, now, entries)
            await store.put(f"{run}-{key}", summary(what, TURNS[what], f"{key} {what}"), now, LIFE, entries)
        else:
            expected = models[key].latest(what, now)
            found = await store.latest(f"{run}-{key}", [name.encode() for name in what], now, LIFE)
            assert found == (None if expected is None else summary(expected, TURNS[expected], f"{key} {expected}"))


@everywhere
async def test_many_at_once(store):
    names = [f"{at}".encode() for at in range(20)]
    await asyncio.gather(*(store.put("k", Summary(name, at, ("x",)), at, LIFE, 10) for at, name in enumerate(names)))
    found = await asyncio.gather(*(store.latest("k", [name], 20, LIFE) for name in names))
    assert sum(one is not None for one in found) == 10
    assert await store.latest("k", names, 20, LIFE) is not None


class TestDatabase:
    @pytest.fixture
    def store(self, engine):
        return SqlSummaries(engine)

    async def test_what_has_expired_is_taken_away_and_the_rest_counted(self, store, engine):
        for at in range(5):
            await store.put("k", summary(f"{at}"), 0, 1000, MANY)
        await store.put("k2", summary("a"), 500, 1000, MANY)
        await store.latest("k", [b"0"], 900, 1000)
        assert [await store.prune(1000, 3) for _ in range(3)] == [3, 1, None]
        assert (await store.tally())[0] == 2
        async with engine.connect() as connection:
            assert (await connection.execute(select(func.count(), func.sum(table.c.bytes)))).one() == await store.tally()

    async def test_one_that_is_used_meanwhile_is_not_taken_away(self, store, monkeypatch):
        await store.put("k", summary("a"), 0, 1000, MANY)
        changing = summaries_module.changing

        def used_first(engine, key_id):
            async def use():
                await store.latest("k", [b"a"], 999, 1000)

            return Before(use, changing(engine, key_id))

        monkeypatch.setattr(summaries_module, "changing", used_first)
        assert await store.prune(1000, 10) == 0
        assert await store.latest("k", [b"a"], 1001, 1000) is not None

    async def test_a_bound_that_became_much_less_is_reached_by_and_by(self, store, monkeypatch):
        for at in range(9):
            await store.put("k", summary(f"{at}"), at, LIFE, MANY)
        monkeypatch.setattr(summaries_module, "STEP", 3)
        await store.put("k", summary("9"), 9, LIFE, 2)
        assert (await store.tally())[0] == 7
        await store.put("k", summary("9"), 9, LIFE, 2)
        assert await there(store, "0123456789", 10) == list("6789")

    async def test_one_that_says_nothing_is_not_waited_for(self):
        with pytest.raises(StoreAway):
            async with database.reached(0.01):
                await asyncio.Event().wait()


class Before:
    """Does something before another context is entered."""

    def __init__(self, first, then):
        self.first, self.then = first, then

    async def __aenter__(self):
        await self.first()
        return await self.then.__aenter__()

    async def __aexit__(self, *told):
        return await self.then.__aexit__(*told)


class TestRedis:
    async def test_everything_goes_by_itself(self, line, prefix):
        store = RedisSummaries(line, prefix=prefix)
        await store.put("k", summary("a"), 0, 5000, MANY)
        await store.latest("k", [b"a"], 4000, 20_000)
        names = [name async for name in line.redis.scan_iter(match=f"{{{prefix}}}*")]
        lives = {name.split(b":")[2]: await line.redis.pttl(name) for name in names}
        assert set(lives) == {b"text", b"used", b"all", b"kept", b"bytes"}
        assert 5000 < lives.pop(b"text") <= 20_000
        assert all(20_000 < left <= 2 * LIFE for left in lives.values())

    async def test_what_redis_let_go_is_not_found_and_no_longer_counted(self, line, prefix):
        store = RedisSummaries(line, prefix=prefix)
        for name in "ab":
            await store.put("k", summary(name, ord(name)), 0, LIFE, MANY)
        await line.redis.delete(f"{{{prefix}}}:summaries:text:{b'b'.hex()}:k")
        assert await store.latest("k", [b"a", b"b"], 1, LIFE) == summary("a", ord("a"))
        await store.put("k", summary("c"), LIFE, LIFE, MANY)
        assert await line.redis.hlen(f"{{{prefix}}}:summaries:kept") == 1
        await store.put("other", summary("d"), 3 * LIFE, LIFE, MANY)
        kept = await line.redis.hgetall(f"{{{prefix}}}:summaries:kept")
        assert list(kept) == [f"{b'd'.hex()}:other".encode()]
        assert await line.redis.get(f"{{{prefix}}}:summaries:bytes") == kept.popitem()[1].split()[1]

    async def test_one_that_lost_its_lists_is_no_trouble(self, line, prefix):
        store = RedisSummaries(line, prefix=prefix)
        await store.put("k", summary("a"), 0, LIFE, MANY)
        for lost in ("bytes", "used:k", "kept", "all"):
            await line.redis.delete(f"{{{prefix}}}:summaries:{lost}")
            await store.put("k", summary("b"), 1, LIFE, 1)
            assert await there(store, "b", 2) == ["b"]

    async def test_a_silent_one_is_asked_again_only_after_a_while(self, monkeypatch):
        met = []
        silent = await asyncio.start_server(lambda _, writer: met.append(writer), "127.0.0.1", 0)
        monkeypatch.setattr(summaries_redis, "TIMEOUT", 0.05)
        line = summaries_redis.connect(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}/0")
        store = RedisSummaries(line)
        for _ in range(3):
            with pytest.raises(StoreAway):
                await store.latest("k", [b"a"], 0, LIFE)
        asked = len(met)
        monkeypatch.setattr(line, "_again_at", 0)
        with pytest.raises(StoreAway):
            await store.latest("k", [b"a"], 0, LIFE)
        assert len(met) == 2 * asked
        await line.close()
        for writer in met:
            writer.close()
        silent.close()
