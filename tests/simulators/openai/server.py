"""The simulator as an object: every vendor's endpoint on one loopback port."""

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from tests.simulators.openai.service import OpenAIService, Settings
from tests.simulators.openai.vendors import VENDORS
from tests.simulators.serving.simulator import Simulator, wall_clock
from tests.simulators.serving.state import Account


class OpenAISimulator(Simulator):
    """`vendor` is whose ways `/v1` has; `switches` are fields of Settings."""

    settings: Settings

    def __init__(self, port: int = 0, *, vendor: str = "openai", clock: Callable[[], float] = wall_clock, **switches: Any) -> None:
        super().__init__(port, clock, "openai")
        self.settings = Settings(**switches)
        self.vendor = vendor
        self.services = {name: OpenAIService(self.state, self.settings, each) for name, each in VENDORS.items()}

    def routes(self) -> Sequence[web.RouteDef]:
        paths = {"": self.vendor, **{f"/{name}": name for name in VENDORS}}
        return [
            route
            for path, name in paths.items()
            for route in (
                web.post(f"{path}/v1/chat/completions", self.services[name].answer),
                web.get(f"{path}/v1/models", self.services[name].models),
                web.get(path + "/v1/models/{id:.+}", self.services[name].model),
            )
        ]

    def service(self, account: Account | None) -> OpenAIService:
        return self.services[account.vendor if account else self.vendor]

    def account(self, *, vendor: str | None = None, models: Sequence[str] | None = None) -> Account:
        """A new account. Raises KeyError for an unknown vendor or model."""
        of = VENDORS[vendor or self.vendor]
        offer = tuple(of.models[name].id for name in models or of.models)
        return self.state.open(of.name, of.key_prefix, offer)

    def base_url(self, account: Account) -> str:
        return f"{self.url}/{account.vendor}/v1"
