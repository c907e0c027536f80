"""Which event may follow which."""

from typing import get_args

import pytest

from dataplane.conversation.events import (
    Event,
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
from dataplane.conversation.order import TABLE, Order, OutOfOrder, State

CALL = [ToolCallStarted("call_1", "read"), ToolCallDelta("{}"), ToolCallEnded()]


@pytest.mark.parametrize(
    "events",
    [
        [Started(), Finished("stop")],
        [Started(), UsageSeen(), TextDelta("a"), TextDelta("b"), UsageSeen(), Finished("stop")],
        [Started(), ReasoningDelta("a"), ReasoningSigned("s"), TextDelta("b"), *CALL, *CALL, Finished("tool_calls")],
        [Started(), ReasoningSigned("s", redacted=True), TextDelta("b"), Finished("stop")],
        [Started(), TextDelta("a"), ReasoningDelta("b"), TextDelta("c"), Finished("length")],
        [Started(), ToolCallStarted("call_1", "read"), UsageSeen(), ToolCallEnded(), Finished("tool_calls")],
    ],
)
def test_legal_answers(events):
    order = Order()
    order.follow(events)
    assert order.state is State.FINISHED


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([TextDelta("a")], "TextDelta while NOT_STARTED"),
        ([UsageSeen()], "UsageSeen while NOT_STARTED"),
        ([Started(), Started()], "Started while BETWEEN"),
        ([Started(), ToolCallDelta("{}")], "ToolCallDelta while BETWEEN"),
        ([Started(), ToolCallEnded()], "ToolCallEnded while BETWEEN"),
        ([Started(), CALL[0], TextDelta("a")], "TextDelta while TOOL_CALL"),
        ([Started(), CALL[0], CALL[0]], "ToolCallStarted while TOOL_CALL"),
        ([Started(), CALL[0], Finished("tool_calls")], "Finished while TOOL_CALL"),
        ([Started(), TextDelta("a"), ToolCallEnded()], "ToolCallEnded while TEXT"),
        ([Started(), Finished("stop"), UsageSeen()], "UsageSeen while FINISHED"),
        ([Started(), Finished("stop"), Finished("stop")], "Finished while FINISHED"),
    ],
)
def test_illegal_answers(events, sentence):
    with pytest.raises(OutOfOrder, match=f"^{sentence}$"):
        Order().follow(events)


def test_batches_are_one_answer():
    order = Order()
    order.follow([Started()])
    order.follow([])
    order.follow([TextDelta("a")])
    assert order.state is State.TEXT


def test_every_state_has_a_row_and_every_event_a_place():
    assert set(TABLE) == set(State)
    assert {event for row in TABLE.values() for event in row} == set(get_args(Event))
    assert {state for row in TABLE.values() for state in row.values()} == set(State) - {State.NOT_STARTED}
