"""Work that is done at once as far as it can be.

Most questions of a data plane are answered from memory, and a task for each of them would cost more
than the answer. So an answer is worked out by a generator that yields what it must wait for: without
such a yield it is there at once, with one a task carries it on.
"""

from collections.abc import Awaitable, Generator
from typing import Any, TypeVar, cast

from controlplane.service.ports import Soon

T = TypeVar("T")
Work = Generator[Awaitable[Any], Any, T]


def ready(soon: Soon[T]) -> Work[T]:
    """The answer, waited for only where it is not there yet."""
    if hasattr(soon, "__await__"):
        return cast("T", (yield cast("Awaitable[T]", soon)))
    return soon


async def onward(work: Work[T], waiting: Awaitable[Any]) -> T:
    """Carry on work that waits for `waiting`. Whatever that raises is raised inside the work."""
    try:
        while True:
            try:
                said = await waiting
            except BaseException as error:  # noqa: BLE001 - not ours to judge: the work is told, cancellation included
                waiting = work.throw(error)
            else:
                waiting = work.send(said)
    except StopIteration as end:
        return cast("T", end.value)


async def done(work: Work[T]) -> T:
    """All of the work."""
    try:
        waiting = work.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    return await onward(work, waiting)
