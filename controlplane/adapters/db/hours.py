"""Requests by hour, outcome and time to the first event, and what they used: written with the records, as the rollups are.

Rows that an earlier release booked are in none of these; charts begin with the first hour that this one wrote.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from controlplane.adapters.db.tables import hours
from controlplane.domain.hour import HOUR, HourCount
from controlplane.domain.outcome import Ending
from controlplane.policy.percentiles import NONE, bucket

# By start, ending and bucket the figures in the order of FIGURES.
Counts: TypeAlias = dict[tuple[int, str, int], list[Any]]


def add(counts: Counts, facts: Iterable[Sequence[Any]]) -> None:
    """Add records, each in the order of `rows.SUMMED`. What the gateway itself called for is used, but is no request."""
    for booked_at, _, _, _, _, ending, _, cause, first_event_ms, _, fresh, cache_read, cache_write, output, _, cost in facts:
        group = (booked_at - booked_at % HOUR, ending, NONE if cause else bucket(first_event_ms))
        found = counts.get(group)
        if found is None:
            found = counts[group] = [0, 0, 0.0]
        found[0] += not cause
        found[1] += fresh + cache_read + cache_write + output
        found[2] += cost


class Hours:
    """The counts in the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        construct: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        insert = construct(hours)
        grown = {name: hours.c[name] + insert.excluded[name] for name in FIGURES}
        upsert = insert.on_conflict_do_update(index_elements=list(PLACE), set_=grown)
        compiled = upsert.compile(dialect=engine.dialect, column_keys=(*PLACE, *FIGURES))
        self._text = str(compiled)
        assert tuple(compiled.positiontup) == (*PLACE, *FIGURES)

    async def write(self, connection: AsyncConnection, counts: Counts) -> None:
        """Add to what is stored. Always in the same order, so that two control planes wait for each other once."""
        if counts:
            await connection.exec_driver_sql(self._text, sorted((*group, *figures) for group, figures in counts.items()))

    async def take(self, connection: AsyncConnection, counts: Counts) -> None:
        """Take from what is stored, as far as it is there: an earlier release booked without these counts."""
        for group, figures in sorted(counts.items()):
            values = zip((*PLACE, *FIGURES), (*group, *figures), strict=True)
            await connection.execute(TAKEN, {f"{name}_": value for name, value in values})

    async def read(self, start: int, end: int) -> Sequence[HourCount]:
        """From `start` up to but without `end`, epoch seconds."""
        statement = select(hours).where(hours.c.start >= start, hours.c.start < end)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        # Of a week these are thousands: others come in between.
        return await asyncio.to_thread(_counts, rows)


def _counts(rows: Iterable[Sequence[Any]]) -> Sequence[HourCount]:
    return [HourCount(begin, ENDINGS[ending], *figures) for begin, ending, *figures in rows]


def _less(name: str) -> Any:
    """What is left of a figure, nothing at the least."""
    stored, taken = hours.c[name], bindparam(f"{name}_", type_=hours.c[name].type)
    return case((stored > taken, stored - taken), else_=0)


PLACE = ("start", "ending", "bucket")
FIGURES = ("count", "tokens", "cost")
TAKEN = update(hours).where(*(hours.c[name] == bindparam(f"{name}_") for name in PLACE)).values({name: _less(name) for name in FIGURES})
ENDINGS = {ending.value: ending for ending in Ending}
