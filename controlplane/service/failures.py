"""Failed sign-ins in the audit log: counted, at most one row for each address and minute."""

from dataclasses import dataclass

from controlplane.service.audit import Actor, Audit
from controlplane.service.background import Background
from controlplane.service.ports import Clock

ACTION = "session.fail"
NOBODY = "-"  # who fails to sign in is nobody yet
MINUTE = 60.0
ADDRESSES = 500  # counted by themselves at a time; all others come together
OTHERS = "others"


@dataclass(slots=True)
class Count:
    """Failures of an address since it was last noted (epoch seconds)."""

    noted_at: float
    unnoted: int = 0


class Failures:
    """The first is noted at once, those that follow when their minute is over."""

    def __init__(self, audit: Audit, clock: Clock, background: Background) -> None:
        self._audit = audit
        self._clock = clock
        self._background = background
        self._counts: dict[str, Count] = {}

    def add(self, address: str) -> None:
        """Somebody there gave a wrong password, code, cookie or token."""
        if address not in self._counts and len(self._counts) >= ADDRESSES:
            address = OTHERS
        count = self._counts.get(address)
        if count is None:
            self._counts[address] = Count(self._clock.now())
            self._background.spawn(self._note(address, 1), "note a failed sign-in")
        else:
            count.unnoted += 1

    async def flush(self) -> None:
        """Note what was counted in minutes that are over; to be called again and again."""
        now = self._clock.now()
        for address, count in [*self._counts.items()]:
            if now < count.noted_at + MINUTE:
                continue
            del self._counts[address]
            if count.unnoted:
                self._counts[address] = Count(now)
                await self._note(address, count.unnoted)

    async def close(self) -> None:
        """Note all that was counted."""
        counts, self._counts = self._counts, {}
        for address, count in counts.items():
            if count.unnoted:
                await self._note(address, count.unnoted)

    async def _note(self, address: str, count: int) -> None:
        if self._audit.room:
            await self._audit.note(Actor(NOBODY, address), ACTION, "session", after={"count": count})
