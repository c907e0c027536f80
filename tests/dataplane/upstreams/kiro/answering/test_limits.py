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
    UsageSeen,
)
from dataplane.conversation.model import OutputFormat, Thinking
from dataplane.upstreams.kiro import Kiro
from dataplane.wire.eventstream import encode
from tests.dataplane.upstreams.kiro.answers import content, finish, sampled, usage
from tests.dataplane.upstreams.kiro.samples import CLAUDE, STAMP, decoded, events_of, frame, lease, said, stream, thought, tool


def test_a_stop_sequence_ends_the_answer():
    events = events_of(stream(said("one E"), said("N"), said("D two"), tool("1", "Read", "{}", stop=True)), sampled(stop=["END", "STOP"]))
    assert "".join(event.text for event in content(events)) == "one "
    assert events[-1] == Finished("stop_sequence", "END")


def test_a_stop_sequence_is_looked_for_in_text_only():
    frames = (thought(text="END"), said("a"), tool("1", "Read", '{"a":"END"}', stop=True), said("b"))
    events = events_of(stream(*frames), sampled(stop=["END"]))
    assert [type(event) for event in content(events)] == [
        ReasoningDelta,
        TextDelta,
        ToolCallStarted,
        ToolCallDelta,
        ToolCallEnded,
        TextDelta,
    ]
    assert finish(events) == "tool_calls"


def test_a_stop_sequence_does_not_reach_over_a_call_or_thinking():
    frames = (said("a EN"), thought(text="hm"), said("D EN"), tool("1", "Read", stop=True), said("D"))
    events = events_of(stream(*frames), sampled(stop=["END"]))
    texts = [event.text for event in content(events) if isinstance(event, TextDelta)]
    assert ["".join(texts), finish(events)] == ["a END END", "tool_calls"]


def test_an_answer_that_is_over_says_so_and_takes_figures_only():
    decoder = Kiro().decoder(sampled(stop=["END"]), lease(), STAMP)
    assert not decoder.over
    assert decoder.feed(frame(*said("Hello END and")) + frame(*said(" more"))) == [Started(), TextDelta("Hello ")]
    assert decoder.over
    *_, seen, finished = decoder.finish()
    assert (finished, decoder.onward()) == (Finished("stop_sequence", "END"), None)
    assert seen.usage.output == round(len("Hello END and") / 3.5)
    exception = encode({":message-type": "exception", ":exception-type": "throttlingException"}, b"{}")
    wrong = frame("assistantResponseEvent", b"nonsense") + frame("toolUseEvent", b"nonsense") + frame("invalidStateEvent", b"{}")
    assert decoder.feed(stream(said("!" * 350)) + exception + wrong) == []
    # The window's share holds what came after the end as well; it is neither output nor prompt.
    assert (decoder.usage().output, decoder.usage().credits) == (seen.usage.output, 0.25)
    assert decoder.usage().input == 2000 - round((len(" more") + 350) / 3.5) - seen.usage.output
    assert decoder.feed(b"\xff" * 100) == []


def test_a_body_that_ends_inside_a_frame_after_the_end_is_not_cut():
    decoder = Kiro().decoder(sampled(stop=["END"]), lease(), STAMP)
    decoder.feed(frame(*said("Hello END")) + frame(*said(" more"))[:-1])
    assert decoder.finish()[-1] == Finished("stop_sequence", "END")


def test_a_stop_sequence_that_is_met_at_a_call_ends_the_answer_before_it():
    """Until then it might have become the longer one."""
    events = events_of(stream(said("a EN"), tool("1", "Read", stop=True)), sampled(stop=["EN", "END"]))
    assert "".join(event.text for event in content(events)) == "a "
    assert events[-1] == Finished("stop_sequence", "EN")


def test_a_stop_sequence_at_once_is_an_answer():
    events = events_of(stream(said("END")), sampled(stop=["END"]))
    assert [type(event) for event in events] == [Started, UsageSeen, Finished]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([said("abcdefghi"), said("jkl")], [TextDelta("abcdefg")]),
        ([said("abcd"), said("efgh"), said("ijk")], [TextDelta("abcd"), TextDelta("efg")]),
        ([thought(text="abcd"), thought(signature="s"), said("efgh")], [ReasoningDelta("abcd"), ReasoningSigned("s"), TextDelta("efg")]),
        # Thinking that was cut is not what was signed.
        ([thought(text="abcdefgh", signature="s"), thought(signature="s"), said("x")], [ReasoningDelta("abcdefg")]),
        # A call that began below the limit is completed, the next one does not begin.
        (
            [said("abc"), tool("1", "Read", '{"a":"' + "b" * 50), tool("1", stop=True, input='"}'), tool("2", "Grep", stop=True)],
            [TextDelta("abc"), ToolCallStarted("1", "Read"), ToolCallDelta('{"a":"' + "b" * 50 + '"}'), ToolCallEnded()],
        ),
        (
            [said("abc"), tool("1", "Read"), said("defgh"), tool("2", "Grep"), said("i"), tool("1", stop=True), tool("2", stop=True)],
            [TextDelta("abc"), TextDelta("defg"), ToolCallStarted("1", "Read"), ToolCallEnded()],
        ),
        ([tool("1", "Read"), said("abcdefgh"), thought(text="x", signature="s"), said("y")], [TextDelta("abcdefg")]),
        ([said("abcdefg"), tool("1", "Read", stop=True)], [TextDelta("abcdefg")]),
    ],
)
def test_max_tokens_end_the_answer(frames, expected):
    events = events_of(stream(*frames), sampled(max_tokens=2))
    assert content(events) == expected
    assert events[-1] == Finished("length")


def test_max_tokens_that_are_just_reached_end_nothing():
    frames = (said("abcdefg"), said(""), thought(signature="s"))
    assert finish(events_of(stream(*frames), sampled(max_tokens=2))) == "stop"
    called = events_of(stream(tool("1", "Read", '{"a":"' + "b" * 50 + '"}', stop=True)), sampled(max_tokens=2))
    assert finish(called) == "tool_calls"


def test_max_tokens_that_the_upstream_keeps_are_left_to_it():
    asked = sampled(max_tokens=2000)
    frames = [said("x" * 10_000)]
    kept = decoded([stream(*frames)], asked, request_fields_schema=CLAUDE)
    assert (content(kept), finish(kept)) == ([TextDelta("x" * 10_000)], "stop")
    assert finish(decoded([stream(*frames)], asked)) == "length"


@pytest.mark.parametrize(
    ("frames", "expected", "reason"),
    [
        ([said("Here:\n```json\n{"), said('"a": 1'), said("}\n```\nDone.")], '{"a": 1}', "stop"),
        ([said("I cannot.")], "I cannot.", "stop"),
        # Prose before a call is not the answer.
        ([said("Let me see."), tool("1", "Read", stop=True)], "Let me see.", "tool_calls"),
    ],
)
def test_an_answer_that_has_to_be_json_is_freed_of_what_surrounds_it(frames, expected, reason):
    events = events_of(stream(*frames), sampled(form=OutputFormat("json_object")))
    assert "".join(event.text for event in content(events) if isinstance(event, TextDelta)) == expected
    assert finish(events) == reason


def test_thinking_in_tags_is_thinking():
    asked = sampled(thinking=Thinking("enabled", budget=2000))
    events = events_of(stream(said("<thin"), said("king>\nhm</thinking>"), said("\n\nHello")), asked)
    assert content(events) == [ReasoningDelta("hm"), TextDelta("Hello")]
    assert usage(events).reasoning == round(2 / 3.5)
    assert usage(events).output == round(len("<thinking>\nhm</thinking>\n\nHello") / 3.5)


def test_thinking_in_tags_may_be_all_there_is():
    events = events_of(stream(said("<thinking>hm</thinking>")), sampled(thinking=Thinking("enabled", budget=2000)))
    assert (content(events), finish(events)) == ([ReasoningDelta("hm")], "stop")


def test_tags_that_were_not_asked_for_are_text():
    text = "<thinking>hm</thinking>\n\nHello"
    assert content(decoded([stream(said(text))])) == [TextDelta(text)]
    native = decoded([stream(said(text))], sampled(thinking=Thinking("enabled", budget=2000)), request_fields_schema=CLAUDE)
    assert content(native) == [TextDelta(text)]
