"""How often somebody may try to get in.

Tries of one address are looked at one after the other, so that many at once are no more than one after the other either.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary

from controlplane.domain.user import Origin, Refused
from controlplane.policy.guesses import COOKIES, Guesses, Names
from controlplane.policy.passwords import folded
from controlplane.service.failures import Failures
from controlplane.service.ports import Clock


class Turns:
    """Counts wrong passwords, codes and tokens by address, wrong passwords by name too, and unknown cookies for themselves:
    a browser presents an old cookie by itself, and who forges some must not keep others from signing in.
    """

    def __init__(self, failures: Failures, clock: Clock) -> None:
        self._failures = failures
        self._clock = clock
        self._addresses = Guesses()
        self._names = Names()
        self._cookies = Guesses(COOKIES)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def secret(self, origin: Origin, name: str = "") -> AsyncIterator[Refused | None]:
        """When it is this address's turn with a password for `name`, or with a code: None, or that it must wait longer."""
        async with self._lock("secret", origin):
            now = self._clock.now()
            wait = self._addresses.wait(origin.group, now)
            if wait <= 0 and name:
                yield _refused("for this name", self._names.wait(folded(name), origin.group, now))
            else:
                yield _refused("from this address", wait)

    @contextlib.asynccontextmanager
    async def cookie(self, origin: Origin) -> AsyncIterator[Refused | None]:
        """When it is this address's turn with a cookie that nobody here knows."""
        async with self._lock("cookie", origin):
            wait = self._cookies.wait(origin.group, self._clock.now())
            yield Refused("too_many_attempts", "too many unknown sessions from this address", wait) if wait > 0 else None

    def wrong(self, origin: Origin, refused: Refused, name: str = "") -> Refused:
        """Count it, unless it was not even looked at. `name`: whose password it was not."""
        if not refused.wait:
            now = self._clock.now()
            self._addresses.add(origin.group, now)
            self._failures.add(origin.group)
            if name:
                self._names.wrong(folded(name), now)
        return refused

    def unknown(self, origin: Origin) -> None:
        """Count a cookie that opens nothing."""
        self._cookies.add(origin.group, self._clock.now())

    def right(self, origin: Origin, name: str, *, clear: bool) -> None:
        """Whoever is called so got in. `clear`: what was wrong before, at this address, counts no more."""
        self._names.right(folded(name), origin.group)
        if clear:
            self._addresses.forget(origin.group)

    def _lock(self, what: str, origin: Origin) -> asyncio.Lock:
        return self._locks.setdefault((what, origin.group), asyncio.Lock())


def _refused(where: str, wait: float) -> Refused | None:
    return Refused("too_many_attempts", f"too many wrong passwords {where}", wait) if wait > 0 else None
