"""The control calls under `/_sim/`: the simulator's methods for those who are in another process."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.simulators.kimi_web.server import KimiSimulator


class Control:
    def __init__(self, simulator: "KimiSimulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[web.RouteDef]:
        writes: dict[str, Callable[..., Any]] = {
            "script": self.simulator.script,
            "fail": self.simulator.fail,
            "rotate": self.simulator.rotate,
            "settings": self.settings,
            "reset": self.simulator.reset,
        }
        posts = [web.post(f"/_sim/{name}", _write(write)) for name, write in writes.items()]
        return [*posts, web.get("/_sim/requests", self.requests), web.get("/_sim/counters", self.counters)]

    def settings(self, **switches: Any) -> dict[str, Any]:
        self.simulator.configure(**switches)
        return asdict(self.simulator.settings)

    async def requests(self, _: web.Request) -> web.Response:
        return web.json_response({"requests": [asdict(record) for record in self.simulator.requests]})

    async def counters(self, _: web.Request) -> web.Response:
        return web.json_response(self.simulator.counters())


def _write(write: Callable[..., Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def call(request: web.Request) -> web.Response:
        try:
            body = await request.json() if request.can_read_body else {}
            return web.json_response(write(**body) or {})
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return call
