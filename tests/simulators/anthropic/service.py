"""The Messages API: messages, count_tokens and models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from tests.simulators.anthropic.caching import charge, count, render
from tests.simulators.anthropic.models import MODELS
from tests.simulators.anthropic.request import NEW, OLD, blocks, mapping, objects, parse, text
from tests.simulators.anthropic.signatures import Signer
from tests.simulators.anthropic.validator import judge
from tests.simulators.anthropic.wordings import error, worded
from tests.simulators.anthropic.writer import MessageWriter
from tests.simulators.serving.caching import Prefixes
from tests.simulators.serving.directives import Directives
from tests.simulators.serving.parts import Ask
from tests.simulators.serving.service import Service, reply
from tests.simulators.serving.state import Account, Body, Recorded, Rejection, State

DEMO_PAUSE = 0.05  # seconds between pieces, about as fast as a model speaks


@dataclass(slots=True)
class Settings:
    """Switches. Prompts below `cache_minimum` tokens are never cached."""

    demo: bool = False
    cache_minimum: int = 1024


class AnthropicService(Service):
    def __init__(self, state: State, settings: Settings) -> None:
        super().__init__(state)
        self.settings = settings
        self.signer = Signer(state.seed.encode())
        self._prefixes = Prefixes()

    def account(self, headers: Mapping[str, str]) -> Account | Rejection:
        """`x-api-key` goes before a bearer."""
        key = headers.get("x-api-key")
        if key is None:
            scheme, _, key = headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                return _unknown("x-api-key header is required")
        return self.state.owner(key.strip()) or _unknown("invalid x-api-key" if "x-api-key" in headers else "Invalid bearer token")

    def judge(self, account: Account, body: Any, headers: Mapping[str, str], route: str) -> Rejection | None:
        if body is None:
            return Rejection("json", 400, error("invalid_request_error", "The request body is not valid JSON"), "no JSON object")
        return judge(parse(body, headers, account.models, self.signer, counting=route == "count"), headers)

    def text(self, body: Any) -> str:
        return "\n\n".join(text([block]) for block in _current(body) if block.get("type") == "text")

    def default(self, body: Any) -> str:
        """A request that declares nothing but web search is there to search."""
        tools = objects(body.get("tools"))
        searches = bool(tools) and all(str(tool.get("type", "")).startswith("web_search_") for tool in tools)
        return "search" if searches else "text"

    def ask(self, account: Account, body: Any, told: Directives) -> Ask:
        serial = self.state.serial
        return Ask(
            text=told.rest,
            results=[text(block.get("content")) for block in _current(body) if block.get("type") == "tool_result"],
            tools=[str(tool["name"]) for tool in objects(body.get("tools")) if tool.get("type", "custom") == "custom"],
            model=body["model"],
            voice="Anthropic",
            input_tokens=count(render(body)),
            random=lambda name, length: self.state.random(serial, name, length),
            thinking=_thinking(body),
            max_tokens=body["max_tokens"],
            stops=body.get("stop_sequences") or (),
            schema=_schema(body),
            call_prefix="toolu_01",
            pause=DEMO_PAUSE if self.settings.demo else 0.0,
            options=told.options,
        )

    def writer(self, account: Account, ask: Ask, record: Recorded) -> MessageWriter:
        body = record.body
        now = self.state.clock()
        tokens = charge(self._prefixes, f"{account.id}\n{ask.model}", render(body), now, self.settings.cache_minimum)
        name = self.state.random(record.number, "message", 22)
        extras = {"context_management": {"applied_edits": []}} if "context_management" in body else {}
        return MessageWriter(f"msg_01{name}", ask.model, tokens, self.signer, name, extras)

    def worded(self, status: int, reason: str | None, message: str | None) -> Body:
        return worded(status, reason, message)

    def extra(self, account: Account, record: Recorded) -> dict[str, str]:
        return {"request-id": "req_011C" + self.state.random(record.number, "request", 20), **RATES}

    async def count(self, request: web.Request) -> web.Response:
        record, account, refused = await self.admit(request, "count")
        if account is None or refused:
            return refused or web.Response(status=500)
        record.status, record.finished = 200, True
        return reply(200, {"input_tokens": count(render(record.body))}, self.extra(account, record))

    async def models(self, request: web.Request) -> web.Response:
        account = await self._glance(request)
        if isinstance(account, web.Response):
            return account
        limit = int(request.query.get("limit", "20"))
        if not 1 <= limit <= 1000:
            return reply(400, error("invalid_request_error", "limit: Input should be between 1 and 1000"))
        names = list(account.models)
        after = request.query.get("after_id")
        start = names.index(after) + 1 if after in names else 0
        page = names[start : start + limit]
        ends = {"first_id": page[0] if page else None, "last_id": page[-1] if page else None}
        return reply(200, {"data": [_shown(name) for name in page], "has_more": start + limit < len(names), **ends})

    async def model(self, request: web.Request) -> web.Response:
        account = await self._glance(request)
        if isinstance(account, web.Response):
            return account
        name = request.match_info["id"]
        return reply(200, _shown(name)) if name in account.models else reply(404, error("not_found_error", f"model: {name}"))

    async def _glance(self, request: web.Request) -> Account | web.Response:
        account = await self.glance(request, "models")
        if isinstance(account, Account) and request.headers.get("anthropic-version") not in (OLD, NEW):
            return reply(400, error("invalid_request_error", "anthropic-version: header is required"))
        return account


def _unknown(message: str) -> Rejection:
    return Rejection("key", 401, error("authentication_error", message), "no such key")


def _current(body: Any) -> list[dict[str, Any]]:
    """The blocks after the last assistant turn; system messages are nobody's question."""
    messages = objects(body.get("messages"))
    last = max((at for at, message in enumerate(messages) if message.get("role") == "assistant"), default=-1)
    return [block for message in messages[last + 1 :] if message.get("role") == "user" for block in blocks(message.get("content"))]


def _thinking(body: Mapping[str, Any]) -> Literal["", "shown", "omitted"]:
    """Whether thinking is on, and whether it is shown; the newer models leave it out unless told otherwise."""
    thinking = mapping(body.get("thinking"))
    if thinking.get("type", "disabled") == "disabled":
        return ""
    quiet = not MODELS[body["model"]].budget
    return "omitted" if thinking.get("display", "omitted" if quiet else "summarized") == "omitted" else "shown"


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = mapping(mapping(body.get("output_config")).get("format")) or mapping(body.get("output_format"))
    return wanted.get("schema")


def _shown(name: str) -> dict[str, Any]:
    model = MODELS[name]
    shown = {"type": "model", "id": name, "display_name": model.name, "created_at": model.created, "lifecycle": "active"}
    return {**shown, "max_input_tokens": model.window, "max_tokens": model.output}


RATES = {
    "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
    "anthropic-ratelimit-requests-limit": "4000",
    "anthropic-ratelimit-requests-remaining": "3999",
    "anthropic-ratelimit-requests-reset": "2026-11-20T00:00:01Z",
    "anthropic-ratelimit-tokens-limit": "400000",
    "anthropic-ratelimit-tokens-remaining": "399000",
    "anthropic-ratelimit-tokens-reset": "2026-11-20T00:00:01Z",
}
