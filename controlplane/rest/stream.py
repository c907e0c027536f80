"""Server-sent events: an answer that goes on, one event after the other."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, NoReturn, TypeAlias

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# Its name, and what is told: a view, or plain JSON. Or all of it, written already.
Event: TypeAlias = tuple[str, Any] | bytes
Events: TypeAlias = AsyncGenerator[Event, None]

COMMENT_EVERY = 15.0  # seconds; what is silent for longer is cut off by some proxy between us and the reader
COMMENT = b":\n\n"
TYPE = "text/event-stream"


class EventStream(Response):
    """Sends `events` as they come and ends with them, or when the client leaves; then they are closed, so that what
    stands behind a `finally` of theirs is done, if they have begun; `ended` is called in any case. A first comment goes
    out at once: the reader knows that it is connected.
    """

    def __init__(self, events: Events, comment_every: float = COMMENT_EVERY, ended: Callable[[], None] = lambda: None) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"content-type": TYPE, "cache-control": "no-store", "x-accel-buffering": "no"})
        self._events = events
        self._comment_every = comment_every
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        # One task goes through the events from their first to their last: what they hold open may belong to it.
        pouring = asyncio.create_task(self._pour(send))
        tasks = (pouring, asyncio.create_task(_left(receive)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._ended()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if not pouring.cancelled():
            pouring.result()

    async def _pour(self, send: Send) -> None:
        async with contextlib.aclosing(self._events) as events:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send(_part(COMMENT))
            beating = asyncio.create_task(_beat(send, self._comment_every))
            try:
                async for event in events:
                    await send(_part(event if isinstance(event, bytes) else written(*event)))
            finally:
                beating.cancel()
                await asyncio.wait((beating,))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def written(name: str, data: Any) -> bytes:
    """One event's bytes. JSON has no line ends of its own, and so one line of data is enough."""
    plain = data.model_dump(mode="json", by_alias=True) if isinstance(data, BaseModel) else data
    return f"event: {name}\ndata: {json.dumps(plain, ensure_ascii=False, separators=(',', ':'))}\n\n".encode("utf-8", "replace")


def _part(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _beat(send: Send, seconds: float) -> NoReturn:
    """Comments, which tell everybody between that the answer goes on."""
    while True:
        await asyncio.sleep(seconds)
        await send(_part(COMMENT))


async def _left(receive: Receive) -> None:
    """Ends when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
