"""An event loop whose time is counted and not waited for: where nothing is left to do before a moment comes, it has come."""

import asyncio
import contextlib
import selectors
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any


class Counted(asyncio.SelectorEventLoop):
    """Everything that asks it for the time, timeouts too, goes by its own. No time passes while threads are at work."""

    def __init__(self) -> None:
        self._moments = Moments()
        super().__init__(self._moments)

    def time(self) -> float:
        return self._moments.now

    @contextlib.contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Meanwhile what is waited for comes from a thread."""
        self._moments.elsewhere += 1
        try:
            yield
        finally:
            self._moments.elsewhere -= 1

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]  # the stub's is generic
        future = super().run_in_executor(executor, func, *args)
        self._moments.elsewhere += 1

        def back(_: object) -> None:
            self._moments.elsewhere -= 1

        future.add_done_callback(back)
        return future


class Moments(selectors.DefaultSelector):
    """`now` in seconds. `elsewhere`: what is waited for that is no moment."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.elsewhere = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if self.elsewhere:
            return super().select(None)
        self.now += timeout
        return super().select(0)


class Threaded:
    """A store whose work is done by threads, of a loop whose time is counted."""

    def __init__(self, store: object) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def called(*args: Any) -> Any:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, Counted)
            with loop.elsewhere():
                return await method(*args)

        return called
