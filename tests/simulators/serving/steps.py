"""The steps in which an answer goes out, and how they are played to a client."""

import asyncio
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from aiohttp import web

RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER on with no time: closing sends RST


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes as one chunk."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence. `early`: the answer's headers are held back as well, when it comes first."""

    seconds: float
    early: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """The connection ends here: `reset` at once with RST, `close` after what was written but without the last chunk."""

    how: Literal["reset", "close"]


Step = Send | Pause | Break
Steps = Iterator[Step]


class Counted(Protocol):
    """The part of a record that playing fills in."""

    bytes_sent: int


async def play(request: web.Request, response: web.StreamResponse, record: Counted, steps: Iterable[Step]) -> bool:
    """Whether the body came to its regular end."""
    for step in steps:
        match step:
            case Send(data):
                await _prepare(request, response)
                await response.write(data)
                record.bytes_sent += len(data)
                # Lets the chunk go out on its own, and the loop see a client that has left.
                await asyncio.sleep(0)
            case Pause(seconds, early):
                if not early:
                    await _prepare(request, response)
                await asyncio.sleep(seconds)
            case Break(how):
                _break(request, how)
                return False
    await _prepare(request, response)
    await response.write_eof()
    return True


async def _prepare(request: web.Request, response: web.StreamResponse) -> None:
    if not response.prepared:
        await response.prepare(request)


def _break(request: web.Request, how: Literal["reset", "close"]) -> None:
    transport = request.transport
    if transport is None:  # the client was faster
        return
    if how == "close":
        transport.close()
        return
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
    transport.abort()
