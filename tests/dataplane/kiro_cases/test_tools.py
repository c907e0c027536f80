"""Cases 24 to 32: tools under names, descriptions and schemas that Kiro takes."""

import json
import re

import pytest

from dataplane.errors import InvalidRequest
from tests.dataplane.kiro_cases.bodies import A, F, O, T, a, tc, told, tr, tu, u
from tests.dataplane.upstreams.kiro.invariants import LEGAL

ODD = ["my.tool", "my tool", "my_tool", "$WEB", "工具"]
SEVEN = {"type", "description", "properties", "required", "items", "enum", "title"}


def object_of(**properties):
    return {"type": "object", "properties": properties}


def keywords(schema):
    """All keywords of a schema in seven keys; the names of properties are none."""
    yield from schema
    for inner in schema.get("properties", {}).values():
        yield from keywords(inner)
    if isinstance(schema.get("items"), dict):
        yield from keywords(schema["items"])


def test_case_24_S01_S02_T10_odd_names_lead_there_and_back(gate):
    calls = [tc(f"c{n}", name) for n, name in enumerate(ODD)]
    history = u("q"), a(None, tool_calls=calls), *(told(f"c{n}", name) for n, name in enumerate(ODD))
    for sent in gate.both("O", O(*history, tools=[F(name, description=name) for name in ODD])):
        wire = {spec["description"]: name for name, spec in sent.tools.items()}
        assert wire["my_tool"] == "my_tool"
        assert len(set(wire.values())) == len(ODD)
        assert all(LEGAL.fullmatch(name) for name in wire.values())
        assert [name for _, name, _ in sent.uses] == [wire[name] for name in ODD]
        assert {name: sent.client_name(wire[name]) for name in ODD} == {name: name for name in ODD}


def test_case_24_S01_hyphens_underscores_and_long_names(gate):
    names = ["mcp__plugin-x__do-it", "-", "_", "9", "mcp__" + "n" * 80, "mcp__" + "n" * 81, "n" * 64]
    for sent in gate.both("A", A(u("q"), tools=[T(name) for name in names])):
        assert [name for name in sent.tools if name in names] == [name for name in names if len(name) <= 64]
        assert [sent.client_name(name) for name in sent.tools] == names


def test_case_24_S11_a_choice_speaks_of_the_tool_under_its_new_name(gate):
    choice = {"type": "function", "function": {"name": "my.tool"}}
    for sent in gate.both("O", O(u("q"), tools=[F("my.tool")], tool_choice=choice)):
        (wire,) = sent.tools
        assert sent.contents == [f"q\n\nAnswer by calling the tool {wire}."]


def test_case_25_S02_tools_of_one_name(gate):
    path, url = object_of(path={"type": "string"}), object_of(url={"type": "string"})
    tools = [T("Read", path), T("Read", path), T("Fetch", path), T("Fetch", url)]
    for sent in gate.both("A", A(u("q"), tools=tools)):
        first, second, third = sent.tools
        assert (first, second) == ("Read", "Fetch")
        assert third not in {"Read", "Fetch"}
        assert [sent.client_name(name) for name in sent.tools] == ["Read", "Fetch", "Fetch"]
        assert list(sent.schemas.values()) == [path, path, url]


def test_case_26_S03_a_tool_without_description_gets_its_name(gate):
    missing = {"name": "Two", "input_schema": object_of()}
    for sent in gate.both("A", A(u("q"), tools=[T("One", description=""), missing, T("Three", description=" ")])):
        assert [spec["description"] for spec in sent.tools.values()] == ["Tool: One", "Tool: Two", " "]


@pytest.mark.parametrize("unit", ["word ", "漢", "é🙂\n"])
def test_case_26_S04_nothing_of_a_long_description_is_lost(gate, unit):
    long = unit * (60_000 // len(unit.encode()))
    runtime, legacy = gate.both("A", A(u("hi"), system="S", tools=[T("Task", description=long)]))
    for sent, limit in (runtime, 32_768), (legacy, 10_000):
        description = sent.tools["Task"]["description"]
        assert len(description.encode()) <= limit
        head, pointer, _ = description.partition("\n[Goes on in the system text: ")
        assert pointer
        start, tail = sent.contents[0].split("## Task\n")
        assert start.startswith("S\n\n")
        assert head + tail == f"{long}\n\nhi"


def test_case_26_S04_a_description_that_fits_is_whole(gate):
    fits = "d" * 32_768
    sent = gate.send("A", A(u("hi"), tools=[T("Task", description=fits)]))
    assert sent.tools["Task"]["description"] == fits
    assert sent.contents == ["hi"]


def test_case_28_S07_S08_null_and_empty_members_of_schemas_go(gate):
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": None,
        "required": None,
        "additionalProperties": False,
    }
    inner = object_of(x={"type": "string"}) | {"required": []}
    nested = object_of(in_=inner) | {"required": ["in_"]}
    runtime, legacy = gate.both("A", A(u("q"), tools=[T("None", schema), T("Nested", nested)]))
    plain = object_of(in_=object_of(x={"type": "string"})) | {"required": ["in_"]}
    assert runtime.schemas == {"None": {"type": "object", "properties": {}, "additionalProperties": False}, "Nested": plain}
    assert legacy.schemas["Nested"] == plain
    assert legacy.schemas["None"].keys() <= SEVEN
    assert (legacy.schemas["None"]["type"], legacy.schemas["None"]["properties"]) == ("object", {})


RICH = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "tree": {"$ref": "#/$defs/node"},
        "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "kind": {"const": "file"},
        "link": {"type": "string", "format": "uri"},
        "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "count": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
    },
    "required": ["tree", "kind"],
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
        }
    },
}


def test_case_29_S08_the_runtime_host_gets_the_whole_schema(gate):
    sent = gate.send("A", A(u("q"), tools=[T("Rich", RICH)]))
    assert sent.schemas["Rich"] == {key: value for key, value in RICH.items() if key != "$schema"}


def test_case_29_S08_S09_older_hosts_get_seven_keys_and_the_rest_in_words(gate):
    sent = gate.send("A", A(u("q"), tools=[T("Rich", RICH)]), profile="legacy")
    found = sent.schemas["Rich"]
    assert set(keywords(found)) <= SEVEN
    assert found["properties"].keys() == RICH["properties"].keys()
    assert sorted(found["required"]) == ["kind", "tree"]
    assert found["properties"]["kind"]["enum"] == ["file"]
    assert found["properties"]["tree"]["properties"].keys() == {"name", "children"}
    said = json.dumps(found)
    for meaning in ("uri", "^[A-Z]{3}$", "9007199254740991"):
        assert meaning in said
    assert re.search(r"(greater|more|above|larger) than 0|exclusiveMinimum", said)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["object", "null"]},
        {"anyOf": [object_of(x={"type": "string"}), object_of(y={"type": "string"})]},
        {"$ref": "#/$defs/a", "$defs": {"a": object_of(x={"type": "string"})}},
        {"type": "array", "items": {"type": "string"}},
        {"properties": {}},
        {},
        {"type": "string"},
    ],
)
def test_case_29_S06_every_root_becomes_an_object(gate, schema):
    for sent in gate.both("A", A(u("q"), tools=[T("Root", schema)])):
        assert sent.schemas["Root"]["type"] == "object"


def test_case_30_S10_S05_two_hundred_tools_and_those_of_the_provider(gate):
    tools = [T(f"tool_{n}", object_of(x={"type": "string", "description": "x" * 900}), f"Number {n}.") for n in range(200)]
    served = [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}, {"type": "bash_20250124", "name": "bash"}]
    for sent in gate.both("A", A(u("q"), tools=tools + served)):
        assert list(sent.tools)[:200] == [f"tool_{n}" for n in range(200)]
        assert all(sent.schemas[tool["name"]] == tool["input_schema"] for tool in tools)
        assert set(sent.tools) == {f"tool_{n}" for n in range(200)} | {"bash", "web_search"}
        assert sent.schemas["bash"]["properties"].keys() == {"command", "restart"}
        assert sent.schemas["web_search"]["required"] == ["query"]


def test_case_30_S05_a_function_called_web_search_is_a_normal_one(gate):
    tools = [T("web_search", object_of(q={"type": "string"})), {"type": "web_search_20250305", "name": "web_search"}]
    for sent in gate.both("A", A(u("q"), tools=tools)):
        assert sent.schemas["web_search"] == object_of(q={"type": "string"})
        assert len(sent.tools) == 2
        assert sent.client_name("web_search") == "web_search"


PATCH = {
    "type": "custom",
    "custom": {
        "name": "apply_patch",
        "description": "Edits files.",
        "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: LINE+"}},
    },
}


def test_case_32_S05_free_text_hosted_and_unknown_tools(gate):
    tools = [F("shell"), PATCH, {"type": "web_search"}, {"type": "namespace", "name": "mcp"}, {"type": "image_generation"}]
    made = {"id": "c1", "type": "custom", "custom": {"name": "apply_patch", "input": '*** Begin\n"x"\n*** End'}}
    history = u("q"), a(None, tool_calls=[made, tc("c2", "shell")], reasoning_content="hm"), told("c1", "Done"), told("c2", "ok")
    for sent in gate.both("O", O(*history, tools=tools)):
        assert set(sent.tools) == {"shell", "apply_patch", "web_search"}
        assert sent.schemas["apply_patch"] == object_of(input={"type": "string"}) | {"required": ["input"]}
        assert "start: LINE+" in sent.tools["apply_patch"]["description"]
        assert sent.uses == [("c1", "apply_patch", {"input": '*** Begin\n"x"\n*** End'}), ("c2", "shell", {})]
        assert sent.outputs == [("c1", "Done"), ("c2", "ok")]
        assert {"tools[3]", "tools[4]", "messages[1].reasoning_content"} <= set(sent.dropped)


def test_case_32_S11_choices_are_asked_for_in_words(gate):
    tools = [T("Read")]
    said = {
        "auto": ("q", ["Read"]),
        "any": ("q\n\nAnswer by calling at least one tool.", ["Read"]),
        "none": ("q", []),
    }
    for kind, (content, names) in said.items():
        for sent in gate.both("A", A(u("q"), tools=tools, tool_choice={"type": kind})):
            assert (sent.current["content"], list(sent.tools)) == (content, names)
    used = A(u("q"), a([tu("1")]), u([tr("1", "r")]), tools=[*tools, T("Bash")], tool_choice={"type": "none"})
    assert list(gate.send("A", used).tools) == ["Read"]


@pytest.mark.parametrize(
    ("form", "body", "param"),
    [
        ("A", A(u("q"), tools=[T("Read")], tool_choice={"type": "tool", "name": "Write"}), "tool_choice.name"),
        ("O", O(u("q"), tools=[F("Read")], tool_choice={"type": "function", "function": {"name": "Write"}}), "tool_choice.function.name"),
        ("O", O(u("q"), tool_choice="required"), "tool_choice"),
        ("A", A(u("q"), tools=[T("")]), "tools[0].name"),
        ("A", A(u("q"), tools=[T("Read", [])]), "tools[0].input_schema"),
    ],
)
def test_case_32_S11_S05_what_cannot_be_met_is_refused_by_its_place(gate, form, body, param):
    with pytest.raises(InvalidRequest) as refused:
        gate.send(form, body)
    assert refused.value.param == param
