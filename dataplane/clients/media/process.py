"""A worker's process: what it is started with, told, and ended by."""

import asyncio
import contextlib
import logging
import os
import sys
from asyncio.subprocess import PIPE
from asyncio.subprocess import Process as Child
from pathlib import Path
from typing import Self

import msgspec

from dataplane.clients.media.job import LENGTH, Answer, Job, answered, packed

log = logging.getLogger(__name__)

# No honest result is larger: twenty pages of 1568 pixels take a quarter.
ANSWER_BYTES = 64 * 1024 * 1024
# How much of what a worker says before it dies is logged.
COMPLAINT_LENGTH = 300
PIECE_BYTES = 64 * 1024
# How long a process that was killed, or has closed its answer, may take to be gone.
GONE_SECONDS = 5.0

COMMAND = (sys.executable, "-P", "-m", "dataplane.clients.media.worker")
# All that a worker gets of the environment, in which there are secrets.
KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "SYSTEMROOT", "TMPDIR")

FAILED = "it cannot be read; it may be damaged, or need too much memory"
TOO_MUCH = "it becomes too much data"


class Process:
    """A process that does one job after another; `usable` until one of them did not come to its end."""

    def __init__(self, child: Child) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        self.usable = True
        self._child = child
        self._in, self._out = child.stdin, child.stdout
        self._complaint = asyncio.ensure_future(heard(child.stderr))
        self._stopped = False

    @classmethod
    async def start(cls) -> Self:
        command = asyncio.create_subprocess_exec(*COMMAND, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment())
        starting = asyncio.ensure_future(command)
        try:
            return cls(await asyncio.shield(starting))
        except asyncio.CancelledError:
            await cls(await starting).end()  # nobody would see off a process whose start was broken off
            raise

    async def do(self, job: Job, data: bytes, seconds: float) -> Answer:
        """The answer to a job that may take `seconds`; one that fails has an error in words."""
        self.usable = False
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(packed(job, data))
        except TimeoutError:
            return Answer(error=f"it takes longer than {seconds:g} seconds to read")

    def stop(self) -> None:
        """End it; what it is at has failed."""
        self.usable, self._stopped = False, True
        self._kill()

    async def gone(self) -> None:
        """Wait until it has ended. Not for ever: a pipe whose other end is lost may keep Python waiting for a
        process that is long gone.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GONE_SECONDS):
                await self._child.wait()

    async def end(self) -> None:
        """Stop it and see it off. Nobody may be waiting for a job."""
        self.stop()
        self._in.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GONE_SECONDS):
                while await self._out.read(PIECE_BYTES):  # a pipe that is left unread would never count as closed
                    pass
                await self._complaint
        await self.gone()

    async def _ask(self, message: bytes) -> Answer:
        # It may have died already, its code tells of that. RuntimeError is uvloop's word for a pipe that is closed.
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._in.write(message)
            await self._in.drain()
        try:
            size = int.from_bytes(await self._out.readexactly(LENGTH))
            if size > ANSWER_BYTES:
                return Answer(error=TOO_MUCH)
            answer = answered(await self._out.readexactly(size))
        except asyncio.IncompleteReadError:
            return await self._failed()
        except msgspec.DecodeError:
            self._kill()
            return await self._failed()
        self.usable = not self._stopped
        return answer

    async def _failed(self) -> Answer:
        self._in.close()
        await self.gone()
        complaint = await self._complaint
        if not self._stopped:
            log.warning("a media worker failed code=%s said=%r", self._child.returncode, complaint.decode(errors="replace"))
        return Answer(error=FAILED)

    def _kill(self) -> None:
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()


async def heard(stream: asyncio.StreamReader) -> bytes:
    """The beginning of what is said there. All of it is read, as a worker with a full pipe would stand still."""
    said = await stream.read(COMPLAINT_LENGTH)
    while await stream.read(PIECE_BYTES):
        pass
    return said


def environment() -> dict[str, str]:
    """What a worker needs to find this very code, and nothing that is secret."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
