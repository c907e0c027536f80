import json

import pytest

from dataplane.conversation.events import (
    Finished,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    UsageSeen,
)
from dataplane.conversation.model import Tool, ToolChoice
from dataplane.errors import Cause, UpstreamFault
from dataplane.upstreams.kiro import Kiro
from dataplane.upstreams.kiro.answering import calls
from dataplane.upstreams.kiro.asking.names import names
from tests.dataplane.upstreams.kiro.answers import content, fault, finish, sampled, usage
from tests.dataplane.upstreams.kiro.samples import (
    STAMP,
    call,
    decoded,
    events_of,
    frame,
    lease,
    said,
    stream,
    tool,
    user,
)


def test_a_call_comes_out_when_it_is_complete():
    decoder = Kiro().decoder(call(user("hi")), lease(), STAMP)
    for fragment in (tool("1", "Read"), tool("1", "Read", '{"pa'), tool("1", None, 'th":"a"}')):
        assert decoder.feed(frame(*fragment)) == []
    assert decoder.feed(frame(*tool("1", stop=True))) == [
        Started(),
        ToolCallStarted("1", "Read"),
        ToolCallDelta('{"path":"a"}'),
        ToolCallEnded(),
    ]
    decoder.feed(stream())
    assert decoder.finish()[-1] == Finished("tool_calls")


def test_interleaved_calls_come_in_the_order_of_their_completion():
    events = events_of(
        stream(
            tool("1", "Read"), tool("2", "Grep"), tool("1", "Read", '{"a"'), tool("2", "Grep", "{"), tool("2", "Grep", '"b":2}'),
            tool("2", "Grep", stop=True), tool("1", "Read", ":1}"), tool("1", "Read", stop=True),
        )
    )  # fmt: skip
    assert content(events) == [
        *(ToolCallStarted("2", "Grep"), ToolCallDelta('{"b":2}'), ToolCallEnded()),
        *(ToolCallStarted("1", "Read"), ToolCallDelta('{"a":1}'), ToolCallEnded()),
    ]


@pytest.mark.parametrize(
    "fragments",
    [
        [tool("1", "Read", {}), tool("1", "Read", {"a": [1, 2.50]}), tool("1", stop=True)],
        [tool("1", "Read", {}), tool("1", "Read", '{"a":[1,'), tool("1", "Read", "2.5]}"), tool("1", stop=True)],
        [tool("1", "Read", {"a": [1, 2.5]}, stop=True), tool("1", "Read", '{"a":1}', stop=True)],
        [tool("1", "Read", {"a": [1, 2.5]}), tool("1", "Other", stop=True)],
    ],
)
def test_arguments_as_text_or_object(fragments):
    name, *pieces, end = content(events_of(stream(*fragments)))
    assert (name, end) == (ToolCallStarted("1", "Read"), ToolCallEnded())
    assert json.loads("".join(piece.text for piece in pieces)) == {"a": [1, 2.5]}


@pytest.mark.parametrize("input", [None, "", " ", {}])
def test_no_arguments_are_no_pieces(input):
    assert content(events_of(stream(tool("1", "Now", input), tool("1", stop=True)))) == [ToolCallStarted("1", "Now"), ToolCallEnded()]


def test_long_arguments_are_sliced():
    text = json.dumps({"content": "漢🙂" * 1500}, ensure_ascii=False)
    pieces = [event.text for event in decoded([stream(tool("1", "Write", text), tool("1", stop=True))]) if isinstance(event, ToolCallDelta)]
    assert "".join(pieces) == text
    assert max(map(len, pieces)) == 1024


@pytest.mark.parametrize("input", ['{"a":', "[1]", '"text"', "null", "{bad}", '{"a":1}{"a":1}'])
def test_unusable_arguments_are_a_cut_call(input):
    events = events_of(stream(said("x"), tool("1", "Read", input), tool("1", stop=True)))
    assert content(events) == [TextDelta("x")]
    assert finish(events) == "length"


def test_a_call_without_end_is_not_given_on():
    events = events_of(stream(tool("1", "Read", "{}", stop=True), tool("2", "Write", '{"a":"lo'), tail=()))
    assert content(events) == [ToolCallStarted("1", "Read"), ToolCallDelta("{}"), ToolCallEnded()]
    assert finish(events) == "length"


def test_a_lone_cut_call_is_an_answer_that_was_too_long():
    events = events_of(stream(tool("2", "Write", '{"a":"lo'), tail=()))
    assert [type(event) for event in events] == [Started, UsageSeen, Finished]
    assert finish(events) == "length"


def test_fragments_without_id_belong_to_the_latest_call():
    first, *rest = content(
        events_of(
            stream(("toolUseEvent", {"name": "Read"}), ("toolUseEvent", {"input": "{}"}), ("toolUseEvent", {"name": "Read", "stop": True}))
        )
    )
    assert first.name == "Read"
    assert first.id.startswith("tooluse_")
    assert rest == [ToolCallDelta("{}"), ToolCallEnded()]


def test_made_up_ids_differ():
    events = events_of(stream(*(("toolUseEvent", {"name": name, "stop": True}) for name in ("Read", "Read", "Grep"))))
    ids = [event.id for event in events if isinstance(event, ToolCallStarted)]
    assert len(set(ids)) == 3


def test_a_fragment_of_nothing_is_dropped():
    assert content(events_of(stream(said("x"), tool("9", None, "{}"), ("toolUseEvent", {"stop": True})))) == [TextDelta("x")]


def test_half_an_emoji_in_arguments_is_mended():
    escaped = b'{"toolUseId":"1","name":"Write","input":"{\\"a\\":\\"\\\\ud83d\\"}","stop":true}'
    events = decoded([frame("toolUseEvent", escaped) + stream()])
    assert json.loads(content(events)[1].text) == {"a": "\ufffd"}


def test_names_go_back_to_the_client():
    asked = call(user("hi"), tools=[Tool("my.tool"), Tool("工具"), Tool("fine")])
    wire = names(asked).wire
    events = decoded([stream(*(tool(str(at), name, stop=True) for at, name in enumerate(wire.values())))], asked)
    assert [event.name for event in events if isinstance(event, ToolCallStarted)] == ["my.tool", "工具", "fine"]
    assert wire["my.tool"] != "my.tool"


def test_forbidden_calls_are_ignored():
    events = events_of(stream(said("x"), tool("1", "Read", stop=True)), call(user("hi"), tool_choice=ToolChoice("none")))
    assert content(events) == [TextDelta("x")]
    assert finish(events) == "stop"


def test_only_the_first_call_goes_out_where_calls_must_be_serial():
    frames = (tool("1", "Read", "{}"), tool("2", "Grep", "{}", stop=True), tool("1", stop=True), tool("3", "Read", "{}", stop=True))
    events = events_of(stream(*frames), sampled(choice=ToolChoice(parallel=False)))
    assert content(events) == [ToolCallStarted("2", "Grep"), ToolCallDelta("{}"), ToolCallEnded()]
    assert (finish(events), usage(events).output) == ("tool_calls", round(18 / 3.5))


@pytest.mark.parametrize(
    "frames",
    [
        [tool("1", "Write", '{"text":"'), *(tool("1", None, "x" * 30) for _ in range(4))],
        # Each is short, but all of them are held.
        [tool(str(at), "Write", '{"text":"' + "x" * 30) for at in range(4)],
        [tool("1", "Write", {"text": "x" * 100})],
    ],
)
def test_calls_without_end_are_given_up(frames, monkeypatch):
    monkeypatch.setattr(calls, "CALL_LENGTH", 110)
    assert fault(stream(*frames)).cause is Cause.CORRUPT


def test_a_call_that_was_given_on_is_no_longer_held(monkeypatch):
    monkeypatch.setattr(calls, "CALL_LENGTH", 110)
    one_by_one = [tool(str(at), "Write", '{"a":"' + "x" * 70 + '"}', stop=True) for at in range(5)]
    assert finish(decoded([stream(*one_by_one)])) == "tool_calls"
    anew = [tool("1", "Write", {"a": "x" * 70}), tool("1", "Write", {"a": "y" * 70}, stop=True)]
    assert content(decoded([stream(*anew)]))[1] == ToolCallDelta('{"a":"' + "y" * 70 + '"}')


@pytest.mark.parametrize("stop", [None, True])
def test_more_calls_than_any_answer_has_are_given_up(stop):
    frames = [tool(str(at), "Read", stop=stop) for at in range(calls.MOST_CALLS + 1)]
    assert finish(decoded([stream(*frames[:-1])])) == ("tool_calls" if stop else "length")
    with pytest.raises(UpstreamFault) as raised:
        decoded([stream(*frames)])
    assert raised.value.cause is Cause.CORRUPT
