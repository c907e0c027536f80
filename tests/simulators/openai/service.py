"""One vendor's chat completions and models."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.simulators.openai.request import Request, mapping, text
from tests.simulators.openai.validator import judge
from tests.simulators.openai.vendors import Vendor
from tests.simulators.openai.wordings import error, worded
from tests.simulators.openai.writer import ChatWriter
from tests.simulators.serving.caching import Prefixes
from tests.simulators.serving.directives import Directives
from tests.simulators.serving.parts import Ask
from tests.simulators.serving.service import Service, reply
from tests.simulators.serving.state import Account, Body, Recorded, Rejection, State

DEMO_PAUSE = 0.05  # seconds between pieces, about as fast as a model speaks
CREATED = 1_763_600_000
CACHE_LIFE = 600.0  # seconds
CACHE_STEP = 128  # tokens; shorter remains of a prefix are not counted


@dataclass(slots=True)
class Settings:
    """Switches of the whole simulator.

    `vllm_reasoning` is the member in which vLLM tells its thoughts: newer servers say `reasoning`.
    Prompts below `cache_minimum` tokens are never cached.
    """

    demo: bool = False
    vllm_reasoning: str = "reasoning_content"
    cache_minimum: int = 1024


class OpenAIService(Service):
    def __init__(self, state: State, settings: Settings, vendor: Vendor) -> None:
        super().__init__(state)
        self.settings = settings
        self.vendor = vendor
        self._prefixes = Prefixes()

    def account(self, headers: Mapping[str, str]) -> Account | Rejection:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        found = self.state.owner(key.strip()) if scheme.lower() == "bearer" else None
        if found and found.vendor == self.vendor.name:
            return found
        if self.vendor.keyless:
            return Account("", self.vendor.name, "", tuple(self.vendor.models))
        words = NO_KEY if not key and self.vendor.name == "openai" else None
        return Rejection("key", 401, worded(self.vendor, 401, None, words), "no such key")

    def judge(self, account: Account, body: Any, headers: Mapping[str, str], route: str) -> Rejection | None:
        return judge(None if body is None else Request(body, self.vendor, account.models), headers)

    def text(self, body: Any) -> str:
        return "\n\n".join(text(each.get("content")) for each in self._request(body).current() if each.get("role") == "user")

    def ask(self, account: Account, body: Any, told: Directives) -> Ask:
        request = self._request(body)
        serial = self.state.serial
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        stops = body.get("stop") or ()
        return Ask(
            text=told.rest,
            results=[text(each.get("content")) for each in request.current() if each.get("role") == "tool"],
            tools=[str(function.get("name")) for function in request.functions],
            model=str(body["model"]),
            voice=self.vendor.voice,
            input_tokens=request.tokens,
            random=lambda name, length: self.state.random(serial, name, length),
            thinking="shown" if request.thinking else "",
            max_tokens=limit,
            stops=(stops,) if isinstance(stops, str) else stops,
            schema=_schema(body),
            call_prefix=self.vendor.call_prefix,
            pause=DEMO_PAUSE if self.settings.demo else 0.0,
            options=told.options,
        )

    def writer(self, account: Account, ask: Ask, record: Recorded) -> ChatWriter:
        body = record.body
        return ChatWriter(
            self.vendor,
            "chatcmpl-" + self.state.random(record.number, "completion", 29),
            CREATED + record.number,
            body["model"],
            ask.input_tokens,
            self._cached(account, body, ask.input_tokens),
            reasoning=self.settings.vllm_reasoning if self.vendor.name == "vllm" else self.vendor.reasoning,
            with_usage=mapping(body.get("stream_options")).get("include_usage") is True,
            choices=body.get("n") or 1,
        )

    def worded(self, status: int, reason: str | None, message: str | None) -> Body:
        return worded(self.vendor, status, reason, message)

    def extra(self, account: Account, record: Recorded) -> dict[str, str]:
        headers = {"x-request-id": "req_" + self.state.random(record.number, "request", 32)}
        return headers | RATES if self.vendor.name == "openai" else headers

    async def models(self, request: web.Request) -> web.Response:
        account = await self.glance(request, "models")
        if isinstance(account, web.Response):
            return account
        return reply(200, {"object": "list", "data": [self._shown(name) for name in account.models]})

    async def model(self, request: web.Request) -> web.Response:
        account = await self.glance(request, "models")
        if isinstance(account, web.Response):
            return account
        name = request.match_info["id"]
        if name not in account.models:
            return reply(404, error(self.vendor, f"The model '{name}' does not exist", param="model", code="model_not_found", status=404))
        return reply(200, self._shown(name))

    def _request(self, body: Any) -> Request:
        return Request(body, self.vendor, tuple(self.vendor.models))

    def _shown(self, name: str) -> dict[str, Any]:
        owner = name.partition("/")[0] if self.vendor.name == "ollama" and "/" in name else self.vendor.owned_by
        shown: dict[str, Any] = {"id": name, "object": "model", "created": CREATED, "owned_by": owner}
        if self.vendor.name == "vllm":
            shown |= {"root": name, "parent": None, "max_model_len": self.vendor.models[name].window, "permission": []}
        if self.vendor.name == "kimi":
            shown |= {"root": name, "parent": "", "context_length": self.vendor.models[name].window, "permission": []}
        return shown

    def _cached(self, account: Account, body: Mapping[str, Any], tokens: int) -> int:
        """How many tokens of the prompt came before in the same order; they are remembered for the next request."""
        blocks = [json.dumps(body.get("tools", [])).encode(), *(json.dumps(each).encode() for each in body["messages"])]
        chain = self._prefixes.chain(f"{account.id}\n{body['model']}", blocks)
        now = self.state.clock()
        known = max((at + 1 for at, digest in enumerate(chain) if self._prefixes.knows(digest, now)), default=0)
        for digest in chain:
            self._prefixes.keep(digest, now + CACHE_LIFE)
        length = min(sum(map(len, blocks[:known])) // 4, tokens - 1)
        step = CACHE_STEP if self.settings.cache_minimum else 1
        return length // step * step if length >= self.settings.cache_minimum and known else 0


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema that the answer has to follow; any object where JSON alone is asked for."""
    wanted = mapping(body.get("response_format"))
    if wanted.get("type") == "json_object":
        return {"type": "object", "properties": {"answer": {"type": "string"}}}
    return mapping(wanted.get("json_schema")).get("schema") if wanted.get("type") == "json_schema" else None


NO_KEY = "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
RATES = {
    "openai-processing-ms": "42",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-tokens": "1999900",
    "x-ratelimit-reset-tokens": "3ms",
}
