"""What happens by the clock: what has expired or is too much is deleted, what there is is counted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from summarizer.errors import StoreAway
from summarizer.figures import Figures
from summarizer.store.answers import Answers
from summarizer.store.books import everybody
from summarizer.store.engine import away
from summarizer.store.originals import SqlOriginals
from summarizer.store.portions import PAUSE, STEP
from summarizer.store.sessions import Sessions
from summarizer.store.spending import SqlSpending
from summarizer.store.summaries import SqlSummaries

log = logging.getLogger(__name__)

TIDY_EVERY = 60.0


@dataclass(slots=True)
class Remembered:
    """What compression keeps in the database; what it keeps in Redis goes by itself."""

    summaries: SqlSummaries | None = None
    originals: SqlOriginals | None = None
    spending: SqlSpending | None = None


@dataclass(slots=True)
class Tidying:
    """`now` is epoch milliseconds."""

    engine: AsyncEngine
    answers: Answers
    sessions: Sessions
    figures: Figures
    now: Callable[[], int]
    remembered: Remembered = field(default_factory=Remembered)

    async def run(self) -> None:
        """Again and again; a failure is logged, the next round may do better."""
        while True:
            try:
                await self.tidy()
            except Exception as error:
                if isinstance(error, StoreAway) or away(error):
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
        await self._remembered()

    async def _remembered(self) -> None:
        """The same with what compression remembers."""
        summaries, originals, spending = self.remembered.summaries, self.remembered.originals, self.remembered.spending
        if summaries is not None:
            await self._all(lambda: summaries.prune(self.now(), STEP), partial(self.figures.expired, "summaries"))
            await self._all(summaries.shrink, partial(self.figures.evicted, "summaries"))
            self.figures.tallied("summaries", *await summaries.tally())
        if originals is not None:
            await self._all(lambda: originals.prune(self.now(), STEP), partial(self.figures.expired, "originals"))
            self.figures.tallied("originals", *await originals.tally())
        if spending is not None:
            await self._all(lambda: spending.prune(self.now()), partial(self.figures.expired, "spending"))

    async def _all(self, take: Callable[[], Awaitable[int | None]], count: Callable[[int], None]) -> None:
        """Portion by portion until there is nothing to take away."""
        while (gone := await take()) is not None:
            count(gone)
            await asyncio.sleep(PAUSE)
