"""Routes: the administrator's list."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import routes
from controlplane.domain.route import Match, Route, Target


class DatabaseRoutes:
    """Implements the RouteStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        construct: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        self._seed = construct(routes).on_conflict_do_nothing(index_elements=["matching", "name"])

    async def load(self) -> Sequence[Route]:
        order = (routes.c.position, routes.c.matching, routes.c.name)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(select(routes).order_by(*order))).mappings().all()
        return [_route(row) for row in rows]

    async def seed(self, routes: Sequence[Route]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(self._seed, _rows(routes))

    async def replace(self, listed: Sequence[Route]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(routes))
            if listed:
                await connection.execute(insert(routes), _rows(listed))


def _rows(listed: Sequence[Route]) -> list[dict[str, Any]]:
    return [
        {
            "matching": route.match.value,
            "name": route.name,
            "position": position,
            "targets": json.dumps([asdict(target) for target in route.targets]),
        }
        for position, route in enumerate(listed)
    ]


def _route(row: RowMapping) -> Route:
    targets = (Target(**{**target, "account_ids": tuple(target["account_ids"])}) for target in json.loads(row["targets"]))
    return Route(row["name"], Match(row["matching"]), tuple(targets))
