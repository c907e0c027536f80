"""Requests by hour, outcome and time to the first event: written with the records, as the rollups are.

Rows that an earlier release booked are in none of these; charts begin with the first hour that this one wrote.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from controlplane.adapters.db.tables import hours, rollups
from controlplane.domain.hour import HOUR, HourCount, HourFigures
from controlplane.domain.outcome import Ending
from controlplane.domain.rollup import Grain
from controlplane.policy.percentiles import bucket

# How many by start, ending and bucket.
Counts: TypeAlias = dict[tuple[int, str, int], int]


def add(counts: Counts, facts: Iterable[Sequence[Any]], sign: int = 1) -> None:
    """Count records, each in the order of `rows.SUMMED`; with a `sign` of -1 take them away. What the gateway itself
    called for is no request.
    """
    for booked_at, _, _, _, _, ending, _, cause, first_event_ms, *_ in facts:
        if cause:
            continue
        group = (booked_at - booked_at % HOUR, ending, bucket(first_event_ms))
        counts[group] = counts.get(group, 0) + sign


class Hours:
    """The counts in the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        construct: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        insert = construct(hours)
        upsert = insert.on_conflict_do_update(index_elements=list(PLACE), set_={"count": hours.c.count + insert.excluded.count})
        compiled = upsert.compile(dialect=engine.dialect, column_keys=(*PLACE, "count"))
        self._text = str(compiled)
        assert tuple(compiled.positiontup) == (*PLACE, "count")

    async def write(self, connection: AsyncConnection, counts: Counts) -> None:
        """Add to what is stored. Always in the same order, so that two control planes wait for each other once."""
        lines = sorted((*group, count) for group, count in counts.items() if count)
        if lines:
            await connection.exec_driver_sql(self._text, lines)

    async def figures(self, start: int, end: int) -> HourFigures:
        """From `start` up to but without `end`, epoch seconds; with what the rollups have for these hours."""
        counted = select(hours).where(hours.c.start >= start, hours.c.start < end)
        table = rollups.c
        tokens = func.sum(table.input + table.cache_read + table.cache_write + table.output)
        spent = (
            select(table.start, tokens, func.sum(table.cost))
            .where(table.period == Grain.HOUR.value, table.start >= start, table.start < end)
            .group_by(table.start)
        )
        async with self._engine.connect() as connection:
            counts = [HourCount(begin, Ending(ending), of, count) for begin, ending, of, count in await connection.execute(counted)]
            amounts = [(begin, int(sum_), cost) for begin, sum_, cost in await connection.execute(spent)]
        return HourFigures(counts, amounts)


PLACE = ("start", "ending", "bucket")
