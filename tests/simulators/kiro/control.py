"""The control calls under `/_sim/`: the simulator's methods for those who are in another process."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.simulators.kiro.replies import members, reply
from tests.simulators.kiro.state import Account, Recorded

if TYPE_CHECKING:
    from tests.simulators.kiro.server import KiroSimulator


class Control:
    def __init__(self, simulator: "KiroSimulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[web.RouteDef]:
        writes: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "accounts": self.accounts,
            "script": self.script,
            "fail": self.fail,
            "expire": self.expire,
            "settings": self.settings,
            "approve": self.approve,
            "reset": self.reset,
        }
        posts = [web.post(f"/_sim/{name}", _write(write)) for name, write in writes.items()]
        return [*posts, web.get("/_sim/requests", self.requests), web.get("/_sim/counters", self.counters)]

    def accounts(self, body: dict[str, Any]) -> dict[str, Any]:
        return shown(self.simulator.account(**body))

    def script(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.script(body.pop("script"), **body)
        return {}

    def fail(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.fail(body.pop("account", None), **body)
        return {}

    def expire(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.expire(body.pop("account"), **body)
        return {}

    def settings(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.configure(**body)
        return asdict(self.simulator.settings)

    def approve(self, body: dict[str, Any]) -> dict[str, Any]:
        self.simulator.approve(body["userCode"], denied=bool(body.get("denied")), expired=bool(body.get("expired")))
        return {}

    def reset(self, _: dict[str, Any]) -> dict[str, Any]:
        self.simulator.reset()
        return {}

    async def requests(self, request: web.Request) -> web.Response:
        wanted = request.query.get("account")
        records = [_shown_request(record) for record in self.simulator.requests if wanted in (None, record.account)]
        return reply(200, {"requests": records})

    async def counters(self, _: web.Request) -> web.Response:
        return reply(200, self.simulator.counters())


def shown(account: Account) -> dict[str, Any]:
    """What whoever adds the account to a gateway has to know."""
    return {
        "id": account.id,
        "method": account.method,
        "refreshToken": account.refresh_token,
        "accessToken": account.access_token,
        "profileArn": account.profile_arn,
        "clientId": account.client_id,
        "clientSecret": account.client_secret,
    }


def _shown_request(record: Recorded) -> dict[str, Any]:
    members = asdict(record)
    members["bytes"] = len(members.pop("raw"))
    return members


def _write(write: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def call(request: web.Request) -> web.Response:
        body = await members(request) if request.can_read_body else {}
        if body is None:
            return reply(400, {"error": "the body is no JSON object"})
        try:
            return reply(200, write(body))
        except (KeyError, TypeError, ValueError) as error:
            return reply(400, {"error": f"{type(error).__name__}: {error}"})

    return call
