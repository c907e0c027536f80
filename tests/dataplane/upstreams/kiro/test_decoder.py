import json

import pytest

from dataplane.conversation.events import (
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Source,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    UsageSeen,
)
from dataplane.conversation.model import Tool, ToolChoice
from dataplane.errors import Cause, Retry, UpstreamFault
from dataplane.upstreams.kiro import Kiro, calls
from dataplane.upstreams.kiro.names import names
from dataplane.wire.eventstream import encode
from tests.dataplane.chunking import cuttings
from tests.dataplane.upstreams.kiro.samples import TAIL, call, decoded, events_of, frame, lease, said, stream, thought, tool, user


def content(events):
    """Without the opening and the closing."""
    return [event for event in events if not isinstance(event, Started | UsageSeen | Finished)]


def finish(events):
    return events[-1].reason


def usage(events):
    return events[-2].usage


def fault(data, asked=None, **more):
    """The fault of a stream, the same however it is cut; with what came out before it."""
    found = []
    for pieces in cuttings(data):
        with pytest.raises(UpstreamFault) as raised:
            decoded(pieces, asked, **more)
        found.append((raised.value.cause, raised.value.retry, raised.value.retry_after, raised.value.detail))
    assert len(set(found)) == 1
    return raised.value


def test_text_goes_out_as_it_came():
    events = events_of(stream(said("Hel"), said("lo"), said(""), said("ha"), said("ha"), said("\n"), said("é漢🙂")))
    assert events[0] == Started()
    assert content(events) == [TextDelta(text) for text in ("Hel", "lo", "ha", "ha", "\n", "é漢🙂")]
    assert [type(event) for event in events[-2:]] == [UsageSeen, Finished]
    assert finish(events) == "stop"


def test_each_event_is_given_on_at_once():
    decoder = Kiro().decoder(call(user("hi")), lease())
    assert decoder.feed(frame(*said("a"))) == [Started(), TextDelta("a")]
    assert decoder.feed(frame(*said("b"))) == [TextDelta("b")]


def test_events_without_content_are_passed_over():
    strange = [
        ("messageMetadataEvent", {"conversationId": "c", "utteranceId": "u"}),
        ("followupPromptEvent", {"followupPrompt": {"content": "x", "userIntent": "SHOW_EXAMPLES"}}),
        ("codeReferenceEvent", {"references": []}),
        ("supplementaryWebLinksEvent", {"supplementaryWebLinks": [{"url": "u"}]}),
        ("neverHeardOfEvent", {"content": "x"}),
    ]
    data = stream(*strange, said("a")) + encode({}) + encode({":message-type": "log", ":event-type": "assistantResponseEvent"}, b"x")
    assert content(events_of(data)) == [TextDelta("a")]


def test_payloads_wrapped_in_the_name_of_their_event():
    events = events_of(
        stream(
            ("assistantResponseEvent", {"assistantResponseEvent": {"content": "a"}}),
            ("reasoningContentEvent", {"reasoningContentEvent": {"text": "t"}}),
            ("toolUseEvent", {"toolUseEvent": {"toolUseId": "1", "name": "Read", "stop": True}}),
            tail=(
                ("metadataEvent", {"metadataEvent": {"stopReason": "MAX_TOKENS"}}),
                ("contextUsageEvent", {"contextUsageEvent": {"contextUsagePercentage": 50}}),
                ("meteringEvent", {"meteringEvent": {"amount": 2, "unit": "credit"}}),
            ),
        )
    )
    assert content(events) == [TextDelta("a"), ReasoningDelta("t"), ToolCallStarted("1", "Read"), ToolCallEnded()]
    assert (finish(events), usage(events).credits, usage(events).input_source) == ("length", 2.0, Source.DERIVED)


def test_code_events_are_text():
    assert content(events_of(stream(("codeEvent", {"content": "x = 1"})))) == [TextDelta("x = 1")]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (
            [thought(text="a"), thought(text=""), thought(), thought(text="b"), thought(signature="s"), said("x")],
            [ReasoningDelta("a"), ReasoningDelta("b"), ReasoningSigned("s"), TextDelta("x")],
        ),
        ([thought(signature="s", text="a"), said("x")], [ReasoningDelta("a"), ReasoningSigned("s"), TextDelta("x")]),
        # The signature comes first, in a frame of its own.
        (
            [thought(signature="s"), thought(text="a"), thought(text="b"), said("x")],
            [ReasoningDelta("a"), ReasoningDelta("b"), ReasoningSigned("s"), TextDelta("x")],
        ),
        # Thinking that is kept back: only its signature.
        ([thought(signature="s"), said("x")], [ReasoningSigned("s"), TextDelta("x")]),
        ([thought(signature="s"), thought(signature="t"), said("x")], [ReasoningSigned("s"), ReasoningSigned("t"), TextDelta("x")]),
        ([thought(redactedContent="r"), said("x")], [ReasoningSigned("r", redacted=True), TextDelta("x")]),
        ([thought(text="a"), said("x")], [ReasoningDelta("a"), TextDelta("x")]),
        # After everything else, as some models do.
        ([said("x"), thought(text="a"), thought(signature="s")], [TextDelta("x"), ReasoningDelta("a"), ReasoningSigned("s")]),
        ([said("x"), thought(signature="s")], [TextDelta("x"), ReasoningSigned("s")]),
    ],
)
def test_reasoning(frames, expected):
    assert content(events_of(stream(*frames))) == expected


def test_a_call_comes_out_when_it_is_complete():
    decoder = Kiro().decoder(call(user("hi")), lease())
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


def test_half_an_emoji_in_text_is_mended():
    assert content(decoded([frame("assistantResponseEvent", b'{"content":"a\\ud83d"}') + stream()])) == [TextDelta("a\ufffd")]


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


@pytest.mark.parametrize(
    ("reason", "percent", "called", "expected"),
    [
        ("END_TURN", 1, False, "stop"),
        ("END_TURN", 1, True, "tool_calls"),
        ("TOOL_USE", 1, True, "tool_calls"),
        ("PAUSE_TURN", 1, False, "stop"),
        ("SOMETHING_NEW", 1, False, "stop"),
        ("MAX_TOKENS", 1, False, "length"),
        ("MAX_TOKENS", 1, True, "length"),
        ("CONTENT_FILTERED", 1, False, "refusal"),
        ("MODEL_CONTEXT_WINDOW_EXCEEDED", 1, False, "context_exceeded"),
        ("END_TURN", 100, False, "context_exceeded"),
        ("CONTENT_FILTERED", 100, False, "refusal"),
    ],
)
def test_why_the_answer_ended(reason, percent, called, expected):
    frames = [said("x"), *([tool("1", "Read", stop=True)] if called else [])]
    tail = (("metadataEvent", {"stopReason": reason}), ("contextUsageEvent", {"contextUsagePercentage": percent}))
    assert finish(events_of(stream(*frames, tail=tail))) == expected


@pytest.mark.parametrize("kept", TAIL)
def test_any_closing_report_makes_the_answer_whole(kept):
    assert finish(events_of(stream(said("x"), tail=(kept,)))) == "stop"


def test_without_any_closing_report_the_answer_is_cut():
    assert finish(events_of(stream(said("x"), tail=()))) == "length"


def test_reported_counts_are_the_usage():
    tokens = {"uncachedInputTokens": 10, "outputTokens": 20, "totalTokens": 60, "cacheReadInputTokens": 25, "cacheWriteInputTokens": 5}
    tail = (("metadataEvent", {"tokenUsage": tokens}), *TAIL[1:], ("meteringEvent", {"usage": 0.5, "unit": "Credit"}))
    found = usage(events_of(stream(thought(text="hm" * 10), said("x"), tail=(*tail, ("meteringEvent", {"usage": 9, "unit": "token"})))))
    assert (found.input, found.cache_read, found.cache_write, found.output) == (10, 25, 5, 20)
    assert (found.input_source, found.output_source, found.credits) == (Source.UPSTREAM, Source.UPSTREAM, 0.75)
    assert found.reasoning == 6


def test_the_share_of_the_window_gives_the_prompt():
    found = usage(events_of(stream(said("x" * 350))))
    assert (found.input, found.output) == (2000 - 100, 100)
    assert (found.input_source, found.output_source) == (Source.DERIVED, Source.ESTIMATED)


@pytest.mark.parametrize(
    ("tail", "window"), [(TAIL, 0), (TAIL[:1], 200_000), ((("contextUsageEvent", {"contextUsagePercentage": 0.01}),), 200_000)]
)
def test_without_a_sensible_share_the_estimate_stays(tail, window):
    found = usage(events_of(stream(said("x" * 350), tail=tail), context_window=window))
    assert (found.input, found.input_source) == (1000, Source.ESTIMATED)


def test_the_share_may_stand_in_the_metadata():
    tail = (("metadataEvent", {"tokenUsage": {"contextUsagePercentage": 2}}),)
    assert usage(events_of(stream(said("x"), tail=tail))).input == 4000


def test_arguments_count_as_output():
    found = usage(events_of(stream(tool("1", "Read", '{"path":"' + "a" * 100 + '"}', stop=True))))
    assert found.output == round((4 + 111) / 3.5)


def test_cut_and_ignored_calls_count_as_output_too():
    cut = events_of(stream(tool("1", "Read", "x" * 35, stop=True), tool("2", "Read", '{"a' + "x" * 32), tail=()))
    assert usage(cut).output == 20
    ignored = events_of(stream(tool("1", "Read", "{}", stop=True)), call(user("hi"), tool_choice=ToolChoice("none")))
    assert usage(ignored).output == round((4 + 2) / 3.5)


def test_unreadable_reports_do_not_spoil_an_answer():
    tail = (
        ("metadataEvent", {"tokenUsage": "many"}),
        ("contextUsageEvent", {"contextUsagePercentage": "9"}),
        ("meteringEvent", {"usage": []}),
    )
    events = events_of(stream(said("x"), tail=tail))
    assert finish(events) == "stop"


@pytest.mark.parametrize("tail", [(), TAIL])
def test_an_answer_without_content_is_a_fault(tail):
    found = fault(stream(said(""), thought(text=""), tail=tail))
    assert (found.cause, found.retry) == (Cause.EMPTY, Retry.SAME_ACCOUNT)


@pytest.mark.parametrize(("reason", "expected"), [("MAX_TOKENS", "length"), ("CONTENT_FILTERED", "refusal")])
def test_an_empty_answer_with_a_reason_is_an_answer(reason, expected):
    events = events_of(stream(tail=(("metadataEvent", {"stopReason": reason}),)))
    assert [type(event) for event in events] == [Started, UsageSeen, Finished]
    assert finish(events) == expected


def test_a_body_that_ends_inside_a_frame_is_cut():
    data = stream(said("x"))
    assert fault(data[:-1]).cause is Cause.CUT
    assert fault(data + b"\x00").cause is Cause.CUT


@pytest.mark.parametrize("payload", [b"[]", b"nonsense", b"", b'{"content":5}', b'{"content":"\xff"}', b'{"content":' + b"[" * 100_000])
def test_content_that_is_not_what_it_says_is_corrupt(payload):
    decoder = Kiro().decoder(call(user("hi")), lease())
    with pytest.raises(UpstreamFault) as raised:
        decoder.feed(frame("assistantResponseEvent", payload))
    assert raised.value.cause is Cause.CORRUPT


def test_stop_must_be_a_boolean():
    assert fault(stream(tool("1", "Read", stop="false"))).cause is Cause.CORRUPT


def test_exception_frames():
    headers = {":exception-type": "throttlingException", ":content-type": "application/json", ":message-type": "exception"}
    found = fault(stream(said("x"), tail=()) + encode(headers, b'{"message":"Too many","retryAfterMilliseconds":1500}'))
    assert (found.cause, found.retry, found.retry_after, found.status) == (Cause.THROTTLED, Retry.OTHER_ACCOUNT, 2, 200)
    assert found.error.retry_after == 2


def test_error_frames():
    found = fault(encode({":message-type": "error", ":error-code": "InternalServerException", ":error-message": "oops"}))
    assert (found.cause, found.detail) == (Cause.UNAVAILABLE, "internalserver: oops")


def test_invalid_state_is_a_fault():
    found = fault(stream(("invalidStateEvent", {"reason": "INVALID_TASK_ASSIST_PLAN", "message": "no"})))
    assert found.cause is Cause.UNAVAILABLE


def test_no_flipped_byte_changes_an_answer_silently():
    data = stream(thought(text="hm", signature="s"), said("Hello"), tool("1", "Read", '{"a":1}', stop=True))
    expected = decoded([data])
    for at in range(len(data)):
        for flip in (0x01, 0x80, 0xFF):
            broken = data[:at] + bytes((data[at] ^ flip,)) + data[at + 1 :]
            try:
                events = decoded([broken])
            except UpstreamFault as error:
                assert error.cause in {Cause.CORRUPT, Cause.CUT}  # noqa: PT017 - either a fault or the same events
            else:
                assert events == expected


def test_a_call_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(calls, "CALL_LENGTH", 100)
    found = fault(stream(tool("1", "Write", '{"text":"'), *(tool("1", None, "x" * 30) for _ in range(5))))
    assert found.cause is Cause.CORRUPT
