"""Tools of the client's, of Anthropic's design and of Anthropic's servers; and the choice among them."""

import json

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Tool, ToolChoice, WebSearch
from tests.dataplane.dialects.anthropic.test_parse import parse

WEB_SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def properties(tool):
    schema = json.loads(tool.schema)
    assert schema["type"] == "object"
    assert set(schema.get("required", [])) <= set(schema["properties"])
    return schema["properties"]


def defined(kind, **members):
    (tool,) = parse(tools=[{"type": kind, **members}]).tools
    return tool


def test_functions_of_the_client():
    call = parse(
        tools=[
            {"type": "custom", "name": "a", "input_schema": {"x": 1}, "cache_control": {"type": "ephemeral"}},
            {"name": "b", "description": None, "input_schema": None, "strict": False, "eager_input_streaming": True, "defer_loading": True},
            {"name": "c"},
        ],
        tool_choice={"type": "auto"},
    )
    assert call.tools == [Tool("a", "", b'{"x": 1}'), Tool("b"), Tool("c")]
    assert (call.dropped, call.tool_choice) == ([], ToolChoice())
    assert set(call.asked) == {Feature.MAX_TOKENS}


def test_what_is_asked_about_a_tool_is_told():
    call = parse(
        tools=[
            {"name": "a", "strict": True, "allowed_callers": ["direct"]},
            {"name": "b", "allowed_callers": ["direct", "code_execution_20250825"], "input_examples": [{}]},
            {"type": "bash_20250124", "name": "bash", "strict": True},
        ]
    )
    assert call.asked[Feature.STRICT_TOOLS] == ["tools[0].strict", "tools[2].strict"]
    assert call.dropped == ["tools[1].input_examples", "tools[1].allowed_callers"]


@pytest.mark.parametrize("kind", ["web_search_20250305", "web_search_20260209", "web_search_20260318"])
def test_web_search_is_told_by_its_type(kind):
    call = parse(tools=[{"name": "a"}, {**WEB_SEARCH, "type": kind, "max_uses": 8, "allowed_domains": ["a.test"], "blocked_domains": []}])
    assert call.web_search == WebSearch(8, ["a.test"], [])
    assert (call.tools, call.dropped) == ([Tool("a")], [])
    assert call.asked[Feature.WEB_SEARCH] == ["tools[1]"]
    assert call.asked[Feature.WEB_SEARCH_DOMAINS] == ["tools[1].allowed_domains"]
    assert call.asked[Feature.WEB_SEARCH_USES] == ["tools[1].max_uses"]


def test_web_search_without_conditions():
    call = parse(tools=[{**WEB_SEARCH, "user_location": {"type": "approximate", "city": "Bern"}}])
    assert (call.web_search, call.dropped) == (WebSearch(), ["tools[0].user_location"])
    assert Feature.WEB_SEARCH_DOMAINS not in call.asked
    assert parse(tools=[{**WEB_SEARCH, "blocked_domains": ["b.test"]}]).web_search == WebSearch(None, [], ["b.test"])


@pytest.mark.parametrize("tool", [{"name": "web_search"}, {"type": "custom", "name": "web_search"}])
def test_a_function_of_that_name_is_a_function(tool):
    call = parse(tools=[tool], tool_choice={"type": "tool", "name": "web_search"})
    assert (call.web_search, call.tools) == (None, [Tool("web_search")])
    assert call.tool_choice == ToolChoice("named", "web_search")


def test_a_second_web_search_is_dropped():
    call = parse(tools=[{**WEB_SEARCH, "max_uses": 1}, {**WEB_SEARCH, "type": "web_search_20260209", "max_uses": 2}])
    assert (call.web_search, call.dropped) == (WebSearch(1), ["tools[1]"])


FOREIGN = [
    {"type": "web_fetch_20250910", "name": "web_fetch"},
    {"type": "code_execution_20250825", "name": "code_execution"},
    {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
    {"type": "mcp_toolset", "mcp_server_name": "docs"},
    {"type": "computer_toolset_20260801"},
    {"type": "bash_latest", "name": "bash"},
    {"type": "hammer_20300101", "name": "hammer"},
]


@pytest.mark.parametrize("tool", FOREIGN)
def test_what_nobody_here_can_run_is_dropped(tool):
    call = parse(tools=[{"name": "a"}, tool])
    assert (call.tools, call.web_search, call.dropped) == ([Tool("a")], None, ["tools[1]"])


@pytest.mark.parametrize("tool", [tool for tool in FOREIGN if "name" in tool])
def test_the_choice_of_a_dropped_tool_is_dropped_with_it(tool):
    call = parse(tools=[tool], tool_choice={"type": "tool", "name": tool["name"], "disable_parallel_tool_use": True})
    assert (call.tool_choice, call.dropped) == (ToolChoice(parallel=False), ["tools[0]", "tool_choice"])
    assert Feature.TOOL_CHOICE not in call.asked
    assert parse(tools=[tool], tool_choice={"type": "any"}).dropped == ["tools[0]", "tool_choice"]


@pytest.mark.parametrize(
    ("asked", "choice"),
    [
        (None, ToolChoice()),
        ({"type": "auto"}, ToolChoice("auto")),
        ({"type": "auto", "disable_parallel_tool_use": True}, ToolChoice("auto", parallel=False)),
        ({"type": "any"}, ToolChoice("required")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "tool", "name": "a", "disable_parallel_tool_use": True}, ToolChoice("named", "a", parallel=False)),
    ],
)
def test_tool_choice(asked, choice):
    call = parse(tools=[{"name": "a"}], tool_choice=asked)
    assert (call.tool_choice, call.dropped) == (choice, [])
    assert (Feature.TOOL_CHOICE in call.asked) is (choice.mode != "auto")
    assert call.asked.get(Feature.SERIAL_TOOL_CALLS) == (None if choice.parallel else ["tool_choice.disable_parallel_tool_use"])


def test_web_search_can_be_chosen():
    assert parse(tools=[WEB_SEARCH], tool_choice={"type": "tool", "name": "web_search"}).tool_choice == ToolChoice("named", "web_search")
    assert parse(tools=[WEB_SEARCH], tool_choice={"type": "any"}).tool_choice == ToolChoice("required")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("bash_20241022", "bash"),
        ("bash_20250124", "bash"),
        ("text_editor_20241022", "str_replace_editor"),
        ("text_editor_20250124", "str_replace_editor"),
        ("text_editor_20250429", "str_replace_based_edit_tool"),
        ("text_editor_20250728", "str_replace_based_edit_tool"),
        ("computer_20241022", "computer"),
        ("computer_20250124", "computer"),
        ("computer_20251124", "computer"),
        ("memory_20250818", "memory"),
    ],
)
def test_S05_tools_that_claude_knows_by_their_type_are_spelled_out(kind, name):
    tool = defined(kind, name=name)
    assert tool == defined(kind)
    assert tool.name == name
    assert tool.description
    assert all(said["description"] for said in properties(tool).values())
    call = parse(tools=[{"type": kind, "name": name}], tool_choice={"type": "tool", "name": name})
    assert (call.dropped, call.tool_choice) == ([], ToolChoice("named", name))


def test_a_shell():
    assert set(properties(defined("bash_20250124"))) == {"command", "restart"}


def test_editors_old_and_new():
    old, new = properties(defined("text_editor_20250124")), properties(defined("text_editor_20250429"))
    assert old["command"]["enum"] == ["view", "create", "str_replace", "insert", "undo_edit"]
    assert new["command"]["enum"] == ["view", "create", "str_replace", "insert"]
    members = {"command", "path", "view_range", "file_text", "old_str", "new_str", "insert_line"}
    assert (set(old), set(new)) == (members, members | {"insert_text"})
    assert "12000 characters" in defined("text_editor_20250728", max_characters=12000).description


def test_a_memory():
    said = properties(defined("memory_20250818"))
    assert said["command"]["enum"] == ["view", "create", "str_replace", "insert", "delete", "rename"]
    members = {"path", "view_range", "file_text", "old_str", "new_str", "insert_line", "insert_text", "old_path", "new_path"}
    assert set(said) == {"command", *members}


def test_computers_old_and_new():
    screen = {"display_width_px": 1280, "display_height_px": 800, "display_number": 1}
    old, new = defined("computer_20241022", **screen), defined("computer_20250124", **screen)
    newest = defined("computer_20251124", **screen, enable_zoom=True)
    assert all("1280 pixels wide and 800 high" in tool.description for tool in (old, new, newest))
    assert set(properties(old)) == {"action", "coordinate", "text"}
    added = {"start_coordinate", "scroll_direction", "scroll_amount", "duration"}
    assert set(properties(new)) == {"action", "coordinate", "text", *added}
    assert set(properties(newest)) == {"action", "coordinate", "text", "region", *added}
    actions = [set(properties(tool)["action"]["enum"]) for tool in (old, new, newest)]
    assert actions[1] - actions[0] == {"left_mouse_down", "left_mouse_up", "triple_click", "scroll", "hold_key", "wait"}
    assert actions[2] - actions[1] == {"zoom"}
    assert actions[0] < actions[1]


@pytest.mark.parametrize(
    ("tool", "dropped"),
    [
        ({"name": "a", "max_uses": 3, "enable_zoom": False, "user_location": None}, ["max_uses"]),
        ({"name": "a", "allowed_domains": ["a.test"], "user_location": {"type": "approximate"}}, ["allowed_domains", "user_location"]),
        ({"type": "bash_20250124", "name": "bash", "max_characters": 5}, ["max_characters"]),
        ({"type": "computer_20250124", "name": "computer", "display_width_px": 5, "max_uses": 5}, ["max_uses"]),
        ({"type": "text_editor_20250728", "name": "edit", "max_characters": 5, "enable_zoom": True}, ["enable_zoom"]),
        ({**WEB_SEARCH, "max_uses": 5, "display_width_px": 5}, ["display_width_px"]),
        ({**WEB_SEARCH, "description": "d", "input_schema": {}}, ["description"]),
        ({"type": "memory_20250818", "name": "memory", "description": "", "input_schema": {"type": "object"}}, ["input_schema"]),
        ({**WEB_SEARCH, "allowed_callers": ["code_execution_20260120"], "input_examples": [{}]}, ["input_examples", "allowed_callers"]),
        ({**WEB_SEARCH, "allowed_callers": ["direct"]}, []),
    ],
)
def test_what_a_tool_of_another_kind_would_say_is_reported(tool, dropped):
    assert parse(tools=[tool]).dropped == [f"tools[0].{name}" for name in dropped]


def test_a_strict_web_search_is_noted_as_any_strict_tool():
    assert parse(tools=[{**WEB_SEARCH, "strict": True}]).asked[Feature.STRICT_TOOLS] == ["tools[0].strict"]
