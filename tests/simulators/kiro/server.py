"""The simulator as an object: a server on loopback and the methods that script it."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.simulators.kiro.auth import Auth
from tests.simulators.kiro.chat import Chat
from tests.simulators.kiro.control import Control
from tests.simulators.kiro.faults import Fault, worded
from tests.simulators.kiro.management import Management
from tests.simulators.kiro.scripts import SCRIPTS
from tests.simulators.kiro.signatures import Signer
from tests.simulators.kiro.state import Account, Planned, Recorded, Route, Settings, State
from tests.simulators.kiro.terms import Rejection

MAX_BODY = 64 * 1024 * 1024
STEP = 0.005  # seconds between two looks of `until`

wall_clock = time.time  # noqa: TID251 - the simulator is a process of its own, and this its edge


class KiroSimulator:
    """`switches` are fields of Settings. Use as an async context manager."""

    def __init__(self, port: int = 0, *, clock: Callable[[], float] = wall_clock, **switches: Any) -> None:
        self.state = State(clock, Settings(**switches))
        self.port = port
        self._auth = Auth(self.state)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY)
        for part in (Chat(self.state), Management(self.state)):
            app.add_routes([*part.routes(), *(_elsewhere(route) for route in part.routes())])
        for others in (self._auth, Control(self)):
            app.add_routes(others.routes())
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
    def settings(self) -> Settings:
        return self.state.settings

    @property
    def requests(self) -> Sequence[Recorded]:
        """The latest chat requests, oldest first."""
        return self.state.requests

    @property
    def rejections(self) -> list[Rejection]:
        return self.state.rejections

    def account(self, **traits: Any) -> Account:
        """A new account; see State.open for its traits. Raises KeyError or TypeError for one that does not exist."""
        return self.state.open(**traits)

    def signer(self, account: Account, model: str) -> Signer:
        return self.state.terms(account).signer(model)

    def configure(self, **switches: Any) -> None:
        """Raises TypeError for a switch that does not exist."""
        Settings(**switches)
        for name, value in switches.items():
            setattr(self.settings, name, value)

    def script(
        self, script: str, options: Mapping[str, Any] | None = None, *, account: Account | str | None = None, times: int = 1
    ) -> None:
        """Queue a script for the next chat requests. Raises ValueError for an unknown one."""
        if script not in SCRIPTS:
            raise ValueError(f"no script {script}; there are {', '.join(SCRIPTS)}")
        self.state.planned += [Planned(script, options or {}, self._name(account))] * times

    def fail(
        self,
        account: Account | str | None = None,
        *,
        status: int,
        reason: str | None = None,
        message: str | None = None,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        on: Route = "chat",
        delay: float = 0.0,
        endpoint: str | None = None,
    ) -> None:
        """Queue a refusal. Raises ValueError when status and reason have no known wording and no message is given."""
        try:
            body = worded(status, reason, message)
        except KeyError as error:
            raise ValueError(f"no wording for {status} {reason}: give a message") from error
        self.state.faults.append(Fault(on, self._name(account), status, body, headers or {}, times, delay, endpoint))

    def expire(self, account: Account | str, *, refresh: bool = False) -> None:
        """The account's access tokens die now; with `refresh` it has to sign in anew."""
        name = self._name(account)
        self.state.expire(self.state.accounts[name or ""], refresh=refresh)

    def approve(self, user_code: str, *, denied: bool = False, expired: bool = False) -> None:
        self._auth.approve(user_code, denied=denied, expired=expired)

    def reset(self) -> None:
        self.state.reset()

    def counters(self) -> dict[str, Any]:
        return self.state.counters()

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for what happens on the other side of a socket. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - any condition may be asked for, there is no event to wait on
                await asyncio.sleep(STEP)

    def _name(self, account: Account | str | None) -> str | None:
        """Raises KeyError for an account that does not exist."""
        if account is None:
            return None
        name = account if isinstance(account, str) else account.id
        return self.state.accounts[name].id


def _elsewhere(route: web.RouteDef) -> web.RouteDef:
    """The same route at the endpoints `/ep1`, `/ep2`, ..."""
    return web.RouteDef(route.method, r"/{endpoint:ep\d+}" + route.path, route.handler, {})
