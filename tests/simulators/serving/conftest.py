"""Both API-shaped simulators, and how each is asked and read, so that one test drives either."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.openai import OpenAISimulator
from tests.simulators.serving.simulator import Simulator

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


class Reading:
    """What came over the wire: status, raw bytes, the payloads of the events, and how it ended."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.chunks: list[bytes] = []
        self.error: Exception | None = None

    @property
    def raw(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def payloads(self) -> list[Any]:
        lines = [line[6:] for line in self.raw.split(b"\n") if line.startswith(b"data: ")]
        return [json.loads(line) for line in lines if line != b"[DONE]"]


class Asking:
    """One vendor: its requests and how to read its answers."""

    path: str

    def __init__(self, sim: Simulator, client: aiohttp.ClientSession) -> None:
        self.sim = sim
        self.client = client
        self.account = sim.account()

    async def ask(self, text: str = "hi", *, stream: bool = True, tools: bool = False, key: str | None = None) -> Reading:
        found = Reading()
        post = self.client.post(
            self.url, json=self.body(text, stream, tools), headers=self.headers(self.account.key if key is None else key)
        )
        try:
            async with post as answer:
                found.status, found.headers = answer.status, {name.lower(): value for name, value in answer.headers.items()}
                async for chunk, _ in answer.content.iter_chunks():
                    found.chunks.append(chunk)
        except aiohttp.ClientError as error:
            found.error = error
        return found

    @property
    def url(self) -> str:
        return self.sim.url + self.path


class AtOpenAI(Asking):
    path = "/v1/chat/completions"
    ended = b"data: [DONE]\n\n"

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"}

    def body(self, text: str, stream: bool, tools: bool) -> dict[str, Any]:
        declared = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("first", "second")]
        made = {"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": text}]}
        return {**made, "tools": declared} if tools else made

    def words(self, reading: Reading) -> str:
        if "text/event-stream" not in reading.headers["content-type"]:
            return reading.json["choices"][0]["message"]["content"]
        deltas = [choice["delta"] for each in reading.payloads for choice in each.get("choices", ())]
        return "".join(delta.get("content") or "" for delta in deltas)

    def reason(self, reading: Reading) -> str | None:
        found = reading.payloads or [reading.json]
        return next((choice["finish_reason"] for each in found for choice in each.get("choices", ()) if choice["finish_reason"]), None)

    def calls(self, reading: Reading) -> list[tuple[str, Any]]:
        if "text/event-stream" not in reading.headers["content-type"]:
            made = reading.json["choices"][0]["message"]["tool_calls"]
            return [(each["function"]["name"], each["function"]["arguments"]) for each in made]
        found: dict[int, tuple[str, Any]] = {}
        for each in reading.payloads:
            for choice in each["choices"]:
                for piece in choice["delta"].get("tool_calls", ()):
                    name, joined = found.get(piece["index"], (piece["function"].get("name"), ""))
                    found[piece["index"]] = (
                        name,
                        piece["function"]["arguments"] if not joined else joined + piece["function"]["arguments"],
                    )
        return list(found.values())


class AtAnthropic(Asking):
    path = "/v1/messages"
    ended = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

    def headers(self, key: str) -> dict[str, str]:
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}

    def body(self, text: str, stream: bool, tools: bool) -> dict[str, Any]:
        declared = [{"name": name, "input_schema": SCHEMA} for name in ("first", "second")]
        made = {"model": "claude-sonnet-4-6", "max_tokens": 4000, "stream": stream, "messages": [{"role": "user", "content": text}]}
        return {**made, "tools": declared} if tools else made

    def words(self, reading: Reading) -> str:
        if "text/event-stream" not in reading.headers["content-type"]:
            return "".join(block.get("text", "") for block in reading.json["content"])
        return "".join(each["delta"].get("text", "") for each in reading.payloads if each["type"] == "content_block_delta")

    def reason(self, reading: Reading) -> str | None:
        if "text/event-stream" not in reading.headers["content-type"]:
            return reading.json["stop_reason"]
        return next((each["delta"]["stop_reason"] for each in reading.payloads if each.get("type") == "message_delta"), None)

    def calls(self, reading: Reading) -> list[tuple[str, Any]]:
        if "text/event-stream" not in reading.headers["content-type"]:
            made = [block for block in reading.json["content"] if block["type"] == "tool_use"]
            return [(each["name"], each["input"] if isinstance(each["input"], str) else json.dumps(each["input"])) for each in made]
        found: dict[int, tuple[str, Any]] = {}
        for each in reading.payloads:
            if each["type"] == "content_block_start" and each["content_block"]["type"] == "tool_use":
                block = each["content_block"]
                found[each["index"]] = (block["name"], block["input"] or "")
            elif each["type"] == "content_block_delta" and "partial_json" in each["delta"]:
                name, joined = found[each["index"]]
                found[each["index"]] = (name, joined + each["delta"]["partial_json"])
        return list(found.values())


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=["openai", "anthropic"])
async def at(request: pytest.FixtureRequest, client: aiohttp.ClientSession) -> AsyncIterator[Asking]:
    make, asking = {"openai": (OpenAISimulator, AtOpenAI), "anthropic": (AnthropicSimulator, AtAnthropic)}[request.param]
    async with make() as sim:
        yield asking(sim, client)
