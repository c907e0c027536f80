"""Users, what their second devices know sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import users
from controlplane.domain.errors import Absent, Duplicate
from controlplane.domain.user import Role, User
from controlplane.policy.passwords import folded
from controlplane.service.ports import Vault

SEALED = ("totp_secret", "totp_begun")


class DatabaseUsers:
    """Implements the UserStore port."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    async def load(self) -> Sequence[User]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(users).order_by(users.c.created_at, users.c.id))).mappings().all()
        return [self._user(row) for row in rows]

    async def find(self, user_id: str) -> User | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(users).where(users.c.id == user_id))).mappings().one_or_none()
        return None if row is None else self._user(row)

    async def add(self, user: User) -> None:
        values = {field.name: getattr(user, field.name) for field in fields(user)}
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(users).values(**self._row(user.id, values), folded=folded(user.name)))
        except IntegrityError:
            raise Duplicate("there is a user of this name", "name") from None

    async def change(self, user_id: str, fields: Mapping[str, Any]) -> None:
        if not fields:
            return
        statement = update(users).where(users.c.id == user_id).values(**self._row(user_id, fields))
        async with self._engine.begin() as connection:
            if (await connection.execute(statement)).rowcount != 1:
                raise Absent("there is no such user")

    async def exchange(self, user_id: str, old_hash: str, new_hash: str) -> bool:
        statement = update(users).where(users.c.id == user_id, users.c.password_hash == old_hash).values(password_hash=new_hash)
        async with self._engine.begin() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def use_step(self, user_id: str, step: int) -> bool:
        statement = update(users).where(users.c.id == user_id, users.c.totp_step < step).values(totp_step=step)
        async with self._engine.begin() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def remove(self, user_id: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(users).where(users.c.id == user_id))

    def _row(self, user_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What is sealed, is sealed for this user and field."""
        sealed = {name: self._vault.seal(user_id, name, fields[name]) if fields[name] else None for name in SEALED if name in fields}
        return {**fields, **sealed}

    def _user(self, row: RowMapping) -> User:
        opened = {name: self._vault.open(row["id"], name, bytes(row[name])) if row[name] is not None else "" for name in SEALED}
        values = {name: value for name, value in row.items() if name != "folded"}
        return User(**{**values, **opened, "role": Role(row["role"])})
