"""Workers: at most a few processes at a time, each for one request, and none that outlives whoever waits for it.

A process costs far more to start than a small picture to recode, so it does jobs of one request for
a while: a shift. Then the turn passes on, as a request with many pictures is not to hold up others.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from dataplane.clients.media.job import Answer, Job
from dataplane.clients.media.process import FAILED, Process

# Processes at a time, for all requests.
MAX_WORKERS = 2
# After this a process begins no other job.
SHIFT_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class Wish:
    """A job that is waited for. Its answer is None when it failed behind another, which may be to blame."""

    job: Job
    data: bytes
    answer: asyncio.Future[Answer | None]


class Workers:
    """Does jobs; `seconds` is how long one may take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(MAX_WORKERS)
        self._running: set[Process] = set()
        self._closed = False

    def bench(self) -> "Bench":
        return Bench(self)

    async def shift(self, wishes: deque[Wish]) -> None:
        """When it is its turn, a process does what is wished for then, one after the other."""
        async with self._turns:
            if self._closed:
                while wishes:
                    wishes.popleft().answer.set_result(Answer(error=FAILED))
            if wishes:
                await self._begin(wishes)

    async def _begin(self, wishes: deque[Wish]) -> None:
        process = await Process.start()
        self._running.add(process)
        try:
            await self._work(process, wishes)
        finally:
            self._running.discard(process)
            await process.end()

    async def _work(self, process: Process, wishes: deque[Wish]) -> None:
        clock = asyncio.get_running_loop().time
        ends = clock() + SHIFT_SECONDS
        fresh = True
        while wishes and process.usable and not self._closed and clock() < ends:
            wish = wishes.popleft()
            try:
                answer = await process.do(wish.job, wish.data, self._seconds)
            except BaseException:
                wish.answer.cancel()  # nobody else would end the wait for it
                raise
            behind = answer.error == FAILED and not fresh
            if not wish.answer.done():  # who wished for it may have gone
                wish.answer.set_result(None if behind else answer)
            if behind:
                return
            fresh = False

    async def close(self) -> None:
        """End what is running, and begin no more."""
        self._closed = True
        for process in list(self._running):
            process.stop()
            await process.gone()


class Bench:
    """The jobs of one request, which shares processes with no other.

    Its jobs are to be waited for by tasks that are cancelled together: one may be at work for all.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._wishes: deque[Wish] = deque()
        self._shifts = asyncio.Semaphore(MAX_WORKERS)

    async def do(self, job: Job, data: bytes) -> Answer:
        """The answer to a job; one that fails has an error in words, whatever it failed of."""
        add = self._wishes.append
        while True:
            wish = Wish(job, data, asyncio.get_running_loop().create_future())
            add(wish)
            async with self._shifts:
                while wish in self._wishes:
                    await self._workers.shift(self._wishes)
            if (answer := await wish.answer) is not None:
                return answer
            # Once more, in a process of its own. Whoever wishes sees to that: all others may have gone home by now.
            add = self._wishes.appendleft
