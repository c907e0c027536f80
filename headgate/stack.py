"""The launcher: starts the services, waits until each is ready, restarts what dies, stops them in order.

It knows services as commands and URLs only and imports none of them. One asyncio loop, no threads:
SIGCHLD tells of deaths, `/ready` of life.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headgate import probe
from headgate.child import Child, Process

log = logging.getLogger(__name__)

STOPPED = 0
NOT_READY = 1
REFUSED = 2  # also what a service exits with when its settings are wrong
HOPELESS = 3  # also what a service exits with when trying again would not help
FORCED = 4  # stopped, but not everybody by itself: something may be lost
KILLED = 128 + signal.SIGINT  # as a shell shows a program that Ctrl-C ended


class StartFailed(Exception):
    """The services cannot be brought up; the message is for the operator, `code` for the shell."""

    def __init__(self, message: str, code: int) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Timing:
    """In seconds. A child that lived `proven` is restarted after `first_pause` again."""

    ready: float = 60
    poll: float = 0.05
    first_pause: float = 0.2
    longest_pause: float = 10
    proven: float = 30

    def pause(self, last: float, lived: float) -> float:
        """How long to wait before the next start; `last` is the pause before this one, 0 none."""
        if last == 0 or lived >= self.proven:
            return self.first_pause
        return min(last * 2, self.longest_pause)


class Stop:
    """The operator's wish to stop: `asked` to do it properly, `again` to do it at once.

    Only Ctrl-C counts as asking again. SIGTERM may come twice from one wish: from the system to
    everybody and once more passed on by `make`.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.again = asyncio.Event()
        self._heard: list[signal.Signals] = []

    def listen(self) -> None:
        """Take over the signals; must be called inside the running loop."""
        loop = asyncio.get_running_loop()
        heard = {signal.SIGINT: self.interrupt, signal.SIGTERM: self.asked.set, signal.SIGHUP: self.asked.set}
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # under nohup it stays ignored
            del heard[signal.SIGHUP]
        for number, act in heard.items():
            loop.add_signal_handler(number, act)
        self._heard = list(heard)

    def deafen(self) -> None:
        """Everything has stopped: who asks once more must not find the default, which is to be killed."""
        for number in self._heard:
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)

    def interrupt(self) -> None:
        (self.again if self.asked.is_set() else self.asked).set()


class Service:
    """A child that is kept running: its present process, and what is known of its readiness."""

    def __init__(self, child: Child, environ: Mapping[str, str], timing: Timing) -> None:
        self.child = child
        self.unready = "has not answered yet"
        self.deaths: list[str] = []
        self._environ = environ
        self._timing = timing
        self._process: Process | None = None
        self._proven_ready = False
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Begin to keep it running; the task ends by itself only to raise StartFailed."""
        self._keeping = asyncio.ensure_future(self._keep())
        return self._keeping

    async def ready(self) -> None:
        """Wait for its first 200; until then `unready` says what it answers."""
        while True:
            self.unready = await probe.unready(self.child.ready_url) or ""
            if not self.unready:
                self._proven_ready = True
                return
            await asyncio.sleep(self._timing.poll)

    def late(self) -> str:
        """Why it is not ready, as a sentence."""
        died = f"; it ended {len(self.deaths)} times, last with {self.deaths[-1]}" if self.deaths else ""
        return f"{self.child.name} {self.unready}{died}"

    async def stop(self) -> bool:
        """End it for good. False when it had to be killed."""
        if self._keeping is not None:
            self._keeping.cancel()
        if self._process is None or self._process.ended or await self._process.stop():
            return True
        log.warning("%s did not stop within %g s and was killed", self.child.name, self.child.grace_seconds)
        return False

    async def kill(self) -> None:
        """End it now."""
        if self._keeping is not None:
            self._keeping.cancel()
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    def reap(self) -> None:
        if self._process is not None:
            self._process.reap()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause = 0.0
        while True:
            born = loop.time()
            self._process = Process(self.child, self._environ)
            log.info("%s started pid=%d", self.child.name, self._process.pid)
            code = await self._process.wait()
            self._process.kill()  # what it left behind would hold its port
            if code in FINAL and not self._proven_ready:
                raise StartFailed(f"{self.child.name} {FINAL[code]}; its message is above", code)
            pause = self._timing.pause(pause, loop.time() - born)
            self.deaths.append(_manner(code))
            log.warning("%s ended (%s); starting it again in %g s", self.child.name, self.deaths[-1], pause)
            await asyncio.sleep(pause)


class Stack:
    """All services, in the order in which they depend on each other."""

    def __init__(self, children: Sequence[Child], environ: Mapping[str, str], timing: Timing) -> None:
        self._timing = timing
        self._services = [Service(child, environ, timing) for child in children]

    async def run(self, stop: Stop, announce: Callable[[], None]) -> int:
        """Run until asked to stop; `announce` is called once when all are ready.

        Returns the exit code; raises StartFailed, with everything stopped again.
        """
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)
        keeping = [service.start() for service in self._services]
        asked = asyncio.ensure_future(stop.asked.wait())
        ready = asyncio.ensure_future(self._ready())
        try:
            await _first((asked, ready, *keeping))
            if ready.done():
                announce()
            await _first((asked, *keeping))
        finally:
            asked.cancel()
            ready.cancel()
            code = await self._stop(stop)
            stop.deafen()
            await asyncio.gather(asked, ready, *keeping, return_exceptions=True)
        return code

    async def _ready(self) -> None:
        """Wait until every service is ready; raises StartFailed with what each waits for."""
        try:
            async with asyncio.timeout(self._timing.ready):
                await asyncio.gather(*(service.ready() for service in self._services))
        except TimeoutError:
            late = [f"  - {service.late()}" for service in self._services if service.unready]
            message = f"not ready after {self._timing.ready:g} s:\n" + "\n".join(late)
            raise StartFailed(message, NOT_READY) from None

    async def _stop(self, stop: Stop) -> int:
        """Stop in order, unless asked again meanwhile."""
        log.info("stopping; Ctrl-C now kills at once")
        orderly = asyncio.ensure_future(self._stop_in_order())
        again = asyncio.ensure_future(stop.again.wait())
        await _first((orderly, again))
        again.cancel()
        if orderly.done():
            return STOPPED if orderly.result() else FORCED
        orderly.cancel()
        await asyncio.gather(*(service.kill() for service in self._services))
        return KILLED

    async def _stop_in_order(self) -> bool:
        """What needs others goes first, so that it can still finish with their help. False when one had
        to be killed.
        """
        stopped = [await service.stop() for service in reversed(self._services)]
        return all(stopped)

    def _reap(self) -> None:
        for service in self._services:
            service.reap()


async def _first(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Wait for the first to end; raises what it raised."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def _manner(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


# Exit codes of a service that, before it was ready once, end the start.
FINAL: Mapping[int, str] = {REFUSED: "refuses its settings", HOPELESS: "cannot start"}
