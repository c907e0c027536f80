"""The control calls under `/_sim/`: the simulator's methods for those who are in another process."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.simulators.serving.state import Account, Recorded

if TYPE_CHECKING:
    from tests.simulators.serving.simulator import Simulator


class Control:
    def __init__(self, simulator: "Simulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[web.RouteDef]:
        writes: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "accounts": self.accounts,
            "script": self.script,
            "fail": self.fail,
            "revoke": self.revoke,
            "settings": self.settings,
            "reset": self.reset,
        }
        reads: dict[str, Callable[[web.Request], dict[str, Any]]] = {
            "requests": self.requests,
            "rejections": self.rejections,
            "counters": lambda _: self.simulator.counters(),
            "state": lambda _: self.simulator.state.now(),
        }
        posts = [web.post(f"/_sim/{name}", _write(write)) for name, write in writes.items()]
        return [*posts, *(web.get(f"/_sim/{name}", _read(read)) for name, read in reads.items())]

    def accounts(self, body: dict[str, Any]) -> dict[str, Any]:
        account = self.simulator.account(**body)
        return self._shown(account)

    def script(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.script(body.pop("script"), **body)
        return {}

    def fail(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.fail(body.pop("account", None), **body)
        return {}

    def revoke(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.revoke(body["account"])
        return {}

    def settings(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.configure(**body)
        return asdict(self.simulator.settings)

    def reset(self, _: dict[str, Any]) -> dict[str, Any]:
        self.simulator.reset()
        return {}

    def requests(self, request: web.Request) -> dict[str, Any]:
        account, route = request.query.get("account"), request.query.get("route")
        records = [each for each in self.simulator.requests if account in (None, each.account) and route in (None, each.route)]
        return {"requests": [_shown_request(record) for record in records]}

    def rejections(self, _: web.Request) -> dict[str, Any]:
        return {
            "rejections": [
                {**_shown_request(record), "reason": rejection.detail, "answer": rejection.body}
                for record, rejection in self.simulator.state.rejections
            ]
        }

    def _shown(self, account: Account) -> dict[str, Any]:
        """What whoever adds the account to a gateway has to know."""
        return {
            "id": account.id,
            "vendor": account.vendor,
            "apiKey": account.key,
            "baseUrl": self.simulator.base_url(account),
            "models": list(account.models),
        }


def _shown_request(record: Recorded) -> dict[str, Any]:
    raw = record.raw.decode(errors="replace")
    return {**asdict(record), "raw": raw, "bytes": len(record.raw)}


def _read(read: Callable[[web.Request], dict[str, Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def call(request: web.Request) -> web.Response:
        return web.json_response(read(request))

    return call


def _write(write: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def call(request: web.Request) -> web.Response:
        try:
            body = await request.json() if request.can_read_body else {}
            return web.json_response(write(body))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return call
