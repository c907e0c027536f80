"""What compression replaced, by the request that it was done for.

A conversation that grows is replaced again and again, each time with all that was replaced before. So
its turns are kept as passages that follow one another, each once; a replacement names the last one. A
passage that nothing names any more is loose, and when it has gone the one before it may be. So they
live exactly as long as whoever names them, and no chain is ever written again to prolong it.
"""

import asyncio
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from summarizer.errors import Absent, Unfit
from summarizer.kept import MIB, ROW_BYTES
from summarizer.shortening.summary import Passage, Replaced
from summarizer.store.books import changing
from summarizer.store.engine import reached
from summarizer.store.portions import BYTES, PAUSE, STEP, portion
from summarizer.store.summaries import chunks
from summarizer.store.tables import passages, replacements

# What a key has at most, in bytes as they are stored.
KEY_BYTES = 64 * MIB
# From this on it would hold up everybody else to compress it here.
THREAD_BYTES = 100 * 1024
# In one statement.
NAMES = 1000
# Replacements that go in one transaction, each with what it alone named.
MOST = 16
# What is kept waits for nobody, and what is fetched is waited for by a person: seconds.
KEEP_SECONDS, FIND_SECONDS = 30.0, 10.0
FOLLOWER = passages.alias()


class SqlOriginals:
    """Implements the Originals port. `evicted` is told how many had to go before their time, for want of room."""

    def __init__(self, engine: AsyncEngine, evicted: Callable[[int], None] = lambda _: None, key_bytes: int = KEY_BYTES) -> None:
        self._engine = engine
        self._evicted = evicted
        self._key_bytes = key_bytes

    async def keep(self, replaced: Replaced) -> None:
        """Only those of its passages that are missing are looked at. Raises Absent when one is missing that is not given,
        Unfit when it is larger than what is kept.
        """
        async with reached(KEEP_SECONDS):
            while not await self._kept(replaced, await self._prepared(replaced)):
                pass  # what was known has gone since
            while True:
                if not await self._make_room(replaced):
                    return
                await asyncio.sleep(PAUSE)

    async def find(self, request_id: str, key_id: str, now: int) -> Replaced:
        """With all passages, oldest first. `key_id` "": anybody's, the latest. Raises Absent."""
        mine = replacements.c.key_id == key_id if key_id else replacements.c.key_id.is_not(None)
        named = (replacements.c.request_id == request_id.encode()) & mine & (replacements.c.expires_at > now)
        statement = select(replacements).where(named).order_by(replacements.c.at.desc()).limit(1)
        async with reached(FIND_SECONDS), self._engine.connect() as connection:
            row = (await connection.execute(statement)).one_or_none()
            chain = await _chain(connection, row) if row is not None else []
        if row is None or not chain:
            raise Absent("nothing is kept of what that request replaced")
        found: Replaced = await _off(lambda: _replaced(row, chain), sum(part.bytes for part in chain))
        return found

    async def prune(self, now: int, limit: int) -> int | None:
        """Take away some that have expired, so many at most, and passages that are loose; how many have expired. None:
        there is nothing to take away.
        """
        over = replacements.c.expires_at <= now
        due = select(replacements.c.key_id, replacements.c.number).where(over).order_by(replacements.c.expires_at).limit(limit)
        by_key: dict[str, list[int]] = {}
        gone = 0
        async with reached(KEEP_SECONDS):
            async with self._engine.connect() as connection:
                for key_id, number in (await connection.execute(due)).all():
                    by_key.setdefault(key_id, []).append(number)
                for key_id in (await connection.execute(select(passages.c.key_id).where(passages.c.loose).distinct())).scalars():
                    by_key.setdefault(key_id, [])
            for key_id, numbers in by_key.items():
                async with changing(self._engine, key_id) as (connection, _):
                    rows = (await connection.execute(select(*SIZES).where(replacements.c.number.in_(numbers), over))).all()
                    gone += await _drop(connection, key_id, rows[: portion((1, row.bytes) for row in rows)])
                    await _sweep(connection, key_id)
        return gone if by_key else None

    async def tally(self) -> tuple[int, int]:
        """For how many requests something is kept, and how large it is with all passages."""
        async with reached(), self._engine.connect() as connection:
            count = (await connection.execute(select(func.count()).select_from(replacements))).scalar_one()
            return count, await _size(connection)

    async def _prepared(self, replaced: Replaced) -> Mapping[bytes, bytes]:
        """The turns of passages that are missing, by name, as they are stored."""
        async with self._engine.connect() as connection:
            missing = await _missing(connection, replaced)
        turns = [passage.turns for passage in missing]
        stored = await _off(lambda: [zlib.compress(each) for each in turns], sum(map(len, turns)))
        return {passage.name: each for passage, each in zip(missing, stored, strict=True)}

    async def _kept(self, replaced: Replaced, prepared: Mapping[bytes, bytes]) -> bool:
        """Keep it; whether all that had to be added is prepared."""
        opening = await _off(lambda: zlib.compress(replaced.opening), len(replaced.opening))
        added = len(opening) + ROW_BYTES + sum(len(each) + ROW_BYTES for each in prepared.values())
        if added > self._key_bytes:
            raise Unfit("what was replaced is larger than what is kept")
        async with changing(self._engine, replaced.key_id) as (connection, _):
            missing = await _missing(connection, replaced)
            if any(passage.name not in prepared for passage in missing):
                return False
            if missing:
                rows = [_row(replaced.key_id, passage, prepared[passage.name]) for passage in reversed(missing)]
                await connection.execute(insert(passages), rows)
            await _record(connection, replaced, opening)
            # What is named now may have been loose.
            await _fasten(connection, replaced.key_id, [replaced.passage, *(passage.previous for passage in missing)])
        return True

    async def _make_room(self, replaced: Replaced) -> bool:
        """Let the oldest go, but not this one, until the key is within its bound or a portion has gone; whether it still has
        too much.
        """
        gone = 0
        mine = replacements.c.key_id == replaced.key_id
        others = select(*SIZES).where(mine, replacements.c.request_id != replaced.request_id.encode())
        async with changing(self._engine, replaced.key_id) as (connection, _):
            size = await _size(connection, replaced.key_id)
            if size <= self._key_bytes:
                return False
            oldest = (await connection.execute(others.order_by(replacements.c.number).limit(MOST))).all()
            size -= await _sweep(connection, replaced.key_id)
            least = size - BYTES
            for row in oldest:
                if size <= max(self._key_bytes, least):
                    break
                gone += await _drop(connection, replaced.key_id, [row])
                size -= row.bytes + await _sweep(connection, replaced.key_id)
        if gone:
            self._evicted(gone)
        return size > self._key_bytes and bool(oldest)


async def _missing(connection: AsyncConnection, replaced: Replaced) -> list[Passage]:
    """The passages that are to be added, the last one first: those up to the first that is known. Raises Absent."""
    given = {passage.name: passage for passage in replaced.passages}
    known = await _known(connection, replaced.key_id, [*given, *(passage.previous for passage in given.values()), replaced.passage])
    name, missing = replaced.passage, []
    while name and name not in known:
        if name not in given:
            raise Absent("a passage before what was replaced is no longer kept")
        missing.append(given.pop(name))
        name = missing[-1].previous
    return missing


async def _known(connection: AsyncConnection, key_id: str, names: Sequence[bytes]) -> set[bytes]:
    known: set[bytes] = set()
    for some in chunks(list(dict.fromkeys(names)), NAMES):
        statement = select(passages.c.name).where(passages.c.key_id == key_id, passages.c.name.in_(some))
        known.update(map(bytes, (await connection.execute(statement)).scalars()))
    return known


async def _record(connection: AsyncConnection, replaced: Replaced, opening: bytes) -> None:
    """Write down what a request's compression did; what it did before, if it was compressed twice, is forgotten."""
    again = (replacements.c.key_id == replaced.key_id) & (replacements.c.request_id == replaced.request_id.encode())
    before = (await connection.execute(select(*SIZES).where(again))).all()
    row: dict[str, Any] = {name: getattr(replaced, name) for name in FIELDS}
    row |= {"passage": replaced.passage, "opening": opening, "bytes": len(opening) + ROW_BYTES}
    construct: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    adding = construct(replacements).values(key_id=replaced.key_id, request_id=replaced.request_id.encode(), **row)
    await connection.execute(adding.on_conflict_do_update(index_elements=["request_id", "key_id"], set_=row))
    await _loosen(connection, replaced.key_id, [old.passage for old in before])


async def _drop(connection: AsyncConnection, key_id: str, rows: Sequence[Row[Any]]) -> int:
    """Take replacements away; how many. What nothing names any more is loose then."""
    if rows:
        await connection.execute(delete(replacements).where(replacements.c.number.in_([row.number for row in rows])))
        await _loosen(connection, key_id, [row.passage for row in rows])
    return len(rows)


async def _loosen(connection: AsyncConnection, key_id: str, names: Sequence[bytes]) -> None:
    """Those of the passages that nothing names any more are loose."""
    if names:
        here = (passages.c.key_id == key_id) & passages.c.name.in_(set(names))
        await connection.execute(update(passages).where(here, ~_named(), ~_followed()).values(loose=True))


async def _fasten(connection: AsyncConnection, key_id: str, names: Sequence[bytes]) -> None:
    """They are not loose."""
    for some in chunks(names, NAMES):
        here = (passages.c.key_id == key_id) & passages.c.name.in_(some) & passages.c.loose
        await connection.execute(update(passages).where(here).values(loose=False))


async def _sweep(connection: AsyncConnection, key_id: str) -> int:
    """Delete a portion of what is loose, each with what stayed for its sake alone; bytes."""
    loose = select(passages.c.number).where(passages.c.key_id == key_id, passages.c.loose).limit(STEP)
    numbers = (await connection.execute(loose)).scalars().all()
    if not numbers:
        return 0
    columns = [passages.c[name] for name in ("number", "key_id", "previous", "first", "bytes")]
    line = select(*columns).where(passages.c.number.in_(numbers)).cte("line", recursive=True)
    followers = select(func.count()).where(FOLLOWER.c.key_id == passages.c.key_id, FOLLOWER.c.previous == passages.c.name).scalar_subquery()
    before = (passages.c.key_id == line.c.key_id) & (passages.c.name == line.c.previous) & (passages.c.first < line.c.first)
    line = line.union_all(select(*columns).join(line, before).where(~_named(), followers == 1))
    # One that follows another begins behind it, so the last come first.
    whole = (await connection.execute(select(line).order_by(line.c.first.desc()))).all()
    gone = whole[: portion((1, row.bytes) for row in whole)]
    await connection.execute(delete(passages).where(passages.c.number.in_([row.number for row in gone])))
    await _loosen(connection, key_id, [row.previous for row in gone])
    return sum(row.bytes for row in gone)


async def _chain(connection: AsyncConnection, row: Row[Any]) -> Sequence[Row[Any]]:
    """The passages that a replacement stands for, oldest first, in one statement: nothing can go meanwhile."""
    columns = [passages.c[name] for name in ("key_id", "name", "previous", "first")]
    last = (passages.c.key_id == row.key_id) & (passages.c.name == row.passage)
    chain = select(*columns).where(last).cte("chain", recursive=True)
    before = (passages.c.key_id == chain.c.key_id) & (passages.c.name == chain.c.previous) & (passages.c.first < chain.c.first)
    chain = chain.union_all(select(*columns).join(chain, before))
    whole = select(passages).join(chain, (passages.c.key_id == chain.c.key_id) & (passages.c.name == chain.c.name))
    return (await connection.execute(whole.order_by(chain.c.first))).all()


async def _size(connection: AsyncConnection, key_id: str = "") -> int:
    """How large all of a key is; "": of all keys."""
    size = 0
    for table in (passages, replacements):
        statement = select(func.coalesce(func.sum(table.c.bytes), 0))
        size += int((await connection.execute(statement.where(table.c.key_id == key_id) if key_id else statement)).scalar_one())
    return size


async def _off(work: Callable[[], Any], size: int) -> Any:
    """What `work` comes to; done in a thread where it takes longer than others should wait. `size`: bytes."""
    return await asyncio.to_thread(work) if size > THREAD_BYTES else work()


def _replaced(row: Row[Any], chain: Sequence[Row[Any]]) -> Replaced:
    parts = [Passage(bytes(part.name), bytes(part.previous), part.first, zlib.decompress(part.turns)) for part in chain]
    fields = {name: row._mapping[name] for name in FIELDS}  # noqa: SLF001 - the way to its columns by name
    names: dict[str, Any] = {"request_id": bytes(row.request_id).decode(), "key_id": row.key_id, "passage": bytes(row.passage)}
    return Replaced(**names, **fields, opening=zlib.decompress(row.opening), passages=parts)


def _row(key_id: str, passage: Passage, turns: bytes) -> dict[str, Any]:
    place = {"name": passage.name, "previous": passage.previous, "first": passage.first}
    return {"key_id": key_id, **place, "bytes": len(turns) + ROW_BYTES, "loose": False, "turns": turns}


def _named() -> ColumnElement[bool]:
    """Whether a replacement names the passage."""
    return exists().where(replacements.c.key_id == passages.c.key_id, replacements.c.passage == passages.c.name)


def _followed() -> ColumnElement[bool]:
    return exists().where(FOLLOWER.c.key_id == passages.c.key_id, FOLLOWER.c.previous == passages.c.name)


FIELDS = ("replaced_turns", "saved_tokens", "spent_tokens", "source", "at", "expires_at")
SIZES: Sequence[ColumnElement[Any]] = (replacements.c.number, replacements.c.passage, replacements.c.bytes)
