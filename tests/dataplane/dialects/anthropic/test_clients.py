"""What clients were seen to send (client notes, section 2), and what becomes of it."""

import json

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, Image, Reasoning, Text, Thinking, Tool, ToolCall, ToolChoice, ToolResult, Turn, WebSearch
from dataplane.dialects.anthropic import Anthropic
from tests.dataplane.dialects.anthropic.test_parse import SESSION, parse, parts

DIALECT = Anthropic()


@pytest.mark.parametrize("content", ["Be brief.", [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]])
@pytest.mark.parametrize("config", [{}, {"output_config": None}, {"output_config": {}}, {"output_config": {"effort": "low"}}])
def test_instructions_in_the_middle(content, config):
    call = parse([{"role": "user", "content": "hi"}, {"role": "system", "content": content, **config}])
    assert call.turns == [Turn("user", [Text("hi")]), Turn("system", [Text("Be brief.")])]
    assert call.dropped == (["messages[1].output_config"] if config.get("output_config") else [])


def test_an_effort_in_the_middle_that_is_the_requests_own_is_no_loss():
    """Claude Code repeats it with each of its instructions."""
    low, high = {"output_config": {"effort": "low"}}, {"output_config": {"effort": "high"}}
    turns = [{"role": "user", "content": "hi"}, {"role": "system", "content": "a", **low}, {"role": "system", "content": "b", **high}]
    assert parse(turns, **high).dropped == []
    assert parse(turns, **low).dropped == ["messages[2].output_config"]
    assert parse([*turns, {"role": "system", "content": "c", "output_config": [1]}], **high).dropped == ["messages[3].output_config"]


def test_what_the_api_does_anyway_is_not_asked_for():
    usual = parse(temperature=1, top_p=1.0, thinking={"type": "disabled"})
    assert (usual.asked.keys() & {Feature.TEMPERATURE, Feature.TOP_P}, usual.sampling.temperature) == (set(), 1)
    for behavior, dropped in (("drop_block", []), ("error", ["thinking.block_binding"])):
        binding = {"prefix_mismatch_behavior": behavior}
        assert parse(thinking={"type": "adaptive", "block_binding": binding}).dropped == dropped
    assert parse(thread=False).dropped == []


def test_a_context_management_that_keeps_everything_is_no_loss():
    assert parse(context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}).extras == {}
    for other in ({"edits": [{"type": "clear_thinking_20251015"}]}, {"edits": 3}, {"edits": [{"keep": "all"}, {"keep": 1}]}):
        assert "context_management" in parse(context_management=other).extras


@pytest.mark.parametrize(
    ("content", "inside"),
    [
        ("done", [Text("done")]),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], [Text("a"), Text("b")]),
        ([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}], [Image("image/png", "QUJD")]),
        ([{"type": "tool_reference", "tool_name": "WebSearch"}], [Text("Tool found: WebSearch")]),
    ],
)
@pytest.mark.parametrize("failed", [True, False, None])
def test_results_of_tools_in_every_form(content, inside, failed):
    block = {"content": content, "cache_control": {"type": "ephemeral"}, "tool_use_id": "toolu_1", "type": "tool_result"}
    said = block if failed is None else {**block, "is_error": failed}
    result = ToolResult("toolu_1", inside, is_error=bool(failed))
    assert parts(said, {"type": "text", "text": "Tool loaded."}) == [result, Text("Tool loaded.")]


def test_an_answer_comes_back_with_its_thinking():
    assert parts(
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}, "caller": {"type": "direct"}},
        role="assistant",
    ) == [Reasoning("hm", "c2ln"), Text("I look."), ToolCall("toolu_1", "Bash", '{"command": "ls"}')]


def test_hints_on_tools_change_nothing():
    hints = ({"cache_control": {"type": "ephemeral"}}, {"eager_input_streaming": True}, {"defer_loading": True}, {"type": "custom"})
    call = parse(tools=[{"name": f"t{i}", "description": "d", "input_schema": {"type": "object"}, **hint} for i, hint in enumerate(hints)])
    assert call.tools == [Tool(f"t{i}", "d", b'{"type": "object"}') for i in range(4)]
    assert (call.dropped, call.extras) == ([], {})


def test_the_search_request_of_claude_code():
    call = parse(tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}], tool_choice={"type": "auto"})
    assert (call.web_search, call.tools, call.tool_choice, call.dropped) == (WebSearch(8), [], ToolChoice(), [])


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"type": "enabled", "budget_tokens": 1024}, Thinking("enabled", 1024)),
        ({"type": "enabled", "budget_tokens": 31999, "display": "summarized"}, Thinking("enabled", 31999, display="summarized")),
        ({"type": "adaptive"}, Thinking("adaptive")),
        ({"type": "adaptive", "display": "omitted"}, Thinking("adaptive", display="omitted")),
        ({"type": "adaptive", "display": "updates"}, Thinking("adaptive", display="summarized")),
    ],
)
def test_thinking_as_it_is_asked_for(said, read):
    assert parse(thinking=said).thinking == read


def test_figures_that_were_seen():
    call = parse(
        max_tokens=128000,
        temperature=0,
        tools=[{"name": "a"}],
        tool_choice={"type": "tool", "name": "a", "disable_parallel_tool_use": True},
    )
    assert (call.sampling.max_tokens, call.sampling.temperature) == (128000, 0)
    assert call.tool_choice == ToolChoice("named", "a", parallel=False)


def test_members_for_anthropic_alone_are_kept_for_it():
    edits = {"edits": [{"type": "clear_tool_uses_20250919", "keep": {"type": "tool_uses", "value": 3}}]}
    call = parse(context_management=edits, metadata={"user_id": json.dumps({"session_id": SESSION})}, made_up=[1])
    assert call.extras == {"context_management": json.dumps(edits).encode(), "made_up": b"[1]"}
    assert call.session == SESSION


def test_system_blocks_that_change_from_run_to_run_are_text_as_any():
    billing = "x-anthropic-billing-header: cc_version=2.1.328.abc"
    call = parse(system=[{"type": "text", "text": billing}, {"type": "text", "text": "You code.", "cache_control": {"type": "ephemeral"}}])
    assert (call.system, call.session) == ([billing, "You code."], "")


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [{"name": "a", "input_schema": {"type": "object"}}]},
        {"tools": [], "messages": [{"role": "user", "content": "x"}]},
        {
            "messages": [{"role": "user", "content": "x"}],
            "system": "s",
            "thinking": {"type": "adaptive"},
            "tools": [{"type": "web_search_20250305"}],
        },
    ],
)
def test_counts_come_without_a_limit_and_some_with_tools_alone(body):
    call = DIALECT.parse_count(json.dumps({"model": "m", **body}).encode())
    assert isinstance(call, Call)
    assert Feature.MAX_TOKENS not in call.asked
    assert json.loads(DIALECT.count(call))["input_tokens"] > 0
