"""Summaries in memory. What it has in common with the other places is tested with those, in `store/test_summaries.py`."""

from hypothesis import given
from hypothesis import strategies as st

from summarizer.memory import PART, Memory
from summarizer.shortening.summary import OVERHEAD, Summary

LIFE = 100
MANY = 1000
ROOM = 40_000


def summary(name, size=1000, turns=1):
    """One of that size altogether."""
    return Summary(name.encode(), turns, ("x" * (size - OVERHEAD - len(name)),))


def alive(memory, key, names, now):
    return [name for name in names if memory.latest(key, [name.encode()], now, LIFE)]


def test_it_tells_its_size():
    memory = Memory(ROOM)
    assert (len(memory), memory.size) == (0, 0)
    memory.put("k1", summary("a", 1000), 0, LIFE, MANY)
    memory.put("k2", summary("a", 700), 0, LIFE, MANY)
    memory.put("k1", summary("a", 500), 0, LIFE, MANY)
    assert (len(memory), memory.size) == (2, 1200)


def test_of_all_the_longest_unused_go_and_are_told():
    evicted = []
    memory = Memory(ROOM, evicted.append)
    keys = [f"k{at}" for at in range(8)]
    for now, key in enumerate(keys):
        memory.put(key, summary("a", ROOM // 8), now, LIFE, MANY)
    assert alive(memory, "k0", "a", 10) == ["a"]
    assert evicted == []
    memory.put("k8", summary("a", ROOM // 8 + 1), 11, LIFE, MANY)
    assert evicted == [2]
    assert [key for key in keys if alive(memory, key, "a", 12)] == ["k0", *keys[3:]]


def test_no_key_takes_the_room_of_others():
    memory = Memory(ROOM)
    memory.put("small", summary("a"), 0, LIFE, MANY)
    for now in range(100):
        memory.put("large", summary(f"{now}"), now // 2, LIFE, MANY)
    assert alive(memory, "small", "a", 50) == ["a"]
    assert len(memory) == 1 + ROOM // PART // 1000


def test_what_is_too_large_for_a_key_is_not_kept_nor_what_it_was_to_replace():
    memory = Memory(ROOM)
    memory.put("k", summary("a"), 0, LIFE, MANY)
    memory.put("k", summary("b"), 0, LIFE, MANY)
    memory.put("k", summary("a", ROOM // PART + 1), 0, LIFE, MANY)
    assert alive(memory, "k", "ab", 0) == ["b"]


def test_what_nobody_uses_is_gone_at_the_next_put():
    evicted = []
    memory = Memory(ROOM, evicted.append)
    for now, name in enumerate("abc"):
        memory.put("k", summary(name), now, LIFE, MANY)
    memory.put("other", summary("d"), LIFE + 1, LIFE, MANY)
    assert (len(memory), memory.size) == (2, 2000)
    assert evicted == []


def test_a_clock_that_goes_back_does_no_harm():
    memory = Memory(ROOM)
    memory.put("k", summary("a"), 1000, LIFE, MANY)
    assert alive(memory, "k", "a", 10) == ["a"]
    assert alive(memory, "k", "a", 1000 + LIFE - 1) == ["a"]


KEY, NAME, SIZE = st.sampled_from("xyz"), st.sampled_from("abcdefgh"), st.integers(OVERHEAD + 1, ROOM // PART + 1000)
PUT = st.tuples(st.just("put"), KEY, NAME, SIZE, st.integers(1, 6))
ACTS = st.lists(st.one_of(PUT, st.tuples(st.just("latest"), KEY, NAME)), max_size=60)


@given(acts=ACTS)
def test_it_never_holds_more_than_it_may_and_counts_right(acts):
    memory = Memory(ROOM)
    held = {}
    for at, (act, key, name, *rest) in enumerate(acts):
        now = 5 * at
        if act == "latest":
            memory.latest(key, [name.encode()], now, LIFE)
            continue
        size, entries = rest
        memory.put(key, summary(name, size), now, LIFE, entries)
        held[key, name] = size
        shelf = memory._shelves.get(key)
        assert shelf is None or len(shelf.entries) <= entries
        kept = [(owner, kept_name.decode()) for owner, each in memory._shelves.items() for kept_name in each.entries]
        assert memory.size == sum(held[one] for one in kept) <= ROOM
        assert sorted(kept) == sorted((owner, kept_name.decode()) for owner, kept_name in memory._order)
        assert all(0 < each.size <= ROOM // PART for each in memory._shelves.values())
