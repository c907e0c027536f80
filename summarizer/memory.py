"""Summaries in memory: the latest used, within bounds for each key and for all.

Each key has a shelf of its own, so that nothing of one key is ever found for another. No key takes
more than a part of the room: one with many conversations leaves the others theirs.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from summarizer.kept import MIB
from summarizer.shortening.summary import Summary

# What all keys have together, in bytes, and which part of it a single one has at most.
ROOM = 64 * MIB
PART = 4


@dataclass(slots=True)
class Entry:
    """A summary, when it was used last (epoch milliseconds), and its bytes."""

    summary: Summary
    used_at: int
    size: int


@dataclass(slots=True)
class Shelf:
    """What one key has, the longest unused first."""

    entries: OrderedDict[bytes, Entry] = field(default_factory=OrderedDict)
    size: int = 0


class Memory:
    """`evicted` is told how many had to go before their time, for want of room. `room`: bytes."""

    def __init__(self, room: int = ROOM, evicted: Callable[[int], None] = lambda _: None) -> None:
        self._room = room
        self._evicted = evicted
        self._shelves: dict[str, Shelf] = {}
        # All of all keys by their last use.
        self._order: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return self._size

    def __len__(self) -> int:
        """How many summaries there are."""
        return len(self._order)

    def latest(self, key_id: str, names: Sequence[bytes], now: int, life_ms: int) -> Summary | None:
        """The one of those names that stands for most turns; its life begins anew."""
        shelf = self._shelves.get(key_id)
        if shelf is None:
            return None
        known = [entry for name in names if (entry := shelf.entries.get(name)) is not None and entry.used_at > now - life_ms]
        if not known:
            return None
        best = max(known, key=lambda entry: entry.summary.turns)
        best.used_at = max(best.used_at, now)
        shelf.entries.move_to_end(best.summary.name)
        self._order.move_to_end((key_id, best.summary.name))
        return best.summary

    def put(self, key_id: str, summary: Summary, now: int, life_ms: int, entries: int) -> None:
        """Keep it for `life_ms` after its last use; of more than `entries` of a key the longest unused go. What is larger
        than the room of a key is not kept.
        """
        self._expire(now - life_ms)
        if key_id in self._shelves and summary.name in self._shelves[key_id].entries:
            self._drop(key_id, summary.name)
        size = summary.size
        if size > self._room // PART:
            return
        shelf = self._shelves.setdefault(key_id, Shelf())
        shelf.entries[summary.name] = Entry(summary, now, size)
        shelf.size += size
        self._order[key_id, summary.name] = None
        self._size += size
        self._make_room(key_id, shelf, max(entries, 1))

    def _expire(self, unused_since: int) -> None:
        """Let those go that nobody used since then."""
        while self._order:
            key_id, name = next(iter(self._order))
            if self._shelves[key_id].entries[name].used_at > unused_since:
                return
            self._drop(key_id, name)

    def _make_room(self, key_id: str, shelf: Shelf, entries: int) -> None:
        gone = 0
        while len(shelf.entries) > entries or shelf.size > self._room // PART:
            self._drop(key_id, next(iter(shelf.entries)))
            gone += 1
        while self._size > self._room:
            self._drop(*next(iter(self._order)))
            gone += 1
        if gone:
            self._evicted(gone)

    def _drop(self, key_id: str, name: bytes) -> None:
        shelf = self._shelves[key_id]
        size = shelf.entries.pop(name).size
        shelf.size -= size
        self._size -= size
        del self._order[key_id, name]
        if not shelf.entries:
            del self._shelves[key_id]
