"""An event loop in simulated time: where a real one would wait, this one moves its clock on.

Everything that runs by the loop's clock (sleeps, queues, background jobs) takes place as it does in
production and in the same order, only that days pass in seconds. Nothing outside may take part: there
is nobody to wait for.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# Epoch seconds at which each simulation begins: a midnight in UTC.
START = 1_799_971_200.0


class Standstill(RuntimeError):
    """Everybody waits, and nobody for the clock."""


class _Patience(selectors.SelectSelector):
    """Waiting that takes no time. `passed`: seconds since the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Standstill("nothing is left that time would bring about")
        self.passed += max(0.0, timeout)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """`time()` is seconds since the beginning."""

    def __init__(self) -> None:
        self._patience = _Patience()
        super().__init__(self._patience)

    def time(self) -> float:
        return self._patience.passed


class SimulatedClock:
    """The `Clock` port by the running loop's time."""

    def now(self) -> float:
        return START + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def simulate(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in simulated time. Raises Standstill when it can never end."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(work)
