"""One test for each response quirk of the Kiro rules, section 2.

Not a decoder's matter: Q3 (a gateway cannot execute; a cut call ends the answer with "length", see Q2),
Q4 (time limits and pings belong to transport and server) and Q26 (what becomes of a stream whose client
left belongs to the relay). Q12 is cured where it comes from, in the request (C06).
"""

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
from dataplane.conversation.model import Tool
from dataplane.errors import Cause, Retry
from dataplane.upstreams.kiro.answering import decoder
from dataplane.wire.eventstream import encode
from tests.dataplane.upstreams.kiro.answers import content, fault, finish, usage
from tests.dataplane.upstreams.kiro.samples import TAIL, call, decoded, events_of, frame, said, stream, thought, tool, user

READ = [ToolCallStarted("1", "Read"), ToolCallEnded()]


@pytest.mark.parametrize(("tail", "reason"), [((), "length"), *(((kept,), "stop") for kept in TAIL), ((("unknownEvent", {}),), "length")])
def test_Q01_content_without_any_closing_report_is_cut(tail, reason):
    assert finish(events_of(stream(said("x"), tail=tail))) == reason


@pytest.mark.parametrize("kept", [True, False])
def test_Q02_a_call_cut_in_its_arguments_is_dropped_and_the_answer_was_too_long(kept):
    events = events_of(stream(*([said("x")] if kept else []), tool("1", "Write", '{"path":"a","text":"lo'), tail=()))
    assert (content(events), finish(events)) == ([TextDelta("x")] if kept else [], "length")


def test_Q02_unreadable_arguments_are_cut_and_none_at_all_are_not():
    cut = events_of(stream(said("x"), tool("1", "Write", '{"text":"lo', stop=True)))
    assert (content(cut), finish(cut)) == ([TextDelta("x")], "length")
    assert content(events_of(stream(tool("1", "Read", stop=True)))) == READ


def test_Q05_equal_neighbours_are_legal_text():
    row = "| --- |\n"
    events = events_of(stream(said("ha"), said("ha"), said(row), said(row)))
    assert "".join(event.text for event in content(events)) == "haha" + row + row


@pytest.mark.parametrize(
    "pieces",
    [
        ['{"pa', 'th":', '"a"}'],
        [{"path": "a"}],
        [{}, '{"path":"a"}'],
        [{}, {"path": "a"}],
    ],
)
def test_Q06_arguments_come_as_pieces_or_as_an_object_or_after_an_empty_one(pieces):
    events = events_of(stream(*(tool("1", "Read", piece) for piece in pieces), tool("1", stop=True)))
    assert content(events) == [READ[0], ToolCallDelta('{"path":"a"}'), READ[1]]


def test_Q07_fragments_without_id_or_name_and_interleaved_find_their_call():
    frames = (
        tool("1", "Read"),
        tool("2", "Grep"),
        tool("2", None, "{}"),
        tool("1", None, '{"a":1}'),
        tool("2", stop=True),
        tool("1", stop=True),
    )
    assert [event.id for event in content(events_of(stream(*frames))) if isinstance(event, ToolCallStarted)] == ["2", "1"]
    nameless = ("toolUseEvent", {"name": "Read"}), ("toolUseEvent", {"stop": True})
    (started, _) = content(events_of(stream(*nameless)))
    assert started.id.startswith("tooluse_")


def test_Q07_a_call_keeps_its_name_and_its_id_is_used_once():
    frames = (tool("1", "Read"), tool("1", "Grep", stop=True), tool("1", "Grep", '{"a":1}', stop=True))
    assert content(events_of(stream(*frames))) == READ


@pytest.mark.parametrize("stop", ["false", "true", 1, {}])
def test_Q08_stop_must_be_a_boolean(stop):
    assert fault(stream(tool("1", "Read", stop=stop))).cause is Cause.CORRUPT


def test_Q09_a_call_without_any_input_has_no_arguments():
    assert content(events_of(stream(tool("1", "Read"), tool("1", "Read", stop=True)))) == READ


@pytest.mark.parametrize("input", ["[1]", '"text"', "5", "null", "true"])
def test_Q10_arguments_that_are_no_object_are_never_made_one(input):
    events = events_of(stream(said("x"), tool("1", "Read", input, stop=True)))
    assert (content(events), finish(events)) == ([TextDelta("x")], "length")


@pytest.mark.parametrize("frames", [[], [said("")], [said(" \n")], [thought()]])
def test_Q11_a_stream_without_content_may_be_tried_again(frames):
    found = fault(stream(*frames))
    assert (found.cause, found.retry) == (Cause.EMPTY, Retry.SAME_ACCOUNT)


@pytest.mark.parametrize(
    "tail", [(("metadataEvent", {"stopReason": "MAX_TOKENS"}),), (("contextUsageEvent", {"contextUsagePercentage": 100}),)]
)
def test_Q11_but_not_when_there_is_a_reason_for_it(tail):
    assert finish(events_of(stream(tail=tail))) in {"length", "context_exceeded"}
    assert finish(events_of(stream(tool("1", "Write", '{"a'), tail=tail))) in {"length", "context_exceeded"}


@pytest.mark.parametrize("text", ["continue", "."])
def test_Q12_a_short_answer_is_an_answer(text):
    assert content(events_of(stream(said(text)))) == [TextDelta(text)]


@pytest.mark.parametrize("before", [(), (said("x"),)])
@pytest.mark.parametrize(
    ("headers", "payload", "cause"),
    [
        ({":message-type": "exception", ":exception-type": "ThrottlingException"}, {"message": "slow down"}, Cause.THROTTLED),
        ({":message-type": "exception", ":exception-type": "error"}, {"reason": "MODEL_TEMPORARILY_UNAVAILABLE"}, Cause.OVERLOADED),
        ({":message-type": "error", ":error-code": "InternalServerException"}, {}, Cause.UNAVAILABLE),
    ],
)
def test_Q13_an_exception_in_the_stream_is_never_a_normal_end(before, headers, payload, cause):
    assert fault(stream(*before, tail=()) + encode(headers, json.dumps(payload).encode())).cause is cause


def test_Q14_a_body_that_ends_inside_a_frame_is_cut():
    data = stream(said("x"))
    assert fault(data[:-1]).cause is Cause.CUT
    assert fault(data[:-1]).retry is Retry.SAME_ACCOUNT


def test_Q15_characters_cut_by_the_network_come_out_whole():
    assert content(events_of(stream(said("é漢🙂")))) == [TextDelta("é漢🙂")]


def test_Q16_a_frame_of_more_than_16_mib_is_corrupt():
    assert fault((17 * 1024 * 1024).to_bytes(4, "big") + bytes(8)).cause is Cause.CORRUPT


def test_Q17_thinking_is_read_by_its_keys():
    first = (thought(signature="s"), thought(), thought(text="a"), thought(text=""), said("x"))
    assert content(events_of(stream(*first))) == [ReasoningDelta("a"), ReasoningSigned("s"), TextDelta("x")]
    both = (thought(text="a", signature="s"), thought(redactedContent="r"), said("x"))
    assert content(events_of(stream(*both))) == [
        *(ReasoningDelta("a"), ReasoningSigned("s"), ReasoningSigned("r", redacted=True), TextDelta("x")),
    ]
    late = (tool("1", "Read", stop=True), thought(text="a"), thought(signature="s"))
    assert content(events_of(stream(*late))) == [*READ, ReasoningDelta("a"), ReasoningSigned("s")]


def test_Q18_thinking_that_is_kept_back_leaves_its_signature():
    assert content(events_of(stream(thought(signature="s"), said("x")))) == [ReasoningSigned("s"), TextDelta("x")]


@pytest.mark.parametrize(
    ("said_reason", "called", "expected"),
    [
        ("END_TURN", True, "tool_calls"),
        ("TOOL_USE", False, "stop"),
        ("PAUSE_TURN", False, "stop"),
        ("STOP_SEQUENCE", False, "stop"),
        ("MAX_TOKENS", True, "length"),
        ("MODEL_CONTEXT_WINDOW_EXCEEDED", False, "context_exceeded"),
        ("CONTENT_FILTERED", False, "refusal"),
    ],
)
def test_Q19_calls_are_counted_and_only_limits_are_believed(said_reason, called, expected):
    frames = [said("x"), *([tool("1", "Read", stop=True)] if called else [])]
    assert finish(events_of(stream(*frames, tail=(("metadataEvent", {"stopReason": said_reason}),)))) == expected


def test_Q20_reported_counts_win_and_the_prompt_is_the_sum_of_three():
    tokens = {"uncachedInputTokens": 10, "outputTokens": 20, "cacheReadInputTokens": 25, "cacheWriteInputTokens": 5}
    found = usage(events_of(stream(said("x"), tail=(("metadataEvent", {"tokenUsage": tokens}), *TAIL[1:]))))
    assert (found.input + found.cache_read + found.cache_write, found.output) == (40, 20)
    assert found.input_source is Source.UPSTREAM


def test_Q21_the_share_of_the_window_includes_this_answer():
    found = usage(events_of(stream(said("x" * 350)), context_window=100_000))
    assert (found.input, found.input_source) == (1000 - 100, Source.DERIVED)
    assert finish(events_of(stream(said("x"), tail=(("contextUsageEvent", {"contextUsagePercentage": 100.2}),)))) == "context_exceeded"


def test_Q22_credits_add_up_and_other_units_do_not_count():
    metered = ({"usage": 0.5, "unit": "credit"}, {"amount": 0.25, "unit": "CREDIT"}, {"usage": 9, "unit": "token"}, {"usage": 7})
    assert usage(events_of(stream(said("x"), tail=tuple(("meteringEvent", each) for each in metered)))).credits == 0.75


def test_Q23_a_follow_up_prompt_is_no_content():
    events = events_of(stream(said("x"), ("followupPromptEvent", {"content": "y", "followupPrompt": {"content": "y"}})))
    assert content(events) == [TextDelta("x")]


@pytest.mark.parametrize(
    "text",
    [
        '[Called Read with args: {"path":"a"}]',
        '<invoke name="Read"><parameter name="path">a</parameter></invoke>',
        "assistant to=functions.Read",
    ],
)
def test_Q24_a_call_that_is_written_as_text_stays_text(text):
    events = events_of(stream(said(text)), call(user("hi"), tools=[Tool("Read")]))
    assert (content(events), finish(events)) == ([TextDelta(text)], "stop")


def test_Q25_a_blank_block_of_text_is_left_out():
    events = events_of(stream(said("\n\n"), tool("1", "Read", stop=True)))
    assert (content(events), finish(events)) == (READ, "tool_calls")
    assert content(events_of(stream(said("\n"), said(" "), said("x"), said("\n")))) == [TextDelta("\n x"), TextDelta("\n")]


def test_Q27_long_arguments_come_in_slices():
    text = json.dumps({"text": "x" * 33_000})
    pieces = [event.text for event in decoded([stream(tool("1", "Write", text, stop=True))]) if isinstance(event, ToolCallDelta)]
    assert ("".join(pieces), max(map(len, pieces))) == (text, decoder.SLICE)


def test_unknown_events_are_passed_over():
    data = frame("neverHeardOfEvent", b"nonsense") + stream(said("x"))
    assert [type(event) for event in decoded([data])] == [Started, TextDelta, UsageSeen, Finished]
