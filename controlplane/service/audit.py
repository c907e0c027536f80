"""Who changed what, as administrators will ask later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controlplane.domain.audit import Change, ChangePage, ChangeQuery
from controlplane.service.ports import Clock

ADMIN = "admin"


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
    """Notes changes and reads them back."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(
        self,
        who: Actor,
        action: str,
        target: str,
        target_name: str = "",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Store a change that was made. Of an object that was there before and after, only what differs
        is kept; if nothing does, nothing was changed and nothing is noted.
        """
        if before is not None and after is not None:
            before, after = difference(before, after)
            if not before and not after:
                return
        at_ms = int(self._clock.now() * 1000)
        await self._store.add(Change(at_ms, who.name, who.address, action, target, target_name, before, after))

    async def page(self, query: ChangeQuery) -> ChangePage:
        """Newest first. Raises Invalid for a cursor that is none."""
        return await self._store.page(query)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of both differs; a field that one lacks is left out there."""
    changed = [name for name in {**before, **after} if name not in before or name not in after or before[name] != after[name]]
    return _picked(before, changed), _picked(after, changed)


def _picked(values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
