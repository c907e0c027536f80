"""Shortening again and again: nothing is paid for twice, and nobody waits who need not."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.compressing import Passed, Shortened, Source, Why
from summarizer.errors import ModelFailed
from summarizer.ports import Answered, Errand
from summarizer.shortening.policy import Policy
from tests.summarizer.compressing_world import LONG, World
from tests.summarizer.conversations import chat, talks

FAILURES = ("fails", "leaves", "wordless", "")


class Moody:
    """A model with `moods` in turn: fails, is left by who asked, says nothing, or answers. What it answered is in `done`."""

    def __init__(self, moods):
        self.moods = list(moods)
        self.done = []

    async def ask(self, errand, model, system, prompt, max_tokens):
        mood = self.moods.pop() if self.moods else ""
        if mood == "fails":
            raise ModelFailed("the model failed")
        if mood == "leaves":
            raise asyncio.CancelledError
        if mood == "":
            self.done.append(prompt)
        return Answered(f"{len(self.done)} " + "a fact " * 30 if mood == "" else "", 10)


async def until_done(world, turns, policy):
    """Ask until the model has no more moods; what came of it at last."""
    while True:
        moods = len(world.model.moods)
        world.compressing._declined.clear()  # as if enough time had passed
        try:
            said = await world.compress(turns, policy)
        except asyncio.CancelledError:
            await world.recall.drain()
            continue
        if len(world.model.moods) == moods:  # perhaps none
            return said


@settings(max_examples=60)
@given(talks(), st.lists(st.sampled_from(FAILURES), max_size=8))
def test_nothing_that_was_answered_is_asked_again_however_often_it_fails(turns, moods):
    async def talk():
        world = World()
        world.compressing._asking._model = world.model = model = Moody(moods)
        policy = Policy(tokens=4000, turns=20, keep_turns=4, batch_turns=4, batch_characters=4000)
        said = await until_done(world, turns, policy)
        again = await world.compress(turns, policy)
        assert len(set(model.done)) == len(model.done)
        if isinstance(said, Shortened):
            assert again.assembled == said.assembled
            before = sum(turn.tokens for turn in turns)
            assert said.assembled.tokens == before - said.saved < before
        else:
            assert said.why in (Why.SHORT, Why.NO_GAIN)
            assert again == Passed(said.why)

    asyncio.run(talk())


async def test_what_is_known_waits_for_nobody():
    world = World()
    grown = chat(200, tokens=200)
    first = await world.compress(LONG)
    world.model.slow.update(range(len(world.model.prompts), 1000))
    extending = asyncio.ensure_future(world.compress(grown))
    await asyncio.wait_for(world.model.stuck.wait(), 5)
    again = await asyncio.wait_for(world.compress(LONG), 5)
    assert (again.source, again.assembled) == (Source.MEMORY, first.assembled)
    extending.cancel()
    await asyncio.wait([extending])
    await world.compressing.close()
    assert not world.compressing._makings


async def test_a_section_is_not_lost_when_folding_fails():
    world = World()
    folding, sections = [], []

    async def wordy(errand, model, system, prompt, max_tokens):
        if "successive parts" in prompt:
            folding.append(prompt)
            raise ModelFailed("the model failed")
        sections.append(prompt)
        return Answered("word " * 250, 10)

    world.model.ask = wordy
    for _ in range(3):
        await world.compress(LONG)
    assert len(folding) >= 1
    assert len(set(sections)) == len(sections)


async def test_an_answer_without_a_word_is_a_failure_that_was_paid_for():
    world = World()

    async def wordless(*_):
        return Answered("", 70)

    world.model.ask = wordless
    assert await world.compress(LONG) == Passed(Why.MODEL_FAILED, 70)
    assert world.spending.tokens["key-1"] == 70
    assert await world.compress(LONG) == Passed(Why.MODEL_FAILED), "and not again with the next request"
    assert (await world.compress(LONG, errand=Errand("key-2", "req_2"))).spent == 70
    assert (await world.compress(chat(60, tokens=200)[2:])).spent == 70


async def test_a_store_that_says_nothing_takes_no_more_than_the_time_there_is():
    world = World()
    looked = []

    async def silent(*_):
        looked.append(1)
        await asyncio.Event().wait()

    world.store.latest = silent
    said = await asyncio.wait_for(world.compress(chat(200, tokens=200), seconds=0.05), 5)
    assert said == Passed(Why.LATE)
    assert len(looked) == 2, "also for an earlier cut"
