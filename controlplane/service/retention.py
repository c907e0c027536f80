"""What is not kept for ever: usage records, what happened to accounts, and samples of their allowances.

Rollups and the audit log stay. A record that is in no rollup yet stays until it is.
"""

import logging
from collections.abc import Awaitable, Callable

from controlplane.service import metrics
from controlplane.service.ports import Clock, RetentionStore

log = logging.getLogger(__name__)

DAY = 86400
ALLOWANCE_DAYS = 60
EVENTS = 500  # of an account; one that fails again and again writes as many in days
CHUNK = 1000  # rows deleted in one transaction: it is over before anybody notices
PAUSE = 0.05  # seconds between two transactions, for who else wants to write


class Retention:
    """Deletes what is too old. `days`: how long usage records and accounts' events are kept, 0: for ever."""

    def __init__(self, store: RetentionStore, clock: Clock, days: int) -> None:
        self._store = store
        self._clock = clock
        self._days = days

    async def prune(self) -> None:
        """Delete all that is too old now, a little at a time."""
        now = self._clock.now()
        if self._days > 0:
            before_ms = int((now - self._days * DAY) * 1000)
            await self._drop("requests", lambda: self._store.drop_records(before_ms, CHUNK))
            await self._drop("account_events", lambda: self._store.drop_events(before_ms, CHUNK))
        await self._drop("account_events", lambda: self._store.crop_events(EVENTS, CHUNK))
        before = int(now - ALLOWANCE_DAYS * DAY)
        await self._drop("allowances", lambda: self._store.drop_allowances(before, CHUNK))

    async def _drop(self, table: str, drop: Callable[[], Awaitable[int]]) -> None:
        dropped = 0
        while (count := await drop()) >= CHUNK:
            dropped += count
            await self._clock.sleep(PAUSE)
        dropped += count
        if dropped:
            metrics.PRUNED.labels(table).inc(dropped)
            log.info("old rows deleted table=%s count=%d", table, dropped)
