"""The last look: it takes what is right and finds every rule that is broken, whoever built the body."""

import json

import pytest

from dataplane.conversation.model import Tool
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import hosts
from dataplane.upstreams.kiro.asking.body import body as build
from dataplane.upstreams.kiro.asking.check import REMEMBERED_BYTES, check
from dataplane.wire import jsontext
from tests.dataplane.upstreams.kiro.samples import (
    CLAUDE,
    STAMP,
    assistant,
    call,
    lease,
    legacy,
    picture,
    png,
    redacted,
    result,
    signed,
    use,
    user,
)

SCHEMA = b'{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}'
ASKED = call(
    user("a", picture()),
    assistant(signed("t", "s"), "b", use("1"), use("2", "Grep")),
    user(result("1", "x"), result("2", "y", is_error=True)),
    assistant(redacted("r"), "c", use("3")),
    user(result("3", "z"), "d"),
    system=["S"],
    tools=[Tool("Read", "reads", SCHEMA), Tool("Grep", "finds", SCHEMA)],
    session="s",
)
LEASE = lease(request_fields_schema=CLAUDE)


def good():
    found = json.loads(build(ASKED, LEASE, STAMP))
    found["additionalModelRequestFields"] = {"max_tokens": 2000}
    return found


def judged(found, given=LEASE, *, conservative=False):
    """The id of the rule that is said to be broken, "" for none."""
    data = found if isinstance(found, bytes) else json.dumps(found).encode()
    try:
        check(data, given, hosts.of(given), conservative=conservative)
    except InvalidRequest as error:
        return error.message.rpartition("(rule ")[2][:3]
    return ""


def test_a_good_body_passes():
    assert judged(good()) == ""
    assert judged(build(ASKED, legacy(), STAMP), legacy(), conservative=True) == ""


def at(found, *path):
    for step in path:
        found = found[step]
    return found


STATE = ("conversationState",)
HISTORY = (*STATE, "history")
CURRENT = (*STATE, "currentMessage", "userInputMessage")
CONTEXT = (*CURRENT, "userInputMessageContext")
FIRST = (*HISTORY, 0, "userInputMessage")
ANSWER = (*HISTORY, 1, "assistantResponseMessage")
PAST = (*HISTORY, 2, "userInputMessage", "userInputMessageContext", "toolResults")
SPECIFICATION = (*CONTEXT, "tools", 0, "toolSpecification")
PICTURE = (*FIRST, "images", 0)


def put(*path_and_value):
    """Sets the member or item at a path."""
    *path, last, value = path_and_value
    return lambda found: at(found, *path).__setitem__(last, value)


def take(*path):
    *path, last = path
    return lambda found: at(found, *path).__delitem__(last)


def insert(*path_place_value):
    *path, place, value = path_place_value
    return lambda found: at(found, *path).insert(place, value)


def swap(*path):
    return lambda found: at(found, *path).reverse()


ASKS = {"userInputMessage": {"content": "x", "modelId": "claude-sonnet-4.5", "origin": "AI_EDITOR"}}
SAYS = {"assistantResponseMessage": {"content": "x"}}

BROKEN = {
    "E01": [put("systemPrompt", "S")],
    "E02": [put("model", "x"), put(*STATE, "workspace", "x"), put(*FIRST, "userIntent", "x"), take("conversationState")],
    "E03": [put("inferenceConfig", {})],
    "E04": [put("profileArn", ""), put("profileArn", "arn:aws:iam::1:role/x"), put("profileArn", 1)],
    "E05": [put(*STATE, "chatTriggerType", "AUTO")],
    "E06": [put("additionalModelRequestFields", [])],
    "E07": [put(*FIRST, "modelId", "claude-haiku-4.5"), put(*CURRENT, "modelId", "")],
    "E08": [put(*STATE, "conversationId", "mine")],
    "E09": [put(*CURRENT, "origin", "MINE")],
    "E10": [put(*STATE, "agentTaskType", "mine")],
    "E11": [put(*CONTEXT, "envState", {})],
    "E13": [put(*CURRENT, "cachePoint", {"type": "default"}), insert(*CONTEXT, "tools", 0, {"cachePoint": {"type": "default"}})],
    "E14": [put(*STATE, "history", []), put(*CURRENT, "images", []), put(*PAST, []), put(*ANSWER, "toolUses", []), put("additionalModelRequestFields", {})],
    "M01": [insert(*HISTORY, 0, SAYS), take(*HISTORY, 0)],
    "M02": [put(*STATE, "currentMessage", SAYS), take(*STATE, "currentMessage")],
    "M03": [insert(*HISTORY, 1, ASKS), insert(*HISTORY, 2, SAYS)],
    "M04": [insert(*HISTORY, 1, {}), put(*HISTORY, 1, SAYS | ASKS)],
    "C01": [put(*FIRST, "content", " \n")],
    "C02": [put(*HISTORY, 1, {"assistantResponseMessage": {"content": " "}})],
    "C04": [put(*FIRST, "content", None), put(*ANSWER, "content", ["x"])],
    "T01": [take(*PAST, 0), take(*CONTEXT, "toolResults")],
    "T02": [take(*ANSWER, "toolUses")],
    "T03": [insert(*PAST, 0, {"toolUseId": "1", "content": [{"text": "x"}], "status": "success"}), put(*PAST, 0, "toolUseId", "9")],
    "T06": [lambda found: [part.__setitem__("toolUseId", "call\n1") for part in (at(found, *ANSWER, "toolUses", 0), at(found, *PAST, 0))]],
    "T07": [lambda found: [part.__setitem__("toolUseId", "2") for part in (at(found, *ANSWER, "toolUses", 0), at(found, *PAST, 0))]],
    "T08": [put(*ANSWER, "toolUses", 0, "input", "{}"), put(*ANSWER, "toolUses", 0, "input", [])],
    "T09": [put(*ANSWER, "toolUses", 0, "name", "Gone"), take(*CONTEXT, "tools", 0)],
    "T11": [put(*PAST, 0, "status", "failed"), put(*PAST, 0, "isError", True)],
    "T12": [put(*PAST, 0, "content", 0, "text", "")],
    "T13": [swap(*PAST)],
    "S01": [lambda found: [put(*SPECIFICATION, "name", "a b")(found), put(*ANSWER, "toolUses", 0, "name", "a b")(found), put(*HISTORY, 3, "assistantResponseMessage", "toolUses", 0, "name", "a b")(found)]],
    "S02": [lambda found: found["conversationState"]["currentMessage"]["userInputMessage"]["userInputMessageContext"]["tools"].append(at(found, *CONTEXT, "tools", 0))],
    "S03": [put(*SPECIFICATION, "description", "")],
    "S04": [put(*SPECIFICATION, "description", "é" * 20_000)],
    "S05": [put(*SPECIFICATION, "inputSchema", {})],
    "S06": [put(*SPECIFICATION, "inputSchema", "json", {}), put(*SPECIFICATION, "inputSchema", "json", "type", "array")],
    "S12": [lambda found: put(*HISTORY, 2, "userInputMessage", "userInputMessageContext", "tools", at(found, *CONTEXT, "tools"))(found)],
    "I01": [put(*ANSWER, "images", [{"format": "png", "source": {"bytes": png()}}])],
    "I02": [put(*PICTURE, "format", "bmp"), put(*PICTURE, "format", "jpeg"), put(*PICTURE, "source", "bytes", "AAAA" * 9), put(*PICTURE, "source", "bytes", "data:image/png;base64," + png())],
    "I03": [put(*PICTURE, "source", {"url": "x"}) ],
    "I04": [put(*PICTURE, "source", "bytes", png(pad=4_000_000))],
    "I06": [put(*FIRST, "images", [{"format": "png", "source": {"bytes": png()}}] * 101)],
    "R01": [put(*ANSWER, "reasoningContent", "reasoningText", "signature", ""), put(*ANSWER, "reasoningContent", {}), take(*ANSWER, "reasoningContent", "reasoningText", "signature")],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "spoil"), [(rule, spoil) for rule, found in BROKEN.items() for spoil in found])
def test_every_broken_rule_is_found_and_named(rule, spoil):
    found = good()
    spoil(found)
    assert judged(found) == rule


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"}",
        lambda data: data.replace(b'"b"', b'"\xff"'),
        lambda data: data.replace(b'"b"', b"NaN"),
    ],
)
def test_E12_what_is_no_json_is_found(spoil):
    assert judged(spoil(build(ASKED, LEASE, STAMP))) == "E12"


def test_E12_halves_of_surrogate_pairs_are_found():
    assert judged(build(ASKED, LEASE, STAMP).replace(b'"b"', b'"\\ud83d"')) == "E12"


def test_what_is_nested_too_deeply_is_called_so():
    deep = b'{"a":' * 5000 + b"1" + b"}" * 5000
    found = build(ASKED, LEASE, STAMP).replace(b'"input":{}', b'"input":' + deep, 1)
    with pytest.raises(InvalidRequest, match="nested too deeply"):
        check(found, LEASE, hosts.RUNTIME)


def test_E06_models_without_a_schema_take_no_fields():
    assert judged(good(), lease()) == "E06"


def test_I09_models_that_read_text_only_get_no_pictures():
    assert judged(good(), lease(request_fields_schema=CLAUDE, input_types=["text"])) == "I09"
    assert judged(good(), lease(request_fields_schema=CLAUDE, input_types=["text", "image"])) == ""


def test_M06_ten_thousand_turns_are_the_end():
    turns = [user("u"), assistant("a")]
    assert build(call(*turns * 5000, user("now")), lease(), STAMP)
    with pytest.raises(InvalidRequest, match="M06") as raised:
        build(call(*turns * 5001, user("now")), lease(), STAMP)
    assert raised.value.param == "messages"


def test_what_older_hosts_refuse_is_found_for_them():
    old = legacy(request_fields_schema=CLAUDE)
    found = good()
    assert judged(found, old) == ""
    found["conversationState"]["history"][1]["assistantResponseMessage"]["content"] = ""
    assert judged(found, old) == "C03"
    assert judged(found) == ""


def test_C05_long_texts_are_found_for_older_hosts():
    old = legacy(request_fields_schema=CLAUDE)
    for spoil in (put(*FIRST, "content", "x" * 600_001), put(*PAST, 0, "content", 0, "text", "x" * 800_001)):
        found = good()
        spoil(found)
        assert judged(found, old) == "C05"
        assert judged(found) == ""


@pytest.mark.parametrize(
    ("schema", "rule"),
    [
        ({"type": "object", "properties": {"a": {"type": "string", "format": "uri"}}}, "S08"),
        ({"type": "object", "additionalProperties": False}, "S08"),
        ({"type": "object", "properties": {"a": {"type": "array", "items": {"const": 1}}}}, "S08"),
        ({"type": "object", "properties": {"a": {"type": "object", "required": []}}}, "S07"),
        ({"type": "object", "properties": None}, "S07"),
        ({"type": "object", "properties": {"format": {"type": "string", "enum": ["$ref"]}}, "required": ["format"], "title": "t"}, ""),
    ],
)
def test_S08_seven_keys_are_demanded_where_they_are_promised(schema, rule):
    found = good()
    put(*SPECIFICATION, "inputSchema", "json", schema)(found)
    assert judged(found, conservative=True) == rule
    assert judged(found) == ""


def test_only_schemas_of_common_size_are_remembered(monkeypatch):
    read = []
    monkeypatch.setattr(jsontext, "loads", lambda data, loads=jsontext.loads: read.append(len(data)) or loads(data))
    found = good()
    for longest, times in ((REMEMBERED_BYTES // 2, 1), (2 * REMEMBERED_BYTES, 3)):
        put(*SPECIFICATION, "inputSchema", "json", {"type": "object", "title": "x" * longest})(found)
        read.clear()
        assert [judged(found, conservative=True) for _ in range(3)] == ["", "", ""]
        assert len([size for size in read if size > longest]) == times


def test_refusals_say_where():
    found = good()
    take(*PAST, 0)(found)
    with pytest.raises(InvalidRequest) as raised:
        check(json.dumps(found).encode(), LEASE, hosts.RUNTIME)
    assert raised.value.message.startswith("the conversation cannot be put in the form this model takes: ")
    assert "it lacks results of the calls 1 in turn 3" in raised.value.message
    assert raised.value.param == "messages"
