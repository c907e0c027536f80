"""Usage records."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, RowMapping, Select, case, delete, desc, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from controlplane.adapters.db.tables import requests
from controlplane.domain.account import Counters
from controlplane.domain.errors import Invalid
from controlplane.domain.outcome import LEASE_EXPIRED, Attempt, Ending, Entry, EntryPage, EntryQuery, Outcome, Usage
from controlplane.service.ports import Totals, Written

FAILURES = (Ending.FAILED.value, Ending.CUT.value)
# Lease ids in one question; SQLite allows 32766 parameters in a statement.
MOST_NAMES = 1000


class DatabaseRecords:
    """Implements the RecordStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        construct: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        self._insert = construct(requests).on_conflict_do_nothing(index_elements=["lease_id"])
        # Written out once for the fresh rows: making each row's parameters anew costs as much as
        # writing it. `row` gives its values in this order.
        compiled = self._insert.compile(dialect=engine.dialect, column_keys=COLUMNS)
        self._text = str(compiled)
        assert tuple(compiled.positiontup) == COLUMNS

    async def insert(self, fresh: Sequence[Entry], doubtful: Sequence[Entry]) -> Written:
        async with self._engine.begin() as connection:
            if fresh:
                await connection.exec_driver_sql(self._text, [row(entry) for entry in fresh])
            if not doubtful:
                return Written()
            return await self._insert_doubtful(connection, doubtful)

    async def _insert_doubtful(self, connection: AsyncConnection, entries: Sequence[Entry]) -> Written:
        """One statement a row: there are few of these, and each must tell whether it was inserted."""
        replaced: list[tuple[str, str]] = []
        reported = [entry.outcome.lease_id for entry in entries if entry.outcome.error != LEASE_EXPIRED]
        for start in range(0, len(reported), MOST_NAMES):
            removal = (
                delete(requests)
                .where(requests.c.lease_id.in_(reported[start : start + MOST_NAMES]), requests.c.error == LEASE_EXPIRED)
                .returning(requests.c.key_id, requests.c.account_id)
            )
            replaced += [(key_id, account_id) for key_id, account_id in await connection.execute(removal)]
        inserted: set[str] = set()
        statement = self._insert.returning(requests.c.lease_id)
        for entry in entries:
            inserted.update((await connection.execute(statement, dict(zip(COLUMNS, row(entry), strict=True)))).scalars())
        return Written(frozenset(inserted), tuple(replaced))

    async def totals(self) -> Totals:
        async with self._engine.connect() as connection:
            return Totals(
                {name: counted async for name, counted in _sums(connection, requests.c.key_id)},
                {name: counted async for name, counted in _sums(connection, requests.c.account_id) if name},
            )

    async def page(self, query: EntryQuery) -> EntryPage:
        statement = select(requests).order_by(desc(requests.c.received_at_ms), desc(requests.c.id)).limit(query.limit + 1)
        statement = _filtered(statement, query)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        shown = rows[: query.limit]
        more = len(rows) > query.limit
        return EntryPage([_entry(found) for found in shown], f"{shown[-1]['received_at_ms']}.{shown[-1]['id']}" if more else None)

    async def find(self, request_id: str) -> Entry | None:
        statement = select(requests).where(requests.c.request_id == request_id).order_by(desc(requests.c.id)).limit(1)
        async with self._engine.connect() as connection:
            found = (await connection.execute(statement)).mappings().first()
        return _entry(found) if found is not None else None


async def _sums(connection: AsyncConnection, column: Column[str]) -> AsyncIterator[tuple[str, Counters]]:
    """Counters for each value of the column."""
    table = requests.c
    statement = select(
        column,
        func.count(),
        func.sum(case((table.ending == Ending.SERVED.value, 1), else_=0)),
        func.sum(case((table.ending.in_(FAILURES), 1), else_=0)),
        func.sum(table.credits),
        func.sum(table.input + table.cache_read + table.cache_write),
        func.sum(table.output),
    ).group_by(column)
    for name, total, success, failed, credit, tokens_in, tokens_out in await connection.execute(statement):
        yield name, Counters(int(total), int(success), int(failed), float(credit), int(tokens_in), int(tokens_out))


def _filtered(statement: Select[Any], query: EntryQuery) -> Select[Any]:
    table = requests.c
    wanted: Mapping[Column[Any], Any] = {
        table.key_id: query.key_id,
        table.account_id: query.account_id,
        table.ending: query.ending.value if query.ending else None,
        table.status: query.status,
    }
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(column == value)
    if query.model is not None:
        statement = statement.where((table.model == query.model) | (table.asked_model == query.model))
    if query.cursor is None:
        return statement
    received_at_ms, _, id = query.cursor.partition(".")  # noqa: A001 - the column's own word
    if not (_digits(received_at_ms) and _digits(id)):
        raise Invalid("the cursor is none that was given out", "cursor")
    return statement.where(tuple_(table.received_at_ms, table.id) < (int(received_at_ms), int(id)))


def _digits(text: str) -> bool:
    """Whether the text is a number the database can hold."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def row(entry: Entry) -> tuple[Any, ...]:
    """The row of an entry, in the order of COLUMNS."""
    outcome, usage = entry.outcome, entry.outcome.usage
    return (
        outcome.lease_id,
        _text(outcome.request_id),
        _text(entry.key_id),
        _text(entry.account_id),
        _text(entry.kind),
        _text(entry.asked_model),
        _text(entry.model),
        outcome.ending.value,
        min(outcome.status, SMALL),
        _text(outcome.error),
        _text(outcome.finish_reason),
        outcome.received_at_ms,
        outcome.first_event_ms if outcome.first_event_ms is None else min(outcome.first_event_ms, PLAIN),
        min(outcome.duration_ms, PLAIN),
        _text(outcome.dialect),
        outcome.streamed,
        min(usage.input, BIG),
        min(usage.cache_read, BIG),
        min(usage.cache_write, BIG),
        min(usage.output, BIG),
        min(usage.reasoning, BIG),
        usage.credits,
        usage.input_source,
        usage.output_source,
        json.dumps([_attempt(attempt) for attempt in outcome.attempts]) if outcome.attempts else "[]",
        json.dumps(list(outcome.dropped)) if outcome.dropped else "[]",
        min(usage.searches, BIG),
    )


def _text(text: str) -> str:
    """Text that every database takes: a row that is refused would hold up all behind it."""
    return text[:LONGEST].replace("\0", "") if text else ""


def _attempt(attempt: Attempt) -> dict[str, Any]:
    """An attempt as JSON; what is empty is left out, most attempts have no fault."""
    return {name: value for name in ATTEMPT if (value := getattr(attempt, name)) not in EMPTY}


def _entry(found: RowMapping) -> Entry:
    outcome = Outcome(
        lease_id=found["lease_id"],
        request_id=found["request_id"],
        ending=Ending(found["ending"]),
        status=found["status"],
        received_at_ms=found["received_at_ms"],
        duration_ms=found["duration_ms"],
        dialect=found["dialect"],
        streamed=found["streamed"],
        usage=Usage(**{name: found[name] for name in USAGE}),
        attempts=[Attempt(**{"account_id": "", "kind": "", "model": "", **attempt}) for attempt in json.loads(found["attempts"])],
        error=found["error"],
        finish_reason=found["finish_reason"],
        first_event_ms=found["first_event_ms"],
        dropped=json.loads(found["dropped"]),
    )
    return Entry(outcome, found["key_id"], found["asked_model"], found["account_id"], found["kind"], found["model"])


# What a row keeps of an attempt; the previous release reads no other names.
ATTEMPT = ("account_id", "kind", "model", "started_ms", "ended_ms", "fault", "status", "retry_after", "detail")
USAGE = tuple(Usage.__slots__)
EMPTY = ("", 0, None)
# What the columns hold at most; nothing real comes near. Texts are names, this long only by mistake.
SMALL = 2**15 - 1
PLAIN = 2**31 - 1
BIG = 2**53
LONGEST = 500
COLUMNS = (
    "lease_id",
    "request_id",
    "key_id",
    "account_id",
    "kind",
    "asked_model",
    "model",
    "ending",
    "status",
    "error",
    "finish_reason",
    "received_at_ms",
    "first_event_ms",
    "duration_ms",
    "dialect",
    "streamed",
    "input",
    "cache_read",
    "cache_write",
    "output",
    "reasoning",
    "credits",
    "input_source",
    "output_source",
    "attempts",
    "dropped",
    "searches",
)
