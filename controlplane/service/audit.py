"""Who changed what, as administrators will ask later.

A change that was made stays made and is answered as made, also when its note cannot be written: then the
note waits in memory, with all that follow behind it, and is tried again until it is in. What a process
that is killed had not written is told by its log.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controlplane.domain.audit import Change, ChangePage, ChangeQuery
from controlplane.service import metrics
from controlplane.service.ports import Clock

log = logging.getLogger(__name__)

ADMIN = "admin"
MOST = 10_000  # notes that wait; beyond it nothing more should be changed
PATIENCE = 10.0  # seconds that a note may take, for somebody waits to be answered


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and from which address."""

    name: str
    address: str


class AuditStore(Protocol):
    """Changes, for good. `add` returns after the commit."""

    async def add(self, change: Change) -> None: ...

    async def page(self, query: ChangeQuery) -> ChangePage:
        """Raises Invalid for a cursor that is none."""
        ...


class Audit:
    """Notes changes and reads them back, those that are written."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: deque[Change] = deque()
        # The last try failed: whoever makes a change does not wait for the next one.
        self._failing = False
        # One writer: notes come in the order of their changes.
        self._writing = asyncio.Lock()

    @property
    def unwritten(self) -> int:
        """Notes that wait to be written."""
        return len(self._waiting)

    @property
    def room(self) -> bool:
        """Whether another change could be noted; to be asked before it is made."""
        return len(self._waiting) < MOST

    async def note(
        self,
        who: Actor,
        action: str,
        target: str,
        target_name: str = "",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Store a change that was made, now or, when that fails, later. Of an object that was there before and
        after, only what differs is kept; if nothing does, nothing was changed and nothing is noted.
        """
        if before is not None and after is not None:
            before, after = difference(before, after)
            if not before and not after:
                return
        at_ms = int(self._clock.now() * 1000)
        change = Change(at_ms, who.name, who.address, action, target, target_name, before, after)
        self._waiting.append(change)
        if not self._failing:
            async with self._writing:
                if not self._failing:
                    await self._write()
        metrics.UNWRITTEN.set(len(self._waiting))
        if any(one is change for one in self._waiting):
            log.error("change not in the audit log yet action=%s target=%s", action, target)

    async def retry(self) -> None:
        """Write what waits, oldest first; to be called again and again."""
        async with self._writing:
            await self._write()
        metrics.UNWRITTEN.set(len(self._waiting))

    async def close(self) -> None:
        """Try for the last time; what cannot be written is told by the log."""
        await self.retry()
        for change in self._waiting:
            said = (change.at_ms, change.actor, change.address, change.action, change.target)
            log.error("change never written to the audit log at_ms=%d actor=%s address=%s action=%s target=%s", *said)

    async def page(self, query: ChangeQuery) -> ChangePage:
        """Newest first. Raises Invalid for a cursor that is none."""
        return await self._store.page(query)

    async def _write(self) -> None:
        """Until nothing waits, or a note fails. One whose fate is unknown, as its connection broke or it took
        too long, is written again: better there twice than not at all.
        """
        try:
            while self._waiting:
                async with asyncio.timeout(PATIENCE):
                    await self._store.add(self._waiting[0])
                self._waiting.popleft()
        except Exception:  # the edge to the database: whatever it is, notes are kept
            log.exception("audit log could not be written changes=%d, kept", len(self._waiting))
        self._failing = bool(self._waiting)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of both differs; a field that one lacks is left out there."""
    changed = [name for name in {**before, **after} if name not in before or name not in after or before[name] != after[name]]
    return _picked(before, changed), _picked(after, changed)


def _picked(values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
