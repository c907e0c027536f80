"""Browsers that are signed in."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import sessions
from controlplane.domain.user import Session


class DatabaseSessions:
    """Implements the SessionStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self) -> Sequence[Session]:
        statement = select(sessions).order_by(sessions.c.created_at, sessions.c.id)
        async with self._engine.connect() as connection:
            return [Session(**row) for row in (await connection.execute(statement)).mappings()]

    async def find(self, digest: str) -> Session | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(sessions).where(sessions.c.digest == digest))).mappings().one_or_none()
        return None if row is None else Session(**row)

    async def add(self, session: Session) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(insert(sessions).values(**asdict(session)))

    async def touch(self, session_id: str, seen_at: int) -> None:
        statement = update(sessions).where(sessions.c.id == session_id, sessions.c.seen_at < seen_at).values(seen_at=seen_at)
        async with self._engine.begin() as connection:
            await connection.execute(statement)

    async def remove(self, session_ids: Sequence[str]) -> None:
        if not session_ids:
            return
        async with self._engine.begin() as connection:
            await connection.execute(delete(sessions).where(sessions.c.id.in_(session_ids)))

    async def prune(self, seen_before: int, created_before: int) -> int:
        statement = delete(sessions).where((sessions.c.seen_at <= seen_before) | (sessions.c.created_at <= created_before))
        async with self._engine.begin() as connection:
            return (await connection.execute(statement)).rowcount
