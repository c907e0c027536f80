"""Whose turn it is to work, with stand-ins for processes: nobody waits for a job that nobody does."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.clients.media import workers
from dataplane.clients.media.job import Answer, Job
from dataplane.clients.media.process import FAILED
from dataplane.clients.media.workers import Workers

JOB = Job("picture", ("image/png",), 1000, 100)
GOOD, BAD = Answer(), Answer(error=FAILED)


class Frail:
    """A process that does `room` jobs and fails at the next; each takes it so many turns of the loop."""

    def __init__(self, room, turns):
        self.usable = True
        self._room, self._turns = room, turns

    async def do(self, _job, data, _seconds):
        for _ in range(self._turns):
            await asyncio.sleep(0)
        self._room -= 1
        self.usable = self._room >= 0 and data != b"bad"
        return GOOD if self.usable else BAD

    def stop(self):
        self.usable = False

    async def gone(self):
        pass

    async def end(self):
        await asyncio.sleep(0)


async def told(jobs, rooms, starting, turns):
    """What the jobs of one request are answered, and how many processes they took: the first has `rooms[0]` and starts within
    `starting[0]` turns of the loop, and so on, in a circle.
    """
    made = []

    class Starting:
        @staticmethod
        async def start():
            number = len(made)
            made.append(Frail(rooms[number % len(rooms)], turns[number % len(turns)]))
            for _ in range(starting[number % len(starting)]):
                await asyncio.sleep(0)
            return made[number]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "Process", Starting)
        bench = Workers(20).bench()
        async with asyncio.timeout(10):
            return await asyncio.gather(*(bench.do(JOB, job) for job in jobs)), len(made)


async def test_a_job_that_fails_when_all_others_have_gone_home_is_done():
    """Its own process found it taken: by the other's, which fails at it."""
    assert await told([b"", b""], [1], [0, 15], [10]) == ([GOOD, GOOD], 3)


TURNS = st.lists(st.integers(0, 6), min_size=1, max_size=4)


@given(
    jobs=st.lists(st.sampled_from([b"good", b"bad"]), min_size=1, max_size=12),
    rooms=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    starting=TURNS,
    turns=TURNS,
)
async def test_every_job_is_answered_by_its_own_merits(jobs, rooms, starting, turns):
    answers, _ = await told(jobs, rooms, starting, turns)
    assert answers == [BAD if job == b"bad" else GOOD for job in jobs]
