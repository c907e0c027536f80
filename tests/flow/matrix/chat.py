"""Chat completions by the openai SDK."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import openai

from dataplane.fidelity import TABLES
from tests.flow.matrix.asking import ABOUT, PARAMETERS, PICTURE, TOOL, Ask, Call, Refusal, Sdk, Told, says
from tests.stack import PROXY_KEY


class OpenAISdk(Sdk):
    """What both protocols of the openai SDK have in common."""

    errors = openai.APIError
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "busy": (openai.RateLimitError, 429, "rate_limit_exceeded"),
        "overloaded": (openai.InternalServerError, 503, "server_overloaded"),
        "failed": (openai.InternalServerError, 502, "upstream_error"),
        "invalid": (openai.BadRequestError, 400, "upstream_rejected"),
    }

    def __init__(self, gateway: str) -> None:
        super().__init__()
        known: dict[str, Any] = {"base_url": f"{gateway}/v1", "api_key": PROXY_KEY, "max_retries": 0}
        self.client = openai.OpenAI(**known, http_client=openai.DefaultHttpxClient(event_hooks={"response": [self.hear]}))
        self.known = known

    def kind(self, error):
        return error.code


class Chat(OpenAISdk):
    name = "chat"
    table = next(table for table in TABLES if "/v1/chat/completions" in table.title)
    end, calls = "stop", "tool_calls"
    written: ClassVar[Mapping[str, Sequence[str]]] = {
        "text": ("messages[]{user, assistant}.content",),
        "system": ("messages[]{system, developer}.content",),
        "tools": ("tools[].function.name", "tools[].function.parameters"),
        "call": ("messages[].tool_calls[].function.name",),
        "result": ("messages[]{tool, function}.content",),
        "picture": ("messages[].content[].image_url.url{data URL}",),
        "thinking": ("reasoning_effort",),
        "thoughts": ("messages[].reasoning_content",),
    }

    def body(self, ask: Ask) -> dict[str, Any]:
        first = [{"role": "system", "content": ask.system}] if ask.system else []
        body: dict[str, Any] = {"model": ask.model, "messages": [*first, *ask.entries]}
        if ask.tools:
            body["tools"] = [{"type": "function", "function": {"name": TOOL, "description": ABOUT, "parameters": PARAMETERS}}]
        return {**body, "reasoning_effort": "high"} if ask.thinks else body

    def whole(self, ask, told):
        self._read(self.client.chat.completions.create(**self.body(ask)), told)

    def raw(self, ask, told):
        calls: dict[int, Call] = {}
        with self.client.chat.completions.create(**self.body(ask), stream=True, stream_options={"include_usage": True}) as stream:
            for chunk in stream:
                if chunk.usage:
                    told.usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
                for choice in chunk.choices:
                    self._piece(choice.delta, calls)
                    told.reason = choice.finish_reason or told.reason
                    told.thinking += getattr(choice.delta, "reasoning_content", None) or ""
                    says(choice.delta.content or "", told, ask)
        told.calls = list(calls.values())
        thought = {"reasoning_content": told.thinking} if told.thinking else {}
        made = {"tool_calls": [_call(call) for call in told.calls]} if told.calls else {}
        told.said = [{"role": "assistant", "content": told.text or None, **thought, **made}]

    def helper(self, ask, told):
        with self.client.chat.completions.stream(**self.body(ask), stream_options={"include_usage": True}) as stream:
            for event in stream:
                if event.type == "content.delta":
                    says(event.delta, told, ask)
            streamed, told.text = told.text, ""
            self._read(stream.get_final_completion(), told)
        assert told.text == streamed

    async def waiting(self, ask, *, streamed):
        async with openai.AsyncOpenAI(**self.known) as client:
            await client.chat.completions.create(**self.body(ask), stream=streamed)

    def shown(self, text):
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}
        return {"role": "user", "content": [{"type": "text", "text": text}, image]}

    def called(self, call):
        return [{"role": "assistant", "content": None, "tool_calls": [_call(call)]}]

    def thought(self, text):
        return [{"role": "assistant", "content": "So be it.", "reasoning_content": text}]

    def result(self, call, text):
        return {"role": "tool", "tool_call_id": call.id, "content": text}

    def _read(self, completion: Any, told: Told) -> None:
        (choice,) = completion.choices
        told.text = choice.message.content or ""
        told.thinking = getattr(choice.message, "reasoning_content", None) or ""
        told.calls = [Call(call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()]
        told.reason = choice.finish_reason
        told.usage = (completion.usage.prompt_tokens, completion.usage.completion_tokens)
        told.said = [choice.message]

    def _piece(self, delta: Any, calls: dict[int, Call]) -> None:
        for piece in delta.tool_calls or ():
            if piece.id:
                assert piece.index not in calls, "a call begins once"
                calls[piece.index] = Call(piece.id, piece.function.name, "")
            calls[piece.index].arguments += piece.function.arguments or ""


def _call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
