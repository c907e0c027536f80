"""Tools, namespaces, and the choice among them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Tool, ToolCall, ToolChoice, WebSearch
from dataplane.dialects.openai import custom
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.dialects.openai_responses.names import LONGEST, Names

HI = {"role": "user", "content": "Hi"}
F = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": False}
LARK = {"type": "grammar", "syntax": "lark", "definition": 'start: "a"+'}
AGENTS = {
    "type": "namespace",
    "name": "agents",
    "description": "Other agents.",
    "tools": [{"type": "function", "name": "close", "description": "Closes one."}, {"type": "custom", "name": "tell"}],
}


def parse(*tools, said=(), **members):
    body = {"model": "m", "input": [HI, *said], "tools": list(tools), **members}
    return OpenAIResponses().parse(json.dumps(body).encode())


def test_a_function():
    call = parse(F)
    assert call.tools == [Tool("f", "d", b'{"type": "object"}')]
    assert (call.asked, call.dropped) == ({Feature.TOOLS: ["tools"]}, [])
    assert parse({**F, "strict": True}).asked[Feature.STRICT_TOOLS] == ["tools[0].strict"]
    assert parse({"type": "function", "name": "f", "parameters": None}).tools == [Tool("f")]


def test_a_custom_tool_with_a_grammar():
    (tool,) = parse({"type": "custom", "name": "patch", "description": "Patches.", "format": LARK}).tools
    assert (tool.name, tool.custom, tool.schema) == ("patch", True, custom.SCHEMA)
    assert tool.description.startswith("Patches.\n\n")
    assert tool.description.endswith('(lark):\nstart: "a"+')
    assert parse({"type": "custom", "name": "c", "format": {"type": "text"}}).tools[0].description == custom.NOTE
    assert parse({"type": "custom", "name": "c", "format": {"type": "sonnet"}}).dropped == ["tools[0].format"]


def test_a_namespace():
    call = parse(AGENTS)
    assert [(tool.name, tool.namespace, tool.own_name, tool.custom) for tool in call.tools] == [
        ("agents__close", "agents", "close", False),
        ("agents__tell", "agents", "tell", True),
    ]
    assert call.tools[0].description == "Other agents.\n\nCloses one."
    assert call.dropped == []


@pytest.mark.parametrize("named", [{"name": "close", "namespace": "agents"}, {"name": "close"}])
def test_calls_and_choices_of_tools_in_a_namespace(named):
    call = parse(AGENTS, said=[{"type": "function_call", "call_id": "c", **named}], tool_choice={"type": "function", **named})
    assert call.turns[1].parts == [ToolCall("c", "agents__close", "")]
    assert call.tool_choice == ToolChoice("named", "agents__close")


def test_a_bare_name_is_a_tool_at_the_top_where_there_is_one():
    said = [{"type": "function_call", "call_id": "c", "name": "close"}]
    assert parse(AGENTS, {"type": "function", "name": "close"}, said=said).turns[1].parts == [ToolCall("c", "close", "")]
    twins = [AGENTS, {**AGENTS, "name": "windows"}]
    assert parse(*twins, said=said).turns[1].parts == [ToolCall("c", "close", "")]


def test_tools_that_are_declared_in_the_conversation():
    item = {"type": "additional_tools", "role": "developer", "tools": [AGENTS, F, {"type": "tool_search"}, {"type": "mcp", "x": 1}]}
    body = {"model": "m", "input": [item, HI, {"type": "additional_tools", "tools": [F]}]}
    call = OpenAIResponses().parse(json.dumps(body).encode())
    assert [tool.name for tool in call.tools] == ["agents__close", "agents__tell", "f"]
    assert call.dropped == ["input[0].tools[2]", "input[0].tools[3]"]
    assert call.asked[Feature.TOOLS] == ["input[0].tools"]


def test_a_tool_that_is_declared_anew_replaces_the_earlier_one():
    call = parse(F, {**F, "description": "better"})
    assert [tool.description for tool in call.tools] == ["better"]
    assert call.dropped == ["tools[0]"]


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "tool_search", "execution": "client", "description": "d", "parameters": {}},
        {"type": "image_generation", "output_format": "png"},
        {"type": "mcp", "server_label": "s", "server_url": "https://a.example", "require_approval": "never"},
        {"type": "file_search", "vector_store_ids": ["v"], "filters": {"type": "eq", "key": "k", "value": 1}},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "not_thought_of_yet", "name": 5, "tools": 7},
    ],
)
def test_tools_that_only_their_provider_could_run_are_dropped_and_reported_once(tool):
    call = parse(F, tool)
    assert ([each.name for each in call.tools], call.dropped) == (["f"], ["tools[1]"])


def test_hosted_tools_in_a_namespace():
    call = parse({"type": "namespace", "name": "n", "tools": [F, {"type": "mcp", "server_label": "s"}]})
    assert ([tool.name for tool in call.tools], call.dropped) == (["n__f"], ["tools[0].tools[1]"])


@pytest.mark.parametrize("kind", ["web_search", "web_search_preview", "web_search_2025_08_26", "web_search_preview_2025_03_11"])
def test_the_web_search(kind):
    call = parse({"type": kind, "filters": {"allowed_domains": ["a.example"], "blocked_domains": None}, "external_web_access": True})
    assert call.web_search == WebSearch(allowed_domains=["a.example"])
    assert call.asked[Feature.WEB_SEARCH_DOMAINS] == ["tools[0].filters.allowed_domains"]
    assert (call.dropped, call.tools) == ([], [])


def test_there_is_one_web_search():
    asked = {"type": "web_search", "external_web_access": False, "search_context_size": "low"}
    assert parse(asked, {"type": "web_search", "user_location": {"type": "approximate"}}).dropped == [
        "tools[0].search_context_size",
        "tools[0].external_web_access",
        "tools[1]",
    ]


@pytest.mark.parametrize(
    ("asked", "choice"),
    [
        (None, ToolChoice()),
        ("auto", ToolChoice()),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("required")),
        ({"type": "function", "name": "f"}, ToolChoice("named", "f")),
        ({"type": "custom", "name": "agents__tell"}, ToolChoice("named", "agents__tell")),
        ({"type": "web_search"}, ToolChoice("named", "web_search")),
        ({"type": "web_search_preview"}, ToolChoice("named", "web_search")),
        ({"type": "required"}, ToolChoice("required")),
        ({"type": "allowed_tools"}, ToolChoice()),
    ],
)
def test_choices(asked, choice):
    call = parse(F, AGENTS, {"type": "web_search"}, tool_choice=asked)
    assert (call.tool_choice, call.dropped) == (choice, [])
    assert (Feature.TOOL_CHOICE in call.asked) == (choice.mode != "auto")


def test_one_call_at_a_time():
    call = parse(F, parallel_tool_calls=False)
    assert (call.tool_choice, call.asked[Feature.SERIAL_TOOL_CALLS]) == (ToolChoice(parallel=False), ["parallel_tool_calls"])


def test_a_choice_of_a_tool_that_is_not_offered_is_dropped():
    assert parse(F, tool_choice={"type": "file_search"}).dropped == ["tool_choice"]


def test_allowed_tools_leave_the_others_out():
    asked = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "close", "namespace": "agents"}]}
    call = parse(F, AGENTS, {"type": "web_search", "filters": {"allowed_domains": ["a"]}}, tool_choice=asked)
    assert ([tool.name for tool in call.tools], call.tool_choice, call.web_search) == (["agents__close"], ToolChoice("required"), None)
    assert set(call.asked) == {Feature.TOOLS, Feature.TOOL_CHOICE}
    asked["tools"] = [{"type": "namespace", "name": "agents"}, {"type": "web_search"}]
    call = parse(F, AGENTS, {"type": "web_search"}, tool_choice=asked)
    assert ([tool.own_name for tool in call.tools], call.web_search) == (["close", "tell"], WebSearch())


WORDS = st.text(min_size=1, max_size=70)


@given(st.lists(WORDS, max_size=4), st.lists(st.tuples(WORDS, WORDS), max_size=8))
def test_names_are_short_lasting_and_nobody_elses(top, inner):
    names = Names()
    for name in top:
        names.take(name)
    made = {pair: names.join(*pair) for pair in inner}
    assert len(set(made.values()) | set(top)) == len(made) + len(set(top))
    assert all(len(name) <= LONGEST for name in made.values())
    assert {pair: names.called(*pair) for pair in inner} == made


def test_names_are_told_apart_where_they_meet():
    names = Names()
    names.take("a__b")
    assert names.join("mcp__x__", "y") == "mcp__x__y"
    assert names.join("a", "b").startswith("a__b_")
    assert len(names.join("n" * 60, "tool")) == LONGEST
