"""What happened to accounts, and what the records tell of how they were chosen."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, desc, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import account_events, accounts, requests
from controlplane.domain.event import Decided, Happening, Kind
from controlplane.domain.outcome import Ending


class DatabaseTimeline:
    """Implements the TimelineStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, happenings: Sequence[Happening]) -> None:
        async with self._engine.begin() as connection:
            named = {one.account_id for one in happenings}
            there = set((await connection.execute(select(accounts.c.id).where(accounts.c.id.in_(named)))).scalars())
            rows = [row(one) for one in happenings if one.account_id in there]
            if rows:
                await connection.execute(insert(account_events), rows)

    async def page(self, account_id: str, before: tuple[int, int] | None, limit: int) -> Sequence[Happening]:
        table = account_events.c
        statement = select(account_events).where(table.account_id == account_id)
        if before is not None:
            statement = statement.where(tuple_(table.at_ms, table.id) < before)
        statement = statement.order_by(desc(table.at_ms), desc(table.id)).limit(limit)
        async with self._engine.connect() as connection:
            return [happening(found) for found in (await connection.execute(statement)).mappings()]

    async def decided(self, since_ms: int, limit: int) -> Sequence[Decided]:
        table = requests.c
        statement = (
            select(table.request_id, table.received_at_ms, table.asked_model, table.ending, table.decision)
            .where(table.received_at_ms >= since_ms, table.decision != "")
            .order_by(desc(table.received_at_ms), desc(table.id))
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            return [Decided(**{**one, "ending": Ending(one["ending"])}) for one in (await connection.execute(statement)).mappings()]


def row(one: Happening) -> dict[str, Any]:
    """The row of an event, which gets its number when it is written."""
    return {
        "account_id": one.account_id,
        "at_ms": one.at_ms,
        "type": one.kind.value,
        "status": one.status,
        "reason": one.reason,
        "until": one.until,
        "ok": one.ok,
    }


def happening(found: RowMapping) -> Happening:
    """The event of a row."""
    told = dict(found)
    return Happening(kind=Kind(told.pop("type")), **told)
