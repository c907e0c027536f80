"""Responses by the openai SDK."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import openai

from dataplane.fidelity import TABLES
from tests.flow.matrix.asking import ABOUT, PARAMETERS, PICTURE, TOOL, Ask, Call, Told, says
from tests.flow.matrix.chat import OpenAISdk


class Responses(OpenAISdk):
    name = "responses"
    table = next(table for table in TABLES if "/v1/responses" in table.title)
    end = calls = "completed"
    written: ClassVar[Mapping[str, Sequence[str]]] = {
        "text": ("input[]{message}.content",),
        "system": ("instructions",),
        "tools": ("tools[]{function}.name", "tools[]{function}.parameters"),
        "call": ("input[]{function_call}.name",),
        "result": ("input[]{function_call_output}.output",),
        "picture": ("input[]{message}.content[].image_url{data URL}",),
        "thinking": ("reasoning.effort", "reasoning.summary"),
        "thoughts": ("input[]{reasoning}.summary[].text",),
        "sealed": ("input[]{reasoning}.encrypted_content",),
    }

    def body(self, ask: Ask) -> dict[str, Any]:
        body: dict[str, Any] = {"model": ask.model, "input": list(ask.entries), "store": False}
        if ask.system:
            body["instructions"] = ask.system
        if ask.tools:
            body["tools"] = [{"type": "function", "name": TOOL, "description": ABOUT, "parameters": PARAMETERS}]
        return {**body, "reasoning": {"effort": "high", "summary": "auto"}} if ask.thinks else body

    def whole(self, ask, told):
        self._read(self.client.responses.create(**self.body(ask)), told)

    def raw(self, ask, told):
        with self.client.responses.create(**self.body(ask), stream=True) as stream:
            self._follow(stream, ask, told)

    def helper(self, ask, told):
        with self.client.responses.stream(**self.body(ask)) as stream:
            self._follow(stream, ask, told)
            assert stream.get_final_response().output_text == told.text

    async def waiting(self, ask, *, streamed):
        async with openai.AsyncOpenAI(**self.known) as client:
            await client.responses.create(**self.body(ask), stream=streamed)

    def shown(self, text):
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}"}
        return {"role": "user", "content": [{"type": "input_text", "text": text}, image]}

    def called(self, call):
        return [{"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}]

    def thought(self, text):
        item = {"type": "reasoning", "id": "rs_of_another", "summary": [{"type": "summary_text", "text": text}]}
        return [item, {"role": "assistant", "content": "So be it."}]

    def result(self, call, text):
        return {"type": "function_call_output", "call_id": call.id, "output": text}

    def _follow(self, stream: Any, ask: Ask, told: Told) -> None:
        thinking, arguments, numbers = "", "", []
        for event in stream:
            numbers.append(event.sequence_number)
            if event.type == "response.output_text.delta":
                says(event.delta, told, ask)
            elif event.type == "response.reasoning_summary_text.delta":
                thinking += event.delta
            elif event.type == "response.function_call_arguments.delta":
                arguments += event.delta
            elif event.type == "response.completed":
                streamed, told.text = told.text, ""
                self._read(event.response, told)
                assert (streamed, thinking) == (told.text, told.thinking), "the deltas and the whole are the same"
                assert arguments == "".join(call.arguments for call in told.calls)
        assert numbers == list(range(len(numbers)))

    def _read(self, response: Any, told: Told) -> None:
        told.text = response.output_text
        for item in response.output:
            if item.type == "reasoning":
                told.thinking += "".join(part.text for part in item.summary)
                told.sealed = bool(item.encrypted_content)
            elif item.type == "function_call":
                told.calls.append(Call(item.call_id, item.name, item.arguments))
        told.reason = response.status
        told.usage = (response.usage.input_tokens, response.usage.output_tokens)
        told.said = response.output
