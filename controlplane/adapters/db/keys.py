"""Managed keys."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import keys
from controlplane.domain.errors import Absent
from controlplane.domain.key import Key
from controlplane.domain.limits import Caps, Limits, Unit

LISTS = frozenset({"allowed_models", "allowed_account_ids", "allowed_ips"})


class DatabaseKeys:
    """Implements the KeyStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def load(self) -> Sequence[Key]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(keys).order_by(keys.c.created_at, keys.c.id))).mappings().all()
        return [_key(row) for row in rows]

    async def add(self, key: Key) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(insert(keys).values(**_row(key)))

    async def save(self, key: Key) -> None:
        async with self._engine.begin() as connection:
            result = await connection.execute(update(keys).where(keys.c.id == key.id).values(**_row(key)))
            if result.rowcount != 1:
                raise Absent("there is no such key")

    async def remove(self, key_id: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(keys).where(keys.c.id == key_id))


def _key(row: RowMapping) -> Key:
    values: dict[str, Any] = {name: tuple(json.loads(value)) if name in LISTS else value for name, value in row.items()}
    return Key(**{**values, "limits": _limits(json.loads(row["limits"]))})


def _row(key: Key) -> dict[str, Any]:
    values = {field.name: getattr(key, field.name) for field in fields(key)}
    values = {name: json.dumps(value) if name in LISTS else value for name, value in values.items()}
    return {**values, "limits": json.dumps(_limited(asdict(key.limits)))}


def _limits(stored: Any) -> Limits:
    units = {name: Caps(**stored.get(name, {})) for name in UNITS}
    return Limits(**units, concurrency=stored.get("concurrency"))


def _limited(value: Any) -> Any:
    """Without what is not limited."""
    if not isinstance(value, dict):
        return value
    found = {name: _limited(part) for name, part in value.items()}
    return {name: part for name, part in found.items() if part not in (None, {})}


UNITS = tuple(Unit)
