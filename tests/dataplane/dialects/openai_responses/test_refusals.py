"""What cannot be answered is refused, naming the field."""

import json

import pytest

from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.errors import InvalidRequest

HI = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "name": "f"}


def refused(body: bytes) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        OpenAIResponses().parse(body)
    status, told = OpenAIResponses().error(caught.value, "req_1")
    assert (status, json.loads(told)["error"]["type"]) == (400, "invalid_request_error")
    return caught.value


def content(part):
    return {"input": [{"role": "user", "content": [part]}]}


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": 5}, "model"),
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": None}, "input"),
        ({"input": 5}, "input"),
        ({"input": [5]}, "input[0]"),
        ({"input": [HI, {"role": "tool", "content": "x"}]}, "input[1].role"),
        ({"input": [{"type": "message", "content": "x"}]}, "input[0].role"),
        ({"input": [{"content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
        ({"input": [{"id": ""}]}, "input[0].id"),
        (
            {"input": [{"role": "developer", "content": [{"type": "input_image", "image_url": "https://a.example/a.png"}]}]},
            "input[0].content[0]",
        ),
        (content({"type": "input_audio", "text": "x"}), "input[0].content[0].type"),
        (content({"type": "input_text"}), "input[0].content[0].text"),
        (content({"type": "refusal"}), "input[0].content[0].refusal"),
        (content({"type": "input_image"}), "input[0].content[0].image_url"),
        (content({"type": "input_image", "image_url": "x.png"}), "input[0].content[0].image_url"),
        (content({"type": "input_image", "image_url": {"url": "data:,x"}}), "input[0].content[0].image_url.url"),
        (content({"type": "input_image", "file_id": "file_1"}), "input[0].content[0].file_id"),
        (content({"type": "input_file", "file_id": "file_1"}), "input[0].content[0].file_id"),
        (content({"type": "input_file"}), "input[0].content[0].file_data"),
        ({"input": [HI, {"type": "function_call", "name": "f"}]}, "input[1].call_id"),
        ({"input": [HI, {"type": "function_call", "call_id": "c"}]}, "input[1].name"),
        ({"input": [HI, {"type": "custom_tool_call", "call_id": "", "name": "f"}]}, "input[1].call_id"),
        ({"input": [HI, {"type": "function_call_output", "output": "x"}]}, "input[1].call_id"),
        ({"input": [HI, {"type": "function_call_output", "call_id": "c", "output": {}}]}, "input[1].output"),
        ({"tools": [{"name": "f"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "custom", "name": ""}]}, "tools[0].name"),
        ({"tools": [{"type": "namespace", "tools": [TOOL]}]}, "tools[0].name"),
        ({"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}]}, "tools[0].tools[0].name"),
        ({"tools": [{**TOOL, "parameters": []}]}, "tools[0].parameters"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "name": "g"}, "tools": [TOOL]}, "tool_choice.name"),
        ({"tool_choice": {"type": "allowed_tools", "tools": [{"type": "function", "name": "g"}]}, "tools": [TOOL]}, "tool_choice.tools[0]"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "none"}}, "tool_choice.mode"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"top_p": "x"}, "top_p"),
        ({"reasoning": {"effort": "very"}}, "reasoning.effort"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "schema": []}}}, "text.format.schema"),
        ({"metadata": {"a": 5}}, "metadata[...]"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_the_field_is_named(members, param):
    assert refused(json.dumps({"model": "m", "input": [HI], **members}).encode()).param == param


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[]", "must be a JSON object in the Responses format"),
        (b'{"model":"m","input":"\xff"}', "not valid UTF-8"),
        (b'{"model":"m","input":' + b"[" * 100_000, "nested too deeply"),
        (b'{"model":"m","input":"a","metadata":' + b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_body_at_all(body, words):
    assert words in refused(body).message
