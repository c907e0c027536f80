"""What each key has, and the lock that comes with it: whoever changes anything of a key takes its row first.

So two changes of one key never meet, in whatever process, and the figures are exact. On SQLite the
write takes the whole file, which is the same and more.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from summarizer.kept import Totals
from summarizer.store.tables import totals

FIGURES = (totals.c.answers, totals.c.answer_bytes, totals.c.sessions, totals.c.session_bytes)


@contextlib.asynccontextmanager
async def changing(engine: AsyncEngine, key_id: str) -> AsyncIterator[tuple[AsyncConnection, Totals]]:
    """A transaction that has the key to itself; what is made of its figures is written at the end."""
    construct: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    row = construct(totals).values(key_id=key_id, **asdict(Totals()))
    # The update changes nothing; it is there to lock.
    taking = row.on_conflict_do_update(index_elements=["key_id"], set_={"key_id": row.excluded.key_id})
    async with engine.begin() as connection:
        await connection.execute(taking)
        figures = (await connection.execute(select(*FIGURES).where(totals.c.key_id == key_id))).one()
        before = Totals(*figures)
        after = replace(before)
        yield connection, after
        if after != before:
            await connection.execute(update(totals).where(totals.c.key_id == key_id).values(**asdict(after)))


async def everybody(engine: AsyncEngine) -> Totals:
    """What all keys have together."""
    async with engine.connect() as connection:
        sums = (await connection.execute(select(*(func.coalesce(func.sum(each), 0) for each in FIGURES)))).one()
    return Totals(*map(int, sums))
