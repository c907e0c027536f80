import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import Search, Tool, ToolChoice, WebSearch
from dataplane.upstreams.kiro import hosts
from dataplane.upstreams.kiro.asking import tools
from dataplane.upstreams.kiro.asking.depth import MAX_DEPTH
from dataplane.upstreams.kiro.asking.names import SEARCH, names
from dataplane.upstreams.kiro.hosts import LEGACY, RUNTIME
from tests.dataplane.upstreams.kiro.samples import assistant, call, result, state, use, user
from tests.simulators.kiro import specs

EMPTY = {"type": "object", "properties": {}}
READ = Tool("Read", "Reads.", b'{"type":"object","properties":{"path":{"type":"string","format":"path"}},"required":["path"]}')


def declared(asked, host=RUNTIME, *, conservative=False):
    """The specifications as the body has them."""
    found = tools.specifications(asked, names(asked), host, conservative=conservative)
    for tool in found:
        schema = tool["toolSpecification"]["inputSchema"]
        schema["json"] = json.loads(bytes(schema["json"]))
    return [tool["toolSpecification"] for tool in found]


def asking(*given, **more):
    return call(user("a"), tools=list(given), **more)


def overflow(asked, host):
    return tools.overflow(asked, names(asked), host)


def test_S12_tools_are_declared_on_the_current_message_only():
    found = state(call(user("a"), assistant("b"), user("c"), tools=[READ]))
    assert found["currentMessage"]["userInputMessage"]["userInputMessageContext"]["tools"] == [
        {"toolSpecification": {"name": "Read", "description": "Reads.", "inputSchema": {"json": json.loads(READ.schema)}}}
    ]
    assert "toolSpecification" not in json.dumps(found["history"])


@pytest.mark.parametrize("host", [RUNTIME, LEGACY])
def test_S03_a_description_is_never_missing(host):
    assert [tool["description"] for tool in declared(asking(Tool("Read"), Tool("my.tool")), host)] == ["Tool: Read", "Tool: my.tool"]


def test_S03_white_space_is_a_description():
    assert declared(asking(Tool("Read", " ")))[0]["description"] == " "


def test_S04_the_runtime_takes_long_descriptions_whole():
    asked = asking(Tool("Read", "x" * 32_768))
    assert declared(asked)[0]["description"] == "x" * 32_768
    assert overflow(asked, RUNTIME) == ""


# 60 000 bytes is what section 5, case 26 asks for.
@pytest.mark.parametrize(
    "text",
    [
        "x" * 60_000,
        "工" * 20_000,
        "🙂" * 15_000,
        "a" + "é" * 30_000,
        "line of words\n" * 4_000,
        "word " * 12_000,
        "x" * 9_950 + "\n" + "y" * 50_000,
    ],
)
@pytest.mark.parametrize("host", [RUNTIME, LEGACY])
def test_S04_the_end_of_a_longer_description_moves_to_the_system_text(host, text):
    asked = asking(Tool("Read", text), Tool("Write", "short"))
    kept = declared(asked, host)[0]["description"]
    assert len(kept.encode()) <= host.description_bytes
    head, _, pointer = kept.rpartition("\n")
    assert pointer == "[Goes on in the system text: Descriptions of tools, continued, Read.]"
    opening, _, tail = overflow(asked, host).partition("## Read\n")
    assert opening == "# Descriptions of tools, continued\n\n"
    assert head + tail == text
    # Little of the room is left unused.
    assert len(kept.encode()) > host.description_bytes - 4 * tools.NEAR - 10
    assert declared(asked, host)[1]["description"] == "short"


def test_S04_a_description_is_cut_between_lines_or_words():
    asked = asking(Tool("Read", "word " * 12_000))
    assert declared(asked, LEGACY)[0]["description"].rpartition("\n")[0].endswith("word ")
    asked = asking(Tool("Read", "line of words\n" * 4_000))
    assert "\n[" in declared(asked, LEGACY)[0]["description"]


@given(st.text(st.sampled_from("a é工🙂\n"), min_size=80, max_size=300), st.integers(120, 400))
def test_S04_nothing_of_a_description_is_lost_or_parted(text, limit):
    host = hosts.Host("small", "", limit, conservative=False, user_characters=0, result_characters=0)
    asked = asking(Tool("T", text))
    kept, moved = declared(asked, host)[0]["description"], overflow(asked, host)
    assert len(kept.encode()) <= limit
    assert (moved == "") == (len(text.encode()) <= limit)
    if moved:
        assert kept.rpartition("\n")[0] + moved.partition("## T\n")[2] == text


def test_S04_the_ends_of_several_tools_stand_under_their_names():
    long = "x" * 10_001
    found = overflow(asking(Tool("my.tool", long), Tool("Read", "R"), Tool("Write", long)), LEGACY)
    assert [line[:10] for line in found.splitlines() if line.startswith("#")] == ["# Descript", "## my_tool", "## Write"]


def test_S04_a_long_name_may_stand_for_a_description():
    asked = asking(Tool("x" * 20_000))
    assert len(declared(asked, LEGACY)[0]["description"].encode()) <= specs.DESCRIPTION_BYTES
    assert overflow(asked, LEGACY)


def test_S05_a_tool_without_a_schema_gets_an_empty_one():
    asked = asking(Tool("web_search_20250305"), Tool("bash_20250124"))
    assert [tool["inputSchema"]["json"] for tool in declared(asked)] == [EMPTY, EMPTY]
    assert [tool["inputSchema"]["json"] for tool in declared(asked, LEGACY)] == [EMPTY, EMPTY]


@pytest.mark.parametrize(("host", "conservative"), [(LEGACY, False), (RUNTIME, True), (LEGACY, True)])
def test_S08_legacy_hosts_and_second_tries_get_seven_keywords(host, conservative):
    assert declared(asking(READ))[0]["inputSchema"]["json"] == json.loads(READ.schema)
    path = {"type": "string", "description": 'Details: format: "path".'}
    expected = {"type": "object", "properties": {"path": path}, "required": ["path"]}
    assert declared(asking(READ), host, conservative=conservative)[0]["inputSchema"]["json"] == expected


def test_S10_any_number_of_tools_is_declared():
    given = [Tool(f"tool_{n}", "x" * 900, READ.schema) for n in range(200)]
    assert [tool["name"] for tool in declared(asking(*given))] == [tool.name for tool in given]


def test_T09_tools_of_the_history_are_declared():
    asked = call(user("a"), assistant(use("1", "Bash"), use("2", "$WEB")), user(result("1", "x"), result("2", "y")), tools=[READ])
    found = declared(asked)
    assert [tool["name"] for tool in found] == ["Read", *(names(asked).wire[name] for name in ("Bash", "$WEB"))]
    assert [(tool["description"], tool["inputSchema"]["json"]) for tool in found[1:]] == [("This tool is no longer available.", EMPTY)] * 2
    assert declared(asked, LEGACY)[1:] == found[1:]


def test_T09_forbidden_calls_leave_only_what_the_history_needs():
    assert declared(asking(READ, Tool("my.tool"), tool_choice=ToolChoice("none"))) == []
    asked = call(
        user("a"),
        assistant(use("1", "my.tool"), Search("s", "q")),
        user("b"),
        tools=[READ, Tool("my.tool")],
        tool_choice=ToolChoice("none"),
    )
    assert [tool["name"] for tool in declared(asked)] == [names(asked).wire["my.tool"], "web_search"]
    long = asking(Tool("Read", "x" * 10_001), tool_choice=ToolChoice("none"))
    assert overflow(long, LEGACY) == ""


def test_the_hosted_search_is_declared_like_any_tool():
    asked = asking(READ, web_search=WebSearch())
    (_, found) = declared(asked)
    assert found["name"] == names(asked).wire[SEARCH] == "web_search"
    assert list(found["inputSchema"]["json"]["properties"]) == ["query"]
    assert found["inputSchema"]["json"]["required"] == ["query"]
    gone = call(user("a"), assistant("x", Search("1", "q")), user("b"))
    assert declared(gone) == [{"name": "web_search", "description": tools.GONE, "inputSchema": {"json": EMPTY}}]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", {}),
        (" \n", {}),
        ('{"a": [1, 2.50]}', {"a": [1, 2.5]}),
        ("[1]", {"value": [1]}),
        ("null", {"value": None}),
        ('"str"', {"value": "str"}),
        ("{bad", {"_raw": "{bad"}),
        ('{"a":"\\ud83d"}', {"a": "\ufffd"}),
        ('{"a":"\ud83d"}', {"a": "\ufffd"}),
        ("{bad \ud83d", {"_raw": "{bad \ufffd"}),
        ('{"a":NaN}', {"_raw": '{"a":NaN}'}),
        ("-Infinity", {"_raw": "-Infinity"}),
        ('["\\ud83d",1e999]', {"_raw": '["\\ud83d",1e999]'}),
        ('{"a":"\\ud83d","b":-1e999}', {"_raw": '{"a":"\\ud83d","b":-1e999}'}),
        ('{"a":"\\ud83d","b":1.5e3}', {"a": "\ufffd", "b": 1500.0}),
    ],
)
def test_T08_arguments_of_earlier_calls_are_objects(arguments, expected):
    assert json.loads(bytes(tools.arguments(arguments))) == expected


def nested(levels, leaf=""):
    return '{"a":' + "[" * (levels - 1) + leaf + "]" * (levels - 1) + "}"


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 600, 900, 980, 1100, 100_000])
@pytest.mark.parametrize("leaf", ["", '"\\ud83d"'])
def test_T08_arguments_nested_beyond_reason_stay_text(levels, leaf):
    for deep in (nested(levels, leaf), nested(levels, leaf)[5:-1] if levels > MAX_DEPTH + 1 else nested(levels, leaf)):
        assert json.loads(bytes(tools.arguments(deep))) == {"_raw": deep}
        assert tools.object_text(deep) is None


@pytest.mark.parametrize("leaf", ["", '"\\ud83d"'])
def test_T08_arguments_of_all_the_depth_that_is_allowed_are_sent(leaf):
    deep = nested(MAX_DEPTH, leaf)
    asked = call(user("a"), assistant(use("1", "Read", deep)), user(result("1", "x")), tools=[READ])
    (made,) = state(asked)["history"][1]["assistantResponseMessage"]["toolUses"]
    assert made["input"] == json.loads(deep.replace("\\ud83d", "\ufffd"))
    assert json.loads(tools.object_text(deep)) == made["input"]


@pytest.mark.parametrize("text", ['{"a":NaN}', '{"a":[Infinity]}', '{"a":"\\ud83d","b":1e999}', "NaN", "[]", "{"])
def test_what_is_no_object_in_JSON_is_none(text):
    assert tools.object_text(text) is None


@given(st.text() | st.text(st.characters()) | st.text(st.sampled_from('{}[]":,a1\\ud83-. \ud83d')))
def test_T08_any_arguments_become_an_object_that_any_parser_reads(text):
    found = bytes(tools.arguments(text)).decode()
    assert isinstance(json.loads(found, parse_constant=pytest.fail), dict)


@pytest.mark.parametrize("arguments", ["{}", '{"file":1}', '{"path":null,"more":[]}'])
def test_T14_a_call_whose_arguments_the_schema_refuses_is_kept(arguments):
    asked = call(user("a"), assistant(use("1", "Read", arguments)), user(result("1", "path is missing", is_error=True)), tools=[READ])
    found = state(asked)
    (made,) = found["history"][1]["assistantResponseMessage"]["toolUses"]
    assert made == {"toolUseId": "1", "name": "Read", "input": json.loads(arguments)}
    (given,) = found["currentMessage"]["userInputMessage"]["userInputMessageContext"]["toolResults"]
    assert given["status"] == "error"
