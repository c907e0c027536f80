"""The strict checker, rule by rule: bodies that pass, and for each rule bodies that do not."""

import base64
import struct

import pytest
from anthropic.types import message_count_tokens_params, message_create_params

from tests.simulators.anthropic import envelope
from tests.simulators.anthropic.models import MODELS
from tests.simulators.anthropic.request import NEW, OLD, parse
from tests.simulators.anthropic.signatures import Signer
from tests.simulators.anthropic.validator import RULES, judge

SIGNER = Signer(b"key")
ADAPTIVE, OLDER, NEWEST = "claude-sonnet-4-6", "claude-sonnet-4-5", "claude-opus-5-5"
JSON = {"content-type": "application/json", "anthropic-version": OLD}
EPHEMERAL = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
CLOSED = {"type": "object", "properties": {}, "additionalProperties": False}


def verdict(body, counting=False, **headers):
    headers = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return judge(parse(body, headers, tuple(MODELS), SIGNER, counting=counting), headers)


def body(*messages, **members):
    """Messages are texts, lists of blocks, or whole; users and assistants take turns."""
    turns = [each if isinstance(each, dict) else {"role": ROLES[at % 2], "content": each} for at, each in enumerate(messages or ("hi",))]
    made = {"model": ADAPTIVE, "max_tokens": 2000, "messages": turns, **members}
    return {name: value for name, value in made.items() if value is not ...}


ROLES = ("user", "assistant")


def text(words="hi", **members):
    return {"type": "text", "text": words, **members}


def use(identity="toolu_A", name="read", **members):
    return {"type": "tool_use", "id": identity, "name": name, "input": {}, **members}


def result(identity="toolu_A", content="ok", **members):
    return {"type": "tool_result", "tool_use_id": identity, "content": content, **members}


def thought(words="hm", signature=None):
    return {"type": "thinking", "thinking": words, "signature": SIGNER.sign(words, "s") if signature is None else signature}


def tool(name="read", schema=None, **members):
    return {"name": name, "input_schema": {"type": "object", "properties": {}} if schema is None else schema, **members}


def png(width=10, height=10):
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)).decode()


def image(data=None, media="image/png", **source):
    return {"type": "image", "source": source or {"type": "base64", "media_type": media, "data": png() if data is None else data}}


def pdf(data=b"%PDF-1.7", media="application/pdf"):
    return {"type": "document", "source": {"type": "base64", "media_type": media, "data": base64.b64encode(data).decode()}}


def system(words="from now on", **members):
    return {"role": "system", "content": words, **members}


def search(identity="srvtoolu_A", title="T", content=None):
    found = {"type": "web_search_result", "url": "https://example.com", "title": title, "page_age": None}
    found["encrypted_content"] = SIGNER.sign(title, "s") if content is None else content
    return [
        {"type": "server_tool_use", "id": identity, "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": identity, "content": [found]},
    ]


def loop(uses=None, results=None, **members):
    return body("hi", [use()] if uses is None else uses, [result()] if results is None else results, **{"tools": [tool()], **members})


BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 1024}}

GOOD = {
    "plain": body(),
    "blocks with marks": body([text(**EPHEMERAL), image()], system=[text(**EPHEMERAL)], tools=[tool(**EPHEMERAL)]),
    "same role twice": body(text_turn := {"role": "user", "content": "a"}, text_turn, {"role": "assistant", "content": "b"}, text_turn),
    "tool loop": loop(),
    "results over two messages": body(
        "hi",
        [use("toolu_A"), use("toolu_B")],
        {"role": "user", "content": [result("toolu_A")]},
        {"role": "user", "content": [result("toolu_B"), text("and?")]},
    ),
    "result contents": loop(results=[result(content=[text(), image(), {"type": "tool_reference", "tool_name": "x"}])]),
    "empty result": loop(results=[{"type": "tool_result", "tool_use_id": "toolu_A"}]),
    "error in text": loop(results=[result(content=[text()], is_error=True)]),
    "budget": loop(uses=[thought(), use()], **BUDGET),
    "adaptive without thoughts": loop(thinking={"type": "adaptive"}),
    "thoughts without thinking": body("hi", [thought(), text()], "go on"),
    "system turn": body("hi", system(), model=NEWEST),
    "system turn with its own output": body("hi", system(output_config={"effort": "low"}), model=NEWEST),
    "system list": body(system=[text("a"), text("b")]),
    "search": body("hi", [*search(), text()], "go on"),
    "paused search": body("hi", search()),
    "prefill": body("hi", "The answer is", model=OLDER),
    "effort": body(output_config={"effort": "max"}),
    "schema": body(output_config={"format": {"type": "json_schema", "schema": CLOSED}}),
    "sampling": body(temperature=0.2, stop_sequences=["END"]),
    "forced": body(tools=[tool()], tool_choice={"type": "tool", "name": "read", "disable_parallel_tool_use": True}),
    "server tool": body(tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}]),
    "custom by name": body(tools=[tool(type="custom", eager_input_streaming=True), tool("late", defer_loading=True)]),
    "user": body(metadata={"user_id": '{"session":"x"}'}),
    "hour before minutes": body([text(**EPHEMERAL)], system=[text(**HOUR)]),
    "picture by address": body([image(type="url", url="https://example.com/a.png")]),
    "file": body([pdf()]),
    "nothing to say": body(max_tokens=0),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_bodies_pass(name):
    assert verdict(GOOD[name]) is None


BAD = [
    ("members", "foo: Extra inputs are not permitted", body(foo=1)),
    ("members", "context_management: Extra", body(context_management={})),
    ("required", "max_tokens: Field required", body(max_tokens=...)),
    ("required", "model: Field required", body(model=...)),
    ("types", "stream: Input should be a valid boolean", body(stream="yes")),
    ("types", "max_tokens: Input should be a valid integer", body(max_tokens="2000")),
    ("types", "max_tokens: Input should be a valid integer", body(max_tokens=True)),
    ("model", "model: gpt-4o", body(model="gpt-4o")),
    ("max-tokens", "greater than or equal to 0", body(max_tokens=-1)),
    ("max-tokens", "64001 > 64000", body(max_tokens=64001)),
    ("ranges", "temperature: Input should be less than or equal to 1", body(temperature=1.2)),
    ("ranges", "top_p: Input should be greater", body(top_p=-1)),
    ("ranges", "top_k", body(top_k=-1)),
    ("sampling", "`temperature` is deprecated", body(temperature=0.5, model=NEWEST)),
    ("sampling", "cannot both be specified", body(temperature=0.5, top_p=0.5)),
    ("stops", "each stop sequence must contain non-whitespace", body(stop_sequences=["END", " \n"])),
    ("metadata", "metadata.session: Extra", body(metadata={"session": "x"})),
    ("metadata", "metadata.user_id: Input should be a valid string", body(metadata={"user_id": 7})),
    ("output", "output_config.effort: Input should be", body(output_config={"effort": "huge"})),
    ("output", "does not support the effort parameter", body(output_config={"effort": "low"}, model=OLDER)),
    ("output", "output_config.verbosity: Extra", body(output_config={"verbosity": "low"})),
    ("output", "'additionalProperties' must be", body(output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}})),
    ("output", "Input should be 'json_schema'", body(output_config={"format": {"type": "json_object"}})),
    ("roles", "at least one message", body(messages=[])),
    ("roles", "messages.0.role: Input should be", body({"role": "tool", "content": "x"})),
    ("roles", "messages.0.content: Field required", body({"role": "user"})),
    ("roles", "messages.0.name: Extra", body({"role": "user", "content": "x", "name": "bob"})),
    ("system-turns", "role 'system' is not supported", body("hi", system())),
    ("system-turns", "must follow a user message", body(system(), "hi", model=NEWEST)),
    ("system-turns", "must follow a user message", body("hi", "yes", system(), model=NEWEST)),
    ("first-user", 'first message must use the "user" role', body({"role": "assistant", "content": "hi"})),
    ("empty", "all messages must have non-empty content", body("")),
    ("empty", "all messages must have non-empty content", body("hi", [], "hi")),
    ("empty", "Input should be a valid list", body({"role": "user", "content": None})),
    ("blocks", "Input tag 'input_text'", body([{"type": "input_text", "text": "x"}])),
    ("blocks", "`tool_use` blocks can only be in `assistant`", body([use()])),
    ("blocks", "`tool_result` blocks can only be in `user`", body("hi", [result()], "hi")),
    ("blocks", "`thinking` blocks can only be in `assistant`", body([thought()])),
    ("block-members", "messages.0.content.0.text.id: Extra", body([text(id="x")])),
    ("block-members", "messages.1.content.0.thinking.cache_control: Extra", body("hi", [{**thought(), **EPHEMERAL}, text()], "hi")),
    ("block-types", "messages.1.content.0.tool_use.input: Input should be a valid dictionary", loop(uses=[use(input="{}")])),
    ("block-types", "messages.1.content.0.thinking.signature: Field required", body("hi", [{"type": "thinking", "thinking": "x"}], "hi")),
    ("block-types", "Input tag 'thinking'", loop(results=[result(content=[thought()])])),
    ("text", "text content blocks must be non-empty", body([text("")])),
    ("text", "text content blocks must contain non-whitespace", body([text(" \n")])),
    ("text", "text content blocks must be non-empty", loop(results=[result(content=[text("")])])),
    ("prefill", "does not support assistant message prefill", body("hi", "so")),
    ("prefill", "cannot end with trailing whitespace", body("hi", "so ", model=OLDER)),
    ("system", "system.0.type: Input should be 'text'", body(system=[image()])),
    ("system", "system: text content blocks must be non-empty", body(system=[text("")])),
    ("use-ids", "tool_use.id: String should match pattern", loop(uses=[use("call:1")], results=[result("call:1")])),
    ("use-ids", "`tool_use` ids must be unique", loop(uses=[use(), use()])),
    ("use-ids", "server_tool_use.id: String should match pattern", body("hi", search("toolu_A"), "hi")),
    ("use-names", "tool_use.name: String should match", loop(uses=[use(name="a.b")])),
    ("use-names", "at most 200", loop(uses=[use(name="a" * 201)])),
    ("results", "tool_result.content: Input should be", loop(results=[result(content={"x": 1})])),
    ("pairing", "messages.2: `tool_use` ids were found without", body("hi", [use()], "hi")),
    ("pairing", "ids were found without `tool_result` blocks immediately after: toolu_A", body("hi", [use()], model=OLDER)),
    ("pairing", "were found without", loop(results=[text(), result()])),
    ("pairing", "messages.4.content.0: unexpected", body("hi", [use()], "hm", "yes", [result()])),
    ("pairing", "messages.2.content.1: unexpected `tool_use_id`", loop(results=[result(), result("toolu_B")])),
    ("pairing", "each tool_use must have a single result", loop(results=[result(), result()])),
    ("pairing", "found without a corresponding `web_search_tool_result`", body("hi", search()[:1], "hi")),
    ("pairing", "unexpected `tool_use_id`", body("hi", search()[1:], "hi")),
    ("is-error", 'all content must be type "text"', loop(results=[result(content=[image()], is_error=True)])),
    ("media", "media_type: Input should be", body([image(media="image/bmp")])),
    ("media", "Invalid base64", body([image("data:image/png;base64,xx")])),
    ("media", "Could not process image", body([image(base64.b64encode(b"nothing").decode())])),
    ("media", "appears to be a image/png", body([image(media="image/jpeg")])),
    ("media", "exceed max allowed size: 8000", body([image(png(8001))])),
    ("media", "many-image requests: 2000", body([image(png(2001)), *[image()] * 20])),
    ("media", "101 images > 100", body([image()] * 101)),
    ("media", "image exceeds 5 MB maximum", body([image(base64.b64encode(bytes(4 << 20)).decode())])),
    ("media", "Input tag 'data'", body([image(type="data", data="x")])),
    ("media", "image.source.url.url: Field required", body([image(type="url")])),
    ("media", "Only HTTP", body([image(type="url", url="file:///x")])),
    ("media", "The PDF specified was not valid", body([pdf(b"hello")])),
    ("media", "Input should be 'application/pdf'", body([pdf(media="text/html")])),
    ("tools", "Input tag 'function'", body(tools=[tool(type="function")])),
    ("tools", "tools.0.custom.parameters: Extra", body(tools=[tool(parameters={})])),
    ("tools", "tools.0.custom.description: Input", body(tools=[tool(description=None)])),
    ("tools", "tools.0.custom.name: String should match", body(tools=[tool("a b")])),
    ("tools", "tools.0.custom.name: String should match", body(tools=[tool("a" * 129)])),
    ("tools", "Input should be 'web_search'", body(tools=[{"type": "web_search_20250305", "name": "search"}])),
    ("tools", "Tool names must be unique", body(tools=[tool(), tool()])),
    ("tools", "input_schema.type: Field required", body(tools=[tool(schema={})])),
    ("tools", "input_schema: Field required", body(tools=[{"name": "a"}])),
    ("tools", "does not support oneOf", body(tools=[tool(schema={"type": "object", "anyOf": []})])),
    ("tools", "Property keys should match", body(tools=[tool(schema={"type": "object", "properties": {"a b": {}}})])),
    ("tools", "draft 2020-12", body(tools=[tool(schema={"type": "object", "required": "a"})])),
    ("tools", "defer_loading=false", body(tools=[tool(defer_loading=True)])),
    ("tools", "cannot have both", body(tools=[tool(), tool("b", defer_loading=True, **EPHEMERAL)])),
    ("tool-choice", "may only be specified while providing tools", body(tool_choice={"type": "auto"})),
    ("tool-choice", "Tool 'write' not found", body(tools=[tool()], tool_choice={"type": "tool", "name": "write"})),
    ("tool-choice", "Input tag 'required'", body(tools=[tool()], tool_choice={"type": "required"})),
    ("tool-choice", "tool_choice.auto.name: Extra", body(tools=[tool()], tool_choice={"type": "auto", "name": "read"})),
    ("thinking", "Input tag 'on'", body(thinking={"type": "on"})),
    ("thinking", "thinking.adaptive.budget_tokens: Extra", body(thinking={"type": "adaptive", "budget_tokens": 2000})),
    ("thinking", "display: Input should be", body(thinking={"type": "adaptive", "display": "full"})),
    ("thinking", '"thinking.type.enabled" is not supported', body(model=NEWEST, **BUDGET)),
    ("thinking", "adaptive thinking is not supported", body(model=OLDER, thinking={"type": "adaptive"})),
    ("thinking", "greater than or equal to 1024", body(thinking={"type": "enabled", "budget_tokens": 1023})),
    ("thinking", "budget_tokens: Field required", body(thinking={"type": "enabled"})),
    ("thinking", "must be greater than `thinking.budget_tokens`", body(max_tokens=1024, **BUDGET)),
    ("thinking", "tool_choice forces tool use", body(tools=[tool()], tool_choice={"type": "any"}, **BUDGET)),
    ("thinking", "`temperature` may only be set to 1", body(temperature=0.5, **BUDGET)),
    ("thinking", "`top_p` must be", body(top_p=0.5, thinking={"type": "adaptive"})),
    ("thinking", "`top_k` must be unset", body(top_k=5, **BUDGET)),
    ("signature", "messages.1.content.0: Invalid `signature` in `thinking` block", body("hi", [thought(signature="x"), text()], "hi")),
    ("signature", "Invalid `signature`", body("hi", [{**thought(), "thinking": "changed"}, text()], "hi")),
    ("signature", "Invalid `data`", body("hi", [{"type": "redacted_thinking", "data": SIGNER.sign("", "s")}, text()], "hi")),
    ("signature", "Invalid `encrypted_content`", body("hi", search(content="x"), "hi")),
    ("thinking-first", "Expected `thinking` or `redacted_thinking`, but found `tool_use`", loop(**BUDGET)),
    ("cache", "Found 5", body([text(**EPHEMERAL)] * 5)),
    ("cache", "Found 5", body([text(**EPHEMERAL)] * 4, **EPHEMERAL)),
    ("cache", "ttl='1h' cache_control block must not come after", body([text(**HOUR)], system=[text(**EPHEMERAL)])),
    ("cache", "Input should be 'ephemeral'", body([text(cache_control={"type": "forever"})])),
    ("cache", "Input should be '5m' or '1h'", body([text(cache_control={"type": "ephemeral", "ttl": "2h"})])),
    ("size", "> 200000 maximum", body("x" * 900_000, model=OLDER)),
]


@pytest.mark.parametrize(("rule", "words", "bad"), BAD, ids=[f"{rule}: {words[:40]}" for rule, words, _ in BAD])
def test_bad_bodies_are_refused(rule, words, bad):
    found = verdict(bad)
    assert found is not None
    assert (found.rule, words in found.detail) == (rule, True), found.detail
    assert found.body["error"]["message"] == found.detail


def test_every_rule_has_a_body_that_breaks_it():
    assert {rule for rule, _, _ in BAD} | {"body-size"} == {rule.id for rule in RULES}


def test_statuses_and_types():
    def told(found):
        return (found.status, found.body["type"], found.body["error"]["type"])

    assert told(verdict(body(), content_length=str(33 << 20))) == (413, "error", "request_too_large")
    assert told(verdict(body(model="x"))) == (404, "error", "not_found_error")
    assert told(verdict(body(foo=1))) == (400, "error", "invalid_request_error")


@pytest.mark.parametrize(("version", "words"), [("", "header is required"), ("2024-01-01", '"2024-01-01" is not a valid version')])
def test_a_version_is_required(version, words):
    assert words in verdict(body(), anthropic_version=version).detail


def test_what_the_new_version_no_longer_takes():
    assert "temperature: Extra inputs" in verdict(body(temperature=1), anthropic_version=NEW).detail
    quoted = body([text(citations=[{"type": "char_location"}])])
    assert (verdict(quoted), verdict(quoted, anthropic_version=NEW).rule) == (None, "block-members")
    shown = body("hi", [pdf()], "hi")
    assert (verdict(shown), verdict(shown, anthropic_version=NEW).rule) == (None, "blocks")


def test_betas_open_what_they_name():
    assert verdict(body(context_management={"edits": []}), anthropic_beta="a-1, context-management-2025-06-27") is None
    assert verdict(body("hi", system()), anthropic_beta="mid-conversation-system-2026-04-07") is None
    assert verdict(body(thinking={"type": "adaptive", "display": "updates"}), anthropic_beta="x") is None
    wide = loop(uses=[thought(), use()], max_tokens=1000, **BUDGET)
    assert verdict(wide, anthropic_beta="interleaved-thinking-2025-05-14") is None


def test_counting_has_members_of_its_own():
    assert verdict(body(max_tokens=...), counting=True) is None
    assert verdict(body(), counting=True).detail == "max_tokens: Extra inputs are not permitted"
    assert verdict(body(max_tokens=..., stream=False), counting=True).detail.startswith("stream: Extra")


def test_the_sdks_members_are_the_known_ones():
    headers = {"user_profile_id", "workspace_id"}  # these go out as headers
    asked = set(message_create_params.MessageCreateParamsBase.__annotations__) - headers
    assert asked | {"temperature", "top_p", "top_k", "stream"} == set(envelope.MEMBERS)
    assert set(message_count_tokens_params.MessageCountTokensParams.__annotations__) - headers == envelope.COUNTED
