"""What was said with each user of a key, and whose turn it is.

A session is taken for one turn by a conditional write, so that turns of one session never overlap,
whichever summarizer they come through. Whoever holds a turn may die: its time is written beside it,
and when that is over the turn is nobody's. The turn that ended last stays known, for whoever did not
hear that it has.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from summarizer.errors import Absent
from summarizer.kept import Bounds, Said, Session, Taken, Totals, Turn, surplus
from summarizer.store.books import changing
from summarizer.store.portions import PAUSE, SLACK, STEP, enough, portion
from summarizer.store.tables import said, sessions
from summarizer.store.tables import totals as books

# In the place of a deadline: the turn has been ended.
ENDED = 0


class Sessions:
    """Kept for `life_ms` after their last use. Raises SQLAlchemyError and OSError when the database does not answer."""

    def __init__(self, engine: AsyncEngine, bounds: Bounds, life_ms: int) -> None:
        self._engine = engine
        self._bounds = bounds
        self._life_ms = life_ms

    async def holder(self, key_id: str, user: str, now: int, turn_id: str = "") -> Taken | None:
        """Who but that turn has the session, as far as a glance tells."""
        other = (sessions.c.turn_until > now) & (sessions.c.turn_id != turn_id)
        taken = select(sessions.c.turn_until).where(_named(key_id, user), other)
        async with self._engine.connect() as connection:
            until = (await connection.execute(taken)).scalar_one_or_none()
        return None if until is None else Taken(until)

    async def claim(self, key_id: str, user: str, turn_id: str, until: int, now: int) -> Turn | Taken:
        """Take the session for a turn that ends at `until` by rule; Taken where another turn has it.

        A turn that has it already is told the same again.
        """
        async with changing(self._engine, key_id) as (connection, totals):
            row = await _row(connection, key_id, user)
            if row is None:
                row = await _make(connection, totals, key_id, user)
            if row.turn_until > now and row.turn_id != turn_id:
                return Taken(row.turn_until)
            held = {"turn_id": turn_id, "turn_until": until, "updated_at": now, "expires_at": max(now + self._life_ms, until)}
            if row.expires_at <= now:
                await connection.execute(delete(said).where(said.c.session == row.number))
                totals.session_bytes -= row.bytes
                held |= {"turns": 0, "bytes": 0}
            await connection.execute(update(sessions).where(sessions.c.number == row.number).values(held))
            return Turn(turn_id, await _said(connection, row.number))

    async def end(self, key_id: str, user: str, turn_id: str, added: Sequence[Said], now: int) -> int:
        """End a turn with what was said in it; how many sessions had to go for it. The turn that ended last may be ended again.

        Raises Absent for one that was over before, unless nothing is added.
        """
        gone = 0
        while True:
            async with changing(self._engine, key_id) as (connection, totals):
                row = await _row(connection, key_id, user)
                if row is None or row.turn_id != turn_id or row.turn_until <= now:
                    if added and not _ended(row, turn_id):
                        raise Absent("the turn is over")
                    return gone
                went = await self._make_room(connection, key_id, totals, row.number, now) if self._crowded(totals, SLACK) else 0
                if not went:
                    await self._finish(connection, totals, row, added, now)
                    return gone + await self._make_room(connection, key_id, totals, row.number, now)
            gone += went
            await asyncio.sleep(PAUSE)

    async def page(self, key_id: str, after: str, limit: int, now: int) -> tuple[list[Session], bool]:
        """The sessions after that user, by user, and whether there are more."""
        alive = (sessions.c.key_id == key_id) & (sessions.c.expires_at > now) & (sessions.c.turns > 0)
        rows = select(sessions).where(alive, sessions.c.user > after.encode()).order_by(sessions.c.user).limit(limit + 1)
        async with self._engine.connect() as connection:
            found = (await connection.execute(rows)).all()
        told = [Session(bytes(row.user).decode(), row.turns, row.bytes, row.updated_at, row.expires_at) for row in found[:limit]]
        return told, len(found) > limit

    async def forget(self, key_id: str, user: str, now: int) -> None:
        """Forget a session; a turn that has it is over with it. Raises Absent."""
        async with changing(self._engine, key_id) as (connection, totals):
            row = await _row(connection, key_id, user)
            if row is None or row.expires_at <= now:
                raise Absent("no such session is kept")
            await _drop(connection, totals, [row])

    async def prune(self, now: int, limit: int) -> int | None:
        """Take away some that have expired, so many at most; how many they were. None: nothing has."""
        due = select(sessions.c.key_id, sessions.c.number).where(_over(now)).order_by(sessions.c.expires_at).limit(limit)
        async with self._engine.connect() as connection:
            found = (await connection.execute(due)).all()
        by_key: dict[str, list[int]] = {}
        for key_id, number in found:
            by_key.setdefault(key_id, []).append(number)
        gone = 0
        for key_id, numbers in by_key.items():
            # Looked at again, as one of them may have been taken up since.
            still = select(*SIZES).where(sessions.c.number.in_(numbers), _over(now))
            async with changing(self._engine, key_id) as (connection, totals):
                rows = (await connection.execute(still)).all()
                gone += await _drop(connection, totals, rows[: portion(map(_size, rows))])
        return gone if found else None

    async def shrink(self, now: int) -> int | None:
        """Let some go of a key that has too many; how many went. None: none has, or they cannot go now."""
        many = (books.c.sessions > self._bounds.sessions) | (books.c.session_bytes > self._bounds.sessions_bytes)
        async with self._engine.connect() as connection:
            keys = (await connection.execute(select(books.c.key_id).where(many))).scalars().all()
        gone = 0
        for key_id in keys:
            async with changing(self._engine, key_id) as (connection, totals):
                gone += await self._make_room(connection, key_id, totals, 0, now)
        return gone or None

    def _crowded(self, totals: Totals, slack: float) -> bool:
        """Whether a key has more than it may have, and so much above it."""
        bounds = self._bounds
        return totals.sessions > bounds.sessions * (1 + slack) or totals.session_bytes > bounds.sessions_bytes * (1 + slack)

    async def _finish(self, connection: AsyncConnection, totals: Totals, row: Row[Any], added: Sequence[Said], now: int) -> None:
        """The turn is over. A session in which nothing was ever said is none."""
        totals.session_bytes -= row.bytes
        turns, size = await self._add(connection, row, added)
        totals.session_bytes += size
        if not turns and not added:
            await connection.execute(delete(sessions).where(sessions.c.number == row.number))
            totals.sessions -= 1
            return
        ended = {"turn_until": ENDED, "turns": turns, "bytes": size, "updated_at": now, "expires_at": now + self._life_ms}
        await connection.execute(update(sessions).where(sessions.c.number == row.number).values(ended))

    async def _add(self, connection: AsyncConnection, row: Row[Any], added: Sequence[Said]) -> tuple[int, int]:
        """Add what was said and let the oldest go that is too much; how much there is then: sayings, bytes."""
        here = said.c.session == row.number
        last = (await connection.execute(select(func.max(said.c.position)).where(here))).scalar_one()
        if added:
            await connection.execute(insert(said), _rows(row.number, 0 if last is None else last + 1, added))
        turns, size = row.turns + len(added), row.bytes + sum(one.size for one in added)
        if turns <= self._bounds.session_said and size <= self._bounds.session_bytes:
            return turns, size
        whole = select(said.c.position, said.c.bytes, said.c.by_assistant).where(here).order_by(said.c.position)
        rows = (await connection.execute(whole)).all()
        gone = surplus([(one.bytes, one.by_assistant) for one in rows], self._bounds.session_bytes, self._bounds.session_said)
        # At least one goes, as together they are too much.
        await connection.execute(delete(said).where(here, said.c.position <= rows[gone - 1].position))
        return turns - gone, size - sum(one.bytes for one in rows[:gone])

    async def _make_room(self, connection: AsyncConnection, key_id: str, totals: Totals, spared: int, now: int) -> int:
        """Let sessions go, the one longest unused first, until the key is within its bounds or a portion has gone; how many.

        One in which somebody is speaking stays.
        """
        if not self._crowded(totals, 0):
            return 0
        idle = (sessions.c.key_id == key_id) & (sessions.c.number != spared) & (sessions.c.turn_until <= now)
        oldest = select(*SIZES).where(idle).order_by(sessions.c.updated_at, sessions.c.number).limit(STEP)
        rows = (await connection.execute(oldest)).all()
        wanted = max(
            totals.sessions - self._bounds.sessions, enough((row.bytes for row in rows), totals.session_bytes - self._bounds.sessions_bytes)
        )
        return await _drop(connection, totals, rows[: min(wanted, portion(map(_size, rows)))])


async def _row(connection: AsyncConnection, key_id: str, user: str) -> Row[Any] | None:
    return (await connection.execute(select(*PLAIN).where(_named(key_id, user)))).one_or_none()


async def _make(connection: AsyncConnection, totals: Totals, key_id: str, user: str) -> Row[Any]:
    """A new session, free and empty."""
    empty = {"turn_id": "", "turn_until": 0, "turns": 0, "bytes": 0, "updated_at": 0, "expires_at": 0}
    row = insert(sessions).values(key_id=key_id, user=user.encode(), **empty)
    totals.sessions += 1
    return (await connection.execute(row.returning(*PLAIN))).one()


async def _said(connection: AsyncConnection, number: int) -> list[Said]:
    rows = select(said.c.by_assistant, said.c.text).where(said.c.session == number).order_by(said.c.position)
    return [Said(by_assistant, bytes(words).decode()) for by_assistant, words in (await connection.execute(rows)).all()]


async def _drop(connection: AsyncConnection, totals: Totals, rows: Sequence[Row[Any]]) -> int:
    """Take sessions away, with all that was said in them; how many."""
    if rows:
        await connection.execute(delete(sessions).where(sessions.c.number.in_([row.number for row in rows])))
        totals.sessions -= len(rows)
        totals.session_bytes -= sum(row.bytes for row in rows)
    return len(rows)


def _size(row: Row[Any]) -> tuple[int, int]:
    """Rows and bytes that go with a session."""
    return row.turns + 1, row.bytes


def _ended(row: Row[Any] | None, turn_id: str) -> bool:
    """Whether this turn was the last and has been ended."""
    return row is not None and row.turn_id == turn_id and row.turn_until == ENDED


def _named(key_id: str, user: str) -> ColumnElement[bool]:
    return (sessions.c.key_id == key_id) & (sessions.c.user == user.encode())


def _over(now: int) -> ColumnElement[bool]:
    return (sessions.c.expires_at <= now) & (sessions.c.turn_until <= now)


def _rows(number: int, first: int, added: Sequence[Said]) -> list[dict[str, Any]]:
    return [
        {"session": number, "position": position, "by_assistant": one.by_assistant, "text": one.text.encode(), "bytes": one.size}
        for position, one in enumerate(added, first)
    ]


SIZES: Sequence[ColumnElement[Any]] = (sessions.c.number, sessions.c.turns, sessions.c.bytes)
PLAIN = (*SIZES, sessions.c.turn_id, sessions.c.turn_until, sessions.c.expires_at)
