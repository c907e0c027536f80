"""What a request builds on, asked for and put in front."""

import json

import pytest

from dataplane.conversation.kept import Item, Recall, Recalled
from dataplane.conversation.model import Text, ToolCall, ToolResult, Turn
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.errors import InvalidRequest, Kind, NotFound

DIALECT = OpenAIResponses()
HI = {"role": "user", "content": "Hi"}


def body(*items, **members):
    return json.dumps({"model": "m", "input": list(items), **members}).encode()


def reference(name):
    return {"type": "item_reference", "id": name}


def item(name, /, **members):
    return Item(name, json.dumps({"id": name, **members}).encode())


ANSWER = item("msg_1", type="message", role="assistant", content=[{"type": "output_text", "text": "Yes?", "annotations": []}])
CALLED = item("fc_1", type="function_call", call_id="c", name="f", arguments="{}")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (body(HI), None),
        (body(HI, previous_response_id=None), None),
        (body({"role": "user", "content": 'What is a "previous_response_id" and an "item_reference"?'}), None),
        (body(HI, previous_response_id="resp_1"), Recall("resp_1")),
        (b'{"model":"m","previous_response_id":"resp_1","input":"Hi \\ud83d"}', Recall("resp_1")),
        (b'{"previous_response_id":"resp_1"}', Recall("resp_1")),
        (body(reference("a"), HI, reference("b"), reference("a")), Recall("", {"a": "input[0].id", "b": "input[2].id"})),
        (body(reference("a"), previous_response_id="resp_1"), Recall("resp_1", {"a": "input[0].id"})),
        (body({**HI, "id": "a"}, reference("a")), None),
        # Without a type, in every spelling.
        (body(HI, {"id": "a"}), Recall("", {"a": "input[1].id"})),
        (
            b'{"input":[ { "id" : "a" } , {"id":"b","type": null},{"type":null ,"id":"c"}]}',
            Recall("", {"a": "input[0].id", "b": "input[1].id", "c": "input[2].id"}),
        ),
        (body({**HI, "id": "a"}, {"id": "a"}), None),
        (body({**HI, "id": "a"}, {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "id": "fc"}), None),
        (body(HI, metadata={"id": "a"}), None),
        # What is wrong with these is for `parse` to tell.
        (b'{"previous_response_id":"resp_1', None),
        (b'{"previous_response_id":5}', None),
        (b'{"previous_response_id":"\xff"}', None),
        (b'{"previous_response_id":"resp_1","input":' + b"[" * 100_000, None),
    ],
)
def test_what_is_asked_for(text, wanted):
    assert DIALECT.recalls(text) == wanted


def test_what_was_said_before_is_put_in_front():
    before = [item("in_1", role="developer", content="Be kind."), item("in_2", **HI), ANSWER]
    call = DIALECT.parse(body(HI, previous_response_id="resp_1", instructions="Now."), Recalled(before))
    assert call.system == ["Now.", "Be kind."]
    assert call.turns == [Turn("user", [Text("Hi")]), Turn("assistant", [Text("Yes?")]), Turn("user", [Text("Hi")])]
    assert (call.raw, call.dropped) == (b"", [])


def test_a_result_alone_continues_an_answer():
    said = {"type": "function_call_output", "call_id": "c", "output": "42"}
    call = DIALECT.parse(body(said, previous_response_id="resp_1"), Recalled([item("in_1", **HI), CALLED]))
    assert call.turns[1:] == [Turn("assistant", [ToolCall("c", "f", "{}")]), Turn("user", [ToolResult("c", [Text("42")])])]
    assert DIALECT.parse(body(previous_response_id="resp_1"), Recalled([item("in_1", **HI)])).turns == [Turn("user", [Text("Hi")])]


def test_what_was_reported_once_is_not_reported_again():
    before = [item("x", type="file_search_call", queries=["a"]), item("in_1", **HI, new=1)]
    call = DIALECT.parse(body(HI, previous_response_id="resp_1"), Recalled(before))
    assert call.dropped == ["previous_response_id[0]"]
    assert len(call.turns) == 2


def test_references_stand_for_their_items():
    call = DIALECT.parse(body(HI, reference("msg_1"), reference("fc_1"), HI), Recalled([], [ANSWER, CALLED]))
    assert call.turns == [
        Turn("user", [Text("Hi")]),
        Turn("assistant", [Text("Yes?"), ToolCall("c", "f", "{}")]),
        Turn("user", [Text("Hi")]),
    ]


def test_what_has_been_said_is_not_said_again():
    twice = DIALECT.parse(body({**HI, "id": "a"}, reference("a")))
    assert twice.turns == [Turn("user", [Text("Hi")])]
    call = DIALECT.parse(body(reference("msg_1"), HI, previous_response_id="resp_1"), Recalled([item("in_1", **HI), ANSWER], [ANSWER]))
    assert [turn.role for turn in call.turns] == ["user", "assistant", "user"]
    call = DIALECT.parse(body(HI, reference("msg_1"), reference("msg_1")), Recalled([], [ANSWER]))
    assert call.turns[1:] == [Turn("assistant", [Text("Yes?")])]


@pytest.mark.parametrize(
    ("text", "recalled", "param"),
    [
        (body(HI, previous_response_id="resp_1"), None, "previous_response_id"),
        (body(HI, previous_response_id="resp_1"), Recalled(), "previous_response_id"),
        (body(HI, reference("msg_1")), None, "input[1].id"),
        (body(HI, reference("msg_1"), reference("msg_2")), Recalled([], [ANSWER]), "input[2].id"),
        (body(HI, {"id": "msg_1"}), None, "input[1].id"),
    ],
)
def test_what_is_not_kept(text, recalled, param):
    with pytest.raises(NotFound) as caught:
        DIALECT.parse(text, recalled)
    assert (caught.value.kind, caught.value.param, caught.value.code) == (Kind.NOT_KEPT, param, "previous_response_not_found")
    assert DIALECT.error(caught.value, "req_1")[0] == 404


def test_a_reference_to_nothing():
    with pytest.raises(InvalidRequest) as caught:
        DIALECT.parse(body(HI, {"type": "item_reference"}))
    assert caught.value.param == "input[1].id"
