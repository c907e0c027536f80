"""Messages by the anthropic SDK."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import anthropic

from dataplane.fidelity import TABLES
from tests.flow.matrix.asking import ABOUT, LIMIT, PARAMETERS, PICTURE, TOOL, Ask, Call, Refusal, Sdk, Told, says
from tests.stack import PROXY_KEY


class Messages(Sdk):
    name = "messages"
    table = next(table for table in TABLES if "/v1/messages" in table.title)
    end, calls = "end_turn", "tool_use"
    errors = anthropic.APIError
    written: ClassVar[Mapping[str, Sequence[str]]] = {
        "text": ("messages[].content[]{text}.text",),
        "system": ("system",),
        "tools": ("tools[].name", "tools[].input_schema"),
        "call": ("messages[].content[]{tool_use}.name",),
        "result": ("messages[].content[]{tool_result}.content",),
        "picture": ("messages[].content[]{image}.source.data",),
        "thinking": ("thinking.type", "thinking.budget_tokens"),
        "thoughts": ("messages[].content[]{thinking}.thinking",),
        "sealed": ("messages[].content[]{thinking}.signature",),
    }
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "busy": (anthropic.RateLimitError, 429, "rate_limit_error"),
        "overloaded": (anthropic.InternalServerError, 529, "overloaded_error"),
        "failed": (anthropic.InternalServerError, 502, "api_error"),
        "invalid": (anthropic.BadRequestError, 400, "invalid_request_error"),
    }

    def __init__(self, gateway: str) -> None:
        super().__init__()
        self.known: dict[str, Any] = {"base_url": gateway, "api_key": PROXY_KEY, "max_retries": 0}
        hooked = anthropic.DefaultHttpxClient(event_hooks={"response": [self.hear]})
        self.client = anthropic.Anthropic(**self.known, http_client=hooked)

    def body(self, ask: Ask) -> dict[str, Any]:
        body: dict[str, Any] = {"model": ask.model, "max_tokens": LIMIT, "messages": list(ask.entries)}
        if ask.system:
            body["system"] = ask.system
        if ask.tools:
            body["tools"] = [{"name": TOOL, "description": ABOUT, "input_schema": PARAMETERS}]
        return {**body, "thinking": {"type": "enabled", "budget_tokens": 2000}} if ask.thinks else body

    def whole(self, ask, told):
        self._read(self.client.messages.create(**self.body(ask)), told)

    def raw(self, ask, told):
        blocks: list[dict[str, Any]] = []
        with self.client.messages.create(**self.body(ask), stream=True) as stream:
            for event in stream:
                self._piece(event, blocks, told, ask)
        made = [block for block in blocks if block["type"] == "tool_use"]
        told.calls = [Call(block["id"], block["name"], json.dumps(block["input"])) for block in made]
        told.sealed = any(block.get("signature") for block in blocks)
        told.said = [{"role": "assistant", "content": blocks}]

    def helper(self, ask, told):
        with self.client.messages.stream(**self.body(ask)) as stream:
            for event in stream:
                if event.type == "text":
                    says(event.text, told, ask)
            streamed, told.text = told.text, ""
            self._read(stream.get_final_message(), told)
        assert told.text == streamed

    async def waiting(self, ask, *, streamed):
        async with anthropic.AsyncAnthropic(**self.known) as client:
            await client.messages.create(**self.body(ask), stream=streamed)

    def kind(self, error):
        return error.body["error"]["type"]

    def shown(self, text):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}
        return {"role": "user", "content": [image, {"type": "text", "text": text}]}

    def called(self, call):
        return [{"role": "assistant", "content": [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.value}]}]

    def thought(self, text):
        block = {"type": "thinking", "thinking": text, "signature": "b2YgYW5vdGhlcg=="}
        return [{"role": "assistant", "content": [block, {"type": "text", "text": "So be it."}]}]

    def result(self, call, text):
        return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": text}]}

    def _read(self, message: Any, told: Told) -> None:
        for block in message.content:
            if block.type == "text":
                told.text += block.text
            elif block.type == "thinking":
                told.thinking += block.thinking
                told.sealed = bool(block.signature)
            elif block.type == "tool_use":
                told.calls.append(Call(block.id, block.name, json.dumps(block.input)))
        told.reason = message.stop_reason
        told.usage = (message.usage.input_tokens, message.usage.output_tokens)
        told.said = [{"role": "assistant", "content": message.content}]

    def _piece(self, event: Any, blocks: list[dict[str, Any]], told: Told, ask: Ask) -> None:
        if event.type == "message_start":
            told.usage = (event.message.usage.input_tokens, 0)
        elif event.type == "content_block_start":
            assert event.index == len(blocks)
            blocks.append(event.content_block.model_dump(exclude_none=True))
        elif event.type == "content_block_delta":
            self._delta(event.delta, blocks[event.index], told, ask)
        elif event.type == "content_block_stop" and "arguments" in blocks[event.index]:
            blocks[event.index]["input"] = json.loads(blocks[event.index].pop("arguments"))
        elif event.type == "message_delta":
            told.reason = event.delta.stop_reason
            told.usage = (told.usage[0] if told.usage else 0, event.usage.output_tokens)

    def _delta(self, delta: Any, block: dict[str, Any], told: Told, ask: Ask) -> None:
        if delta.type == "text_delta":
            block["text"] += delta.text
            says(delta.text, told, ask)
        elif delta.type == "thinking_delta":
            block["thinking"] += delta.thinking
            told.thinking += delta.thinking
        elif delta.type == "signature_delta":
            block["signature"] = delta.signature
        elif delta.type == "input_json_delta":
            block["arguments"] = block.get("arguments", "") + delta.partial_json
