"""Summaries that outlive the process, in SQLite or PostgreSQL.

One is found as long as it was used not longer ago than it lives by the policy of whoever asks. When it
was used is written only when a part of that life is over, so that a conversation that is looked up
again and again costs a read each time.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from summarizer.kept import MIB, ROW_BYTES
from summarizer.shortening.summary import Summary
from summarizer.store.books import changing
from summarizer.store.engine import reached
from summarizer.store.portions import STEP, portion
from summarizer.store.tables import summaries

# What a key has at most, and all of them together, in bytes as they are stored.
KEY_BYTES = 32 * MIB
ALL_BYTES = 1024 * MIB
# In one statement; a database takes some tens of thousands.
NAMES = 1000
# After which part of its life a summary that is used is written down as used.
PART = 16


class SqlSummaries:
    """Implements the Summaries port. `evicted` is told how many had to go before their time, for want of room."""

    def __init__(
        self,
        engine: AsyncEngine,
        evicted: Callable[[int], None] = lambda _: None,
        key_bytes: int = KEY_BYTES,
        all_bytes: int = ALL_BYTES,
    ) -> None:
        self._engine = engine
        self._evicted = evicted
        self._key_bytes = key_bytes
        self._all_bytes = all_bytes

    async def latest(self, key_id: str, names: Sequence[bytes], now: int, life_ms: int) -> Summary | None:
        """The one of those names that stands for most turns."""
        async with reached():
            best = await self._best(key_id, names, now - life_ms)
            if best is None:
                return None
            if faded(best.used_at, now, life_ms):
                used = update(summaries).where(summaries.c.number == best.number, summaries.c.used_at < now)
                async with self._engine.begin() as connection:
                    await connection.execute(used.values(used_at=now, expires_at=now + life_ms))
        return Summary(bytes(best.name), best.turns, unpacked(best.sections))

    async def put(self, key_id: str, summary: Summary, now: int, life_ms: int, entries: int) -> None:
        """What is larger than the room of a key is not kept. Where `entries` has become much less, the rest of what is too
        much goes with the next ones.
        """
        sections = packed(summary.sections)
        size = len(sections) + ROW_BYTES
        if size > self._key_bytes:
            return
        row = {"turns": summary.turns, "bytes": size, "used_at": now, "expires_at": now + life_ms, "sections": sections}
        construct: Any = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        adding = construct(summaries).values(key_id=key_id, name=summary.name, **row)
        async with reached(), changing(self._engine, key_id) as (connection, _):
            await connection.execute(adding.on_conflict_do_update(index_elements=["key_id", "name"], set_=row))
            gone = await _drop(connection, await self._surplus(connection, key_id, summary.name, max(entries, 1)))
        if gone:
            self._evicted(gone)

    async def prune(self, now: int, limit: int) -> int | None:
        """Take away some that have expired, so many at most; how many they were. None: nothing has."""
        due = select(*SIZES).where(summaries.c.expires_at <= now).order_by(summaries.c.expires_at).limit(limit)
        async with reached():
            return await self._take(due, summaries.c.expires_at <= now)

    async def shrink(self) -> int | None:
        """Let some of the longest unused go, when all keys together have too many; how many went. None: they have not."""
        async with reached():
            excess = (await self.tally())[1] - self._all_bytes
            if excess <= 0:
                return None
            gone = summaries.c.used_at
            before = func.coalesce(func.sum(summaries.c.bytes).over(order_by=[gone, summaries.c.number], rows=(None, -1)), 0)
            ranked = select(*SIZES, gone, before.label("before")).subquery()
            longest = select(*(ranked.c[name] for name in ("key_id", "number", "bytes"))).where(ranked.c.before < excess)
            return await self._take(longest.order_by(ranked.c.used_at, ranked.c.number).limit(STEP))

    async def tally(self) -> tuple[int, int]:
        """How many there are of all keys, and how large they are."""
        statement = select(func.count(), func.coalesce(func.sum(summaries.c.bytes), 0))
        async with reached(), self._engine.connect() as connection:
            count, size = (await connection.execute(statement)).one()
        return count, int(size)

    async def _best(self, key_id: str, names: Sequence[bytes], unused_since: int) -> Row[Any] | None:
        best: Row[Any] | None = None
        async with self._engine.connect() as connection:
            for some in chunks(names, NAMES):
                here = (summaries.c.key_id == key_id) & summaries.c.name.in_(some) & (summaries.c.used_at > unused_since)
                statement = select(summaries).where(here).order_by(summaries.c.turns.desc()).limit(1)
                row = (await connection.execute(statement)).one_or_none()
                if row is not None and (best is None or row.turns > best.turns):
                    best = row
        return best

    async def _surplus(self, connection: AsyncConnection, key_id: str, spared: bytes, entries: int) -> Sequence[Row[Any]]:
        """Those of a key that are too much, the longest unused first, but never the one that is spared."""
        latest = [case((summaries.c.name == spared, 1), else_=0).desc(), summaries.c.used_at.desc(), summaries.c.number.desc()]
        place = func.row_number().over(order_by=latest).label("place")
        upto = func.sum(summaries.c.bytes).over(order_by=latest, rows=(None, 0)).label("upto")
        ranked = select(*SIZES, place, upto).where(summaries.c.key_id == key_id).subquery()
        many = or_(ranked.c.place > entries, ranked.c.upto > self._key_bytes)
        return (await connection.execute(select(ranked).where(many).order_by(ranked.c.place.desc()).limit(STEP))).all()

    async def _take(self, statement: Any, *still: ColumnElement[bool]) -> int | None:
        """Take a portion of those away, of each key by itself; the rule is looked at again, as one may have been used since."""
        async with self._engine.connect() as connection:
            found = (await connection.execute(statement)).all()
        rows = found[: portion((1, row.bytes) for row in found)]
        gone = 0
        for key_id in dict.fromkeys(row.key_id for row in rows):
            async with changing(self._engine, key_id) as (connection, _):
                gone += await _drop(connection, [row for row in rows if row.key_id == key_id], *still)
        return gone if found else None


async def _drop(connection: AsyncConnection, rows: Sequence[Row[Any]], *still: ColumnElement[bool]) -> int:
    """Take a portion of them away, the first ones; how many."""
    if not rows:
        return 0
    numbers = [row.number for row in rows[: portion((1, row.bytes) for row in rows)]]
    return (await connection.execute(delete(summaries).where(summaries.c.number.in_(numbers), *still))).rowcount


def faded(used_at: int, now: int, life_ms: int) -> bool:
    """Whether so much of a life is over that a use is to be written down."""
    return now - used_at > life_ms // PART


def packed(sections: Sequence[str]) -> bytes:
    """Sections as they are stored."""
    return zlib.compress(json.dumps(sections, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)


def unpacked(stored: bytes) -> tuple[str, ...]:
    """Sections as they were."""
    return tuple(json.loads(zlib.decompress(stored)))


def chunks(names: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    """The names, so many at a time."""
    return (names[start : start + size] for start in range(0, len(names), size))


SIZES: Sequence[ColumnElement[Any]] = (summaries.c.key_id, summaries.c.number, summaries.c.bytes)
