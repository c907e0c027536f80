"""Shortening, with a model and stores that are made up: what is asked, what is remembered, what happens when it fails."""

import asyncio
from dataclasses import replace

import pytest

from summarizer.asking import REST_MS
from summarizer.compressing import Passed, Shortened, Source, Why
from summarizer.errors import ModelFailed
from summarizer.ports import Answered, Errand
from summarizer.recall import MINUTE_MS, RENEWED
from tests.summarizer.compressing_world import ERRAND, LONG, POLICY, World, text
from tests.summarizer.conversations import assistant, chat, user


@pytest.fixture
def world():
    return World()


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


async def test_a_key_has_a_budget_for_each_day(world):
    world.model.tokens = 20_000
    policy = replace(POLICY, key_tokens_a_day=30_000)
    assert await world.compress(LONG, policy) == Passed(Why.BUDGET, 40_000)
    assert len(world.model.prompts) == 2
    assert await world.compress(LONG, policy, errand=Errand("key-2", "req_2")) == Passed(Why.BUDGET, 40_000)
    world.spending.away = True
    assert await world.compress(LONG, policy, errand=Errand("key-3", "req_3")) == Passed(Why.BUDGET)


async def test_what_a_budget_cannot_cover_is_not_begun(world):
    assert await world.compress(LONG, replace(POLICY, key_tokens_a_day=10_000)) == Passed(Why.BUDGET)
    assert world.model.prompts == []


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
