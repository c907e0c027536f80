"""Bodies of /v1/messages as clients write them."""

import json

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import (
    Call,
    Document,
    Image,
    OutputFormat,
    Reasoning,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from dataplane.dialects.anthropic import Anthropic
from dataplane.errors import InvalidRequest

DIALECT = Anthropic()
SESSION = "6f1c2d1e-0a0b-4c4d-8e8f-001122334455"


INPUT = '{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":INPUT}]}]}'


def parse(messages=({"role": "user", "content": "hi"},), **members):
    body = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": messages, **members}
    return DIALECT.parse(json.dumps(body).encode())


def parts(*blocks, role="user"):
    (turn,) = parse([{"role": role, "content": list(blocks)}]).turns
    return turn.parts


def test_the_smallest_body():
    assert parse() == Call(
        model="claude-sonnet-4-5",
        turns=[Turn("user", [Text("hi")])],
        family="anthropic",
        sampling=Sampling(max_tokens=100),
        asked={Feature.MAX_TOKENS: ["max_tokens"]},
    )


def test_a_body_of_claude_code():
    user_id = json.dumps({"device_id": "d" * 64, "account_uuid": "", "session_id": SESSION})
    call = parse(
        [
            {"role": "user", "content": [{"type": "text", "text": "Read it", "cache_control": {"type": "ephemeral"}}]},
            {"role": "system", "content": "Be brief.", "output_config": {"effort": "low"}},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "", "signature": "c2ln"},
                    {"type": "text", "text": "I look."},
                    {"input": {"query": "select:WebSearch", "n": 1.50}, "id": "toolu_1", "name": "ToolSearch", "type": "tool_use"},
                    {"type": "tool_use", "id": "toolu_2", "name": "Read", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "tool_reference", "tool_name": "WebSearch"}]},
                    {"tool_use_id": "toolu_2", "type": "tool_result", "is_error": True, "content": "no such file"},
                    {"type": "text", "text": "Tool loaded."},
                ],
            },
            {"role": "system", "content": [{"type": "text", "text": "Still brief."}]},
        ],
        model="claude-opus-5-5",
        max_tokens=128000,
        stream=True,
        system=[
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.328.abc"},
            {"type": "text", "text": "You write code.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ],
        tools=[
            {"name": "Read", "description": "Reads", "input_schema": {"type": "object"}, "eager_input_streaming": True},
            {"name": "WebSearch", "description": "Searches", "input_schema": {"type": "object"}, "defer_loading": True},
        ],
        thinking={"type": "adaptive", "display": "omitted"},
        output_config={"effort": "high"},
        metadata={"user_id": user_id},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    )
    assert call == Call(
        model="claude-opus-5-5",
        family="anthropic",
        turns=[
            Turn("user", [Text("Read it")]),
            Turn("system", [Text("Be brief.")]),
            Turn(
                "assistant",
                [
                    Reasoning("", "c2ln"),
                    Text("I look."),
                    ToolCall("toolu_1", "ToolSearch", '{"query": "select:WebSearch", "n": 1.5}'),
                    ToolCall("toolu_2", "Read", "{}"),
                ],
            ),
            Turn(
                "user",
                [
                    ToolResult("toolu_1", [Text("Tool found: WebSearch")]),
                    ToolResult("toolu_2", [Text("no such file")], is_error=True),
                    Text("Tool loaded."),
                ],
            ),
            Turn("system", [Text("Still brief.")]),
        ],
        system=["x-anthropic-billing-header: cc_version=2.1.328.abc", "You write code."],
        tools=[Tool("Read", "Reads", b'{"type": "object"}'), Tool("WebSearch", "Searches", b'{"type": "object"}')],
        sampling=Sampling(max_tokens=128000),
        thinking=Thinking("adaptive", None, "high", "omitted"),
        stream=True,
        user=user_id,
        session=SESSION,
        dropped=["messages[1].output_config"],
        asked={
            Feature.MAX_TOKENS: ["max_tokens"],
            Feature.EFFORT: ["output_config.effort"],
            Feature.THINKING: ["thinking"],
            Feature.THINKING_DISPLAY: ["thinking.display"],
            Feature.REASONING: ["messages[2].content[0]"],
        },
    )


def test_roles_may_repeat_and_come_in_any_order():
    messages = [{"role": role, "content": role} for role in ("assistant", "user", "user", "system", "assistant", "assistant")]
    assert [turn.role for turn in parse(messages).turns] == ["assistant", "user", "user", "system", "assistant", "assistant"]


def test_empty_texts_say_nothing():
    assert parse([{"role": "user", "content": ""}]).turns == [Turn("user", [])]
    assert parts({"type": "text", "text": ""}) == []
    assert parse(system="").system == []
    assert parse(system=[{"type": "text", "text": ""}]).system == []
    assert parts({"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": ""}]}) == [ToolResult("1")]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}, Image("image/png", "QUJD")),
        ({"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}, Image(url="https://x.test/a.png")),
        (
            {"type": "document", "title": "T", "source": {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}},
            Document("application/pdf", "QUJD", name="T"),
        ),
        ({"type": "document", "source": {"type": "url", "url": "https://x.test/a.pdf"}}, Document(url="https://x.test/a.pdf")),
        (
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "abc"}},
            Document("text/plain", text="abc"),
        ),
        (
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}},
            Document("text/plain", text="a\nb"),
        ),
        ({"type": "document", "source": {"type": "content", "content": "abc"}}, Document("text/plain", text="abc")),
    ],
)
def test_pictures_and_files_alone_and_in_tool_results(block, part):
    assert parts(block) == [part]
    assert parts({"type": "tool_result", "tool_use_id": "1", "content": [block]}) == [ToolResult("1", [part])]


@pytest.mark.parametrize("said", [{}, {"is_error": None}, {"is_error": False}, {"content": None}, {"content": []}, {"content": ""}])
def test_a_tool_result_may_say_nothing(said):
    assert parts({"type": "tool_result", "tool_use_id": "1", **said}) == [ToolResult("1", [], is_error=False)]


def test_thinking_comes_back_as_it_was_given():
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "thinking", "thinking": "unsigned", "signature": ""},
        {"type": "thinking", "thinking": "older"},
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "redacted_thinking", "data": "c2VjcmV0"},
    ]
    assert parts(*blocks, role="assistant") == [
        Reasoning("hm", "c2ln"),
        Reasoning("unsigned"),
        Reasoning("older"),
        Reasoning(redacted="c2VjcmV0"),
    ]


@pytest.mark.parametrize(
    ("raw", "arguments"),
    [
        ('{ "a" : 1.0, "a": 2 }', '{ "a" : 1.0, "a": 2 }'),
        ('{"t":"\\u00e9 é"}', '{"t":"\\u00e9 é"}'),
        ('{"big":12345678901234567890123,"e":1e400}', '{"big":12345678901234567890123,"e":1e400}'),
        ('"not an object"', '"not an object"'),
    ],
)
def test_tool_input_stays_the_text_it_was(raw, arguments):
    body = INPUT.replace("INPUT", raw).encode()
    assert DIALECT.parse(body).turns == [Turn("assistant", [ToolCall("t", "n", arguments)])]


def test_a_tool_call_without_input_has_none():
    assert parts({"type": "tool_use", "id": "t", "name": "n"}, role="assistant") == [ToolCall("t", "n", "{}")]


def test_sampling():
    call = parse(temperature=1, top_p=0.5, top_k=0, stop_sequences=["END", "\n"], max_tokens=5)
    assert call.sampling == Sampling(5, 1.0, 0.5, 0, ["END", "\n"])
    assert parse(temperature=None, top_p=None, top_k=None, stop_sequences=None, stream=None, tools=None).sampling == Sampling(100)


@pytest.mark.parametrize(
    ("members", "thinking", "dropped"),
    [
        ({}, None, []),
        ({"thinking": None, "output_config": None}, None, []),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, Thinking("enabled", 1024), []),
        ({"thinking": {"type": "disabled"}}, Thinking("disabled"), []),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, Thinking("adaptive", display="omitted"), []),
        ({"thinking": {"type": "adaptive", "display": "updates"}}, Thinking("adaptive", display="summarized"), []),
        ({"thinking": {"type": "adaptive", "display": "sung"}}, Thinking("adaptive"), ["thinking.display"]),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, Thinking("adaptive", effort="max"), []),
        ({"output_config": {"effort": "low"}}, Thinking("disabled", effort="low"), []),
        ({"output_config": {"effort": "enormous"}}, None, ["output_config.effort"]),
    ],
)
def test_thinking(members, thinking, dropped):
    call = parse(**members)
    assert (call.thinking, call.dropped, call.extras) == (thinking, dropped, {})


@pytest.mark.parametrize(
    ("user", "session"),
    [
        (json.dumps({"device_id": "d", "session_id": SESSION}), SESSION),
        (f"user_{'a' * 64}_account__session_{SESSION}", SESSION),
        ("somebody", ""),
        ("session_short", ""),
        ("{broken", ""),
        ('{"session_id": 5}', ""),
        ('{"session_id": "\\ud800"}', ""),
        ('{"session_id": 1e400}', ""),
        ("{}", ""),
        ("", ""),
    ],
)
def test_the_session_within_the_user(user, session):
    call = parse(metadata={"user_id": user})
    assert (call.user, call.session, call.extras) == (user, session, {})


def test_members_without_a_seat_are_kept_as_they_came():
    body = (
        b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}],"cache_control":{"type":"ephemeral"},"container":null,'
        b'"service_tier":"auto","betas":[ "a" ],"metadata":{"user_id":null,"team":"x"},"output_config":{"effort":"low","task_budget":{"type":"tokens"}},'
        b'"mcp_servers":[],"made_up":{"\xc3\xa9":1e400}}'
    )
    assert DIALECT.parse(body).extras == {
        "service_tier": b'"auto"',
        "betas": b'[ "a" ]',
        "metadata": b'{"user_id":null,"team":"x"}',
        "output_config": b'{"effort":"low","task_budget":{"type":"tokens"}}',
        "mcp_servers": b"[]",
        "made_up": '{"é":1e400}'.encode(),
    }


SCHEMA = {"type": "object", "properties": {"é": {"const": 1.0}}}


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, "output_config.format"),
        ({"output_format": {"type": "json_schema", "schema": SCHEMA}}, "output_format"),
        (
            {
                "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
                "output_format": {"type": "json_schema", "schema": {"type": "null"}},
            },
            "output_config.format",
        ),
    ],
)
def test_the_form_of_the_answer_in_both_spellings(members, path):
    call = parse(**members)
    assert call.output_format == OutputFormat("json_schema", json.dumps(SCHEMA).encode(), strict=True)
    assert (call.asked[Feature.JSON_SCHEMA], call.dropped, call.extras) == ([path], [], {})
    assert parse(output_config={"format": None}, output_format=None).output_format is None


def test_what_cannot_be_kept_in_a_block_is_reported():
    source = {"type": "content", "content": [{"type": "text", "text": "a", "citations": [{}]}]}
    call = parse(
        [
            {"role": "user", "content": [{"type": "document", "context": "c", "citations": {"enabled": True}, "source": source}]},
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "a", "citations": [{}]}, {"type": "text", "text": "b", "citations": None}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "a", "citations": [{}]}]}],
            },
            {"role": "user", "content": [{"type": "document", "citations": {"enabled": False}, "source": {"type": "text", "data": "a"}}]},
        ],
        system=[{"type": "text", "text": "s", "citations": [{}]}],
    )
    # What is said about a document can be said in words.
    assert call.turns[0].parts == [Text("About the document that follows: c"), Document("text/plain", text="a")]
    assert call.dropped == [
        "messages[0].content[0].citations",
        "messages[0].content[0].source.content[0].citations",
        "messages[1].content[0].citations",
        "messages[2].content[0].content[0].citations",
        "system[0].citations",
    ]


def test_counts_need_a_model_only():
    call = DIALECT.parse_count(b'{"model":"m","tools":[{"name":"a","input_schema":{}}]}')
    assert (call.turns, call.tools, call.sampling) == ([], [Tool("a", "", b"{}")], Sampling())
    assert DIALECT.parse_count(b'{"model":"m","messages":[{"role":"user","content":"hi"}]}').turns == [Turn("user", [Text("hi")])]
    with pytest.raises(InvalidRequest, match="model: is required"):
        DIALECT.parse_count(b"{}")


def test_what_is_unknown_further_in_is_reported_by_its_place():
    call = parse(
        [
            {
                "role": "user",
                "weight": 1,
                "content": [
                    {"type": "text", "text": "a", "weight": 5},
                    {
                        "type": "image",
                        "source": {"type": "url", "url": "https://x.test/a.png", "size": 3},
                        "transformations": {"x": "error"},
                    },
                    {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "b", "weight": 5, "none": None}]},
                ],
            }
        ],
        system=[{"type": "text", "text": "s", "weight": 5}],
        tools=[{"name": "f", "input_schema": {"type": "object", "kept": 1.10}, "returns": {"x": 1}, "a\r\nb": 1}],
        thinking={"type": "adaptive", "block_binding": {"x": 1}},
        tool_choice={"type": "auto", "mode": "x"},
        output_format={"type": "json_schema", "schema": {}, "name": "n"},
        made_up={"a": 1},
    )
    assert sorted(call.dropped) == [
        "messages[0].content[0].weight",
        "messages[0].content[1].source.size",
        "messages[0].content[1].transformations",
        "messages[0].content[2].content[0].weight",
        "messages[0].weight",
        "output_format.name",
        "system[0].weight",
        "thinking.block_binding.x",
        "tool_choice.mode",
        "tools[0].returns",
        "tools[0]['a\\r\\nb']",
    ]
    assert call.extras == {"made_up": b'{"a": 1}'}
    assert call.tools == [Tool("f", "", b'{"type": "object", "kept": 1.1}')]
    assert [type(part) for part in call.turns[0].parts] == [Text, Image, ToolResult]


def test_unknown_members_are_found_in_counts_too():
    body = {"model": "m", "messages": [{"role": "user", "content": "hi", "weight": 1}]}
    assert DIALECT.parse_count(json.dumps(body).encode()).dropped == ["messages[0].weight"]


def test_unknown_members_do_not_hide_a_mistake():
    with pytest.raises(InvalidRequest) as caught:
        parse([{"role": "user", "content": [{"type": "text", "text": "a", "weight": 5}, {"type": "text", "text": 5}]}])
    assert caught.value.param == "messages[0].content[1].text"


def test_half_a_surrogate_pair_is_mended_beside_unknown_members():
    body = b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a \\ud83d b","weight":"\\ud83d"}]}'
    call = DIALECT.parse(body)
    assert (call.turns, call.dropped) == ([Turn("user", [Text("a \ufffd b")])], ["messages[0].weight"])


def test_pictures_and_files_may_stand_in_an_answer():
    source = {"type": "base64", "media_type": "image/png", "data": "QUJD"}
    text = {"type": "text", "media_type": "text/plain", "data": "abc"}
    found = parts({"type": "image", "source": source}, {"type": "document", "source": text, "title": "t"}, role="assistant")
    assert found == [Image("image/png", "QUJD"), Document("text/plain", text="abc", name="t")]


@pytest.mark.parametrize("failed", [True, False, None])
def test_a_failed_result_of_a_served_tool_says_so(failed):
    (part,) = parts({"type": "mcp_tool_result", "tool_use_id": "1", "is_error": failed, "content": "no"}, role="assistant")
    assert part == Text("mcp failed with:\nno" if failed else "mcp gave:\nno")
