"""Turns of sessions: one after the other, in the order in which they were asked for.

Within this process there is a line for each session, and only its first asks the store, again when
a turn has ended here, when the present one's time is over, and now and then, because it may have
ended by way of another process.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from summarizer.errors import Busy
from summarizer.kept import Said, Taken, Turn
from summarizer.store.engine import DATABASE_ERRORS
from summarizer.store.sessions import Sessions

log = logging.getLogger(__name__)

# How often the first in line looks whether the turn has ended elsewhere.
LOOK_SECONDS = 0.1


class Line:
    """Those who wait for one session."""

    def __init__(self) -> None:
        self.first = asyncio.Lock()
        self.freed = asyncio.Event()
        self.waiting = 0

    async def pause(self, seconds: float) -> None:
        """Until a turn has ended here, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.freed.wait()


class Turns:
    """`now` is epoch milliseconds."""

    def __init__(self, sessions: Sessions, now: Callable[[], int]) -> None:
        self._sessions = sessions
        self._now = now
        self._lines: dict[tuple[str, str], Line] = {}
        self._undoing: set[asyncio.Task[None]] = set()

    async def begin(self, key_id: str, user: str, turn_id: str, wait_ms: int, life_ms: int) -> Turn:
        """Take the session for the turn of that name. Raises Busy when the turn before has not ended in time."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + wait_ms / 1000
        async with self._standing(key_id, user, give_up) as line:
            while True:
                line.freed.clear()
                got = await self._claim(key_id, user, turn_id, life_ms)
                if isinstance(got, Turn):
                    return got
                left = give_up - loop.time()
                if left <= 0:
                    raise Busy("the turn before has not ended in time")
                await line.pause(min(left, LOOK_SECONDS, max(got.until - self._now(), 1) / 1000))

    async def end(self, key_id: str, user: str, turn_id: str, added: Sequence[Said]) -> int:
        """End a turn; how many sessions had to go for it. Raises Absent for one that was over before and was to add something."""
        try:
            return await self._sessions.end(key_id, user, turn_id, added, self._now())
        finally:
            self._free(key_id, user)

    async def forget(self, key_id: str, user: str) -> None:
        """Forget a session, and with it the turn that has it. Raises Absent."""
        await self._sessions.forget(key_id, user, self._now())
        self._free(key_id, user)

    async def close(self) -> None:
        """Wait until turns that nobody took are given back."""
        await asyncio.gather(*self._undoing)

    @contextlib.asynccontextmanager
    async def _standing(self, key_id: str, user: str, give_up: float) -> AsyncIterator[Line]:
        """Stand in line until first; leaving it, however that happens, lets the next one be first."""
        line = self._lines.setdefault((key_id, user), Line())
        line.waiting += 1
        try:
            try:
                async with asyncio.timeout_at(give_up):
                    await line.first.acquire()
            except TimeoutError:
                raise Busy("those before have not had their turns in time") from None
            try:
                yield line
            finally:
                line.first.release()
        finally:
            line.waiting -= 1
            if not line.waiting:
                del self._lines[key_id, user]

    async def _claim(self, key_id: str, user: str, turn_id: str, life_ms: int) -> Turn | Taken:
        """Try to take the session; one who leaves meanwhile leaves no turn behind."""
        now = self._now()
        if taken := await self._sessions.holder(key_id, user, now, turn_id):
            return taken
        claiming = asyncio.ensure_future(self._sessions.claim(key_id, user, turn_id, now + life_ms, now))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            task = asyncio.ensure_future(self._undo(claiming, key_id, user))
            self._undoing.add(task)
            task.add_done_callback(self._undoing.discard)
            raise

    async def _undo(self, claiming: "asyncio.Future[Turn | Taken]", key_id: str, user: str) -> None:
        try:
            got = await claiming
            if isinstance(got, Turn):
                await self.end(key_id, user, got.id, ())
        except DATABASE_ERRORS as error:  # the turn ends at its deadline
            log.warning("turn not given back error=%s", type(error).__name__)

    def _free(self, key_id: str, user: str) -> None:
        if line := self._lines.get((key_id, user)):
            line.freed.set()
