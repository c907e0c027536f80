"""The use case of shortening, with a model and stores that are made up."""

import asyncio
from collections import defaultdict

from prometheus_client import CollectorRegistry

from summarizer.asking import Asking
from summarizer.compressing import Compressing
from summarizer.compression_figures import CompressionFigures
from summarizer.errors import StoreAway
from summarizer.memory import Memory
from summarizer.ports import Answered, Errand
from summarizer.recall import Recall
from summarizer.shortening.conversation import Conversation, Text
from summarizer.shortening.policy import Policy
from tests.summarizer.conversations import chat

POLICY = Policy(tokens=10_000, turns=200, keep_turns=10, batch_turns=10)
ERRAND = Errand("key-1", "req_1")
LONG = chat(60, tokens=200)  # 24 000 tokens


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


def text(said):
    return "".join(part.text for turn in said.assembled.opening for part in turn.parts if isinstance(part, Text))
