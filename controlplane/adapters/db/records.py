"""Usage records, and in the same transactions the rollups they belong to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import and_, case, delete, desc, not_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from controlplane.adapters.db import hours, listing, rollups
from controlplane.adapters.db.hours import Counts, Hours
from controlplane.adapters.db.rollups import Rollups, Sums
from controlplane.adapters.db.rows import COLUMNS, SUMMED, entry, row, summed
from controlplane.adapters.db.tables import requests
from controlplane.domain.hour import HourCount
from controlplane.domain.outcome import LEASE_EXPIRED, Entry, EntryPage, EntryQuery, Source
from controlplane.domain.rollup import Bucket, UsageQuery
from controlplane.policy.pricing import GIVEN_BACK
from controlplane.service.ports import Adopted, Totals, Written

Row: TypeAlias = tuple[Any, ...]
# Lease ids in one question; SQLite allows 32766 parameters in a statement.
MOST_NAMES = 1000


class DatabaseRecords:
    """Implements the RecordStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._rollups = Rollups(engine)
        self._hours = Hours(engine)
        self._on_postgres = engine.dialect.name == "postgresql"
        construct: Any = postgresql.insert if self._on_postgres else sqlite.insert
        self._insert = construct(requests).on_conflict_do_nothing(index_elements=["lease_id"])
        # Written out once for the fresh rows: making each row's parameters anew costs as much as
        # writing it. `row` gives its values in this order.
        compiled = self._insert.compile(dialect=engine.dialect, column_keys=COLUMNS)
        assert tuple(compiled.positiontup) == COLUMNS
        self._text = _unnested(engine) if self._on_postgres else str(compiled)

    async def insert(self, fresh: Sequence[Entry], doubtful: Sequence[Entry]) -> Written:
        rows = [row(entry) for entry in fresh]
        try:
            return await self._write(rows, doubtful, self._together)
        except _Repeated:
            return await self._write(rows, doubtful, self._singly)

    async def adopt(self, limit: int) -> Adopted:
        # The lock makes who adopts at the same time wait, and go on behind these rows.
        waiting = select(table.id).where(table.booked_at.is_(None)).order_by(table.id).limit(limit).with_for_update()
        if self._on_postgres:
            # Chosen once, as a table of its own: a subquery may be asked again, and then it has further
            # rows. SQLite does not, and its driver begins no transaction for a statement that starts so.
            waiting = select(waiting.cte("waiting").c.id)
        booking = update(requests).where(table.id.in_(waiting)).values(ADOPTED)
        async with self._engine.begin() as connection:
            found = (await connection.execute(booking.returning(*(table[name] for name in SUMMED)))).all()
            tally = _Tally()
            tally.add(found)
            await self._tell(connection, tally)
        return Adopted(len(found), rollups.counters(tally.sums))

    async def totals(self) -> Totals:
        return await self._rollups.totals()

    async def usage(self, query: UsageQuery, limit: int) -> Sequence[Bucket]:
        return await self._rollups.usage(query, limit)

    async def hours(self, start: int, end: int) -> Sequence[HourCount]:
        return await self._hours.read(start, end)

    async def samples(self, limit: int) -> Sequence[tuple[str, float]]:
        newest = select(requests).order_by(desc(table.id)).limit(limit).subquery().c
        told = select(newest.model, newest.credits).where(newest.credits_source == Source.UPSTREAM, newest.output > 0)
        async with self._engine.connect() as connection:
            return [(model, credit) for model, credit in await connection.execute(told.order_by(newest.id))]

    async def page(self, query: EntryQuery) -> EntryPage:
        statement = listing.page(query, postgres=self._on_postgres)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        shown = rows[: query.limit]
        more = len(rows) > query.limit
        return EntryPage([entry(found) for found in shown], f"{shown[-1]['received_at_ms']}.{shown[-1]['id']}" if more else None)

    async def find(self, request_id: str) -> Entry | None:
        statement = select(requests).where(table.request_id == request_id).order_by(desc(table.id)).limit(1)
        async with self._engine.connect() as connection:
            found = (await connection.execute(statement)).mappings().first()
        return entry(found) if found is not None else None

    async def _write(
        self, rows: Sequence[Row], doubtful: Sequence[Entry], put: Callable[[AsyncConnection, Sequence[Row]], Awaitable[Sequence[Row]]]
    ) -> Written:
        """`put` writes rows and tells which of them were not there yet: only those count."""
        tally = _Tally()
        async with self._engine.begin() as connection:
            if rows:
                tally.add(list(map(summed, await put(connection, rows))))
            written = await self._write_doubtful(connection, doubtful, tally) if doubtful else Written()
            await self._tell(connection, tally)
        return written

    async def _tell(self, connection: AsyncConnection, tally: "_Tally") -> None:
        """Add what rows come to, to all that is kept of them in sum."""
        await self._rollups.write(connection, tally.sums)
        await self._hours.take(connection, tally.taken)
        await self._hours.write(connection, tally.counts)

    async def _write_doubtful(self, connection: AsyncConnection, entries: Sequence[Entry], tally: "_Tally") -> Written:
        """One statement a row: there are few of these, and each must tell whether it was inserted."""
        removed: list[Any] = []
        reported = [entry.outcome.lease_id for entry in entries if entry.outcome.error != LEASE_EXPIRED]
        for start in range(0, len(reported), MOST_NAMES):
            removal = delete(requests).where(table.lease_id.in_(reported[start : start + MOST_NAMES]), table.error == LEASE_EXPIRED)
            removed += (await connection.execute(removal.returning(*(table[name] for name in SUMMED)))).all()
        # What the previous release wrote may not be in the rollups yet.
        tally.take([found for found in removed if found.booked_at is not None])
        inserted = await self._singly(connection, [row(entry) for entry in entries])
        tally.add(list(map(summed, inserted)))
        replaced = tuple((found.key_id, found.account_id) for found in removed if not found.cause)
        return Written(frozenset(new[0] for new in inserted), replaced)

    async def _together(self, connection: AsyncConnection, rows: Sequence[Row]) -> Sequence[Row]:
        """All in one go, which tells only how many were inserted. Unless it is all of them, raises _Repeated."""
        # PostgreSQL's driver says nothing about the outcome of many rows, unless they are one statement.
        parameters: Any = tuple(list(column) for column in zip(*rows, strict=True)) if self._on_postgres else list(rows)
        if (await connection.exec_driver_sql(self._text, parameters)).rowcount != len(rows):
            raise _Repeated
        return rows

    async def _singly(self, connection: AsyncConnection, rows: Sequence[Row]) -> Sequence[Row]:
        statement = self._insert.returning(table.lease_id)
        inserted: list[Row] = []
        for new in rows:
            if (await connection.execute(statement, dict(zip(COLUMNS, new, strict=True)))).first() is not None:
                inserted.append(new)
        return inserted


@dataclass(slots=True)
class _Tally:
    """What the rows of one transaction come to."""

    sums: Sums = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    taken: Counts = field(default_factory=dict)

    def add(self, facts: Sequence[Sequence[Any]]) -> None:
        """Rows that were inserted, each in the order of SUMMED."""
        rollups.add(self.sums, facts)
        hours.add(self.counts, facts)

    def take(self, facts: Sequence[Sequence[Any]]) -> None:
        """Rows that were deleted."""
        rollups.add(self.sums, facts, -1)
        hours.add(self.taken, facts)


class _Repeated(Exception):
    """Some of the rows are there already: an earlier try was committed, though its answer was lost."""


def _unnested(engine: AsyncEngine) -> str:
    """The insert that takes each column as an array: one text, which the driver keeps prepared, for any number of rows."""
    arrays = ", ".join(f"${place}::{table[name].type.compile(engine.dialect)}[]" for place, name in enumerate(COLUMNS, 1))
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    # Names and types of our own tables; no value is part of the text.
    return f"INSERT INTO requests ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT (lease_id) DO NOTHING"  # noqa: S608


table = requests.c
# What the previous release did not write. It is as `policy.pricing.counts` has it; credits were only ever told.
UNCHARGED = and_(
    table.ending.in_([ending.value for ending in GIVEN_BACK]),
    table.output == 0,
    table.credits == 0,
    table.input_source != Source.UPSTREAM,
    table.output_source != Source.UPSTREAM,
)
ADOPTED: Mapping[str, Any] = {
    "booked_at": (table.received_at_ms + table.duration_ms) // 1000,
    "counted": not_(UNCHARGED),
    "credits_source": case((table.credits > 0, Source.UPSTREAM.value), else_=table.credits_source),
}
