"""Openings that were put together already: the rule-made part of one is made from all words that it stands for."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer.shortening.assembly import Assembled, assemble
from summarizer.shortening.conversation import Conversation, Text, Turn
from summarizer.shortening.lengths import lengths
from summarizer.shortening.policy import Policy
from summarizer.shortening.summary import Summary

# Characters of text altogether; an opening has some ten or thirty thousand.
ROOM = 16_000_000
# From so many tokens on it would hold up everybody else to read them here.
THREAD_TOKENS = 20_000

# Everything that an opening is made from: whose it is, the name of what it stands for, its sections, how long the rest
# of it may be, and whether an assistant speaks next.
Key = tuple[str, bytes, tuple[str, ...], int, bool]


@dataclass(frozen=True, slots=True)
class Opening:
    """As in `Assembled`."""

    turns: Sequence[Turn]
    standing: Sequence[int]
    tokens: int
    size: int


class Openings:
    """The latest used. What is found is what would have been made."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._made: OrderedDict[Key, Opening] = OrderedDict()
        self._size = 0

    async def assemble(self, key_id: str, conversation: Conversation, summary: Summary, policy: Policy) -> Assembled:
        """The summary in its place."""
        kept = conversation.turns[summary.turns :]
        bound = lengths(policy, conversation.room).header
        key = key_id, summary.name, summary.sections, bound, bool(kept) and kept[0].role == "assistant"
        if found := self._made.get(key):
            self._made.move_to_end(key)
            tokens = conversation.overhead + found.tokens + sum(turn.tokens for turn in kept)
            return Assembled(found.turns, summary.turns, found.standing, tokens)
        made = await _assembled(conversation, summary, policy)
        self._put(key, made)
        return made

    def _put(self, key: Key, made: Assembled) -> None:
        if key in self._made:  # two at once
            return
        size = sum(len(part.text) for turn in made.opening for part in turn.parts if isinstance(part, Text))
        if size > self._room:
            return
        self._made[key] = Opening(made.opening, made.standing, sum(turn.tokens for turn in made.opening), size)
        self._size += size
        while self._size > self._room:
            self._size -= self._made.popitem(last=False)[1].size


async def _assembled(conversation: Conversation, summary: Summary, policy: Policy) -> Assembled:
    large = sum(turn.tokens for turn in conversation.turns[: summary.turns]) > THREAD_TOKENS
    if not large:
        return assemble(conversation, summary.turns, summary.sections, policy)
    return await asyncio.to_thread(assemble, conversation, summary.turns, summary.sections, policy)
