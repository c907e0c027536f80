"""Events folded into counts, and into the whole answer."""

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
    Usage,
    UsageSeen,
)
from dataplane.conversation.fold import Transcript
from dataplane.conversation.model import Hit, Reasoning, Search, Text, ToolCall


def transcript(*events):
    folded = Transcript()
    folded.add(events)
    return folded


def test_deltas_of_one_kind_are_one_part():
    folded = transcript(Started(), ReasoningDelta("a"), ReasoningDelta("b"), TextDelta("c"), TextDelta("d"), Finished("stop"))
    assert folded.parts == [Reasoning("ab"), Text("cd")]
    assert folded.finish == Finished("stop")


def test_parts_keep_the_order_in_which_they_were_opened():
    call = (ToolCallStarted("call_1", "read"), ToolCallDelta('{"a"'), ToolCallDelta(":1}"), ToolCallEnded())
    folded = transcript(Started(), TextDelta("a"), *call, TextDelta("b"), ReasoningDelta("c"), TextDelta("d"), Finished("stop"))
    assert folded.parts == [Text("a"), ToolCall("call_1", "read", '{"a":1}'), Text("b"), Reasoning("c"), Text("d")]


def test_a_signature_belongs_to_the_thinking_before_it():
    folded = transcript(
        Started(), ReasoningDelta("a"), ReasoningSigned("one"), ReasoningDelta("b"), ReasoningSigned("two"), Finished("stop")
    )
    assert folded.parts == [Reasoning("a", signature="one"), Reasoning("b", signature="two")]


def test_a_search_stands_between_the_texts_around_it():
    search = Search("1", "why", [Hit("a", "http://a")])
    folded = transcript(Started(), TextDelta("a"), Searched(search), TextDelta("b"), Finished("stop"))
    assert folded.parts == [Text("a"), search, Text("b")]


def test_a_signature_without_thinking_is_kept():
    assert transcript(Started(), ReasoningSigned("one"), TextDelta("a"), Finished("stop")).parts == [Reasoning(signature="one"), Text("a")]


def test_a_signature_after_text_does_not_sign_the_text():
    assert transcript(Started(), TextDelta("a"), ReasoningSigned("one"), Finished("stop")).parts == [Text("a"), Reasoning(signature="one")]


def test_redacted_thinking_stays_intact_beside_open_parts():
    folded = transcript(
        Started(),
        ReasoningDelta("a"),
        ReasoningSigned("xyz", redacted=True),
        TextDelta("b"),
        ReasoningSigned("q", redacted=True),
        Finished("stop"),
    )
    folded.close()
    assert folded.parts == [Reasoning("a"), Reasoning(redacted="xyz"), Text("b"), Reasoning(redacted="q")]


def test_a_call_without_arguments_has_an_empty_object():
    folded = transcript(Started(), ToolCallStarted("call_1", "now"), ToolCallEnded(), Finished("tool_calls"))
    assert folded.parts == [ToolCall("call_1", "now", "{}")]


def test_a_call_is_complete_once_it_ended():
    assert transcript(Started(), ToolCallStarted("call_1", "now"), ToolCallDelta("[]"), ToolCallEnded()).parts[0].arguments == "[]"


@pytest.mark.parametrize(("pieces", "arguments"), [([], ""), (['{"a"'], '{"a"')])
def test_a_call_that_was_cut_off_is_not_made_whole(pieces, arguments):
    folded = transcript(Started(), ToolCallStarted("call_1", "read"), *map(ToolCallDelta, pieces))
    folded.close()
    assert folded.parts == [ToolCall("call_1", "read", arguments)]


def test_closing_twice_changes_nothing():
    folded = transcript(Started(), TextDelta("a"), UsageSeen(Usage(output=3)))
    folded.close()
    folded.close()
    assert (folded.parts, folded.usage.output, folded.finish) == ([Text("a")], 3, None)


@given(st.lists(st.sampled_from([TextDelta("ab"), ReasoningDelta("cd"), ReasoningSigned("s"), UsageSeen()]), max_size=12), st.data())
def test_how_events_are_batched_does_not_matter(events, data):
    cut = data.draw(st.integers(0, len(events)))
    halves, whole = Transcript(), Transcript()
    halves.add(events[:cut])
    halves.add(events[cut:])
    whole.add(events)
    halves.close()
    whole.close()
    assert halves.parts == whole.parts
    assert "".join(part.text for part in whole.parts) == "".join(getattr(event, "text", "") for event in events)
