"""An account's past, as it goes with the account and returns with it."""

from sqlalchemy import desc, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.adapters.db.tables import account_events, allowances
from controlplane.adapters.db.timeline import happening, row
from controlplane.domain.account import Reading
from controlplane.service.ports import Past

# Of one account; it waits in memory.
MOST_EVENTS = 500
MOST_READINGS = 1000


async def taken(connection: AsyncConnection, account_id: str) -> Past:
    """The newest of what there is, oldest first."""
    events, samples = account_events.c, allowances.c
    happened = select(account_events).where(events.account_id == account_id).order_by(desc(events.at_ms), desc(events.id))
    found = (await connection.execute(happened.limit(MOST_EVENTS))).mappings().all()
    read = select(samples.checked_at, samples.used, samples["limit"]).where(samples.account_id == account_id)
    readings = (await connection.execute(read.order_by(desc(samples.checked_at)).limit(MOST_READINGS))).all()
    return Past([happening(one) for one in reversed(found)], [Reading(*one) for one in reversed(readings)])


async def given(connection: AsyncConnection, account_id: str, past: Past) -> None:
    """Write it again; in the same order, by which newer ones have higher numbers."""
    if past.happenings:
        await connection.execute(insert(account_events), [row(one) for one in past.happenings])
    if past.readings:
        rows = [{"account_id": account_id, "checked_at": one.at, "used": one.used, "limit": one.limit} for one in past.readings]
        await connection.execute(insert(allowances), rows)
