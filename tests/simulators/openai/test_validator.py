"""The strict checker, rule by rule: bodies that pass, and for each rule bodies that do not."""

import base64

import pytest
from openai.types.chat import completion_create_params

from tests.simulators.openai import envelope
from tests.simulators.openai.request import Request
from tests.simulators.openai.validator import RULES, judge
from tests.simulators.openai.vendors import VENDORS

JSON = {"content-type": "application/json"}
FIRST = {"openai": "gpt-4o", "kimi": "kimi-k2.6", "deepseek": "deepseek-reasoner", "vllm": "Qwen/Qwen3-8B", "ollama": "qwen3:8b"}
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def verdict(body, vendor="openai"):
    of = VENDORS[vendor]
    return judge(Request({"model": FIRST[vendor], **body}, of, tuple(of.models)), JSON)


def body(*messages, **members):
    """Messages are the user's texts or parts, or whole."""
    return {"messages": [each if isinstance(each, dict) else user(each) for each in messages or ("hi",)], **members}


def user(content="hi", **members):
    return {"role": "user", "content": content, **members}


def said(*calls, content=None, **members):
    return {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {}), **members}


def call(identity="call_1", name="read", arguments="{}", **members):
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}, **members}


def result(identity="call_1", content="ok"):
    return {"role": "tool", "tool_call_id": identity, "content": content}


def tool(name="read", parameters=None, **members):
    parameters = {"type": "object", "properties": {}} if parameters is None else parameters
    return {"type": "function", "function": {"name": name, "description": "Reads.", "parameters": parameters, **members}}


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def wanted(schema=CLOSED, **members):
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, **members}}}


PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
LOOP = body("hi", said(call()), result(), tools=[tool()])
THOUGHT = body("hi", said(call(), reasoning_content="hm"), result(), tools=[tool()])
NAMED = {"tool_choice": {"type": "function", "function": {"name": "read"}}}

GOOD = [
    *((body(), vendor) for vendor in VENDORS),
    *((LOOP, vendor) for vendor in ("openai", "vllm", "ollama")),
    *((THOUGHT, vendor) for vendor in ("kimi", "deepseek", "vllm", "ollama")),
    (body({"role": "developer", "content": "be short"}, "hi", "again"), "openai"),
    (body([{"type": "text", "text": "look"}, image(PNG), image("https://example.com/a.png")]), "openai"),
    (body("hi", said(call("a"), call("b")), result("b"), result("a"), "go on"), "openai"),
    (body(tools=[{"type": "function", "function": {"name": "no_parameters"}}]), "openai"),
    (body(tools=[tool("f", CLOSED, strict=True)], tool_choice={"type": "function", "function": {"name": "f"}}), "openai"),
    (body(stream=True, stream_options={"include_usage": True}, temperature=0, max_tokens=5, stop=["a"]), "openai"),
    (body(model="gpt-5.2", max_completion_tokens=5, reasoning_effort="low", temperature=1), "openai"),
    (body(**wanted(strict=True)), "openai"),
    (body("give me json", response_format={"type": "json_object"}), "openai"),
    (body(model="moonshot-v1-8k", temperature=0.3), "kimi"),
    ({**LOOP, "thinking": {"type": "disabled"}, "tool_choice": "required"}, "kimi"),
    ({**THOUGHT, "model": "kimi-k3", "tool_choice": "required", "reasoning_effort": "max"}, "kimi"),
    (body(thinking={"type": "enabled"}, stop=list("abcde")), "kimi"),
    ({**LOOP, "model": "deepseek-chat"}, "deepseek"),
    (body("hi", said(call(), reasoning_content=""), result()), "deepseek"),
    (body(anything=1, top_k=5, chat_template_kwargs={"enable_thinking": False}), "vllm"),
]


@pytest.mark.parametrize(("good", "vendor"), GOOD)
def test_good_bodies_pass(good, vendor):
    assert verdict(good, vendor) is None


BAD = [
    ("openai", "model", "you must provide a model", body(model=None)),
    ("openai", "model", "`gpt-9` does not exist", body(model="gpt-9")),
    ("kimi", "model", "Not found the model gpt-4o", body(model="gpt-4o")),
    ("deepseek", "model", "Model Not Exist", body(model="gpt-4o")),
    ("vllm", "model", "does not exist", body(model="gpt-4o")),
    ("ollama", "model", "try pulling it first", body(model="gpt-4o")),
    ("openai", "messages", "Missing required parameter: 'messages'", {}),
    ("openai", "messages", "empty array", body(messages=[])),
    ("openai", "messages", "expected an object, but got a string", {"messages": ["hi"]}),
    ("openai", "members", "Unknown parameter: 'thinking'", body(thinking={"type": "enabled"})),
    ("openai", "types", "Invalid type for 'stream': expected a boolean, but got a string", body(stream="true")),
    ("openai", "types", "Invalid type for 'tools'", body(tools=None)),
    ("openai", "ranges", "integer below minimum value", body(max_tokens=0)),
    ("openai", "ranges", "decimal above maximum value", body(temperature=2.5)),
    ("openai", "ranges", "maximum length 4", body(stop=list("abcde"))),
    ("openai", "roles", "Invalid value: 'human'", body({"role": "human", "content": "hi"})),
    ("openai", "roles", "messages[0].role", body({"content": "hi"})),
    ("deepseek", "roles", "unknown variant `developer`", body({"role": "developer", "content": "hi"})),
    ("openai", "message-members", "messages[1].reasoning_content", body("hi", said(content="x", reasoning_content="y"))),
    ("openai", "message-members", "messages[0].content[0].cache_control", body([{"type": "text", "text": "x", "cache_control": {}}])),
    ("openai", "content", "got null", body(user(None))),
    ("openai", "content", "got null", body("hi", said())),
    ("openai", "content", "empty array", body(user([]))),
    ("openai", "content", "got an integer", body(user(7))),
    ("openai", "parts", "Invalid value: 'image'", body([{"type": "image"}])),
    ("openai", "parts", "Invalid value: 'image_url'", body("hi", said(call()), result(content=[image(PNG)]))),
    ("deepseek", "parts", "unknown variant `image_url`", body([image(PNG)])),
    ("openai", "images", "Invalid MIME type", body([image("data:image/bmp;base64,Qk0=")])),
    ("openai", "images", "Invalid base64", body([image("data:image/png;base64,?")])),
    ("openai", "images", "unsupported image", body([image("data:image/png;base64,eHg=")])),
    ("kimi", "images", "unsupported image url", body([image("https://example.com/a.png")])),
    ("openai", "calls", "function.arguments': expected a string", body("hi", said(call(arguments={})), result())),
    ("openai", "calls", "not valid JSON", body("hi", said(call(arguments="{")), result())),
    ("openai", "calls", "tool_calls[0].id", body("hi", said(call("")), result(""))),
    ("openai", "calls", "empty array", body("hi", said(content="x", tool_calls=[]))),
    ("openai", "pairing", "must be a response to a preceeding", body("hi", result())),
    ("openai", "pairing", "did not have response messages: b", body("hi", said(call("a"), call("b")), result("a"), "go on")),
    ("openai", "pairing", "did not have response messages", body("hi", said(call()))),
    ("openai", "pairing", "must be a response", body("hi", said(call()), said(content="x"), result())),
    ("openai", "pairing", "Duplicate value", body("hi", said(call(), call()), result())),
    ("kimi", "empty", "must not be empty", body(user(""))),
    ("kimi", "reasoning", "reasoning_content is missing in assistant tool call message at index 1", LOOP),
    ("kimi", "reasoning", "index 1", body("hi", said(call(), reasoning_content=""), result())),
    ("deepseek", "reasoning", "Missing `reasoning_content`", LOOP),
    ("openai", "tools", "empty array", body(tools=[])),
    ("openai", "tools", "tools[0].type", body(tools=[{"name": "read", "input_schema": {}}])),
    ("openai", "tool-count", "maximum length 128", body(tools=[tool(f"t{at}") for at in range(129)])),
    ("kimi", "tool-count", "max tools is 128", body(tools=[tool(f"t{at}") for at in range(129)])),
    ("openai", "tool-names", "does not match pattern", body(tools=[tool("a.b")])),
    ("openai", "tool-names", "maximum length 64", body(tools=[tool("a" * 65)])),
    ("kimi", "tool-names", "must start with a letter", body(tools=[tool("1st")])),
    ("openai", "tool-names", "is duplicated", body(tools=[tool(), tool()])),
    ("openai", "tool-schema", "got 'type: \"string\"'", body(tools=[tool("a", {"type": "string"})])),
    ("openai", "tool-schema", "missing items", body(tools=[tool("a", {"type": "object", "properties": {"l": {"type": "array"}}})])),
    ("kimi", "strict", "strict is not supported", body(tools=[tool("a", CLOSED, strict=True)])),
    ("openai", "strict", "'additionalProperties' is required", body(tools=[tool("a", strict=True)])),
    ("openai", "strict", "Missing 'a'", body(tools=[tool("a", {**CLOSED, "required": []}, strict=True)])),
    ("openai", "tool-choice", "only allowed when 'tools'", body(tool_choice="auto")),
    ("openai", "tool-choice", "Invalid value: 'any'", body(tools=[tool()], tool_choice="any")),
    ("openai", "tool-choice", "'write' not found", body(tools=[tool()], tool_choice={"type": "function", "function": {"name": "write"}})),
    ("kimi", "tool-choice", "incompatible with thinking", body(tools=[tool()], tool_choice="required")),
    ("kimi", "tool-choice", "'specified' is incompatible", {**THOUGHT, **NAMED, "model": "kimi-k3"}),
    ("kimi", "thinking", "cannot specify both", body(thinking={"type": "enabled"}, reasoning_effort="high")),
    ("kimi", "thinking", "always thinks", body(model="kimi-k2.7-code", thinking={"type": "disabled"})),
    ("kimi", "thinking", "always thinks", body(model="kimi-k3", thinking={"type": "enabled"})),
    ("kimi", "sampling", "invalid temperature", body(temperature=1)),
    ("openai", "sampling", "Use 'max_completion_tokens' instead", body(model="gpt-5.2", max_tokens=5)),
    ("openai", "sampling", "Only the default (1) value", body(model="o4-mini", temperature=0.2)),
    ("openai", "sampling", "'stop' is not supported", body(model="o4-mini", stop="x")),
    ("openai", "effort", "reasoning_effort", body(reasoning_effort="low")),
    ("kimi", "effort", "Supported values are: 'low', 'high', 'max'", body(model="kimi-k3", reasoning_effort="medium")),
    ("openai", "format", "response_format.type", body(response_format={"type": "xml"})),
    ("openai", "format", "must contain the word 'json'", body(response_format={"type": "json_object"})),
    ("openai", "format", "'additionalProperties' is required", body(**wanted({"type": "object"}, strict=True))),
    ("openai", "format", "json_schema.schema", body(response_format={"type": "json_schema", "json_schema": {"name": "a"}})),
    ("deepseek", "format", "unavailable now", body(**wanted())),
    ("openai", "stream", "only allowed when 'stream'", body(stream_options={"include_usage": True})),
    ("openai", "output", "max_tokens is too large: 16385", body(max_tokens=16385)),
    ("openai", "size", "maximum context length is 128000", body("x" * 600_000)),
    ("vllm", "size", "in the completion", body(max_tokens=40_960)),
]


@pytest.mark.parametrize(("vendor", "rule", "words", "bad"), BAD, ids=[f"{vendor} {rule}: {words[:40]}" for vendor, rule, words, _ in BAD])
def test_bad_bodies_are_refused(vendor, rule, words, bad):
    found = verdict(bad, vendor)
    assert found is not None
    assert (found.rule, words in found.detail) == (rule, True), found.detail
    assert found.body["error"]["message"] in found.detail


def test_every_rule_has_a_body_that_breaks_it():
    assert {rule for _, rule, _, _ in BAD} == {rule.id for rule in RULES}


def test_each_vendor_has_its_own_shape_of_errors():
    bad = body(messages=[])
    shapes = {vendor: {name for name, value in verdict(bad, vendor).body["error"].items() if value is not None} for vendor in VENDORS}
    assert shapes == {
        "openai": {"message", "type", "param", "code"},
        "kimi": {"message", "type"},
        "deepseek": {"message", "type", "code"},
        "vllm": {"message", "type", "param", "code"},
        "ollama": {"message", "type"},
    }


def test_the_sdks_members_are_the_known_ones():
    asked = completion_create_params.CompletionCreateParamsBase.__annotations__
    assert set(asked) | {"stream"} == set(envelope.MEMBERS)
