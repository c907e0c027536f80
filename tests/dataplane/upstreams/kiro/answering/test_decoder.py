import pytest

from dataplane.conversation.events import (
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Source,
    Started,
    TextDelta,
    ToolCallEnded,
    ToolCallStarted,
    UsageSeen,
)
from dataplane.errors import Cause, Retry, UpstreamFault
from dataplane.upstreams.kiro import Kiro
from dataplane.upstreams.kiro.provenance import bare, mark
from dataplane.wire.eventstream import encode
from tests.dataplane.upstreams.kiro.answers import content, fault, finish, usage
from tests.dataplane.upstreams.kiro.samples import (
    STAMP,
    TAIL,
    call,
    decoded,
    events_of,
    frame,
    lease,
    said,
    stream,
    thought,
    tool,
    user,
)


def test_text_goes_out_as_it_came():
    events = events_of(stream(said("Hel"), said("lo"), said(""), said("ha"), said("ha"), said("\n"), said("é漢🙂")))
    assert events[0] == Started()
    assert content(events) == [TextDelta(text) for text in ("Hel", "lo", "ha", "ha", "\n", "é漢🙂")]
    assert [type(event) for event in events[-2:]] == [UsageSeen, Finished]
    assert finish(events) == "stop"


def test_each_event_is_given_on_at_once():
    decoder = Kiro().decoder(call(user("hi")), lease(), STAMP)
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


def test_half_an_emoji_in_text_is_mended():
    assert content(decoded([frame("assistantResponseEvent", b'{"content":"a\\ud83d"}') + stream()])) == [TextDelta("a\ufffd")]


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
    decoder = Kiro().decoder(call(user("hi")), lease(), STAMP)
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


@pytest.mark.parametrize("rubbish", [b"", b"x" * 20])
def test_words_before_an_exception_are_given_on_whatever_follows_it(rubbish):
    exception = encode({":message-type": "exception", ":exception-type": "ThrottlingException"}, b"{}")
    decoder = Kiro().decoder(call(user("hi")), lease(), STAMP)
    with pytest.raises(UpstreamFault) as raised:
        decoder.feed(frame(*said("the last words")) + exception + rubbish)
    assert (raised.value.cause, raised.value.before) == (Cause.THROTTLED, [Started(), TextDelta("the last words")])


def test_an_answer_without_end_is_given_up(monkeypatch):
    data = frame(*said("and on "))
    monkeypatch.setattr("dataplane.upstreams.kiro.answering.decoder.LONGEST_ANSWER", 3 * len(data))
    decoder = Kiro().decoder(call(user("hi")), lease(), STAMP)
    for _ in range(3):
        decoder.feed(data)
    with pytest.raises(UpstreamFault) as raised:
        decoder.feed(data)
    assert (raised.value.cause, raised.value.before) == (Cause.CORRUPT, [TextDelta("and on ")])


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


def test_signatures_go_out_with_the_tag_of_their_origin():
    events = decoded([stream(thought(text="hm", signature="s"), thought(redactedContent="r"), said("x"))])
    signed = [event.signature for event in events if isinstance(event, ReasoningSigned)]
    assert signed == [mark("s", lease()), mark("r", lease())]
    other = decoded([stream(thought(signature="s"), said("x"))], account_id="account-2")
    assert other[1] != ReasoningSigned(signed[0])
    assert bare(other[1].signature, lease()) is None
