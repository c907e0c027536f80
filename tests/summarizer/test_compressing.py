"""Shortening, with a model and stores that are made up: what is asked, what is remembered, what happens when it fails."""

import asyncio
from collections import defaultdict
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from summarizer import compressing
from summarizer.asking import REST_MS, Asking
from summarizer.compressing import Compressing, Passed, Shortened, Source, Why
from summarizer.compression_figures import CompressionFigures
from summarizer.conversation import Conversation, Text
from summarizer.errors import ModelFailed, StoreAway
from summarizer.memory import Memory
from summarizer.policy import Policy
from summarizer.ports import Answered, Errand
from summarizer.recall import MINUTE_MS, RENEWED, Recall
from tests.summarizer.conversations import assistant, chat, user

POLICY = Policy(tokens=10_000, turns=200, keep_turns=10, batch_turns=10)
ERRAND = Errand("key-1", "req_1")


class Model:
    """Says which call it is. `fails` maps a call's number to what is raised; `slow` calls end when they are `released`."""

    def __init__(self):
        self.prompts: list[str] = []
        self.stuck, self.released = asyncio.Event(), asyncio.Event()
        self.errands: list[Errand] = []
        self.fails: dict[int, Exception] = {}
        self.slow: set[int] = set()
        self.ended = 0
        self.tokens = 100

    async def ask(self, errand, model, system, prompt, max_tokens):
        number = len(self.prompts)
        self.prompts.append(prompt)
        self.errands.append(errand)
        if number in self.slow:
            self.stuck.set()
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                self.ended += 1
                raise
        await asyncio.sleep(0)
        if number in self.fails:
            raise self.fails[number]
        return Answered(f"section {number}", self.tokens)


class Summaries:
    def __init__(self):
        self.kept = defaultdict(dict)
        self.away = False
        self.looked = 0

    async def latest(self, key_id, names, now, life_ms):
        self.looked += 1
        if self.away:
            raise StoreAway
        known = [self.kept[key_id][name] for name in names if name in self.kept[key_id]]
        return max(known, key=lambda one: one.turns, default=None)

    async def put(self, key_id, summary, now, life_ms, entries):
        if self.away:
            raise StoreAway
        self.kept[key_id][summary.name] = summary


class Spending:
    def __init__(self):
        self.tokens = defaultdict(int)
        self.away = False

    async def spent(self, key_id, now):
        if self.away:
            raise StoreAway
        return self.tokens[key_id]

    async def add(self, key_id, tokens, now):
        if self.away:
            raise StoreAway
        self.tokens[key_id] += tokens
        return self.tokens[key_id]


class World:
    def __init__(self, store=None):
        self.now = 1_000_000_000
        self.model, self.spending, self.store = Model(), Spending(), store or Summaries()
        self.recall = Recall(Memory(), self.store, lambda: self.now)
        figures = CompressionFigures(CollectorRegistry())
        self.compressing = Compressing(self.recall, Asking(self.model, self.spending, figures, lambda: self.now))

    async def compress(self, turns, policy=POLICY, *, errand=ERRAND, seconds=5.0, **more):
        said = await self.compressing.compress(errand, Conversation(turns, **more), policy, seconds)
        await self.recall.drain()
        return said

    def restarted(self):
        """Another process over the same store."""
        return World(self.store)


@pytest.fixture
def world():
    return World()


LONG = chat(60, tokens=200)  # 24 000 tokens


def text(said):
    return "".join(part.text for turn in said.assembled.opening for part in turn.parts if isinstance(part, Text))


async def test_each_batch_is_asked_for_with_those_before_it(world):
    said = await world.compress(LONG)
    assert isinstance(said, Shortened)
    assert said.source is Source.MODEL
    assert len(world.model.prompts) > 3
    for number, prompt in enumerate(world.model.prompts):
        assert all(f"section {before}" in prompt for before in range(number))
    assert all(f"section {number}" in text(said) for number in range(len(world.model.prompts)))
    assert said.spent == 100 * len(world.model.prompts) == world.spending.tokens["key-1"]
    assert said.saved == sum(turn.tokens for turn in LONG) - said.assembled.tokens > 0
    assert set(world.model.errands) == {ERRAND}


async def test_every_turn_that_is_replaced_is_shown_to_the_model_once(world):
    said = await world.compress(LONG)
    for number, turn in enumerate(LONG[: said.assembled.replaced]):
        (words,) = [part.text for part in turn.parts]
        assert sum(f"\n{words}\n" in prompt for prompt in world.model.prompts) == 1, number


async def test_a_short_conversation_asks_nobody(world):
    assert await world.compress(LONG[:9]) == Passed(Why.SHORT)
    assert await world.compress([user("x", tokens=50_000)]) == Passed(Why.NO_GAIN)
    assert (world.model.prompts, world.store.looked) == ([], 0)


async def test_again_it_is_in_memory_and_after_a_restart_in_the_store(world):
    first = await world.compress(LONG)
    asked = len(world.model.prompts)
    again = await world.compress(LONG)
    assert (again.source, again.spent, again.assembled) == (Source.MEMORY, 0, first.assembled)
    later = world.restarted()
    stored = await later.compress(LONG)
    assert (stored.source, stored.spent, stored.assembled) == (Source.STORE, 0, first.assembled)
    assert (len(world.model.prompts), later.model.prompts) == (asked, [])
    assert (await later.compress(LONG)).source is Source.MEMORY


async def test_a_conversation_that_grows_is_asked_for_what_is_new_only(world):
    sources, openings, asked = [], [], []
    for end in range(51, 400, 2):
        before = len(world.model.prompts)
        said = await world.compress(chat(200, tokens=200)[:end])
        if isinstance(said, Shortened):
            sources.append(said.source)
            openings.append(text(said))
            asked.append(len(world.model.prompts) - before)
    assert sources[0] is Source.MODEL
    assert set(sources) == {Source.MODEL, Source.INCREMENTAL, Source.MEMORY}
    assert sources.count(Source.MEMORY) > 10 * sources.count(Source.INCREMENTAL)
    assert len(set(openings)) == 1 + sources.count(Source.INCREMENTAL), "the beginning changes only with a cut"
    assert max(asked) <= 6


async def test_two_keys_share_nothing(world):
    await world.compress(LONG)
    asked = len(world.model.prompts)
    said = await world.compress(LONG, errand=Errand("key-2", "req_2"))
    assert said.source is Source.MODEL
    assert len(world.model.prompts) == 2 * asked
    assert {errand.key_id for errand in world.model.errands[asked:]} == {"key-2"}


async def test_one_word_that_differs_is_another_conversation(world):
    await world.compress(LONG)
    asked = len(world.model.prompts)
    other = list(LONG)
    other[1] = assistant("answer 0 ", tokens=200)
    assert (await world.compress(other)).source is Source.MODEL
    assert len(world.model.prompts) == 2 * asked


async def test_requests_of_one_conversation_wait_for_each_other(world):
    said = await asyncio.gather(*(world.compress(LONG) for _ in range(5)))
    assert len(set(world.model.prompts)) == len(world.model.prompts)
    assert sorted(one.source for one in said) == ["memory"] * 4 + ["model"]
    assert not world.compressing._makings


async def test_a_failure_passes_the_conversation_and_leaves_what_was_made(world):
    world.model.fails[2] = ModelFailed("the model failed")
    assert await world.compress(LONG) == Passed(Why.MODEL_FAILED, 200)
    said = await world.restarted().compress(LONG)
    assert said.source is Source.INCREMENTAL
    assert "section 0" in text(said)


async def test_a_conversation_whose_newer_part_fails_goes_with_the_older_summary(world):
    grown = chat(200, tokens=200)
    first = await world.compress(grown[:61])
    world.model.fails[len(world.model.prompts)] = ModelFailed("the model failed")
    for end in range(63, 400, 2):
        before = len(world.model.prompts)
        said = await world.compress(grown[:end])
        if len(world.model.prompts) > before:
            break
    assert (said.source, said.assembled.replaced) == (Source.MEMORY, first.assembled.replaced)
    assert text(said) == text(first)


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


async def test_a_key_has_a_budget_for_each_day(world):
    policy = replace(POLICY, key_tokens_a_day=200)
    assert await world.compress(LONG, policy) == Passed(Why.BUDGET, 200)
    assert len(world.model.prompts) == 2
    assert await world.compress(LONG, policy, errand=Errand("key-2", "req_2")) == Passed(Why.BUDGET, 200)
    world.spending.away = True
    assert await world.compress(LONG, policy, errand=Errand("key-3", "req_3")) == Passed(Why.BUDGET)


async def test_without_the_store_and_without_a_budget_it_works_all_the_same(world):
    world.store.away = world.spending.away = True
    assert (await world.compress(LONG)).source is Source.MODEL
    assert (await world.compress(LONG)).source is Source.MEMORY


async def test_a_failure_that_lasts_is_not_met_again_at_once(world):
    world.model.fails[0] = ModelFailed("no such model", lasting=True)
    assert await world.compress(LONG) == Passed(Why.MODEL_FAILED)
    assert await world.compress(LONG) == Passed(Why.MODEL_FAILED)
    assert len(world.model.prompts) == 1
    assert (await world.compress(LONG, errand=Errand("key-2", "r"))).source is Source.MODEL
    world.now += REST_MS
    assert (await world.compress(LONG)).source is Source.MODEL


async def test_another_model_is_asked_at_once(world):
    world.model.fails[0] = ModelFailed("no such model", lasting=True)
    await world.compress(LONG)
    assert (await world.compress(LONG, replace(POLICY, model="other"))).source is Source.MODEL


async def test_what_memory_serves_is_not_forgotten_by_the_store(world):
    await world.compress(LONG)
    world.store.kept.clear()
    await world.compress(LONG)
    assert not world.store.kept["key-1"], "it was written a moment ago"
    world.now += POLICY.life_minutes * MINUTE_MS // RENEWED + 1
    assert (await world.compress(LONG)).source is Source.MEMORY
    assert world.store.kept["key-1"]


async def test_a_summary_that_is_longer_than_what_it_stands_for_is_none(world):
    async def long_winded(*_):
        return Answered("word " * 40_000, 10)

    world.model.ask = long_winded
    said = await world.compress(LONG)
    assert (said.why, said.spent > 0) == (Why.NO_GAIN, True)


async def test_sections_that_become_too_long_are_folded(world):
    async def wordy(errand, model, system, prompt, max_tokens):
        world.model.prompts.append(prompt)
        return Answered("word " * (60 if "successive parts" in prompt else 250), 10)

    world.model.ask = wordy
    said = await world.compress(chat(200, tokens=200))
    assert any("successive parts" in prompt for prompt in world.model.prompts)
    assert sum(turn.tokens for turn in said.assembled.opening) < 1250
