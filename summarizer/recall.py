"""What is known of a conversation already: in memory, else in the store. Without the store work goes on."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from summarizer.errors import StoreAway
from summarizer.memory import Memory
from summarizer.ports import Summaries
from summarizer.shortening.policy import Policy
from summarizer.shortening.summary import Summary

log = logging.getLogger(__name__)

MINUTE_MS = 60_000
# After which part of its life a summary that is used is stored anew.
RENEWED = 4
MOST_WRITTEN = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """A summary, and whether it was in memory."""

    summary: Summary
    in_memory: bool


class Recall:
    """`now` is epoch milliseconds."""

    def __init__(self, memory: Memory, store: Summaries, now: Callable[[], int]) -> None:
        self._memory = memory
        self._store = store
        self._now = now
        # When each was last written, oldest first.
        self._written: OrderedDict[tuple[str, bytes], int] = OrderedDict()
        self._writing: set[asyncio.Task[None]] = set()

    async def latest(self, key_id: str, names: Sequence[bytes], policy: Policy) -> Known | None:
        """The summary of those names that stands for most turns. The store is asked only where memory does not have the last of them."""
        life = policy.life_minutes * MINUTE_MS
        found = self._memory.latest(key_id, names, self._now(), life)
        if found is not None and found.name == names[-1]:
            self._renew(key_id, found, policy)
            return Known(found, in_memory=True)
        stored = await self._stored(key_id, names, life)
        if stored is None or (found is not None and found.turns >= stored.turns):
            return None if found is None else Known(found, in_memory=True)
        self._memory.put(key_id, stored, self._now(), life, policy.entries)
        return Known(stored, in_memory=False)

    def note(self, key_id: str, summary: Summary, policy: Policy) -> None:
        """Remember it in memory."""
        self._memory.put(key_id, summary, self._now(), policy.life_minutes * MINUTE_MS, policy.entries)

    def keep(self, key_id: str, summary: Summary, policy: Policy) -> None:
        """Have it stored, behind the caller's back."""
        self._written[key_id, summary.name] = self._now()
        if len(self._written) > MOST_WRITTEN:
            self._written.popitem(last=False)
        task = asyncio.ensure_future(self._keep(key_id, summary, policy))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    def _renew(self, key_id: str, summary: Summary, policy: Policy) -> None:
        """What is served from memory only must not be forgotten by the store, which is there for when memory is lost."""
        written = self._written.get((key_id, summary.name), 0)
        if self._now() - written > policy.life_minutes * MINUTE_MS // RENEWED:
            self.keep(key_id, summary, policy)

    async def drain(self) -> None:
        """Wait until everything is stored, as far as it can be."""
        while self._writing:
            await asyncio.gather(*self._writing)

    async def _stored(self, key_id: str, names: Sequence[bytes], life: int) -> Summary | None:
        try:
            return await self._store.latest(key_id, names, self._now(), life)
        except StoreAway:
            log.warning("summaries cannot be looked up: the store does not answer")
            return None

    async def _keep(self, key_id: str, summary: Summary, policy: Policy) -> None:
        try:
            await self._store.put(key_id, summary, self._now(), policy.life_minutes * MINUTE_MS, policy.entries)
        except StoreAway:
            log.warning("a summary is not stored: the store does not answer")
