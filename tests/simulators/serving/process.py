"""A simulator as a process, until SIGINT or SIGTERM."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar


class Served(Protocol):
    @property
    def url(self) -> str: ...


S = TypeVar("S", bound=Served)


async def serve(simulator: AbstractAsyncContextManager[S], greet: Callable[[S], None]) -> None:
    """`greet` prints what whoever starts it by hand has to know; then comes `listening on URL`."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not offered by every platform's event loop; there KeyboardInterrupt ends the process.
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with simulator as running:
        greet(running)
        print(f"listening on {running.url}", flush=True)
        await stop.wait()
