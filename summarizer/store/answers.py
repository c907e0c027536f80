"""Answers by id, each with the items that it added to its conversation.

An answer may follow another, and that one a third: the conversation is the items of all of them. An
answer that is forgotten, has expired or had to make room is gone for everybody who asks for it; where
others follow it, its items stay as long as those, since they are a part of what these build on.

No transaction takes away more than a portion. What is left over of a long conversation is taken by the
clock: its last answer, which nobody can see any more, goes when all before it has gone.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from summarizer.errors import Absent, Unfit
from summarizer.kept import Answer, Bounds, Item, Recalled, Totals
from summarizer.store.books import changing
from summarizer.store.portions import PAUSE, SLACK, STEP, enough, portion
from summarizer.store.tables import answers, items
from summarizer.store.tables import totals as books

# In the place of when it expires: on its way out, and counted no more.
GOING = 0
FOLLOWER = answers.alias()


class Answers:
    """Kept for `life_ms` each. Raises SQLAlchemyError and OSError when the database does not answer."""

    def __init__(self, engine: AsyncEngine, bounds: Bounds, life_ms: int) -> None:
        self._engine = engine
        self._bounds = bounds
        self._life_ms = life_ms

    async def keep(self, key_id: str, answer: Answer, now: int) -> int:
        """Keep an answer; how many others had to go for it. One that is known already is left as it is.

        Raises Unfit, and Absent when what it followed is no longer kept.
        """
        item_bytes = sum(item.size for item in answer.items)
        if item_bytes + len(answer.body) > self._bounds.answer_bytes:
            raise Unfit("the answer with what led to it is larger than what is kept")
        gone = 0
        while True:
            async with changing(self._engine, key_id) as (connection, totals):
                before = totals.answers
                # What is known needs no room, and may be all that there is, which would never become less.
                known = await _row(connection, key_id, answer.id) is not None
                crowded = not known and totals.answer_bytes > self._bounds.answers_bytes * (1 + SLACK)
                if not known and not crowded:
                    await self._add(connection, key_id, totals, answer, now)
                    before += 1
                await self._make_room(connection, key_id, totals, answer.id)
                gone += before - totals.answers
            if not crowded:
                return gone
            await asyncio.sleep(PAUSE)

    async def recall(self, key_id: str, answer_id: str, item_ids: Sequence[str], now: int) -> Recalled:
        """What was said up to an answer ("": none is followed), and single items that are not among it. Raises Absent, Unfit."""
        if len(item_ids) > self._bounds.items_recalled:
            raise Unfit(f"more than {self._bounds.items_recalled} items are asked for at once")
        async with self._engine.connect() as connection:
            history = await _history(connection, key_id, answer_id, now) if answer_id else []
            said = {item.id for item in history}
            wanted = [item_id for item_id in item_ids if not item_id or item_id not in said]
            found = await self._items(connection, key_id, wanted, now) if wanted else {}
        for item_id in wanted:
            if item_id not in found:
                raise Absent("no such item is kept", item_id)
        if sum(len(found[item_id]) for item_id in wanted) > self._bounds.chain_bytes:  # one may be asked for many times
            raise Unfit("the items asked for are more than is given out at once")
        return Recalled(history, [Item(item_id, found[item_id]) for item_id in wanted])

    async def find(self, key_id: str, answer_id: str, now: int) -> bytes:
        """The body of an answer. Raises Absent."""
        statement = select(answers.c.body).where(_named(key_id, answer_id), _visible(now))
        async with self._engine.connect() as connection:
            body = (await connection.execute(statement)).scalar_one_or_none()
        if body is None:
            raise Absent("no such answer is kept")
        return bytes(body)

    async def forget(self, key_id: str, answer_id: str, now: int) -> None:
        """Raises Absent."""
        async with changing(self._engine, key_id) as (connection, totals):
            row = await _seen(connection, key_id, answer_id, now)
            if row is None:
                raise Absent("no such answer is kept")
            await _drop(connection, totals, [row])

    async def prune(self, now: int, limit: int) -> int | None:
        """Take away some that have expired, so many at most; how many they were. None: nothing has."""
        due = select(answers.c.key_id, answers.c.number).where(answers.c.expires_at <= now, answers.c.body.is_not(None))
        async with self._engine.connect() as connection:
            found = (await connection.execute(due.order_by(answers.c.expires_at, answers.c.number).limit(limit))).all()
        by_key: dict[str, list[int]] = {}
        for key_id, number in found:
            by_key.setdefault(key_id, []).append(number)
        gone = 0
        for key_id, numbers in by_key.items():
            async with changing(self._engine, key_id) as (connection, totals):
                before = totals.answers
                await _drop(connection, totals, await _kept(connection, answers.c.number.in_(numbers)))
                gone += before - totals.answers
        return gone if found else None

    async def shrink(self) -> int | None:
        """Let some go of each key that has too many; how many went. None: none has."""
        many = books.c.answer_bytes > self._bounds.answers_bytes
        async with self._engine.connect() as connection:
            keys = (await connection.execute(select(books.c.key_id).where(many))).scalars().all()
        gone = 0
        for key_id in keys:
            async with changing(self._engine, key_id) as (connection, totals):
                before = totals.answers
                await self._make_room(connection, key_id, totals, "")
                gone += before - totals.answers
        return gone if keys else None

    async def _add(self, connection: AsyncConnection, key_id: str, totals: Totals, answer: Answer, now: int) -> None:
        """Add an answer that is not known yet."""
        item_bytes = sum(item.size for item in answer.items)
        place = await self._place(connection, key_id, answer.previous, item_bytes, now)
        life = {"created_at": now, "expires_at": now + self._life_ms}
        body = {"body": answer.body, "body_bytes": len(answer.body), "item_bytes": item_bytes}
        row = insert(answers).values(key_id=key_id, id=answer.id.encode(), **place, **life, **body)
        number = (await connection.execute(row.returning(answers.c.number))).scalar_one()
        if answer.items:
            await connection.execute(insert(items), _rows(key_id, number, answer.items))
        totals.answers += 1
        totals.answer_bytes += len(answer.body) + item_bytes

    async def _place(self, connection: AsyncConnection, key_id: str, previous: str, item_bytes: int, now: int) -> dict[str, int | None]:
        """Where in its conversation an answer stands that adds so much to it."""
        if not previous:
            return {"previous": None, "depth": 0, "chain_bytes": item_bytes}
        row = await _seen(connection, key_id, previous, now)
        if row is None:
            raise Absent("the answer that it followed is no longer kept")
        chain_bytes = row.chain_bytes + item_bytes
        if row.depth + 1 >= self._bounds.chain_answers or chain_bytes > self._bounds.chain_bytes:
            raise Unfit("the conversation is longer than what is kept")
        return {"previous": row.number, "depth": row.depth + 1, "chain_bytes": chain_bytes}

    async def _items(self, connection: AsyncConnection, key_id: str, item_ids: Collection[str], now: int) -> dict[str, bytes]:
        """Single items, by id; of those with one id the newest."""
        wanted = items.c.item_id.in_([item_id.encode() for item_id in item_ids if item_id])
        newest = (
            select(items.c.item_id, func.max(items.c.answer).label("answer"))
            .join(answers, answers.c.number == items.c.answer)
            .where(items.c.key_id == key_id, wanted, _visible(now))
            .group_by(items.c.item_id)
            .subquery()
        )
        same = (items.c.answer == newest.c.answer) & (items.c.item_id == newest.c.item_id)
        statement = select(items.c.item_id, items.c.json).join(newest, same).order_by(items.c.answer, items.c.position)
        found: dict[str, bytes] = {}
        size = 0
        async with connection.stream(statement) as rows:
            async for item_id, json in rows:
                size += len(json)
                if size > self._bounds.chain_bytes:
                    raise Unfit("the items asked for are more than is given out at once")
                found[bytes(item_id).decode()] = bytes(json)
        return found

    async def _make_room(self, connection: AsyncConnection, key_id: str, totals: Totals, spared: str) -> None:
        """Let the oldest go, but not the one that is spared, until the key is within its bound or a portion has gone."""
        excess = totals.answer_bytes - self._bounds.answers_bytes
        if excess <= 0:
            return
        others = (answers.c.key_id == key_id) & (answers.c.id != spared.encode())
        oldest = await _kept(connection, others, STEP)
        freed = (row.body_bytes + (0 if row.followed else row.item_bytes) for row in oldest)
        await _drop(connection, totals, oldest[: enough(freed, excess)])


async def _history(connection: AsyncConnection, key_id: str, answer_id: str, now: int) -> list[Item]:
    """The items of an answer and of all that it builds on, in one statement: nothing can go meanwhile."""
    chain = select(answers.c.number, answers.c.previous, answers.c.depth).where(_named(key_id, answer_id), _visible(now))
    whole = _upwards(chain.cte("chain", recursive=True), answers.c.key_id == key_id)
    statement = (
        select(items.c.item_id, items.c.json)
        .select_from(whole.outerjoin(items, items.c.answer == whole.c.number))
        .order_by(whole.c.depth, items.c.position)
    )
    rows = (await connection.execute(statement)).all()
    if not rows:
        raise Absent("no such answer is kept")
    # An answer without items is one row without an item.
    return [Item(bytes(item_id).decode(), bytes(json)) for item_id, json in rows if json is not None]


async def _drop(connection: AsyncConnection, totals: Totals, rows: Sequence[Row[Any]]) -> None:
    """Take answers away, from the first on and as many as go at once: all of those that none follows, with what stayed
    for their sake alone; of the others the body.
    """
    rows = rows[: portion((1 if row.followed else row.depth + 1, row.body_bytes) for row in rows)]
    totals.answers -= sum(row.expires_at > GOING for row in rows)
    followed = [row for row in rows if row.followed]
    if followed:
        numbers = [row.number for row in followed]
        await connection.execute(update(answers).where(answers.c.number.in_(numbers)).values(body=None, body_bytes=0))
        totals.answer_bytes -= sum(row.body_bytes for row in followed)
    if last := [row.number for row in rows if not row.followed]:
        await _erase(connection, totals, last)


async def _erase(connection: AsyncConnection, totals: Totals, last: Sequence[int]) -> None:
    """Delete answers that none follows, and before each what stayed for its sake alone; what does not go at once is GOING."""
    ends = select(*(answers.c[name] for name in ("number", "previous", "body_bytes", "item_bytes"))).where(answers.c.number.in_(last))
    followers = select(func.count()).where(FOLLOWER.c.previous == answers.c.number).scalar_subquery()
    alone = _upwards(ends.cte("alone", recursive=True), answers.c.body.is_(None), followers == 1)
    whole = (await connection.execute(select(alone).order_by(alone.c.number))).all()
    gone = whole[: portion((1, row.body_bytes + row.item_bytes) for row in whole)]
    numbers = {row.number for row in gone}
    await connection.execute(delete(answers).where(answers.c.number.in_(numbers)))
    totals.answer_bytes -= sum(row.body_bytes + row.item_bytes for row in gone)
    # What had several followers and now has none goes likewise.
    left = {*last, *(row.previous for row in gone)} - numbers - {None}
    if left:
        unseen = answers.c.number.in_(last) | answers.c.body.is_(None)
        loose = answers.c.number.in_(left) & unseen & ~exists().where(FOLLOWER.c.previous == answers.c.number)
        going = update(answers).where(loose).values(expires_at=GOING, body=func.coalesce(answers.c.body, b""))
        await connection.execute(going)


def _upwards(chain: CTE, *rule: ColumnElement[bool]) -> CTE:
    """`chain` and, one after the other, the answers that are followed, as long as the rule holds for them."""
    columns = [answers.c[column.name] for column in chain.columns]
    return chain.union_all(select(*columns).join(chain, answers.c.number == chain.c.previous).where(*rule))


async def _row(connection: AsyncConnection, key_id: str, answer_id: str) -> Row[Any] | None:
    """An answer without its body, also one that is forgotten."""
    return (await connection.execute(select(*PLAIN).where(_named(key_id, answer_id)))).one_or_none()


async def _seen(connection: AsyncConnection, key_id: str, answer_id: str, now: int) -> Row[Any] | None:
    """An answer without its body, unless it stands there for others' sake alone."""
    row = await _row(connection, key_id, answer_id)
    return None if row is None or row.forgotten or row.expires_at <= now else row


async def _kept(connection: AsyncConnection, rule: ColumnElement[bool], limit: int | None = None) -> Sequence[Row[Any]]:
    """Answers that nobody took away, the oldest first."""
    return (await connection.execute(select(*PLAIN).where(rule, answers.c.body.is_not(None)).order_by(answers.c.number).limit(limit))).all()


def _named(key_id: str, answer_id: str) -> ColumnElement[bool]:
    return (answers.c.key_id == key_id) & (answers.c.id == answer_id.encode())


def _visible(now: int) -> ColumnElement[bool]:
    return answers.c.body.is_not(None) & (answers.c.expires_at > now)


def _rows(key_id: str, number: int, added: Sequence[Item]) -> list[dict[str, Any]]:
    return [
        {"answer": number, "position": position, "key_id": key_id, "item_id": item.id.encode(), "json": item.json}
        for position, item in enumerate(added)
    ]


PLAIN = (
    answers.c.number,
    answers.c.depth,
    answers.c.body_bytes,
    answers.c.item_bytes,
    answers.c.chain_bytes,
    answers.c.expires_at,
    answers.c.body.is_(None).label("forgotten"),
    exists().where(FOLLOWER.c.previous == answers.c.number).label("followed"),
)
