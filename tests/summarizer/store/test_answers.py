"""Kept answers, on both databases. Time is an argument."""

import asyncio
import contextlib
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import exists, func, select, text

from summarizer.errors import Absent, Unfit
from summarizer.kept import ROW_BYTES, Answer, Bounds, Item, Totals
from summarizer.store import answers as answers_module
from summarizer.store import engine as database
from summarizer.store import portions
from summarizer.store.answers import Answers
from summarizer.store.books import everybody
from summarizer.store.tables import answers as answers_table
from summarizer.store.tables import items as items_table

LIFE = 1000
SMALL = Bounds(answer_bytes=1000, chain_bytes=2000, chain_answers=4, answers_bytes=2500, items_recalled=3)


@pytest.fixture
def store(engine):
    return Answers(engine, Bounds(), LIFE)


def answer(name, previous="", *items, body=b"{}"):
    return Answer(name, previous, body, [Item(f"{name}-{at}", json) for at, json in enumerate(items)])


async def rows(engine):
    """Answers and items that the database holds."""
    async with engine.connect() as connection:
        return [(await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in (answers_table, items_table)]


async def said(store, name, now=1, key="k"):
    return [item.json for item in (await store.recall(key, name, [], now)).history]


async def test_what_an_answer_builds_on_comes_oldest_first(store):
    await store.keep("k", answer("a", "", b"1", b"2"), 0)
    await store.keep("k", answer("b", "a", b"3"), 0)
    await store.keep("k", answer("c", "b"), 0)
    await store.keep("k", answer("d", "c", b"4", b"5"), 0)
    await store.keep("k", answer("other", "a", b"x"), 0)
    found = await store.recall("k", "d", ["other-0", "a-1", "other-0"], 1)
    assert [(item.id, item.json) for item in found.history] == [
        ("a-0", b"1"), ("a-1", b"2"), ("b-0", b"3"), ("d-0", b"4"), ("d-1", b"5"),
    ]  # fmt: skip
    assert [(item.id, item.json) for item in found.items] == [("other-0", b"x")] * 2  # without what stands in the history
    assert await said(store, "other") == [b"1", b"2", b"x"]
    assert (await store.recall("k", "c", [], 1)).history == (await store.recall("k", "b", [], 1)).history
    assert (await store.recall("k", "", ["a-0"], 1)).history == []


async def test_an_answer_without_items_is_no_absent_one(store):
    await store.keep("k", answer("a", body=b"whole"), 0)
    assert await said(store, "a") == []
    assert await store.find("k", "a", 1) == b"whole"


async def test_names_and_texts_may_hold_anything(store):
    odd = "\x00 ☃'\"%_😀"
    await store.keep("k", Answer(odd, "", b"\x00\xff", [Item(odd, b"\x00"), Item("", b"nameless")]), 0)
    assert await store.find("k", odd, 1) == b"\x00\xff"
    found = [*(await store.recall("k", odd, [], 1)).history, *(await store.recall("k", "", [odd], 1)).items]
    assert [(item.id, item.json) for item in found] == [(odd, b"\x00"), ("", b"nameless"), (odd, b"\x00")]
    for name in ("", odd):
        with pytest.raises(Absent) as caught:
            await store.recall("k", name, [""], 1)
        assert caught.value.item_id == ""


async def test_keeping_the_same_id_again_changes_nothing(store, engine):
    await store.keep("k", answer("a", "", b"1"), 0)
    before = await everybody(engine)
    await store.keep("k", answer("a", "", b"2", b"3", body=b"other"), 5)
    assert await store.find("k", "a", 6) == b"{}"
    assert await said(store, "a") == [b"1"]
    assert await everybody(engine) == before == Totals(1, 2 + len("a-0") + 1 + ROW_BYTES, 0, 0)


async def test_the_newest_item_of_an_id_counts(store):
    for at, name in enumerate(("b", "a", "c")):
        await store.keep("k", Answer(name, "", b"{}", [Item("same", f"{at}".encode()), Item("same", f"{at}+".encode())]), 0)
    found = await store.recall("k", "", ["same"], 1)
    assert found.items[0].json == b"2+"
    await store.forget("k", "c", 1)
    assert (await store.recall("k", "", ["same"], 1)).items[0].json == b"1+"


async def test_what_is_not_kept_is_said_to_be_absent(store):
    await store.keep("k", answer("a", "", b"1"), 0)
    for ask in (store.recall("k", "z", [], 1), store.find("k", "z", 1), store.forget("k", "z", 1), store.find("other", "a", 1)):
        with pytest.raises(Absent) as caught:
            await ask
        assert caught.value.item_id == ""
    with pytest.raises(Absent) as caught:
        await store.recall("k", "a", ["a-0", "missing"], 1)
    assert caught.value.item_id == "missing"
    with pytest.raises(Absent):
        await store.keep("k", answer("b", "z"), 1)


async def test_a_forgotten_answer_is_gone_but_not_what_followers_built_on(store, engine):
    await store.keep("k", answer("a", "", b"1"), 0)
    await store.keep("k", answer("b", "a", b"2"), 0)
    await store.keep("k", answer("c", "b", b"3"), 0)
    await store.forget("k", "b", 1)
    for ask in (store.find("k", "b", 1), store.recall("k", "b", [], 1), store.recall("k", "", ["b-0"], 1), store.forget("k", "b", 1)):
        with pytest.raises(Absent):
            await ask
    assert await said(store, "c") == [b"1", b"2", b"3"]
    assert (await store.recall("k", "c", ["b-0"], 1)).items == []  # it has been said in what is followed
    with pytest.raises(Absent):
        await store.recall("k", "c", [""], 1)
    with pytest.raises(Absent):  # also for what was on its way when the answer was forgotten
        await store.keep("k", answer("d", "b", b"4"), 1)
    await store.keep("k", answer("d", "c", b"4"), 1)
    await store.forget("k", "c", 1)
    assert await said(store, "d") == [b"1", b"2", b"3", b"4"]
    await store.forget("k", "d", 1)
    assert await rows(engine) == [1, 1]
    await store.forget("k", "a", 1)
    assert await rows(engine) == [0, 0]
    assert await everybody(engine) == Totals()


async def test_what_has_expired_is_invisible_at_once_and_deleted_in_batches(store, engine):
    await store.keep("k", answer("a", "", b"1"), 0)
    await store.keep("k", answer("b", "a", b"2"), 10)
    await store.keep("x", answer("a", "", b"1"), 0)
    assert await store.find("k", "a", LIFE - 1)
    with pytest.raises(Absent):
        await store.find("k", "a", LIFE)
    with pytest.raises(Absent):
        await store.recall("k", "", ["a-0"], LIFE)
    with pytest.raises(Absent):
        await store.forget("k", "a", LIFE)
    assert await said(store, "b", LIFE) == [b"1", b"2"]
    assert await store.prune(LIFE - 1, 10) is None
    assert await store.prune(LIFE, 1) == 1
    assert await store.prune(LIFE, 10) == 1
    assert await store.prune(LIFE, 10) is None  # what others follow is not looked at again
    assert await rows(engine) == [2, 2]
    assert await said(store, "b", LIFE) == [b"1", b"2"]
    assert await store.prune(LIFE + 10, 10) == 1
    assert await rows(engine) == [0, 0]
    assert await everybody(engine) == Totals()


async def test_a_long_conversation_goes_at_once_when_its_time_is_over(store, engine):
    for at in range(30):
        await store.keep("k", answer(str(at), str(at - 1) if at else "", b"x"), 0)
    assert len(await said(store, "29")) == 30
    assert await store.prune(LIFE, 100) == 30
    assert await rows(engine) == [0, 0]


async def test_what_is_too_large_is_not_kept(engine):
    store = Answers(engine, SMALL, LIFE)
    with pytest.raises(Unfit, match="larger"):
        await store.keep("k", answer("a", "", b"x" * 600, body=b"y" * 400), 0)
    await store.keep("k", answer("a", "", b"x" * 700), 0)
    await store.keep("k", answer("b", "a", b"x" * 700), 0)
    with pytest.raises(Unfit, match="conversation is longer"):
        await store.keep("k", answer("c", "b", b"x" * 700), 0)
    await store.keep("k", answer("c", "b"), 0)
    await store.keep("k", answer("d", "c"), 0)
    with pytest.raises(Unfit, match="conversation is longer"):
        await store.keep("k", answer("e", "d"), 0)
    assert len(await said(store, "d")) == 2


async def test_no_more_is_given_out_at_once_than_a_conversation_may_have(engine):
    store = Answers(engine, SMALL, LIFE)
    for name in "abc":
        await store.keep("k", answer(name, "", b"x" * 700), 0)
    assert len((await store.recall("k", "", ["a-0", "b-0"], 1)).items) == 2
    with pytest.raises(Unfit, match="at once"):
        await store.recall("k", "", ["a-0", "b-0", "c-0"], 1)
    with pytest.raises(Unfit, match="at once"):
        await store.recall("k", "", ["a-0"] * 3, 1)
    with pytest.raises(Unfit, match="more than 3 items"):
        await store.recall("k", "", ["a-0"] * 4, 1)


async def test_the_oldest_answers_of_a_key_make_room(engine):
    store = Answers(engine, SMALL, LIFE)
    await store.keep("other", answer("a", "", b"x" * 900), 0)
    for name in "ab":
        await store.keep("k", answer(name, "", b"x" * 900), 0)
    await store.keep("k", answer("c", "b", b"x" * 100), 0)
    assert await store.keep("k", answer("d", "", b"x" * 800), 0) == 1
    with pytest.raises(Absent):
        await store.find("k", "a", 1)
    for key, name in (("k", "b"), ("k", "c"), ("k", "d"), ("other", "a")):
        assert await store.find(key, name, 1)


async def test_what_the_newest_builds_on_stays(engine):
    store = Answers(engine, SMALL, LIFE)
    await store.keep("k", answer("a", "", b"1", body=b"y" * 900), 0)
    await store.keep("k", answer("b", "a", b"2", body=b"y" * 900), 0)
    assert await store.keep("k", answer("c", "b", b"3", body=b"y" * 900), 0) == 1
    assert await said(store, "c") == [b"1", b"2", b"3"]
    with pytest.raises(Absent):
        await store.find("k", "a", 1)
    assert (await everybody(engine)).answers == 2


async def test_what_is_known_already_is_kept_at_once_though_nothing_can_go_for_it(engine):
    """As when it is sent again because nobody heard that it had been kept: all that there is belongs to it."""
    store = Answers(engine, Bounds(answers_bytes=2 * ROW_BYTES), LIFE)
    await store.keep("k", answer("a", "", b"1"), 0)
    await store.keep("k", answer("b", "a", b"2", b"3"), 0)
    async with asyncio.timeout(5):
        assert await store.keep("k", answer("b", "a", b"2", b"3"), 0) == 0
    assert await said(store, "b") == [b"1", b"2", b"3"]


async def counted(engine):
    """What the database holds of answers that have not gone, to be compared with the books; and rows that nobody would ever delete."""
    follower = answers_table.alias()
    followed = exists().where(follower.c.previous == answers_table.c.number)
    seen = answers_table.c.body.is_not(None) & (answers_table.c.expires_at > 0)
    size = func.coalesce(func.sum(answers_table.c.body_bytes + answers_table.c.item_bytes), 0)
    async with engine.connect() as connection:
        figures = (await connection.execute(select(func.count().filter(seen), size).select_from(answers_table))).one()
        lost = (await connection.execute(select(func.count()).where(answers_table.c.body.is_(None), ~followed))).scalar_one()
    return Totals(answers=figures[0], answer_bytes=int(figures[1])), lost


async def pruned(store, now):
    """How many rounds it takes until all that has expired has gone."""
    rounds = 0
    while await store.prune(now, 10) is not None:
        rounds += 1
    return rounds


@pytest.mark.parametrize(("most", "portion"), [("ROWS", 7), ("BYTES", 7 * (1 + ROW_BYTES + 4))])
async def test_a_long_conversation_goes_by_portions(store, engine, monkeypatch, most, portion):
    for at in range(30):
        await store.keep("k", Answer(f"{at:02}", f"{at - 1:02}" if at else "", b"", [Item(f"{at:04}", b"x")]), at)
    for at in range(29):
        await store.forget("k", f"{at:02}", 40)
    monkeypatch.setattr(portions, most, portion)
    await store.forget("k", "29", 40)
    assert await rows(engine) == [23, 23]
    assert await counted(engine) == (await everybody(engine), 0)
    for ask in (
        store.find("k", "29", 41),
        store.recall("k", "29", [], 41),
        store.recall("k", "", ["0029"], 41),
        store.forget("k", "29", 41),
    ):
        with pytest.raises(Absent):
            await ask
    with pytest.raises(Absent):
        await store.keep("k", answer("30", "29"), 41)
    assert await pruned(store, 41) == 4  # 7 + 7 + 7 + 2
    assert await rows(engine) == [0, 0]
    assert await everybody(engine) == Totals()


async def test_what_several_followed_goes_with_the_last_of_them(store, engine):
    await store.keep("k", answer("a", "", b"1"), 0)
    for name in "bcd":
        await store.keep("k", answer(name, "a", b"2"), 0)
    for name in "ab":
        await store.forget("k", name, 1)
    assert await said(store, "c") == [b"1", b"2"]
    assert await store.prune(LIFE, 2) == 2  # both at once
    assert await counted(engine) == (await everybody(engine), 0)
    assert await store.prune(LIFE, 2) == 0  # what they had followed
    assert await rows(engine) == [0, 0]
    assert await everybody(engine) == Totals()


async def test_many_answers_make_room_by_portions(engine, monkeypatch):
    """What one large answer pushes out does not go at once, but before the next one is kept."""
    monkeypatch.setattr(portions, "ROWS", 5)
    monkeypatch.setattr(answers_module, "PAUSE", 0)
    store = Answers(engine, Bounds(answers_bytes=20 * 100), LIFE)
    for at in range(20):
        assert await store.keep("k", answer(f"{at}", body=b"x" * 100), 0) == 0
    assert await store.keep("k", answer("large", body=b"x" * 1200), 1) == 5
    assert (await everybody(engine)).answer_bytes == 2700
    assert await store.keep("k", answer("small", body=b"x" * 100), 2) == 5 + 3
    assert await counted(engine) == (Totals(answers=9, answer_bytes=2000), 0)
    assert await store.shrink() is None


async def test_making_room_is_finished_by_the_clock(engine, monkeypatch):
    monkeypatch.setattr(portions, "ROWS", 5)
    roomy, store = Answers(engine, Bounds(), LIFE), Answers(engine, Bounds(answers_bytes=500), LIFE)
    for key in ("k", "other"):
        for at in range(12):
            await roomy.keep(key, answer(f"{at}", body=b"x" * 100), 0)
    assert [await store.shrink() for _ in range(3)] == [10, 4, None]
    for name in ("7", "11"):
        assert await store.find("k", name, 1)
    with pytest.raises(Absent):
        await store.find("k", "6", 1)


async def test_the_oldest_are_found_without_a_look_at_those_that_have_gone(tmp_path):
    """The plan on SQLite, where everybody waits while room is made."""
    engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/c.db")
    await database.migrate(engine)
    oldest = "SELECT number FROM kept_answers WHERE key_id = 'k' AND id != x'00' AND body IS NOT NULL ORDER BY number LIMIT 100"
    async with engine.connect() as connection:
        plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {oldest}"))).all()
    await engine.dispose()
    assert [row.detail for row in plan] == ["SEARCH kept_answers USING INDEX ix_kept_answers_oldest (key_id=?)"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.integers(0, 5), st.integers(0, 300), st.lists(st.integers(1, 200), max_size=3)),
        st.tuples(st.just("forget"), st.integers(0, 5)),
        st.tuples(st.just("prune")),
        st.tuples(st.just("shrink")),
    ),
    min_size=10,
    max_size=40,
)
serial = itertools.count()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, portion=st.integers(1, 8))
async def test_the_books_agree_with_what_there_is(engine, steps, portion):
    """Whatever is kept and taken away, in whatever portions: figures are exact, nothing is lost, and in the end all has gone."""
    store = Answers(engine, Bounds(answers_bytes=3000, chain_answers=6), 15)
    key, names, now = f"k{next(serial)}", [""], 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portions, "ROWS", portion)
        patch.setattr(answers_module, "PAUSE", 0)
        for now, (what, *with_) in enumerate(steps):
            with contextlib.suppress(Absent, Unfit):
                match what:
                    case "keep":
                        back, size, sizes = with_
                        made = Answer(f"{now}", names[-1 - back % len(names)], b"b" * size, [Item("", b"1" * each) for each in sizes])
                        await store.keep(key, made, now)
                        names.append(made.id)
                    case "forget":
                        await store.forget(key, names[-1 - with_[0] % len(names)], now)
                    case "prune":
                        await store.prune(now, 3)
                    case "shrink":
                        await store.shrink()
            assert await counted(engine) == (await everybody(engine), 0)
            assert (await everybody(engine)).answer_bytes <= 3000 * 17 / 16 + 300 + 3 * (200 + ROW_BYTES)
        await pruned(store, 10**9)
    assert await rows(engine) == [0, 0]
    assert await everybody(engine) == Totals()


async def test_two_processes_keep_at_the_same_time(url, engine):
    """Each has its own connections to the one database; the figures stay exact."""
    others = [database.connect(url) for _ in range(2)]
    stores = [Answers(each, Bounds(), LIFE) for each in others]
    await stores[0].keep("k", answer("root", "", b"r"), 0)
    kept = [stores[at % 2].keep("k", answer(f"a{at // 2}", "root", b"x"), 0) for at in range(20)]
    await asyncio.gather(*kept)
    await stores[1].forget("k", "root", 1)
    assert (await everybody(engine)).answers == 10
    assert await said(stores[1], "a7") == [b"r", b"x"]
    await asyncio.gather(*(stores[at % 2].forget("k", f"a{at}", 1) for at in range(10)))
    assert await everybody(engine) == Totals()
    assert await rows(engine) == [0, 0]
    for each in others:
        await each.dispose()


async def test_a_restart_loses_nothing(url, store, engine):
    await store.keep("k", answer("a", "", b"1", body=b"whole"), 0)
    await engine.dispose()
    again = database.connect(url)
    await database.migrate(again)
    assert await Answers(again, Bounds(), LIFE).find("k", "a", 1) == b"whole"
    await again.dispose()
