"""Workers: a fresh process for each job, few at a time, and none that outlives whoever waits for it."""

import asyncio
import contextlib
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import msgspec

from dataplane.clients.media.job import Answer, answered

log = logging.getLogger(__name__)

MAX_WORKERS = 2
# No honest result is larger: twenty pages of 1568 pixels take a quarter.
ANSWER_BYTES = 64 * 1024 * 1024
# How much of what a worker says before it dies is logged.
COMPLAINT_LENGTH = 300

COMMAND = (sys.executable, "-P", "-m", "dataplane.clients.media.worker")
# All that a worker gets of the environment, in which there are secrets.
KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "SYSTEMROOT", "TMPDIR")

FAILED = "it cannot be read; it may be damaged, or need too much memory"
TOO_MUCH = "it becomes too much data"


class Workers:
    """Does jobs; `seconds` is how long one may take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._free = asyncio.Semaphore(MAX_WORKERS)
        self._running: set[Process] = set()

    async def do(self, message: bytes) -> Answer:
        """The answer to a packed job; one that fails has an error in words, whatever it failed of."""
        async with self._free:
            process = await asyncio.create_subprocess_exec(*COMMAND, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment())
            self._running.add(process)
            try:
                async with asyncio.timeout(self._seconds):
                    return await _talk(process, message)
            except TimeoutError:
                return Answer(error=f"it takes longer than {self._seconds:g} seconds to read")
            finally:
                self._running.discard(process)
                await end(process)

    async def close(self) -> None:
        """End what is running."""
        for process in list(self._running):
            kill(process)
            await process.wait()


async def _talk(process: Process, message: bytes) -> Answer:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with contextlib.suppress(ConnectionError):  # it may have died already; its code tells of that
        process.stdin.write(message)
        await process.stdin.drain()
        process.stdin.close()
    said = bytearray()
    while piece := await process.stdout.read(ANSWER_BYTES):
        said += piece
        if len(said) > ANSWER_BYTES:
            return Answer(error=TOO_MUCH)
    complaint = await process.stderr.read(COMPLAINT_LENGTH)
    code = await process.wait()
    with contextlib.suppress(msgspec.DecodeError):
        if code == 0:
            return answered(bytes(said))
    log.warning("a media worker failed code=%d said=%r", code, complaint.decode(errors="replace"))
    return Answer(error=FAILED)


async def end(process: Process) -> None:
    """Kill it if it is still there, and see it off."""
    kill(process)
    await process.communicate()  # a pipe that is left unread would never count as closed


def kill(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def environment() -> dict[str, str]:
    """What a worker needs to find this very code, and nothing that is secret."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
