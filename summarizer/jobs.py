"""What happens by the clock: what has expired or is too much is deleted, what there is is counted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from summarizer.figures import Figures
from summarizer.store.answers import Answers
from summarizer.store.books import everybody
from summarizer.store.engine import away
from summarizer.store.portions import PAUSE, STEP
from summarizer.store.sessions import Sessions

log = logging.getLogger(__name__)

TIDY_EVERY = 60.0


@dataclass(slots=True)
class Tidying:
    """`now` is epoch milliseconds."""

    engine: AsyncEngine
    answers: Answers
    sessions: Sessions
    figures: Figures
    now: Callable[[], int]

    async def run(self) -> None:
        """Again and again; a failure is logged, the next round may do better."""
        while True:
            try:
                await self.tidy()
            except Exception as error:
                if away(error):
                    log.warning("not tidied: the database does not answer error=%s", type(error).__name__)
                else:
                    log.exception("not tidied")
            await asyncio.sleep(TIDY_EVERY)

    async def tidy(self) -> None:
        """Delete all that has expired and all that is too much, and count what is left."""
        await self._all(lambda: self.answers.prune(self.now(), STEP), partial(self.figures.expired, "answers"))
        await self._all(lambda: self.sessions.prune(self.now(), STEP), partial(self.figures.expired, "sessions"))
        await self._all(self.answers.shrink, partial(self.figures.evicted, "answers"))
        await self._all(lambda: self.sessions.shrink(self.now()), partial(self.figures.evicted, "sessions"))
        self.figures.kept(await everybody(self.engine))

    async def _all(self, take: Callable[[], Awaitable[int | None]], count: Callable[[int], None]) -> None:
        """Portion by portion until there is nothing to take away."""
        while (gone := await take()) is not None:
            count(gone)
            await asyncio.sleep(PAUSE)
