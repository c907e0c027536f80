"""One service as a child process: it cannot outlive the launcher, and it is asked before it is killed.

What is arranged at its birth:

* Its own session, so that Ctrl-C in the terminal reaches the launcher alone, which then stops the
  services in their order.
* On Linux, SIGKILL from the kernel when the launcher is gone, however it went: nothing stays behind
  that holds ports and the database. Every service survives kill -9 without loss, so this is safe;
  a gentler signal would leave a service that hangs. Elsewhere there is no such request, and a
  killed launcher leaves its children running.
* No standard input: a service never asks.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
# Loaded before any fork: the child must not import or allocate more than it has to.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """What is started. `ready_url` answers 200 when it can serve.

    `grace_seconds` lie between being asked to stop and being killed.
    """

    name: str
    command: tuple[str, ...]
    ready_url: str
    grace_seconds: float


class Process:
    """A started child. Its end is noticed when `reap` is called, which is what SIGCHLD is for."""

    def __init__(self, child: Child, environ: Mapping[str, str]) -> None:
        self._ended = asyncio.Event()
        self._child = child
        # preexec_fn is unsafe where other threads may hold locks across the fork; the launcher has
        # no threads but idle ones of the event loop, and what runs is one C call and a comparison.
        self._popen = subprocess.Popen(  # noqa: S603 - our own command, no shell
            child.command,
            env=environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=tied_to(os.getpid()),  # noqa: PLW1509 - see above
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    async def wait(self) -> int:
        """Its return code once it has ended; negative: the signal that ended it."""
        await self._ended.wait()
        return int(self._popen.returncode)

    def reap(self) -> None:
        """Look whether it has ended."""
        if self._popen.poll() is not None:
            self._ended.set()

    def kill(self) -> None:
        """End it and whatever it started, now. Its session has its pid as the group's id."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    async def stop(self) -> bool:
        """Ask it to stop, wait, kill what is left. False when it had to be killed."""
        self._popen.terminate()
        try:
            async with asyncio.timeout(self._child.grace_seconds):
                await self.wait()
        except TimeoutError:
            return False
        finally:
            self.kill()
            await self.wait()
        return True


def tied_to(launcher: int) -> Callable[[], None] | None:
    """What the new child runs between fork and exec to be killed when `launcher` is gone.

    The request outlives exec. It is about the *thread* that forked, so children are started from
    the main thread only. The launcher may die after the fork and before the request, and then the
    kernel has nothing left to tell: so the child looks, after the request, whether its parent is
    still the launcher. Dead before the look: the parent is another. Dead after: the signal comes.
    """
    if LIBC is None:
        return None
    prctl = LIBC.prctl

    def tie() -> None:
        if prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() != launcher:
            os._exit(1)

    return tie
