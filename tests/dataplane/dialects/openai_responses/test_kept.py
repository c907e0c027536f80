"""Answers as they are kept, and what becomes of them in the next request."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.events import Finished, ReasoningDelta, ReasoningSigned, Started, TextDelta, Vendor
from dataplane.conversation.fold import Transcript
from dataplane.conversation.kept import Item, Recalled
from dataplane.conversation.model import Reasoning, Search, Stamp, Text, ToolCall, Turn
from dataplane.dialects.openai import custom
from dataplane.dialects.openai_responses import OpenAIResponses
from tests.dataplane.dialects.openai_responses.answers import STAMP, TOOLS, answers, ask

DIALECT = OpenAIResponses()
EVENTS = [Started(), ReasoningDelta("hm"), ReasoningSigned("c2ln"), TextDelta("Hello"), Finished("stop")]


def answered(events=EVENTS, recalled=None, **members):
    """The encoder at the end of an answer, and its last bytes."""
    body = {"model": "m", "input": "Hi", "tools": TOOLS, **members}
    made = DIALECT.encoder(DIALECT.parse(json.dumps(body).encode(), recalled), STAMP)
    made.feed(events)
    return made, made.finish()


@pytest.mark.parametrize("stream", [True, False])
def test_what_is_kept(stream):
    made, out = answered(stream=stream)
    kept = made.kept
    assert (kept.id, kept.previous) == ("resp_0a1b", "")
    assert kept.body in out
    assert [item.id for item in kept.output] == ["rs_0a1b_0", "msg_0a1b_1"]
    assert [json.loads(item.json) for item in kept.output] == json.loads(kept.body)["output"]
    (given,) = kept.input
    content = [{"type": "input_text", "text": "Hi"}]
    assert (given.id, json.loads(given.json)) == (
        "in_0a1b_0",
        {"type": "message", "role": "user", "content": content, "id": "in_0a1b_0"},
    )


@pytest.mark.parametrize("stream", [True, False])
def test_nothing_is_kept_that_is_not_to_be(stream):
    assert answered(store=False, stream=stream)[0].kept is None


def test_nothing_is_kept_before_the_end():
    made = DIALECT.encoder(ask(stream=True), STAMP)
    made.feed(EVENTS)
    assert made.kept is None


def test_an_answer_that_was_cut_is_kept():
    kept = answered([*EVENTS[:-1], Finished("length")])[0].kept
    assert json.loads(kept.body)["status"] == "incomplete"


def test_input_items_keep_their_ids_and_others_get_one():
    items = [
        {"role": "user", "content": "a", "id": "msg_1"},
        {"id": None, "role": "user", "content": "b"},
        {"type": "file_search_call", "id": "fs_1", "n": 10**30},
        {"type": "made_up", "n": 10**30},
    ]
    given = answered(input=items)[0].kept.input
    assert [item.id for item in given] == ["msg_1", "in_0a1b_1", "fs_1", "in_0a1b_3"]
    assert [json.loads(item.json) for item in given] == [{**item, "id": kept.id} for item, kept in zip(items, given, strict=True)]


def test_a_reference_is_kept_as_what_it_stands_for():
    stored = Item("msg_1", b'{"type":"message","id":"msg_1","role":"assistant","content":"Yes?"}')
    items = [{"role": "user", "content": "a", "id": "a"}, {"type": "item_reference", "id": "msg_1"}, {"type": "item_reference", "id": "a"}]
    given = answered(input=items, recalled=Recalled([], [stored]))[0].kept.input
    assert [item.id for item in given] == ["a", "msg_1"]
    assert given[1] is stored


def test_an_answer_that_follows_another_keeps_only_what_it_added():
    before = answered()[0].kept
    made, _ = answered(input="And?", previous_response_id=before.id, recalled=Recalled([*before.input, *before.output]))
    assert (made.kept.previous, len(made.kept.input)) == ("resp_0a1b", 1)
    assert json.loads(made.kept.body)["previous_response_id"] == "resp_0a1b"


CUSTOM = ("patch", "agents__tell")


def parts(events):
    """What was said, as the next request should have it."""
    transcript = Transcript()
    transcript.add([event for event in events if not isinstance(event, Vendor)])
    return [part for part in transcript.parts if not isinstance(part, Search) and not half(part)]


def half(part):
    """Half a custom call is not kept."""
    return isinstance(part, ToolCall) and part.name in CUSTOM and custom.text(part.arguments) is None


def same(part):
    """Calls of custom tools come back in the plainest form of the same text."""
    if isinstance(part, ToolCall) and part.name in CUSTOM:
        return ToolCall(part.id, part.name, custom.arguments(custom.text(part.arguments)))
    return part


@given(answers(), st.sampled_from(["kept", "referred", "sent", "sent without ids"]))
def test_what_was_answered_comes_back_as_it_was(events, way):
    kept = answered(events)[0].kept
    members, recalled, output = {"input": "And?"}, None, [json.loads(item.json) for item in kept.output]
    if way == "kept":
        members["previous_response_id"], recalled = kept.id, Recalled([*kept.input, *kept.output])
    elif way == "referred":
        members["input"] = ["Hi", *({"type": "item_reference", "id": item.id} for item in kept.output)]
        members["input"][0] = {"role": "user", "content": "Hi"}
        recalled = Recalled([], list(kept.output))
    elif way == "sent":
        members["input"] = [{"role": "user", "content": "Hi"}, *output]
    else:
        members["input"] = [{"role": "user", "content": "Hi"}, *({**item, "id": None} for item in output)]
    call = DIALECT.parse(json.dumps({"model": "m", "tools": TOOLS, **members}).encode(), recalled)
    assert call.dropped == []
    said = [part for turn in call.turns if turn.role == "assistant" for part in turn.parts if not isinstance(part, Search)]
    assert said == [same(part) for part in parts(events)]


def test_a_conversation_of_three_answers():
    before: list[Item] = []
    for number, question in enumerate(("a", "b", "c")):
        more = {"previous_response_id": f"resp_{number - 1}"} if before else {}
        call = DIALECT.parse(json.dumps({"model": "m", "input": question, **more}).encode(), Recalled(before) if before else None)
        made = DIALECT.encoder(call, Stamp(str(number), 1))
        made.feed([Started(), ReasoningSigned("AbC=", redacted=True), TextDelta(question.upper()), Finished("stop")])
        made.finish()
        before += [*made.kept.input, *made.kept.output]
    assert [part for turn in call.turns for part in turn.parts] == [
        Text("a"),
        Reasoning(redacted="AbC="),
        Text("A"),
        Text("b"),
        Reasoning(redacted="AbC="),
        Text("B"),
        Text("c"),
    ]
    assert call.turns[-1] == Turn("user", [Text("c")])
