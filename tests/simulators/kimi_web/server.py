"""The simulator as an object: a server on loopback and the methods that script it."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.simulators.kimi_web.control import Control
from tests.simulators.kimi_web.faults import BODIES, DENIALS
from tests.simulators.kimi_web.pages import PAGES
from tests.simulators.kimi_web.scripts import SCRIPTS
from tests.simulators.kimi_web.site import Site
from tests.simulators.kimi_web.state import Fault, Planned, Recorded, Route, Settings, State

MAX_BODY = 64 * 1024 * 1024
STEP = 0.005  # seconds between two looks of `until`

wall_clock = time.time  # noqa: TID251 - the simulator is a process of its own, and this its edge


class KimiSimulator:
    """`switches` are fields of Settings. Use as an async context manager."""

    def __init__(self, port: int = 0, *, clock: Callable[[], float] = wall_clock, **switches: Any) -> None:
        self.state = State(clock)
        self.configure(**switches)
        self.state.rotate()
        self.port = port
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes([*Site(self.state).routes(), *Control(self).routes()])
        # Cancelled on disconnect, so that a client leaving during a pause is seen at once.
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._runner:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        return self.state.settings

    @property
    def requests(self) -> Sequence[Recorded]:
        """The latest posts, oldest first."""
        return self.state.requests

    @property
    def rejections(self) -> list[str]:
        return self.state.rejections

    @property
    def nonce(self) -> str:
        """What the page shows now."""
        return self.state.shown()

    def configure(self, **switches: Any) -> None:
        """Raises TypeError for a switch that does not exist, ValueError for a page or denial that does not."""
        wanted = Settings(**switches)
        if wanted.page not in PAGES or wanted.denial not in DENIALS:
            raise ValueError(f"pages: {', '.join(PAGES)}; denials: {', '.join(DENIALS)}")
        for name, value in switches.items():
            setattr(self.settings, name, value)

    def script(self, script: str, options: Mapping[str, Any] | None = None, *, times: int = 1) -> None:
        """Queue a script for the next posts. Raises ValueError for an unknown one."""
        if script not in SCRIPTS:
            raise ValueError(f"no script {script}; there are {', '.join(SCRIPTS)}")
        self.state.planned += [Planned(script, options or {})] * times

    def fail(
        self,
        *,
        status: int,
        body: str | None = None,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        on: Route = "chat",
        delay: float = 0.0,
    ) -> None:
        """Queue a refusal. Raises ValueError for a status without a known body when none is given."""
        if body is None and status not in BODIES:
            raise ValueError(f"no wording for {status}: give a body")
        self.state.faults.append(Fault(on, status, BODIES[status] if body is None else body, headers or {}, times, delay))

    def rotate(self, *, expire: bool = True) -> None:
        """The page shows a new nonce; with `expire` the ones before are dead."""
        self.state.rotate(expire=expire)

    def reset(self) -> None:
        self.state.reset()

    def counters(self) -> dict[str, Any]:
        return self.state.counters()

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for what happens on the other side of a socket. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - any condition may be asked for, there is no event to wait on
                await asyncio.sleep(STEP)
