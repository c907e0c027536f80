"""The simulator as an object: the Messages API on a loopback port."""

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from tests.simulators.anthropic.models import MODELS
from tests.simulators.anthropic.service import AnthropicService, Settings
from tests.simulators.serving.simulator import Simulator, wall_clock
from tests.simulators.serving.state import Account


class AnthropicSimulator(Simulator):
    """`switches` are fields of Settings."""

    settings: Settings

    def __init__(self, port: int = 0, *, clock: Callable[[], float] = wall_clock, **switches: Any) -> None:
        super().__init__(port, clock, "anthropic")
        self.settings = Settings(**switches)
        self._service = AnthropicService(self.state, self.settings)

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.post("/v1/messages", self._service.answer),
            web.post("/v1/messages/count_tokens", self._service.count),
            web.get("/v1/models", self._service.models),
            web.get("/v1/models/{id}", self._service.model),
        ]

    def service(self, account: Account | None) -> AnthropicService:
        return self._service

    def account(self, *, models: Sequence[str] | None = None) -> Account:
        """A new account. Raises KeyError for an unknown model."""
        return self.state.open("anthropic", "sk-ant-api03-", tuple(MODELS[name].id for name in models or MODELS))

    def base_url(self, account: Account) -> str:
        return self.url

    def sign(self, thinking: str) -> str:
        """A signature that the simulator takes for its own."""
        return self._service.signer.sign(thinking, "given")
