"""The audit log."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, desc, func, insert, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

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
        async with self._engine.connect() as connection:
            actions = await _actions(connection, query.action) if query.action is not None else None
            if actions == []:
                return ChangePage([], None)
            rows = (await connection.execute(_statement(query, actions))).mappings().all()
        found = [_change(row) for row in rows[: query.limit]]
        return ChangePage(found, f"{found[-1].at_ms}.{found[-1].id}" if len(rows) > query.limit else None)


async def _actions(connection: AsyncConnection, wanted: str) -> list[str]:
    """Those in the log that are `wanted`, or of which it is the first half."""
    there = (await connection.execute(ACTIONS)).scalars()
    return [action for action in there if action == wanted or action.startswith(f"{wanted}.")]


def _known() -> Select[Any]:
    """Every action that is in the log, some dozens: each is sought in the index behind the one before, for to read the
    index from end to end takes the longer the longer the log is.
    """
    first = select(func.min(audit.c.action).label("action")).cte("actions", recursive=True)
    later = select(func.min(audit.c.action)).where(audit.c.action > first.c.action).scalar_subquery()
    actions = first.union_all(select(later).where(first.c.action.is_not(None)))
    return select(actions.c.action).where(actions.c.action.is_not(None))


def _statement(query: ChangeQuery, actions: Sequence[str] | None) -> Select[Any]:
    """A page and one row more. Of several actions each has its rows in the order of the list in an index."""
    common = _conditions(query)
    if actions is None:
        return _newest(select(audit).where(*common), query.limit)
    each = [_newest(select(audit).where(audit.c.action == action, *common), query.limit).subquery() for action in actions]
    return _newest(select(union_all(*map(select, each)).subquery()), query.limit)


def _newest(statement: Select[Any], limit: int) -> Select[Any]:
    columns = statement.selected_columns
    return statement.order_by(desc(columns.at_ms), desc(columns.id)).limit(limit + 1)


def _conditions(query: ChangeQuery) -> list[ColumnElement[bool]]:
    table, conditions = audit.c, []
    for place, value in ((table.actor, query.actor), (table.target, query.target)):
        if value is not None:
            conditions.append(place == value)
    for action in query.without:
        conditions += [table.action != action, ~table.action.startswith(f"{action}.", autoescape=True)]
    if query.cursor is not None:
        conditions.append(tuple_(table.at_ms, table.id) < _place(query.cursor))
    return conditions


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


ACTIONS = _known()
