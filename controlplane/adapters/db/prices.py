"""Prices of models."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import prices
from controlplane.domain.errors import Absent, Duplicate
from controlplane.domain.price import Price


class DatabasePrices:
    """Implements the PriceStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        construct: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        self._seed = construct(prices).on_conflict_do_nothing(index_elements=["model"])

    async def load(self) -> Sequence[Price]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(prices).order_by(prices.c.model))).mappings().all()
        return [Price(**row) for row in rows]

    async def seed(self, prices: Sequence[Price]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(self._seed, [asdict(price) for price in prices])

    async def add(self, price: Price) -> None:
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(prices).values(**asdict(price)))
        except IntegrityError:
            raise Duplicate(TAKEN, "model") from None

    async def save(self, price: Price) -> None:
        try:
            async with self._engine.begin() as connection:
                result = await connection.execute(update(prices).where(prices.c.id == price.id).values(**asdict(price)))
        except IntegrityError:
            raise Duplicate(TAKEN, "model") from None
        if result.rowcount != 1:
            raise Absent("there is no such price")

    async def remove(self, price_id: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(prices).where(prices.c.id == price_id))


TAKEN = "another price is for this model"
