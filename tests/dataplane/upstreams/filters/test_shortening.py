"""Whatever the answer and wherever its budget ends: a legal beginning of it, within the budget, for both dialects."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.events import (
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Searched,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    UsageSeen,
)
from dataplane.conversation.fold import Transcript
from dataplane.conversation.model import Call, Reasoning, Search, Stamp, Text, Thinking, Tool, ToolCall, WebSearch
from dataplane.conversation.order import Order
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.upstreams.filters.shortening import ends_in_call, said, shortened
from headgate.tokens import text_tokens
from tests.dataplane import sse

CALL = [ToolCallStarted("1", "Read"), ToolCallDelta('{"a":'), ToolCallDelta("1}"), ToolCallEnded()]


def tokens(events):
    return sum(text_tokens(said(event)) for event in events)


@pytest.mark.parametrize(
    ("events", "room", "left"),
    [
        ([TextDelta("abcdefghij")], 2, [TextDelta("abcdefg")]),
        ([Started(), TextDelta("abcdefg"), TextDelta("h")], 2, [Started(), TextDelta("abcdefg")]),
        # What costs nothing goes out as long as nothing was cut before it.
        ([ReasoningDelta("abcdefg"), ReasoningSigned("s"), UsageSeen(), TextDelta("h")], 2, "all but the last"),
        ([ReasoningDelta("abcdefgh"), ReasoningSigned("s"), TextDelta("i")], 2, [ReasoningDelta("abcdefg")]),
        ([TextDelta("ab"), *CALL], 3, [TextDelta("ab")]),
        ([TextDelta("ab"), *CALL, TextDelta("c")], 3.8, [TextDelta("ab"), *CALL]),
        ([TextDelta("ab"), *CALL, *CALL], 6, [TextDelta("ab"), *CALL]),
        ([TextDelta("ab"), *CALL[:3], UsageSeen()], 2.5, [TextDelta("ab")]),
        ([Started(), TextDelta("\n\nabc")], 0.6, [Started()]),
        ([TextDelta("漢字")], 1.5, [TextDelta("漢")]),
        ([Started(), TextDelta("abc")], -5, [Started()]),
    ],
)
def test_what_goes_out(events, room, left):
    assert shortened(events, tokens(events) - room, in_call=False) == (events[:-1] if isinstance(left, str) else left)


@pytest.mark.parametrize(
    ("events", "room", "left"),
    [
        ([ToolCallDelta("abcdefg"), ToolCallEnded()], 1, [ToolCallDelta("abc"), ToolCallEnded()]),
        ([UsageSeen()], 0, [UsageSeen(), ToolCallEnded()]),
        ([], 0, [ToolCallEnded()]),
        ([ToolCallEnded(), TextDelta("abcd")], 1, [ToolCallEnded(), TextDelta("abc")]),
        ([ToolCallEnded(), *CALL], 1, [ToolCallEnded()]),
    ],
)
def test_a_call_of_which_something_has_gone_out_ends_where_it_stands(events, room, left):
    assert shortened(events, tokens(events) - room, in_call=True) == left


# ---- any answer, any budget

WORDS = st.text(st.sampled_from("ab 漢🙂\n"), min_size=1, max_size=12)
PIECES = st.one_of(
    WORDS.map(lambda text: [TextDelta(text)]),
    WORDS.map(lambda text: [ReasoningDelta(text)]),
    st.builds(lambda redacted: [ReasoningSigned("c2ln", redacted)], st.booleans()),
    st.builds(lambda query: [Searched(Search("s", query))], WORDS),
    st.just([UsageSeen()]),
    st.builds(
        lambda name, text, size, seen: [
            ToolCallStarted("1", name),
            *([UsageSeen()] if seen else []),
            *(ToolCallDelta(text[at : at + size]) for at in range(0, len(text), size)),
            ToolCallEnded(),
        ],
        st.sampled_from(["Read", "patch"]),
        st.dictionaries(st.just("input"), WORDS, max_size=1).map(lambda value: json.dumps(value) if value else ""),
        st.integers(1, 9),
        st.booleans(),
    ),
)
ANSWERS = st.lists(PIECES, max_size=8).map(lambda pieces: [Started(), *(event for piece in pieces for event in piece)])


def within(events, sizes, budget):
    """The events that go out of an answer that comes in batches of `sizes`; whether it was cut."""
    out, spent, in_call, at, turn = [], 0.0, False, 0, 0
    while at < len(events):
        batch = events[at : at + sizes[turn % len(sizes)]]
        at, turn = at + len(batch), turn + 1
        spent += tokens(batch)
        if spent - budget > 0.01:
            return out + shortened(batch, spent - budget, in_call=in_call), True
        in_call = ends_in_call(batch, in_call=in_call)
        out += batch
    return out, False


def parts(events):
    folded = Transcript()
    folded.add(events)
    folded.close()
    return folded.parts


@given(ANSWERS, st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 30))
def test_any_answer_ends_well_within_any_budget(events, sizes, budget):
    out, cut = within(events, sizes, budget)
    assert tokens(out) <= budget + 0.011
    if not cut:
        assert out == events
    end = [UsageSeen(), Finished("length" if cut else "stop")]
    Order().follow([*out, *end])
    whole, sent = parts(events), parts(out)
    assert len(sent) <= len(whole)
    for ours, theirs in zip(sent, whole, strict=False):
        assert type(ours) is type(theirs)
        match ours:
            case Text() | Reasoning():
                assert theirs.text.startswith(ours.text)
            case ToolCall(arguments=arguments):
                # One that does not fit is left out, unless some of it was out already.
                assert ours == theirs or (ours is sent[-1] and cut and (theirs.arguments.startswith(arguments) or arguments == "{}"))
            case _:
                assert ours == theirs
    for made in encoders():
        answer = made.feed([*out, *end]) + made.finish()
        assert_complete(made.content_type, answer)


def encoders():
    tools = [Tool("patch", "", b"{}", custom=True)]
    for dialect, family in ((Anthropic(), "anthropic"), (OpenAIChat(), "openai")):
        for stream in (True, False):
            call = Call("m", [], family, tools=tools, thinking=Thinking("adaptive"), stream=stream, web_search=WebSearch())
            yield dialect.encoder(call, Stamp("1", 1))


def assert_complete(content_type, answer):
    """Every block that was opened is closed, and the reason is there."""
    if content_type == "application/json":
        told = json.loads(answer)
        assert told.get("stop_reason") or told["choices"][0]["finish_reason"]
        return
    events = [bytes(event.data) for event in sse.Parser().feed(answer)]
    kinds = [json.loads(data).get("type") for data in events if data != b"[DONE]"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop")
    assert kinds[-1] == "message_stop" or events[-1] == b"[DONE]"
