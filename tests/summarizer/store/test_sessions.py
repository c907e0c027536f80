"""Users' sessions, on both databases. Time is an argument."""

import asyncio

import pytest

from summarizer.errors import Absent
from summarizer.kept import ROW_BYTES, Bounds, Said, Session, Taken, Totals, Turn
from summarizer.store import engine as database
from summarizer.store import portions
from summarizer.store import sessions as sessions_module
from summarizer.store.books import everybody
from summarizer.store.sessions import Sessions

TTL = 1000


@pytest.fixture
def store(engine):
    return Sessions(engine, Bounds(), TTL)


def pair(question, answer="!"):
    return [Said(by_assistant=False, text=question), Said(by_assistant=True, text=answer)]


async def talk(store, user, question, now, key="k"):
    """One turn, whole; how many sessions went for it."""
    turn = await store.claim(key, user, f"t-{now}", now + 100, now)
    assert isinstance(turn, Turn)
    return await store.end(key, user, turn.id, pair(question), now)


async def texts(store, user, now, key="k"):
    """What the next turn would find; the turn comes to nothing."""
    turn = await store.claim(key, user, "look", now + 1, now)
    await store.end(key, user, "look", (), now)
    return [one.text for one in turn.said]


async def users(store, now, key="k"):
    return [one.user for one in (await store.page(key, "", 100, now))[0]]


async def test_what_was_said_comes_back_in_order(store):
    await talk(store, "u", "one", 0)
    await talk(store, "u", "two\x00☃", 1)
    turn = await store.claim("k", "u", "t", 100, 2)
    assert turn == Turn("t", [*pair("one"), *pair("two\x00☃")])


async def test_a_session_is_one_turn_s_at_a_time(store):
    assert await store.claim("k", "u", "first", 50, 0) == Turn("first", [])
    assert await store.claim("k", "u", "second", 60, 49) == Taken(50)
    assert await store.holder("k", "u", 49) == Taken(50)
    assert await store.claim("k", "other", "x", 50, 0) == Turn("x", [])
    assert await store.claim("k2", "u", "x", 50, 0) == Turn("x", [])
    await store.end("k", "u", "first", pair("hello"), 49)
    assert await store.holder("k", "u", 49) is None
    assert await store.claim("k", "u", "second", 60, 49) == Turn("second", pair("hello"))


async def test_a_turn_whose_holder_died_ends_at_its_deadline_and_adds_nothing_later(store):
    await store.claim("k", "u", "dead", 50, 0)
    assert await store.claim("k", "u", "next", 150, 50) == Turn("next", [])
    for now in (50, 60):
        with pytest.raises(Absent):
            await store.end("k", "u", "dead", pair("late"), now)
    await store.end("k", "u", "next", pair("in time"), 149)
    assert await texts(store, "u", 150) == ["in time", "!"]


async def test_a_turn_that_has_the_session_is_given_it_again(store):
    await talk(store, "u", "one", 0)
    for now in (10, 40):
        assert await store.claim("k", "u", "t", now + 50, now) == Turn("t", pair("one"))
    assert await store.holder("k", "u", 89) == Taken(90)
    assert await store.holder("k", "u", 89, "t") is None
    await store.end("k", "u", "t", pair("two"), 89)


async def test_ending_a_turn_again_changes_nothing(store, engine):
    await store.claim("k", "u", "t", 50, 0)
    for now in (1, 2, 60):  # also when its time would have been over
        assert await store.end("k", "u", "t", pair("one"), now) == 0
    assert await everybody(engine) == Totals(sessions=1, session_bytes=2 * ROW_BYTES + 4)
    await store.claim("k", "u", "next", 150, 70)
    with pytest.raises(Absent):
        await store.end("k", "u", "t", pair("one"), 71)
    await store.end("k", "u", "t", (), 71)  # nothing is what it asks for
    assert await store.holder("k", "u", 71) == Taken(150)


async def test_ending_again_what_was_too_long_to_be_kept(engine):
    store = Sessions(engine, Bounds(session_bytes=ROW_BYTES), TTL)
    await store.claim("k", "u", "t", 50, 0)
    for _ in range(2):
        await store.end("k", "u", "t", pair("one"), 1)
    assert await users(store, 2) == []
    assert await store.prune(TTL + 1, 10) == 1
    assert await everybody(engine) == Totals()


async def test_late_is_late_although_nobody_came(store):
    await store.claim("k", "u", "slow", 50, 0)
    with pytest.raises(Absent):
        await store.end("k", "u", "slow", pair("late"), 50)
    with pytest.raises(Absent):
        await store.end("k", "nobody", "slow", pair("late"), 0)
    assert await texts(store, "u", 51) == []


async def test_a_turn_that_came_to_nothing_leaves_things_as_they_were(store, engine):
    await store.claim("k", "u", "t", 50, 0)
    await store.end("k", "u", "t", (), 1)
    assert await everybody(engine) == Totals()
    await talk(store, "u", "one", 2)
    await store.claim("k", "u", "t", 50, 3)
    await store.end("k", "u", "t", (), 4)
    assert await texts(store, "u", 5) == ["one", "!"]


async def test_its_time_begins_anew_with_each_use(store):
    await talk(store, "u", "one", 0)
    await talk(store, "u", "two", TTL - 1)
    assert await texts(store, "u", 2 * TTL - 2) == ["one", "!", "two", "!"]
    assert await users(store, 3 * TTL - 3) == ["u"]
    assert await users(store, 3 * TTL - 2) == []
    assert await texts(store, "u", 3 * TTL - 2) == []


async def test_a_long_turn_does_not_lose_its_session(store):
    await talk(store, "u", "one", 0)
    turn = await store.claim("k", "u", "long", 5 * TTL, 1)
    await store.prune(4 * TTL, 10)
    await store.end("k", "u", turn.id, pair("two"), 4 * TTL)
    assert await texts(store, "u", 4 * TTL + 1) == ["one", "!", "two", "!"]


async def test_with_no_life_nothing_is_kept_but_turns_still_wait(engine):
    store = Sessions(engine, Bounds(), 0)
    await talk(store, "u", "one", 0)
    assert await users(store, 0) == []
    assert await store.claim("k", "u", "t", 50, 0) == Turn("t", [])
    assert await store.claim("k", "u", "x", 50, 1) == Taken(50)


async def test_what_has_expired_is_deleted_in_batches(store, engine):
    for at in range(3):
        await talk(store, f"u{at}", "x", at)
    await talk(store, "u0", "x", 5, key="other")
    assert await store.prune(TTL + 1, 1) == 1
    assert await store.prune(TTL + 1, 10) == 1
    assert await store.prune(TTL + 1, 10) is None
    assert await users(store, 0) == ["u2"]
    assert (await everybody(engine)).sessions == 2
    assert await store.prune(2 * TTL, 10) == 2
    assert await everybody(engine) == Totals()


async def test_sessions_are_listed_by_user_page_by_page(store):
    for at, user in enumerate(["b", "a", "É", "a\x00"]):
        await talk(store, user, "hello", at)
    await talk(store, "z", "hello", 0, key="other")
    await store.claim("k", "quiet", "t", 50, 0)  # nothing was said yet
    first, more = await store.page("k", "", 2, 10)
    assert [one.user for one in first] == ["a", "a\x00"]
    assert more
    second, more = await store.page("k", first[-1].user, 2, 10)
    assert [one.user for one in second] == ["b", "É"]
    assert not more
    assert second[0] == Session("b", 2, len("hello!") + 2 * ROW_BYTES, 0, TTL)


async def test_a_forgotten_session_begins_anew(store, engine):
    await talk(store, "u", "one", 0)
    await store.forget("k", "u", 1)
    assert await everybody(engine) == Totals()
    for user in ("u", "nobody"):
        with pytest.raises(Absent):
            await store.forget("k", user, 1)
    assert await texts(store, "u", 2) == []


async def test_an_answer_to_what_was_forgotten_is_not_kept(store):
    await talk(store, "u", "one", 0)
    turn = await store.claim("k", "u", "t", 50, 1)
    await store.forget("k", "u", 2)
    with pytest.raises(Absent):
        await store.end("k", "u", turn.id, pair("about one"), 3)
    assert await texts(store, "u", 4) == []


async def test_the_oldest_turns_of_a_session_make_room(engine):
    each = 2 * ROW_BYTES + 10
    store = Sessions(engine, Bounds(session_bytes=3 * each, session_said=100), TTL)
    for at in range(5):
        await talk(store, "u", f"question{at}", at)
    assert await texts(store, "u", 9) == ["question2", "!", "question3", "!", "question4", "!"]
    assert (await everybody(engine)).session_bytes == 3 * each
    await talk(store, "u", "x" * 3 * each, 10)
    assert await texts(store, "u", 11) == []
    assert await everybody(engine) == Totals()


async def test_a_session_holds_so_many_sayings(engine):
    store = Sessions(engine, Bounds(session_said=4), TTL)
    for at in range(4):
        await talk(store, "u", f"{at}", at)
    assert await texts(store, "u", 9) == ["2", "!", "3", "!"]


async def test_the_session_longest_unused_makes_room(engine):
    store = Sessions(engine, Bounds(sessions=3), TTL)
    await talk(store, "u", "x", 0, key="other")
    for at, user in enumerate("abc"):
        await talk(store, user, "x", at)
    await talk(store, "a", "y", 3)
    await talk(store, "d", "x", 4)
    assert await users(store, 5) == ["a", "c", "d"]
    assert await users(store, 5, key="other") == ["u"]
    # Not one in which somebody is speaking.
    await store.claim("k", "c", "speaking", 500, 5)
    await store.claim("k", "e", "t", 500, 6)
    await store.end("k", "c", "speaking", pair("y"), 7)
    assert await users(store, 8) == ["c", "d"]


async def test_a_key_has_so_many_bytes_of_sessions(engine):
    each = 2 * ROW_BYTES + 2
    store = Sessions(engine, Bounds(sessions_bytes=2 * each), TTL)
    assert [await talk(store, user, "x", at) for at, user in enumerate("abc")] == [0, 0, 1]
    assert await users(store, 5) == ["b", "c"]
    assert (await everybody(engine)).session_bytes == 2 * each


@pytest.mark.parametrize(("most", "portion"), [("ROWS", 9), ("BYTES", 3 * (2 * ROW_BYTES + 2))])
async def test_many_make_room_by_portions(engine, monkeypatch, most, portion):
    """Three short sessions go at once, and before a key has much too many the next one waits for more of them."""
    monkeypatch.setattr(portions, most, portion)
    monkeypatch.setattr(sessions_module, "PAUSE", 0)
    roomy = Sessions(engine, Bounds(), TTL)
    for at in range(16):
        await talk(roomy, f"{at:02}", "x", at)
    store = Sessions(engine, Bounds(sessions_bytes=8 * (2 * ROW_BYTES + 2)), TTL)
    assert await talk(store, "new", "x", 20) == 3 + 3 + 3
    assert (await everybody(engine)).sessions == 8
    assert await store.shrink(21) is None
    narrow = Sessions(engine, Bounds(sessions=1), TTL)
    await narrow.claim("k", "12", "speaking", 500, 21)
    assert [await narrow.shrink(22) for _ in range(4)] == [3, 3, 1, None]
    assert await users(store, 23) == ["12"]


async def test_two_processes_never_have_one_session_together(url, engine):
    others = [database.connect(url) for _ in range(2)]
    stores = [Sessions(each, Bounds(), TTL) for each in others]
    got = await asyncio.gather(*(stores[at % 2].claim("k", "u", f"t{at}", 50, 0) for at in range(8)))
    (winner,) = [each for each in got if isinstance(each, Turn)]
    assert got.count(Taken(50)) == 7
    await stores[0].end("k", "u", winner.id, pair("hello"), 1)
    assert await texts(stores[1], "u", 2) == ["hello", "!"]
    for each in others:
        await each.dispose()
