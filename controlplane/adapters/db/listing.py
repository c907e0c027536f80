"""The statement that reads a page of the request list, so that no filter makes it slow however many rows there are.

Each page is read from one index that has its rows in the order of the list. Which one is decided here and not by the
database: the filter that leaves the fewest rows leads. SQLite knows nothing about how rows are spread. PostgreSQL does,
but takes filters for independent, and goes through the whole list after a model at an account that does not offer it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, desc, literal_column, not_, or_, select, tuple_, union_all

from controlplane.adapters.db.rows import LISTED
from controlplane.adapters.db.tables import requests
from controlplane.domain.errors import Invalid
from controlplane.domain.outcome import Ending, EntryQuery


@dataclass(frozen=True, slots=True)
class _Lead:
    """What is gone through: the rows of which `column`, None: none, is `value`. `few`: what is true of all rows in
    the index, where it has not all there are. `model`: what tells of the model, None: nothing does.
    """

    column: Column[Any] | None = None
    value: Any = None
    few: ColumnElement[bool] | None = None
    model: ColumnElement[bool] | None = None


def page(query: EntryQuery, *, postgres: bool) -> Select[Any]:
    """One row more than the page has, so that it is known whether there is another. Raises Invalid for a cursor that
    is none.
    """
    leads, statement = _leads(query, apart=postgres), _bounded if postgres else _equal
    if len(leads) == 1:
        return statement(query, leads[0])
    # Two lists in one order: no index has the rows of which the one model or the other is the wanted one. Neither
    # gives more than the page needs, so that it does not matter how they are put together.
    parts = [select(statement(query, lead).subquery()) for lead in leads]
    found = union_all(*parts).subquery()
    return select(found).order_by(desc(found.c.received_at_ms), desc(found.c.id)).limit(query.limit + 1)


def _leads(query: EntryQuery, *, apart: bool) -> Sequence[_Lead]:
    """`apart`: the database can not tell by an index alone that one of two columns has a value, but each for itself."""
    name = next((name for name in LEADS if _leaves_few(query, name)), "")
    if name == "model":
        return _Lead(table.model, query.model), _Lead(table.asked_model, query.model, RENAMED)
    if name == "account_id" and query.model is not None and apart:
        models = (table.model == query.model, and_(table.asked_model == query.model, RENAMED))
        return [_Lead(table.account_id, query.account_id, model=model) for model in models]
    if name in ("", "internal"):
        return (_Lead(few=FEW.get(name)),)
    return (_Lead(table[name], _value(query, name), FEW.get(name)),)


def _leaves_few(query: EntryQuery, name: str) -> bool:
    """Most requests were served, and answered with 200: no filter for these leaves few, and no index has them."""
    return getattr(query, name) not in (None, False, Ending.SERVED, OK)


def _value(query: EntryQuery, name: str) -> Any:
    value = getattr(query, name)
    return value.value if isinstance(value, Ending) else value


def _equal(query: EntryQuery, lead: _Lead) -> Select[Any]:
    """For SQLite: of two columns that must be equal to something it may take either for its index, so all but the
    leading one are kept from it by a plus sign.
    """
    conditions = _others(query, lead, lambda column: literal_column(f"+{column.name}", column.type))
    if lead.column is not None:
        conditions.append(lead.column == lead.value)
    return _newest(query, [*conditions, *_span(query)])


def _bounded(query: EntryQuery, lead: _Lead) -> Select[Any]:
    """For PostgreSQL: the leading column is not equal to its value, but between it and it, and rows come in its order
    first. What is equal it would leave out of the order, and then the index of the whole list would do too.
    """
    conditions = _others(query, lead, lambda column: column)
    column = lead.column
    if column is None or column.name in ALONE:
        equal = [] if column is None else [column == lead.value]
        return _newest(query, [*conditions, *equal, *_span(query)])
    top, bottom = tuple_(column, table.received_at_ms), (lead.value, query.begin_ms)
    conditions.append(top >= bottom if query.begin_ms is not None else column >= lead.value)
    conditions.append(top < (lead.value, query.end_ms) if query.end_ms is not None else column <= lead.value)
    if query.cursor is not None:
        conditions.append(tuple_(column, table.received_at_ms, table.id) < (lead.value, *_place(query.cursor)))
    return _newest(query, conditions, desc(column))


def _newest(query: EntryQuery, conditions: Sequence[ColumnElement[bool]], *first: ColumnElement[Any]) -> Select[Any]:
    return select(*LISTED).where(*conditions).order_by(*first, desc(table.received_at_ms), desc(table.id)).limit(query.limit + 1)


def _others(query: EntryQuery, lead: _Lead, told: Callable[[Column[Any]], ColumnElement[Any]]) -> list[ColumnElement[bool]]:
    """What rows must fulfil besides the lead, but for the time; `told` makes of a column what is asked."""
    conditions = [] if lead.few is None else [lead.few]
    for name in EQUAL:
        value = _value(query, name)
        if value is not None and (lead.column is None or name != lead.column.name):
            conditions.append(told(table[name]) == value)
    if lead.model is not None:
        conditions.append(lead.model)
    elif query.model is not None and (lead.column is None or lead.column.name not in MODELS):
        conditions.append(or_(*(told(table[name]) == query.model for name in MODELS)))
    if query.internal is not None:
        conditions.append(CAUSED if query.internal else not_(CAUSED))
    return conditions


def _span(query: EntryQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.begin_ms is not None:
        conditions.append(table.received_at_ms >= query.begin_ms)
    if query.end_ms is not None:
        conditions.append(table.received_at_ms < query.end_ms)
    if query.cursor is not None:
        conditions.append(tuple_(table.received_at_ms, table.id) < _place(query.cursor))
    return conditions


def _place(cursor: str) -> tuple[int, int]:
    """Time and number of the last row that was shown."""
    received_at_ms, _, id = cursor.partition(".")  # noqa: A001 - the column's own word
    if not (_digits(received_at_ms) and _digits(id)):
        raise Invalid("the cursor is none that was given out", "cursor")
    return int(received_at_ms), int(id)


def _digits(text: str) -> bool:
    """Whether the text is a number the database can hold."""
    return text.isascii() and text.isdigit() and len(text) <= 18


table = requests.c
OK = 200
EQUAL = ("request_id", "cause", "status", "ending", "key_id", "account_id", "kind")
MODELS = ("model", "asked_model")
# Who leads, the one that leaves the fewest rows first.
LEADS = ("request_id", "cause", "status", "ending", "account_id", "model", "key_id", "kind", "internal")
# What leaves so few that their order is no matter; their indexes have none.
ALONE = ("request_id", "cause")
# As the partial indexes have it: by that a database knows that they will do.
CAUSED = table.cause != literal_column("''")
RENAMED = table.asked_model != table.model
FEW: Mapping[str, ColumnElement[bool]] = {
    "cause": CAUSED,
    "internal": CAUSED,
    "ending": table.ending != literal_column("'served'"),
    "status": table.status != literal_column("200"),
}
