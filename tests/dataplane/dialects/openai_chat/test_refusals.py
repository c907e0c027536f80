"""Chat completion bodies that are refused: which member is at fault, and in which words."""

import json

import pytest

from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.errors import InvalidRequest

USER = {"role": "user", "content": "Hi"}
CALL_1 = {"id": "call_1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
BASH = {"type": "function", "function": {"name": "bash", "parameters": {"type": "object"}}}
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def refused(body) -> tuple[str | None, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(InvalidRequest) as caught:
        OpenAIChat().parse(data)
    return caught.value.param, caught.value.message


def refused_member(**members):
    return refused({"model": "m", "messages": [USER], **members})[0]


def refused_message(*messages):
    return refused({"model": "m", "messages": list(messages)})[0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"model":"m"} x', "not valid JSON"),
        (rb'{"model":"\ud83d"', "not valid JSON"),
        (b'{"model":"\xff"}', "not valid UTF-8"),
        (b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"seed":"\xff"}', "not valid UTF-8"),
        (b'{"model":"\xed\xa0\xbd"}', "not valid UTF-8"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'{"messages":' + b"[" * 100_000, "'messages[0]': Expected `object`"),
        (b'{"seed":' + b"[" * 100_000, "nested too deeply"),
        (b'{"unknown":' + b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_bodies_that_are_no_request(body, words):
    _, message = refused(body)
    assert words in message


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": [USER]}, "model"),
        ({"model": "", "messages": [USER]}, "model"),
        ({"model": 5, "messages": [USER]}, "model"),
        ({"model": None, "messages": [USER]}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": []}, "messages"),
        ({"model": "m", "messages": "Hi"}, "messages"),
        ({"model": "m", "messages": ["Hi"]}, "messages[0]"),
        ({"model": "m", "messages": [USER, {"content": "Hi"}]}, "messages[1].role"),
        ({"model": "m", "messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role"),
        ({"model": "m", "messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"model": "m", "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}, "messages[0].content[0].type"),
        (
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0].image_url.url",
        ),
    ],
)
def test_the_place_is_named(body, param):
    found, message = refused(body)
    assert found == param
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("n", 2),
        ("n", 0),
        ("temperature", 2.1),
        ("temperature", "hot"),
        ("top_p", -1),
        ("max_tokens", 0),
        ("max_tokens", 10**30),
        ("max_completion_tokens", 1.5),
        ("stop", 5),
        ("stop", ["x"] * 65),
        ("stop", "x" * 257),
        ("stream", "yes"),
        ("reasoning_effort", "ultra"),
        ("tool_choice", "sometimes"),
        ("function_call", "sometimes"),
        ("response_format", "json"),
        ("parallel_tool_calls", 1),
    ],
)
def test_members_out_of_range(member, value):
    assert refused_member(**{member: value}) == member


def test_several_answers_are_refused_in_words():
    assert refused({"model": "m", "messages": [USER], "n": 2}) == ("n", "One answer is given to a request; 'n' can only be 1.")


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({}, "response_format.type"),
        ({"type": "yaml"}, "response_format.type"),
        ({"type": "json_schema"}, "response_format.json_schema"),
        ({"type": "json_schema", "json_schema": "x"}, "response_format.json_schema"),
        ({"type": "json_schema", "json_schema": {"name": 5}}, "response_format.json_schema.name"),
        ({"type": "json_schema", "json_schema": {"name": "n", "schema": [1]}}, "response_format.json_schema.schema"),
    ],
)
def test_forms_of_the_answer_that_are_refused(form, param):
    assert refused_member(response_format=form) == param


def test_unknown_members_do_not_hide_a_mistake():
    assert refused({"x_new": 1, "model": "m", "messages": [{**USER, "x": 1}], "n": "two"})[0] == "n"


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [BASH, {"type": "function", "function": {"description": "d"}}]}, "tools[1].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}, "tools[0].function.parameters"),
        ({"functions": [{"name": ""}]}, "functions[0].name"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools[0].custom.name"),
        ({"tools": [{"type": "custom"}]}, "tools[0].name"),
        ({"tools": [{"type": "web_search", "filters": {"allowed_domains": "a"}}]}, "tools[0].filters.allowed_domains"),
        ({"tools": [BASH], "tool_choice": {"type": "custom", "custom": {"name": "patch"}}}, "tool_choice.custom.name"),
        (
            {"tools": [BASH], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"tools": [{"type": "function", "name": "zsh"}]}}},
            "tool_choice.allowed_tools.tools[0]",
        ),
        ({"tools": [BASH], "tool_choice": {"type": "function", "function": {"name": "zsh"}}}, "tool_choice.function.name"),
        ({"function_call": {"name": "zsh"}}, "function_call.name"),
    ],
)
def test_tools_that_are_refused(members, param):
    assert refused_member(**members) == param


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "tool", "content": "a"}, "messages[0].tool_call_id"),
        ({"role": "tool", "content": "a", "tool_call_id": ""}, "messages[0].tool_call_id"),
        ({"role": "function", "content": "a"}, "messages[0].name"),
        ({"role": "assistant", "function_call": {"arguments": "{}"}}, "messages[0].function_call.name"),
        ({"role": "assistant", "tool_calls": [CALL_1, {**CALL_1, "id": None}]}, "messages[0].tool_calls[1].id"),
        ({"role": "assistant", "tool_calls": [{"id": "c", "type": "function"}]}, "messages[0].tool_calls[0].function.name"),
        ({"role": "assistant", "tool_calls": [{"id": "c", "custom": {"input": ""}}]}, "messages[0].tool_calls[0].function.name"),
        ({"role": "system", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]}, "messages[0].content[0]"),
    ],
)
def test_messages_that_are_refused(message, param):
    assert refused_message(message) == param


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "hologram"}, "type"),
        ({"type": "text"}, "text"),
        ({"type": "refusal"}, "refusal"),
        ({"type": "image_url"}, "image_url"),
        ({"type": "image_url", "image_url": {"url": "ftp://a"}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": "data:image/svg+xml,<svg/>"}}, "image_url.url"),
        ({"type": "image_url", "image_url": "data:image/png;base64"}, "image_url"),
        ({"type": "file"}, "file.file_data"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "file.file_id"),
        ({"type": "file", "file": {"file_data": "data:,x"}}, "file.file_data"),
    ],
)
def test_parts_that_are_refused(part, param):
    assert refused_message({"role": "user", "content": [{"type": "text", "text": "a"}, part]}) == f"messages[0].content[1].{param}"


def test_audio_is_refused_at_its_place():
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    assert refused_message(USER, {"role": "user", "content": [sound]}) == "messages[1].content[0]"


def test_a_long_mistake_is_not_repeated_in_full():
    _, message = refused({"model": "m", "messages": [{"role": "x" * 100_000}]})
    assert len(message) < 500
