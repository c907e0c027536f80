"""Work is done at once where it can be, and carried on in a task where it must wait."""

import asyncio
import gc

import pytest

from controlplane.service.work import done, onward, ready


async def soon(value):
    await asyncio.sleep(0)
    return value


def added(*parts):
    total = 0
    for part in parts:
        total += yield from ready(part)
    return total


def test_what_is_there_makes_nobody_wait():
    work = added(1, 2)
    with pytest.raises(StopIteration) as end:
        work.send(None)
    assert end.value.value == 3


async def test_what_is_not_there_is_waited_for():
    assert await done(added(1, soon(2), soon(3))) == 6
    assert await done(added(1, 2)) == 3


async def test_a_failure_is_raised_where_it_was_waited_for():
    async def failing():
        raise OSError("away")

    def work():
        try:
            yield failing()
        except OSError as error:
            return str(error)

    assert await done(work()) == "away"


async def test_cancellation_reaches_the_work():
    told = []

    def work():
        try:
            yield asyncio.get_running_loop().create_future()
        except BaseException as error:
            told.append(type(error))
            raise

    task = asyncio.create_task(done(work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == [asyncio.CancelledError]


async def test_work_whose_task_never_began_is_closed():
    told = []

    def work():
        try:
            yield asyncio.get_running_loop().create_future()
        finally:
            told.append("closed")

    begun = work()
    carried = onward(begun, begun.send(None))
    del begun
    carried.close()
    del carried
    gc.collect()
    assert told == ["closed"]
