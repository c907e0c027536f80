"""Credentials for scripts."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import tokens
from controlplane.domain.user import ApiToken, Role


class DatabaseTokens:
    """Implements the TokenStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self) -> Sequence[ApiToken]:
        statement = select(tokens).order_by(tokens.c.created_at, tokens.c.id)
        async with self._engine.connect() as connection:
            return [_token(row) for row in (await connection.execute(statement)).mappings()]

    async def find(self, digest: str) -> ApiToken | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(tokens).where(tokens.c.digest == digest))).mappings().one_or_none()
        return None if row is None else _token(row)

    async def add(self, token: ApiToken) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(insert(tokens).values(**asdict(token)))

    async def touch(self, token_id: str, used_at: int) -> None:
        statement = update(tokens).where(tokens.c.id == token_id, tokens.c.used_at < used_at).values(used_at=used_at)
        async with self._engine.begin() as connection:
            await connection.execute(statement)

    async def remove(self, token_id: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(tokens).where(tokens.c.id == token_id))


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(**{**row, "role": Role(row["role"])})
