import json

import pytest

from dataplane.conversation.model import Tool, ToolChoice
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import schemas
from dataplane.upstreams.kiro.names import free, names
from tests.dataplane.upstreams.kiro.samples import assistant, call, current, result, state, use, user

EMPTY = {"type": "object", "properties": {}}


def specs(asked):
    return [tool["toolSpecification"] for tool in current(asked)["userInputMessageContext"]["tools"]]


def schema(value):
    return json.loads(schemas.accepted(json.dumps(value).encode()))


def sent_input(arguments):
    asked = call(user("a"), assistant(use("1", "Read", arguments)), user(result("1", "x")))
    return state(asked)["history"][1]["assistantResponseMessage"]["toolUses"][0]["input"]


def test_a_tool_is_declared_on_the_current_message_only():
    tool = Tool("Read", "Reads.", b'{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}')
    asked = call(user("a"), assistant("b"), user("c"), tools=[tool])
    assert specs(asked) == [
        {
            "name": "Read",
            "description": "Reads.",
            "inputSchema": {"json": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}},
        }
    ]
    assert "tools" not in json.dumps(state(asked)["history"])


def test_description_and_schema_are_never_missing():
    assert specs(call(user("a"), tools=[Tool("Read")])) == [{"name": "Read", "description": "Tool: Read", "inputSchema": {"json": EMPTY}}]
    long = "x" * 60_000
    assert specs(call(user("a"), tools=[Tool("Read", long)]))[0]["description"] == long


def test_tools_of_the_history_are_declared():
    asked = call(
        user("a"), assistant(use("1", "Bash"), use("2", "$WEB")), user(result("1", "x"), result("2", "y")), tools=[Tool("Read", "R")]
    )
    assert [spec["name"] for spec in specs(asked)][:2] == ["Read", "Bash"]
    assert len(specs(asked)) == 3
    assert specs(asked)[1]["description"] == "This tool is no longer available."
    used = [made["name"] for made in state(asked)["history"][1]["assistantResponseMessage"]["toolUses"]]
    assert used == [spec["name"] for spec in specs(asked)][1:]


def test_names_are_made_acceptable_and_stay_apart():
    given = ["my.tool", "my tool", "my_tool", "$WEB", "工具", "mcp__plugin__x-y", "a" * 65, "a" * 64, ""]
    found = names(call(user("a"), tools=[Tool(name) for name in given]))
    assert len(set(found.wire.values())) == len(given)
    assert [found.wire[name] for name in ("my_tool", "mcp__plugin__x-y", "a" * 64)] == ["my_tool", "mcp__plugin__x-y", "a" * 64]
    assert {wire: client for client, wire in found.wire.items() if wire != client} == found.client


def test_an_alias_never_takes_a_real_name():
    taken = names(call(user("a"), tools=[Tool("my.tool")])).wire["my.tool"]
    found = names(call(user("a"), tools=[Tool("my.tool"), Tool(taken)])).wire
    assert found[taken] == taken
    assert found["my.tool"] != taken
    assert free("my.tool", {taken}) == found["my.tool"]


def test_tools_of_one_name():
    same, other = Tool("Read", "R", b"{}"), Tool("Read", "another", b"{}")
    found = names(call(user("a"), tools=[same, Tool("Read", "R", b"{}"), other, Tool("Read", "third")]))
    wires = [wire for wire, _ in found.tools]
    assert len(set(wires)) == len(wires) == 3
    assert wires[0] == found.wire["Read"] == "Read"
    assert found.client == {wires[1]: "Read", wires[2]: "Read"}


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
        ('{"a":NaN}', {"a": None}),
    ],
)
def test_arguments_of_earlier_calls_are_objects(arguments, expected):
    assert sent_input(arguments) == expected


def test_arguments_nested_beyond_reason_stay_text():
    deep = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
    assert sent_input(deep) == {"_raw": deep}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, EMPTY),
        (None, EMPTY),
        (True, EMPTY),
        ([], EMPTY),
        ({"type": "object"}, EMPTY),
        ({"type": ["object", "null"], "title": "T"}, {**EMPTY, "title": "T"}),
        ({"type": "object", "properties": None, "required": None, "additionalProperties": False, "$schema": "s"}, {**EMPTY, "additionalProperties": False}),
        ({"required": ["a", 1], "properties": {"a": {"$id": "x", "required": []}}}, {"type": "object", "properties": {"a": {}}, "required": ["a"]}),
        # Properties may be called like keywords; enum and default are data.
        (
            {"type": "object", "properties": {"required": {"type": "array", "items": {"$comment": "c"}}, "$id": {"enum": [{"$id": 1, "required": []}]}}},
            {"type": "object", "properties": {"required": {"type": "array", "items": {}}, "$id": {"enum": [{"$id": 1, "required": []}]}}},
        ),
        ({"type": "array", "items": {"type": "string"}}, {"type": "object", "properties": {"value": {"type": "array", "items": {"type": "string"}}}, "required": ["value"]}),
        ({"$ref": "#/$defs/A~1B", "$defs": {"A/B": {"type": "object", "properties": {"x": {}}}}}, {"type": "object", "properties": {"x": {}}, "$defs": {"A/B": {"type": "object", "properties": {"x": {}}}}}),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}, {**EMPTY, "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}),
        ({"$ref": "#"}, EMPTY),
        ({"$ref": "#/nowhere/1"}, EMPTY),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, {"type": "object", "properties": {"value": {"anyOf": [{"type": "string"}, {"type": "number"}]}}, "required": ["value"]}),
    ],
)  # fmt: skip
def test_schemas(given, expected):
    assert schema(given) == expected
    assert schema(schema(given)) == schema(given)


def test_what_the_runtime_takes_is_left_alone():
    given = {
        "type": "object",
        "properties": {
            "a": {"oneOf": [{"const": 1}, {"$ref": "#/$defs/X"}], "default": {}},
            "b": {"type": ["string", "null"], "format": "uri", "pattern": "^a", "maxLength": 9007199254740991},
            "c": {"type": "number", "exclusiveMinimum": 0},
        },
        "propertyNames": {"pattern": "x"},
        "additionalProperties": {"type": "string"},
        "x-vendor": {"required": []},
        "$defs": {"X": {"type": "string"}},
    }
    assert list(schema(given)) == list(given)
    assert schema(given) == given


@pytest.mark.parametrize(("union", "required"), [("anyOf", ["a", "r"]), ("oneOf", ["a", "r"]), ("allOf", ["a", "b", "c", "r"])])
def test_a_root_of_alternatives_becomes_one_object(union, required):
    branches = [
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a", "b"]},
        {"$ref": "#/$defs/C"},
        "nonsense",
    ]
    defs = {"C": {"properties": {"a": {"type": "number"}, "c": {}}, "required": ["a", "c"]}}
    found = schema({"description": "D", union: branches, "$defs": defs, "required": ["r"], "properties": {"r": {}}})
    assert found["type"] == "object"
    assert found["properties"] == {"r": {}, "a": {"type": "string"}, "b": {}, "c": {}}
    assert (found["required"], found["$defs"]) == (required, defs)
    assert found["description"].startswith("D\n")
    assert '"required":["a","b"]' in found["description"]
    assert union not in found


def test_alternatives_without_common_ground():
    found = schema({"oneOf": [{"type": "object", "properties": {}, "required": ["a"]}, {"type": "object", "required": ["b"]}]})
    assert "required" not in found
    assert found["description"].startswith("Exactly one of these forms: ")


@pytest.mark.parametrize("wrong", [b"{", b'{"a":' * 2000 + b"1" + b"}" * 2000])
def test_schemas_that_cannot_be_read_are_refused(wrong):
    with pytest.raises(InvalidRequest) as raised:
        schemas.accepted(wrong)
    assert raised.value.param == "tools"


def test_a_schema_with_half_an_emoji_is_mended():
    assert json.loads(schemas.accepted(b'{"type":"object","properties":{},"title":"\\ud83d"}'))["title"] == "\ufffd"


def test_a_long_schema_is_treated_alike():
    given = {"type": "object", "properties": {f"p{n}": {"description": "x" * 50, "required": []} for n in range(1000)}}
    assert set(map(str, schema(given)["properties"].values())) == {str({"description": "x" * 50})}


READ = [Tool("Read", "R"), Tool("my.tool", "M")]


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (ToolChoice("required"), "Answer by calling at least one tool."),
        (ToolChoice("named", "Read"), "Answer by calling the tool Read."),
    ],
)
def test_tool_choice_is_a_sentence(choice, sentence):
    assert current(call(user("hi"), tools=READ, tool_choice=choice))["content"] == f"hi\n\n{sentence}"


def test_a_chosen_name_is_the_one_kiro_sees():
    asked = call(user("hi"), tools=READ, tool_choice=ToolChoice("named", "my.tool"))
    assert current(asked)["content"] == f"hi\n\nAnswer by calling the tool {specs(asked)[1]['name']}."


def test_a_sentence_beside_results_stands_alone():
    asked = call(user("a"), assistant(use("1")), user(result("1", "x")), tools=READ, tool_choice=ToolChoice("required"))
    assert current(asked)["content"] == "Answer by calling at least one tool."


def test_forbidden_calls_leave_only_what_the_history_needs():
    assert "userInputMessageContext" not in current(call(user("hi"), tools=READ, tool_choice=ToolChoice("none")))
    asked = call(user("a"), assistant(use("1")), user(result("1", "x"), "go on"), tools=READ, tool_choice=ToolChoice("none"))
    assert [spec["name"] for spec in specs(asked)] == ["Read"]
    assert current(asked)["content"] == "go on\n\nAnswer without calling any tool."


@pytest.mark.parametrize(
    ("choice", "tools"), [(ToolChoice("required"), []), (ToolChoice("named", "Write"), READ), (ToolChoice("named", "Read"), [])]
)
def test_a_choice_that_cannot_be_met_is_refused(choice, tools):
    with pytest.raises(InvalidRequest) as raised:
        current(call(user("hi"), tools=tools, tool_choice=choice))
    assert raised.value.param == "tool_choice"
