"""An API-shaped simulator as an object: a server on loopback and the methods that script it."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.simulators.serving.control import Control
from tests.simulators.serving.scripts import SCRIPTS, STATUS
from tests.simulators.serving.service import Service
from tests.simulators.serving.state import Account, Fault, Planned, Recorded, Rejection, State

MAX_BODY = 64 * 1024 * 1024
STEP = 0.005  # seconds between two looks of `until`

wall_clock = time.time  # noqa: TID251 - the simulator is a process of its own, and this its edge


class Simulator(ABC):
    """Use as an async context manager."""

    settings: Any

    def __init__(self, port: int, clock: Callable[[], float], seed: str) -> None:
        self.state = State(clock, seed)
        self.port = port
        self._runner: web.AppRunner | None = None

    @abstractmethod
    def routes(self) -> Sequence[web.RouteDef]: ...

    @abstractmethod
    def service(self, account: Account | None) -> Service:
        """The service an account belongs to; the default one without."""

    @abstractmethod
    def account(self, **traits: Any) -> Account: ...

    @abstractmethod
    def base_url(self, account: Account) -> str:
        """What a client of the account's vendor sets as its base URL."""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes([*self.routes(), *Control(self).routes()])
        # Cancelled on disconnect, so that a client leaving during a pause is seen at once.
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._runner:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> Sequence[Recorded]:
        """The latest requests with a body, oldest first."""
        return self.state.requests

    @property
    def rejections(self) -> list[Rejection]:
        return [rejection for _, rejection in self.state.rejections]

    def configure(self, **switches: Any) -> None:
        """Raises TypeError for a switch that does not exist."""
        type(self.settings)(**switches)
        for name, value in switches.items():
            setattr(self.settings, name, value)

    def script(
        self, script: str, options: Mapping[str, Any] | None = None, *, account: Account | str | None = None, times: int = 1
    ) -> None:
        """Queue a script for the next chat requests. Raises ValueError for an unknown one."""
        if script not in SCRIPTS and script != STATUS:
            raise ValueError(f"no script {script}; there are {STATUS}, {', '.join(SCRIPTS)}")
        named = self._find(account)
        self.state.planned += [Planned(script, options or {}, named.id if named else None)] * times

    def fail(self, account: Account | str | None = None, *, status: int, on: str = "chat", **rest: Any) -> None:
        """Queue a refusal; `rest` as in Fault. Raises ValueError when status and reason have no known wording and no message is given."""
        named = self._find(account)
        fault = Fault(on, named.id if named else None, status, **rest)
        try:
            self.service(named).worded(status, fault.reason, fault.message)
        except KeyError as error:
            raise ValueError(f"no wording for {status} {fault.reason}: give a message") from error
        self.state.faults.append(fault)

    def revoke(self, account: Account | str) -> None:
        """The account's key is refused from now on."""
        found = self._find(account)
        if found:
            found.revoked = True

    def reset(self) -> None:
        self.state.reset()

    def counters(self) -> dict[str, Any]:
        return self.state.counters()

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for what happens on the other side of a socket. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - any condition may be asked for, there is no event to wait on
                await asyncio.sleep(STEP)

    def _find(self, account: Account | str | None) -> Account | None:
        """Raises KeyError for an account that does not exist."""
        if account is None:
            return None
        return self.state.accounts[account if isinstance(account, str) else account.id]
