import pytest

from dataplane.conversation.events import ReasoningDelta, ReasoningSigned, Started, TextDelta
from dataplane.upstreams.filters.blocks import Blocks
from dataplane.upstreams.filters.held import MOST_HELD
from tests.dataplane.upstreams.filters.pieces import growth


def events_of(*steps):
    """What comes of (method, argument) steps, after the opening."""
    blocks, events = Blocks(), []
    for step, *arguments in steps:
        getattr(blocks, step)(*arguments, events)
    assert events[:1] in ([], [Started()])
    assert Started() not in events[1:]
    return events[1:]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("text", "a"), ("text", " "), ("text", "b")], [TextDelta("a"), TextDelta(" "), TextDelta("b")]),
        # A blank beginning waits for the rest, a blank block is left out.
        ([("text", "\n"), ("text", " "), ("text", " a")], [TextDelta("\n  a")]),
        ([("text", "\n"), ("begin",), ("text", "a")], [TextDelta("a")]),
        ([("text", "\n"), ("think", "t"), ("text", " "), ("begin",)], [ReasoningDelta("t")]),
        ([("think", "t"), ("text", "\n"), ("text", "a")], [ReasoningDelta("t"), TextDelta("\na")]),
        # A signature closes thinking; without any it waits.
        ([("think", "t"), ("sign", "s"), ("text", "a")], [ReasoningDelta("t"), ReasoningSigned("s"), TextDelta("a")]),
        ([("sign", "s"), ("think", "t"), ("text", "a")], [ReasoningDelta("t"), ReasoningSigned("s"), TextDelta("a")]),
        ([("sign", "s"), ("text", "a")], [ReasoningSigned("s"), TextDelta("a")]),
        ([("text", "a"), ("sign", "s"), ("text", "b")], [TextDelta("a"), ReasoningSigned("s"), TextDelta("b")]),
        ([("sign", "s"), ("sign", "t"), ("begin",)], [ReasoningSigned("s"), ReasoningSigned("t")]),
        ([("sign", "s"), ("pause",)], [ReasoningSigned("s")]),
        ([("think", "t"), ("hide", "r")], [ReasoningDelta("t"), ReasoningSigned("r", redacted=True)]),
    ],
)
def test_pieces_in_their_legal_order(steps, expected):
    assert events_of(*steps) == expected


def test_a_pause_opens_nothing():
    assert events_of(("text", " "), ("pause",)) == []
    blocks = Blocks()
    blocks.pause([])
    assert not blocks.started


def test_a_blank_opening_is_looked_at_once():
    def made():
        blocks = Blocks()
        return lambda text: blocks.text(text, [])

    assert growth(made, "    ") < 64


def test_a_blank_opening_does_not_wait_without_a_bound():
    assert events_of(("text", " " * MOST_HELD)) == []
    assert events_of(("text", " " * MOST_HELD), ("text", "\n"), ("text", " ")) == [TextDelta(" " * MOST_HELD + "\n"), TextDelta(" ")]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([("text", " ")], False),
        ([("sign", "s")], False),
        ([("begin",)], False),
        ([("text", "a")], True),
        ([("think", "a")], True),
        ([("hide", "r")], True),
        ([("sign", "s"), ("pause",)], True),
    ],
)
def test_it_tells_whether_anything_was_said(steps, said):
    blocks = Blocks()
    for step, *arguments in steps:
        getattr(blocks, step)(*arguments, [])
    assert blocks.said is said
