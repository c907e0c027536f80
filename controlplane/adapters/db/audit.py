"""The audit log."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, Select, desc, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import audit
from controlplane.domain.audit import Change, ChangePage, ChangeQuery
from controlplane.domain.errors import Invalid

BIG = 2**53  # more than any time or row number


class DatabaseAudit:
    """Implements the AuditStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, change: Change) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(insert(audit).values(**_row(change)))

    async def page(self, query: ChangeQuery) -> ChangePage:
        statement = select(audit).order_by(desc(audit.c.at_ms), desc(audit.c.id)).limit(query.limit + 1)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_filtered(statement, query))).mappings().all()
        found = [_change(row) for row in rows[: query.limit]]
        return ChangePage(found, f"{found[-1].at_ms}.{found[-1].id}" if len(rows) > query.limit else None)


def _filtered(statement: Select[Any], query: ChangeQuery) -> Select[Any]:
    table = audit.c
    if query.actor is not None:
        statement = statement.where(table.actor == query.actor)
    if query.target is not None:
        statement = statement.where(table.target == query.target)
    if query.action is not None:
        statement = statement.where((table.action == query.action) | table.action.startswith(f"{query.action}.", autoescape=True))
    if query.cursor is not None:
        statement = statement.where(tuple_(table.at_ms, table.id) < _place(query.cursor))
    return statement


def _place(cursor: str) -> tuple[int, int]:
    """Time and number of the last change that was shown."""
    parts = cursor.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 17 and int(part) < BIG for part in parts):
        raise Invalid("the cursor is none that was given out", "cursor")
    return int(parts[0]), int(parts[1])


def _row(change: Change) -> dict[str, Any]:
    return {
        "at_ms": change.at_ms,
        "actor": change.actor,
        "address": change.address,
        "action": change.action,
        "target": change.target,
        "target_name": change.target_name,
        "before": _text(change.before),
        "after": _text(change.after),
    }


def _change(row: RowMapping) -> Change:
    return Change(**{**row, "before": _mapping(row["before"]), "after": _mapping(row["after"])})


def _text(values: Mapping[str, Any] | None) -> str:
    return "" if values is None else json.dumps(values)


def _mapping(text: str) -> Mapping[str, Any] | None:
    return json.loads(text) if text else None
