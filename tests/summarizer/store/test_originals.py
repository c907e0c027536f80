"""What compression replaced, on both databases. Time is an argument."""

import asyncio
import itertools
import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from summarizer.errors import Absent, StoreAway, Unfit
from summarizer.shortening.summary import Passage, Replaced
from summarizer.store import originals as originals_module
from summarizer.store import portions
from summarizer.store.originals import SqlOriginals
from summarizer.store.tables import passages, replacements

LIFE = 1000
number = itertools.count()
databases = pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)
pytestmark = databases


@pytest.fixture
def engine(opened):
    return opened[1]


@pytest.fixture
def store(engine):
    return SqlOriginals(engine)


def chain(path, turns=lambda path: f'["{path}"]'.encode()):
    """The passages of a conversation: "abc" is what "ab" was, and "c" more."""
    return [Passage(path[: at + 1].encode(), path[:at].encode(), at * 10, turns(path[: at + 1])) for at in range(len(path))]


def replaced(request, path, at=0, key="k", given=0, opening=b"[]", **more):
    """`given`: passages from this one on are handed over."""
    parts = tuple(chain(path, **more)[given:])
    return Replaced(f"req_{request}", key, path.encode(), 10 * len(path), 7, 3, "model", opening, at, at + LIFE, parts)


async def rows(engine, key=None):
    async with engine.connect() as connection:
        names = select(passages.c.name).order_by(passages.c.name)
        kept = (await connection.execute(names if key is None else names.where(passages.c.key_id == key))).scalars()
        return [bytes(name).decode() for name in kept]


async def pruned(store, now):
    """All that is over goes; how many."""
    gone = 0
    while (more := await store.prune(now, 2)) is not None:
        gone += more
    return gone


async def found(store, request, key="k", now=1):
    """The passages that are found; None: nothing is."""
    try:
        kept = await store.find(f"req_{request}", key, now)
    except Absent:
        return None
    return [part.name.decode() for part in kept.passages]


async def test_it_is_found_as_it_was(store):
    first = replaced("1", "abc", opening='[{"text":"☃\x00"}]'.encode())
    await store.keep(first)
    assert await store.find("req_1", "k", 1) == Replaced(**{**fields(first), "passages": chain("abc")})
    with pytest.raises(Absent):
        await store.find("req_2", "k", 1)


def fields(one):
    return {name: getattr(one, name) for name in one.__slots__}


async def test_a_conversation_that_grows_is_kept_once(store, engine):
    await store.keep(replaced("1", "ab"))
    await store.keep(replaced("2", "ab"))
    await store.keep(replaced("3", "abcd"))
    await store.keep(replaced("4", "abcde", given=4))  # what is known need not be told again
    assert await rows(engine) == ["a", "ab", "abc", "abcd", "abcde"]
    assert await found(store, "2") == ["a", "ab"]
    assert await found(store, "4") == ["a", "ab", "abc", "abcd", "abcde"]


async def test_a_beginning_that_was_told_in_other_parts_is_kept_as_it_was(store, engine):
    await store.keep(replaced("1", "abcd"))
    whole = replaced("2", "abcde")
    parts = (Passage(b"ab", b"", 0, b"other"), Passage(b"abcd", b"ab", 20, b"other"), whole.passages[4])
    await store.keep(Replaced(**{**fields(whole), "passages": parts}))
    assert (await store.find("req_2", "k", 1)).passages == chain("abcde")
    # Of other parts nothing is left over that nobody would ever take away.
    parts = (Passage(b"x", b"", 0, b"never named"), *whole.passages)
    await store.keep(Replaced(**{**fields(whole), "passages": parts}))
    assert await pruned(store, LIFE) == 2
    assert await rows(engine) == []


async def test_one_whose_beginning_is_not_kept_is_not_kept_either(store, engine):
    with pytest.raises(Absent):
        await store.keep(replaced("1", "abc", given=1))
    with pytest.raises(Absent):
        await store.keep(replaced("1", "abc", given=3))
    assert await rows(engine) == []
    assert await found(store, "1") is None


async def test_a_key_sees_only_its_own(store, engine):
    await store.keep(replaced("1", "ab", key="k1", turns=lambda _: b"of the first"))
    with pytest.raises(Absent):
        await store.keep(replaced("1", "ab", key="k2", given=2))
    await store.keep(replaced("1", "ab", at=5, key="k2", turns=lambda _: b"of the second"))
    await store.keep(replaced("2", "ab", key="k1", given=2))
    assert (await store.find("req_1", "k1", 1)).passages[0].turns == b"of the first"
    assert (await store.find("req_1", "k2", 1)).passages[0].turns == b"of the second"
    assert await found(store, "2", "k2") is None
    assert (await store.find("req_2", "", 1)).key_id == "k1"
    assert (await store.find("req_1", "", 1)).key_id == "k2"
    await store.keep(replaced("9", "x", at=LIFE, key="k1"))
    await pruned(store, LIFE)
    assert await rows(engine, "k2") == ["a", "ab"]


async def test_passages_live_as_long_as_whoever_names_them(store, engine):
    await store.keep(replaced("1", "abc", at=0))
    await store.keep(replaced("2", "abcd", at=100))
    await store.keep(replaced("3", "abx", at=200))
    assert await found(store, "1", now=LIFE - 1) == ["a", "ab", "abc"]
    assert await found(store, "1", now=LIFE) is None
    assert await pruned(store, LIFE) == 1
    assert await rows(engine) == ["a", "ab", "abc", "abcd", "abx"]
    assert await pruned(store, LIFE + 100) == 1
    assert await rows(engine) == ["a", "ab", "abx"]
    assert await found(store, "3", now=LIFE + 100) == ["a", "ab", "abx"]
    assert await pruned(store, LIFE + 200) == 1
    assert await rows(engine) == []
    assert await store.prune(LIFE + 200, 5) is None
    assert await store.tally() == (0, 0)


async def test_a_long_conversation_goes_by_and_by(store, engine, monkeypatch):
    path = "".join(chr(ord("A") + at) for at in range(50))
    await store.keep(replaced("1", path))
    await store.keep(replaced("2", path[:20] + "!"))
    monkeypatch.setattr(portions, "ROWS", 4)
    assert await store.prune(LIFE, 1) == 1
    assert len(await rows(engine)) == 51 - 4
    # What is on its way out may be taken up again.
    await store.keep(replaced("3", path[:46] + "?", at=LIFE))
    await pruned(store, LIFE)
    assert await found(store, "3", now=LIFE) == [path[: at + 1] for at in range(46)] + [path[:46] + "?"]
    assert len(await rows(engine)) == 47
    await pruned(store, 2 * LIFE)
    assert await rows(engine) == []


async def test_a_request_that_was_compressed_again_has_what_was_last(store, engine):
    await store.keep(replaced("1", "abc"))
    await store.keep(replaced("1", "xy", at=1, opening=b"[1]"))
    assert (await store.find("req_1", "k", 1)).opening == b"[1]"
    assert await found(store, "1") == ["x", "xy"]
    await pruned(store, 1)
    assert await rows(engine) == ["x", "xy"]


def noise(path):
    """Turns that take some 500 bytes also when they are compressed."""
    return random.Random(path).randbytes(500)


async def test_of_more_than_a_key_may_have_the_oldest_go(engine):
    evicted = []
    store = SqlOriginals(engine, evicted.append, key_bytes=10_000)
    await store.keep(replaced("other", "ab", key="k2", turns=noise))
    for at, path in enumerate(["abcdef", "abcdefgh", "uvwxyz", "uvwxyz!"]):
        await store.keep(replaced(f"{at}", path, at=at, turns=noise))
    assert evicted == []
    await store.keep(replaced("4", "ABCDEFGH", at=4, turns=noise))
    assert sum(evicted) == 2
    assert [await found(store, f"{at}", now=5) is not None for at in range(5)] == [False, False, True, True, True]
    assert sorted(await rows(engine, "k")) == sorted([*(part.name.decode() for part in chain("uvwxyz!") + chain("ABCDEFGH"))])
    assert (await store.tally())[0] == 4
    assert await found(store, "other", "k2") == ["a", "ab"]
    with pytest.raises(Unfit):
        await store.keep(replaced("5", "hugest", turns=lambda path: random.Random(path).randbytes(2500)))
    assert await found(store, "4", now=5) is not None


async def test_the_one_that_is_kept_does_not_go_for_itself(engine):
    store = SqlOriginals(engine, key_bytes=3000)
    await store.keep(replaced("1", "a", turns=noise))
    await store.keep(replaced("2", "xyz", turns=noise))
    await store.keep(replaced("1", "abcd", turns=noise))  # the oldest, compressed again
    assert [await found(store, request) for request in "12"] == [["a", "ab", "abc", "abcd"], None]


async def test_room_is_made_in_portions(engine, monkeypatch):
    store = SqlOriginals(engine, key_bytes=20_000)
    for at in range(15):
        await store.keep(replaced(f"{at}", f"{chr(65 + at)}", turns=noise))
    small = SqlOriginals(engine, key_bytes=3000)
    monkeypatch.setattr(originals_module, "MOST", 3)
    monkeypatch.setattr(originals_module, "PAUSE", 0)
    await small.keep(replaced("last", "!", turns=noise))
    count, size = await small.tally()
    assert 2 <= count <= 5
    assert size <= 3000
    assert await found(small, "last") == ["!"]


async def test_what_is_large_is_compressed_beside_the_loop(store, monkeypatch):
    seen = set()
    compress = originals_module.zlib.compress

    class Zlib:
        decompress = staticmethod(originals_module.zlib.decompress)

        @staticmethod
        def compress(data):
            seen.add((len(data) > 1000, threading.current_thread() is threading.main_thread()))
            return compress(data)

    monkeypatch.setattr(originals_module, "zlib", Zlib)
    await store.keep(replaced("1", "a", turns=lambda _: b"x" * 200_000))
    await store.keep(replaced("2", "b"))
    assert seen == {(True, False), (False, True)}
    assert (await store.find("req_1", "k", 1)).passages[0].turns == b"x" * 200_000


async def test_several_may_keep_the_same_at_once(store, engine):
    paths = ["abc", "abcd", "abc", "abx", "abcdef"]
    await asyncio.gather(*(store.keep(replaced(f"{at}", path)) for at, path in enumerate(paths)))
    assert [await found(store, f"{at}") for at in range(5)] == [[part.name.decode() for part in chain(path)] for path in paths]
    assert await rows(engine) == ["a", "ab", "abc", "abcd", "abcde", "abcdef", "abx"]


async def test_what_was_known_may_go_meanwhile(store, engine, monkeypatch):
    await store.keep(replaced("1", "abc"))
    prepared = store._prepared

    async def then_it_goes(one):
        made = await prepared(one)
        await pruned(store, LIFE)
        return made

    monkeypatch.setattr(store, "_prepared", then_it_goes)
    await store.keep(replaced("2", "abcd", at=LIFE))
    assert await found(store, "2", now=LIFE) == ["a", "ab", "abc", "abcd"]


async def test_where_nobody_is_it_is_told(nowhere):
    store = SqlOriginals(nowhere[1])
    with pytest.raises(StoreAway):
        await store.keep(replaced("1", "a"))
    with pytest.raises(StoreAway):
        await store.find("req_1", "k", 0)
    with pytest.raises(StoreAway):
        await store.prune(0, 1)


PATH = st.text("ab", min_size=1, max_size=6)
KEEP = st.tuples(st.just("keep"), st.integers(0, 5), PATH, st.booleans())
SCRIPT = st.lists(
    st.tuples(st.sampled_from(["k1", "k2"]), st.one_of(KEEP, st.just(("prune",))), st.integers(1, 400)), min_size=8, max_size=20
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=SCRIPT)
async def test_exactly_what_somebody_names_is_there(store, engine, script):
    run, now, live = next(number), 0, {}
    for key, (act, *what), steps in script:
        now += steps
        if act == "prune":
            await pruned(store, now)
            for owner in ("k1", "k2"):
                needed = {path[:at] for (holder, _), (path, until) in live.items() if holder == owner and until > now for at in range(1, 7)}
                assert set(await rows(engine, f"{run}-{owner}")) == needed - {""}
            continue
        request, path, only_last = what
        try:
            await store.keep(replaced(f"{run}-{request}", path, now, f"{run}-{key}", len(path) - 1 if only_last else 0))
            live[key, request] = (path, now + LIFE)
        except Absent:
            assert only_last
        for (owner, one), (kept, until) in live.items():
            expected = [kept[: at + 1] for at in range(len(kept))] if until > now else None
            assert await found(store, f"{run}-{one}", f"{run}-{owner}", now) == expected
    await pruned(store, now + LIFE)
    async with engine.connect() as connection:
        for table in (passages, replacements):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0
