"""Answers of /v1/messages: expected bytes written by hand, and each odd case."""

import json

import pytest

from dataplane.conversation.events import (
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    UsageSeen,
)
from dataplane.conversation.model import Call, Stamp, Thinking
from dataplane.conversation.order import Order
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.anthropic.encoder import STOP_REASONS
from dataplane.errors import BadUpstream, Overloaded
from tests.dataplane import sse

STAMP = Stamp("0a1b", 1_700_000_000)
SHOWN = Thinking("adaptive")
OMITTED = Thinking("adaptive", display="omitted")
USAGE = UsageSeen(Usage(input=40, cache_read=300, cache_write=7, output=55, reasoning=9))


def encoder(thinking=None, *, stream=True, estimate=21, model="claude-x"):
    call = Call(model=model, turns=[], family="anthropic", thinking=thinking, stream=stream, input_estimate=estimate)
    return Anthropic().encoder(call, STAMP)


def streamed(*events, thinking=None):
    Order().follow(events)
    made = encoder(thinking)
    return made.feed(events) + made.finish()


def whole(*events, thinking=None, **said):
    Order().follow(events)
    made = encoder(thinking, stream=False, **said)
    assert [made.feed([event]) for event in events] == [b""] * len(events)
    return json.loads(made.finish())


def shown(stream):
    """The stream's data as objects, each checked to be named by its `type`."""
    found = []
    for event in sse.Parser().feed(stream):
        data = json.loads(event.data)
        assert data["type"] == event.event
        found.append(data)
    return found


def blocks(stream):
    """What a client puts together: each block with its text, in order; the frame around them is checked."""
    first, *middle, delta, stop = shown(stream)
    assert (first["type"], delta["type"], stop) == ("message_start", "message_delta", {"type": "message_stop"})
    found, open_at = [], None
    for data in middle:
        if data["type"] == "content_block_start":
            assert (open_at, data["index"]) == (None, len(found))
            open_at = data["index"]
            found.append({**data["content_block"], "deltas": []})
        elif data["type"] == "content_block_delta":
            assert data["index"] == open_at
            found[-1]["deltas"].append(data["delta"])
        else:
            assert data == {"type": "content_block_stop", "index": open_at}
            open_at = None
    assert open_at is None
    return found


def test_a_stream_with_all_kinds_of_blocks_to_the_letter():
    stream = streamed(
        Started(),
        ReasoningDelta("I "),
        ReasoningDelta('"think"'),
        ReasoningSigned("c2ln"),
        ReasoningSigned("c2VjcmV0", redacted=True),
        TextDelta("Hé"),
        TextDelta("l\n😀"),
        ToolCallStarted("toolu_1", "Bash"),
        ToolCallDelta('{"comm'),
        ToolCallDelta('and":"ls"}'),
        ToolCallEnded(),
        ToolCallStarted("call-2", "now"),
        ToolCallEnded(),
        USAGE,
        Finished("tool_calls"),
        thinking=SHOWN,
    )
    expected = """\
event: message_start
data: {"type":"message_start","message":{"id":"msg_0a1b","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":21,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"I "}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\\"think\\""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"c2VjcmV0"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Hé"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"l\\n😀"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: content_block_start
data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\\"comm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"and\\":\\"ls\\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":3}

event: content_block_start
data: {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"call-2","name":"now","input":{}}}

event: content_block_stop
data: {"type":"content_block_stop","index":4}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":40,"cache_creation_input_tokens":7,"cache_read_input_tokens":300,"output_tokens":55}}

event: message_stop
data: {"type":"message_stop"}

"""
    assert stream.decode() == expected


def test_the_same_answer_whole():
    answer = whole(
        Started(),
        ReasoningDelta("I "),
        ReasoningDelta("think"),
        ReasoningSigned("c2ln"),
        ReasoningSigned("c2VjcmV0", redacted=True),
        TextDelta("Hé"),
        TextDelta("l😀"),
        ToolCallStarted("toolu_1", "Bash"),
        ToolCallDelta('{"comm'),
        ToolCallDelta('and":"ls"}'),
        ToolCallEnded(),
        ToolCallStarted("call-2", "now"),
        ToolCallEnded(),
        USAGE,
        Finished("tool_calls"),
        thinking=SHOWN,
    )
    assert answer == {
        "id": "msg_0a1b",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "I think", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "c2VjcmV0"},
            {"type": "text", "text": "Hél😀"},
            {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}},
            {"type": "tool_use", "id": "call-2", "name": "now", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 40, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 300, "output_tokens": 55},
    }


def test_the_start_is_sent_before_there_is_an_answer():
    made = encoder(model='a"b')
    (start,) = shown(made.feed([Started()]))
    assert start["message"]["model"] == 'a"b'


def test_each_delta_is_sent_when_it_comes():
    made = encoder()
    made.feed([Started(), TextDelta("a")])
    assert made.feed([TextDelta("b")]) == (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}}\n\n'
    )


@pytest.mark.parametrize("thinking", [None, Thinking("disabled"), Thinking("disabled", effort="high")])
def test_thinking_is_left_out_for_clients_that_did_not_ask(thinking):
    events = [
        Started(),
        ReasoningDelta("a"),
        ReasoningSigned("s"),
        TextDelta("b"),
        ReasoningSigned("r", redacted=True),
        TextDelta("c"),
        USAGE,
        Finished("stop"),
    ]
    (block,) = blocks(streamed(*events, thinking=thinking))
    assert [delta["text"] for delta in block["deltas"]] == ["b", "c"]
    answer = whole(*events, thinking=thinking)
    assert answer["content"] == [{"type": "text", "text": "bc"}]
    assert answer["usage"]["output_tokens"] == 55


def test_omitted_thinking_keeps_its_signature():
    events = [Started(), ReasoningDelta("a"), ReasoningDelta("b"), ReasoningSigned("c2ln"), TextDelta("x"), Finished("stop")]
    thought, said = blocks(streamed(*events, thinking=OMITTED))
    assert (thought["thinking"], thought["deltas"]) == ("", [{"type": "signature_delta", "signature": "c2ln"}])
    assert said["deltas"] == [{"type": "text_delta", "text": "x"}]
    assert whole(*events, thinking=OMITTED)["content"][0] == {"type": "thinking", "thinking": "", "signature": "c2ln"}


@pytest.mark.parametrize("thinking", [SHOWN, OMITTED])
def test_a_signature_alone_is_a_block(thinking):
    events = [Started(), ReasoningSigned("one"), ReasoningSigned("two"), Finished("stop")]
    found = blocks(streamed(*events, thinking=thinking))
    assert [block["deltas"] for block in found] == [[{"type": "signature_delta", "signature": name}] for name in ("one", "two")]
    assert [block["signature"] for block in whole(*events, thinking=thinking)["content"]] == ["one", "two"]


def test_thinking_without_signature_has_none():
    events = [Started(), ReasoningDelta("a"), TextDelta("b"), ReasoningDelta("c"), Finished("stop")]
    found = blocks(streamed(*events, thinking=SHOWN))
    assert [block["type"] for block in found] == ["thinking", "text", "thinking"]
    assert [len(block["deltas"]) for block in found] == [1, 1, 1]
    assert whole(*events, thinking=SHOWN)["content"][0] == {"type": "thinking", "thinking": "a", "signature": ""}


def test_an_answer_without_content():
    events = [Started(), Finished("stop")]
    assert blocks(streamed(*events)) == []
    assert whole(*events)["content"] == []


def test_every_reason_has_its_name():
    for reason, name in STOP_REASONS.items():
        stop = Finished(reason, "END" if reason == "stop_sequence" else None)
        (delta,) = [data for data in shown(streamed(Started(), stop)) if data["type"] == "message_delta"]
        assert delta["delta"] == {"stop_reason": name, "stop_sequence": stop.stop_sequence}
        answer = whole(Started(), stop)
        assert (answer["stop_reason"], answer["stop_sequence"]) == (name, stop.stop_sequence)


@pytest.mark.parametrize(
    ("estimate", "seen", "told"),
    [
        (21, [], (21, 0, 0, 1)),
        (0, [], (1, 0, 0, 1)),
        (21, [Usage(output=5)], (21, 0, 0, 5)),
        (21, [Usage(cache_read=50, output=5)], (0, 0, 50, 5)),
        (21, [Usage(input=9, output=1), Usage(input=10, output=6)], (10, 0, 0, 6)),
    ],
)
def test_usage_is_the_last_that_was_seen(estimate, seen, told):
    events = [Started(), *(UsageSeen(usage) for usage in seen), Finished("stop")]
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    expected = dict(zip(names, told, strict=True))
    assert whole(*events, estimate=estimate)["usage"] == expected
    made = encoder(estimate=estimate)
    start, delta = shown(made.feed(events))
    assert delta["usage"] == expected
    assert start["message"]["usage"]["input_tokens"] == max(1, estimate)


def test_a_huge_delta():
    text = 'x"é😀\\' * 100_000
    (block,) = blocks(streamed(Started(), TextDelta(text), Finished("stop")))
    assert block["deltas"] == [{"type": "text_delta", "text": text}]


def test_tool_input_goes_out_as_it_came():
    made = encoder(stream=False)
    made.feed(
        [
            Started(),
            ToolCallStarted("t", "n"),
            ToolCallDelta('{"b": 1.0, "a": 12345678901234567890123}'),
            ToolCallEnded(),
            Finished("tool_calls"),
        ]
    )
    assert b'"input":{"b": 1.0, "a": 12345678901234567890123}' in made.finish()


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", '"text"', "{}}"])
def test_broken_arguments_are_not_passed_off_as_a_call(arguments):
    events = [Started(), ToolCallStarted("t", "n"), ToolCallDelta(arguments), ToolCallEnded()]
    with pytest.raises(BadUpstream):
        whole(*events, Finished("tool_calls"))
    cut = whole(*events, Finished("length"))
    assert (cut["content"][0]["input"], cut["stop_reason"]) == ({}, "max_tokens")


def test_a_whole_answer_needs_an_end():
    made = encoder(stream=False)
    made.feed([Started(), TextDelta("half")])
    with pytest.raises(BadUpstream):
        made.finish()


def test_an_error_in_the_middle_is_an_event():
    made = encoder()
    made.feed([Started(), TextDelta("half")])
    assert made.fail(Overloaded("the model is overloaded"), "req_1") == (
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"the model is overloaded"},"request_id":"req_1"}\n\n'
    )
    assert json.loads(encoder(stream=False).fail(Overloaded("x"), "req_1"))["error"] == {"type": "overloaded_error", "message": "x"}


def test_content_types():
    assert encoder().content_type == "text/event-stream"
    assert encoder(stream=False).content_type == "application/json"
