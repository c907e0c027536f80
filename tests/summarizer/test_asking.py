"""Asking the model: what is booked, and when it is left alone."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from summarizer.asking import CUT, REST_MS, Asking
from summarizer.compression_figures import CompressionFigures
from summarizer.errors import ModelFailed, OverBudget, StoreAway
from summarizer.ports import Answered, Errand
from summarizer.shortening.policy import Policy
from summarizer.shortening.prompts import Prompt

ERRAND = Errand("k", "req_1")
PROMPT = Prompt("s" * 35, "t" * 350, 300)  # 110 tokens


class Model:
    """Answers `answers` in order: raises what is an error, and never ends for None."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = asyncio.Event()

    async def ask(self, *_):
        answer = self.answers.pop(0)
        self.asked.set()
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Spending:
    """`gate`: nothing is booked before it is open."""

    def __init__(self):
        self.tokens = 0
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def spent(self, key_id, now):
        return self.tokens

    async def add(self, key_id, tokens, now):
        await self.gate.wait()
        if self.away:
            raise StoreAway
        self.tokens += tokens
        return self.tokens


class World:
    def __init__(self, *answers):
        self.now = 1_000_000
        self.registry = CollectorRegistry()
        self.model, self.spending = Model(*answers), Spending()
        self.asking = Asking(self.model, self.spending, CompressionFigures(self.registry), lambda: self.now)

    async def ask(self, policy=None):
        """And wait until it is booked."""
        said = await self.asking.ask(ERRAND, policy or Policy(), PROMPT)
        await self.asking.drain()
        return said

    def figure(self, name, **labels):
        return self.registry.get_sample_value(f"headgate_summarizer_{name}", labels)

    async def leave(self):
        """Ask, and go away."""
        self.model.asked.clear()
        task = asyncio.ensure_future(self.ask())
        await self.model.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await self.asking.drain()


async def test_an_answer_that_broke_off_says_so():
    world = World(Answered("so far", 7, cut=True), Answered("all", 5))
    assert [await world.ask(), await world.ask()] == [("so far" + CUT, 7), ("all", 5)]
    assert world.spending.tokens == 12


async def test_an_answer_without_a_word_is_paid_for_all_the_same():
    world = World(Answered("", 7, cut=True))
    assert await world.ask() == ("", 7)
    assert world.spending.tokens == 7
    assert world.figure("model_calls_total", result="wordless") == 1


async def test_what_cannot_be_booked_is_counted():
    world = World(Answered("a", 7))
    world.spending.away = True
    assert await world.ask() == ("a", 7)
    assert world.figure("tokens_unbooked_total") == 7


async def test_who_leaves_has_spent_what_the_model_read():
    world = World(None)
    await world.leave()
    assert world.spending.tokens == 110


async def test_nobody_waits_until_it_is_booked_but_a_budget():
    world = World(Answered("a", 7), Answered("b", 1))
    world.spending.gate.clear()
    assert await world.asking.ask(ERRAND, Policy(), PROMPT) == ("a", 7)
    assert world.spending.tokens == 0
    budget = asyncio.ensure_future(world.asking.ask(ERRAND, Policy(key_tokens_a_day=7), PROMPT))
    await asyncio.sleep(0)
    world.spending.gate.set()
    with pytest.raises(OverBudget):
        await budget
    assert world.spending.tokens == 7


async def test_what_is_under_way_counts_before_it_is_spent():
    world, policy = World(), Policy(key_tokens_a_day=100)
    async with world.asking.promised(ERRAND, policy, 60):
        with pytest.raises(OverBudget):
            async with world.asking.promised(ERRAND, policy, 41):
                pass
        async with world.asking.promised(ERRAND, policy, 40), world.asking.promised(Errand("other", "req_2"), policy, 100):
            pass
    async with world.asking.promised(ERRAND, policy, 100):
        pass
    assert not world.asking._promises


async def test_only_a_failure_that_lasts_is_rested_after():
    world = World(ModelFailed("busy"), ModelFailed("unknown", lasting=True), Answered("a", 1))
    for _ in range(4):
        with pytest.raises(ModelFailed):
            await world.ask()
    assert (len(world.model.answers), world.figure("resting")) == (1, 1)
    world.now += REST_MS
    assert world.figure("resting") == 0
    assert await world.ask() == ("a", 1)


async def test_a_model_that_is_silent_for_long_is_not_waited_for_by_the_next_one_too(monkeypatch):
    monkeypatch.setattr("summarizer.asking.CALL_SECONDS", 0.05)
    world = World(None, Answered("a", 1))
    with pytest.raises(ModelFailed, match="does not answer"):
        await world.ask()
    with pytest.raises(ModelFailed, match="rests"):
        await world.ask()
    await world.asking.drain()
    assert world.spending.tokens == 110
    world.now += REST_MS
    assert await world.ask() == ("a", 1)


async def test_those_that_have_rested_are_forgotten(monkeypatch):
    monkeypatch.setattr("summarizer.asking.MOST_RESTING", 2)
    world = World(*[ModelFailed("unknown", lasting=True)] * 4)
    for model in "abcd":
        with pytest.raises(ModelFailed):
            await world.ask(Policy(model=model))
        world.now += REST_MS
    assert len(world.asking._resting) <= 2
