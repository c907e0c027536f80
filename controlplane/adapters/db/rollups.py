"""Sums of usage records by hour and by day: written with the records, read for limits and charts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, case, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from controlplane.adapters.db.tables import rollups
from controlplane.domain.account import Counters
from controlplane.domain.limits import MILLION, Amounts, Spent
from controlplane.domain.outcome import Ending
from controlplane.domain.rollup import SECONDS, Axis, Bucket, Grain, UsageQuery
from controlplane.policy.pricing import millionths
from controlplane.service.ports import Totals

# Start, key, account, kind and model: what records have in common that are summed up.
Group: TypeAlias = tuple[int, str, str, str, str]
# By group the figures in the order of FIGURES.
Sums: TypeAlias = dict[Group, list[Any]]


def add(sums: Sums, facts: Iterable[Sequence[Any]], sign: int = 1) -> None:
    """Add records, each in the order of `rows.SUMMED`, to sums by the hour; with a `sign` of -1 take them away. What
    the gateway itself called for is used, but is no request.
    """
    groups: dict[Group, list[tuple[Any, ...]]] = {}
    for booked_at, key_id, account_id, kind, model, ending, counted, cause, _, saved, *amounts, credit, cost in facts:
        group = (booked_at - booked_at % HOUR, key_id, account_id, kind, model)
        requests = NO_REQUEST if cause else (1, ending == SERVED, ending in FAILURES, counted)
        figures = (*requests, *amounts, millionths(credit), cost, saved, sum(amounts) if cause else 0)
        groups.setdefault(group, []).append(figures)
    for group, rows in groups.items():
        # By columns: to add up every figure of every record here takes five times as long.
        sums[group] = [one + sign * sum(column) for one, column in zip(sums.get(group, NONE), zip(*rows, strict=True), strict=True)]


def counters(sums: Sums) -> Totals:
    """What the sums come to for each key and account."""
    return Totals(_counters(sums, 1), {name: found for name, found in _counters(sums, 2).items() if name})


class Rollups:
    """Implements the SpentStore port, and the part of the RecordStore port that is about sums."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        construct: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        insert = construct(rollups)
        grown = {name: rollups.c[name] + insert.excluded[name] for name in FIGURES}
        upsert = insert.on_conflict_do_update(index_elements=list(PLACE), set_=grown)
        compiled = upsert.compile(dialect=engine.dialect, column_keys=(*PLACE, *FIGURES))
        self._text = str(compiled)
        assert tuple(compiled.positiontup) == (*PLACE, *FIGURES)

    async def write(self, connection: AsyncConnection, sums: Sums) -> None:
        """Add sums by the hour to what is stored, for their hours and days. Always in the same order, so
        that two control planes that write the same rows wait for each other once.
        """
        if not sums:
            return
        lines = sorted([*_lines(Grain.HOUR, sums), *_lines(Grain.DAY, _days(sums))])
        await connection.exec_driver_sql(self._text, lines)

    async def totals(self) -> Totals:
        """Since the record exists."""
        async with self._engine.connect() as connection:
            return Totals(
                await _totals(connection, table.key_id),
                {name: found for name, found in (await _totals(connection, table.account_id)).items() if name},
            )

    async def spent(self, now: float) -> Mapping[str, Spent]:
        """Of every key, in the day and month of `now` and in total; by the time of booking."""
        day, month, later = _periods(now)
        spans = (table.start == day, (table.start >= month) & (table.start < later), literal(True))
        units = (table.counted, TOKENS, table.credits)
        figures = [func.sum(case((span, unit), else_=0)) for span in spans for unit in units]
        statement = select(table.key_id, *figures).where(table.period == Grain.DAY.value).group_by(table.key_id)
        async with self._engine.connect() as connection:
            return {row[0]: _spent(now, row[1:]) for row in await connection.execute(statement)}

    async def usage(self, query: UsageQuery, limit: int) -> Sequence[Bucket]:
        """Usage over time, see the RecordStore port."""
        name: ColumnElement[str] = AXES[query.by] if query.by is not None else literal("")
        sums = [func.sum(table[figure]).label(figure) for figure in FIGURES]
        statement = select(table.start, name.label("name"), *sums).where(
            table.period == query.grain.value, table.start >= query.start, table.start < query.end
        )
        wanted: Mapping[Column[Any], Any] = {
            table.key_id: query.key_id,
            table.account_id: query.account_id,
            table.model: query.model,
        }
        for column, value in wanted.items():
            if value is not None:
                statement = statement.where(column == value)
        together = (table.start,) if query.by is None else (table.start, name)
        statement = statement.group_by(*together).order_by(*together).limit(limit)
        async with self._engine.connect() as connection:
            return [_bucket(row) for row in await connection.execute(statement)]


def _lines(grain: Grain, sums: Sums) -> Iterable[tuple[Any, ...]]:
    return ((grain.value, *group, *figures) for group, figures in sums.items())


def _days(sums: Sums) -> Sums:
    """Sums by the hour as sums by the day."""
    days: Sums = {}
    for (start, *rest), figures in sums.items():
        key_id, account_id, kind, model = rest
        group = (start - start % DAY, key_id, account_id, kind, model)
        found = days.get(group)
        days[group] = figures if found is None else [one + other for one, other in zip(found, figures, strict=True)]
    return days


def _counters(sums: Sums, place: int) -> dict[str, Counters]:
    """By the part of the group at `place`."""
    found: dict[str, list[Any]] = {}
    for group, figures in sums.items():
        name = str(group[place])
        found[name] = [one + other for one, other in zip(found.get(name, NONE), figures, strict=True)]
    return {name: _counted(*figures) for name, figures in found.items()}


async def _totals(connection: AsyncConnection, column: Column[str]) -> dict[str, Counters]:
    """Counters for each value of the column."""
    sums = [func.sum(table[name]) for name in FIGURES]
    statement = select(column, *sums).where(table.period == Grain.DAY.value).group_by(column)
    return {row[0]: _counted(*row[1:]) for row in await connection.execute(statement)}


def _counted(*figures: Any) -> Counters:
    """Sums in the order of FIGURES. A database may give the sum of integers as a decimal."""
    *plain, cost, saved, summary = figures
    requests, success, failed, _, fresh, cache_read, cache_write, output, credit = map(int, plain)
    read = fresh + cache_read + cache_write
    return Counters(requests, success, failed, credit / MILLION, read, output, cost, int(saved), int(summary))


def _spent(now: float, sums: Sequence[Any]) -> Spent:
    """Three units for each of three periods."""
    figures = [int(figure) for figure in sums]
    return Spent(now, Amounts(*figures[:3]), Amounts(*figures[3:6]), Amounts(*figures[6:]))


def _bucket(row: Sequence[Any]) -> Bucket:
    start, name, *plain, cost, saved, summary = row
    requests, success, failed, counted, fresh, cache_read, cache_write, output, credit = map(int, plain)
    figures = (requests, success, failed, counted, fresh, cache_read, cache_write, output, credit)
    return Bucket(start, name, *figures, cost, int(saved), int(summary))


def _periods(now: float) -> tuple[int, int, int]:
    """Where the UTC day, the month and the next month begin that `now` lies in."""
    first = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    later = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return int(now) - int(now) % DAY, int(first.timestamp()), int(later.timestamp())


table = rollups.c
HOUR = SECONDS[Grain.HOUR]
DAY = SECONDS[Grain.DAY]
SERVED = Ending.SERVED.value
FAILURES = (Ending.FAILED.value, Ending.CUT.value)
PLACE = ("period", "start", "key_id", "account_id", "kind", "model")
FIGURES = (
    "requests",
    "success",
    "failed",
    "counted",
    "input",
    "cache_read",
    "cache_write",
    "output",
    "credits",
    "cost",
    "saved_tokens",
    "summary_tokens",
)
NONE = (0,) * len(FIGURES)
NO_REQUEST = (0, 0, 0, 0)
TOKENS = table.input + table.cache_read + table.cache_write + table.output
AXES = {Axis.KEY: table.key_id, Axis.ACCOUNT: table.account_id, Axis.MODEL: table.model}
