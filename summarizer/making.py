"""Summaries on their way, and those who wait for them."""

import asyncio
from dataclasses import dataclass

from summarizer.errors import Late
from summarizer.shortening.summary import Summary


@dataclass(slots=True)
class Making:
    """A summary of so many `turns` on its way, and how many requests wait for it. `goes_on`: somebody went on without it, to find
    it next time.
    """

    task: asyncio.Task[Summary]
    turns: int
    waiting: int = 0
    goes_on: bool = False


async def waited(making: Making, until: float) -> Summary | None:
    """What it comes to, if that is in time; None where it was ended by who left it. It ends with the last who waits for it,
    if he leaves; if time is over, it goes on.
    """
    making.waiting += 1
    left = until - asyncio.get_running_loop().time()
    try:
        done, _ = await asyncio.wait([making.task], timeout=max(left, 0.0))
    except asyncio.CancelledError:
        if making.waiting == 1 and not making.goes_on:
            making.task.cancel()
        raise
    finally:
        making.waiting -= 1
    if not done:
        making.goes_on = True
        raise Late("there was not enough time")
    return None if making.task.cancelled() else making.task.result()
