"""An answer that the gateway ends because no more output is reserved for it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from dataplane.budget import OutputBudget
from dataplane.conversation.events import Finished, ReasoningSigned, Started, TextDelta, ToolCallStarted, UsageSeen
from dataplane.conversation.model import ToolChoice, WebSearch
from dataplane.conversation.order import Order
from dataplane.errors import Limited, UpstreamFault
from dataplane.upstreams.filters.shortening import said as spoken
from dataplane.upstreams.kiro import Kiro
from headgate.tokens import text_tokens
from tests.dataplane.upstreams.kiro.answers import sampled
from tests.dataplane.upstreams.kiro.samples import STAMP, TAIL, call, frame, lease, said, stream, thought, tool, user


class Refuses:
    """A control plane with nothing to give beyond some extensions."""

    def __init__(self, *granted):
        self.granted = list(granted)

    async def extend(self, lease_id, output_tokens):
        if not self.granted:
            raise Limited("the key's tokens are spent")
        return self.granted.pop(0)


async def bounded(pieces, reserved, asked=None, granted=()):
    """The events that reach the client, and the decoder, for an answer that comes in `pieces`."""
    decoder = Kiro().decoder(asked or call(user("hi")), lease(), STAMP)
    limit = (asked or call(user("hi"))).sampling.max_tokens
    budget = OutputBudget(Refuses(*granted), lease(output_reserved=reserved), limit)
    events = []
    pieces = list(pieces)
    while pieces and not decoder.over:
        events += await budget.fit(decoder.feed(pieces.pop(0)), decoder)
    events += decoder.finish()
    Order().follow(events)
    for piece in pieces:
        assert decoder.feed(piece) == []
    return events, decoder


def text(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_text_ends_at_the_line_and_no_more_is_booked():
    events, decoder = await bounded([frame(*said("abcdefg")), stream(said("hijklmnop"), said("q"))], 3)
    assert text(events) == "abcdefghij"
    assert events[-1] == Finished("length")
    assert events[-2].usage.output == decoder.usage().output == 3
    assert decoder.onward() is None


async def test_the_figures_at_the_end_still_count():
    _, decoder = await bounded([frame(*said("abcdefghijk")), stream(tail=TAIL)], 2)
    assert (decoder.usage().credits, decoder.usage().output) == (0.25, 2)
    # The window's share holds what was cut off as well; it is no prompt.
    assert decoder.usage().input == 2000 - 2 - round(4 / 3.5)


async def test_a_call_in_the_making_counts_and_is_left_out():
    pieces = [frame(*said("abc")), *(frame(*tool("1", "Write", "x" * 35)) for _ in range(10)), stream()]
    events, decoder = await bounded(pieces, 50)
    assert not any(isinstance(event, ToolCallStarted) for event in events)
    assert (text(events), events[-1], decoder.usage().output) == ("abc", Finished("length"), 50)


async def test_a_call_that_does_not_fit_is_left_out():
    events, _ = await bounded([stream(said("abc"), tool("1", "Read", {"path": "x" * 50}, stop=True))], 10)
    assert [type(event) for event in events] == [Started, TextDelta, UsageSeen, Finished]


async def test_thinking_that_was_cut_is_not_what_was_signed():
    pieces = [stream(thought(text="abcdefgh", signature="s"), said("x"))]
    events, _ = await bounded(pieces, 2)
    assert not any(isinstance(event, ReasoningSigned) for event in events)
    waiting = [frame(*thought(signature="s")), frame(*tool("1", "Write", "x" * 35))]
    events, _ = await bounded(waiting, 5)
    assert [type(event) for event in events] == [Started, UsageSeen, Finished]


async def test_nothing_at_all_is_an_answer():
    events, decoder = await bounded([stream(said("abcdefg"))], 0)
    assert [type(event) for event in events] == [Started, UsageSeen, Finished]
    assert decoder.usage().output == 0


async def test_searches_that_were_asked_for_are_not_made():
    asked = call(user("hi"), web_search=WebSearch())
    events, decoder = await bounded([stream(said("abc"), tool("1", "web_search", {"query": "x" * 50}, stop=True))], 5, asked)
    assert (decoder.onward(), events[-1]) == (None, Finished("length"))


FRAGMENTS = st.one_of(
    st.text("ab 漢\n<", min_size=1, max_size=12).map(said),
    st.text("ab 漢", min_size=1, max_size=12).map(lambda text: thought(text=text)),
    st.just(thought(signature="s")),
    st.builds(
        lambda number, size, stop: tool(number, "Read", json.dumps({"a": "x" * size}), stop=stop),
        st.sampled_from("123"),
        st.integers(0, 30),
        st.booleans(),
    ),
    st.builds(lambda number, text: tool(number, "Write", text), st.sampled_from("123"), st.text("ab", max_size=9)),
)
CALLS = st.sampled_from(
    [
        call(user("hi")),
        call(user("hi"), web_search=WebSearch()),
        sampled(stop=["ab", "漢b"]),
        sampled(max_tokens=12),
        sampled(choice=ToolChoice(parallel=False)),
    ]
)


@given(st.lists(FRAGMENTS, min_size=1, max_size=10), st.lists(st.integers(1, 4), min_size=1), st.integers(0, 40), CALLS)
async def test_whatever_comes_what_goes_out_and_what_is_booked_stay_within_the_budget(frames, sizes, reserved, asked):
    data, pieces, turn = [frame(*each) for each in (*frames, *TAIL)], [], 0
    while data:
        size = sizes[turn % len(sizes)]
        pieces, data, turn = [*pieces, b"".join(data[:size])], data[size:], turn + 1
    try:
        free, unbounded = await bounded(pieces, 1000, asked)
    except UpstreamFault:  # no content
        return
    events, decoder = await bounded(pieces, reserved, asked)
    assert decoder.written <= reserved + 0.02
    assert decoder.usage().output <= reserved
    assert sum(text_tokens(spoken(event)) for event in events) <= reserved + 0.02
    assert text(free).startswith(text(events))
    if unbounded.written <= reserved:
        assert events == free
