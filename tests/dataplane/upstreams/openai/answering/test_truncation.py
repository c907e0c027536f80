"""An answer that the gateway ends because no more output is reserved for it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.budget import OutputBudget
from dataplane.conversation.events import Finished, TextDelta, ToolCallEnded, ToolCallStarted
from dataplane.conversation.order import Order
from dataplane.errors import Cause, Limited, UpstreamFault
from dataplane.upstreams.filters.shortening import said
from headgate.tokens import text_tokens
from tests.dataplane.upstreams.openai.samples import STOP, chat, chunk, counted, decoder, lease, say, sse, tool


class Refuses:
    """A control plane with nothing to give."""

    async def extend(self, lease_id, output_tokens):
        raise Limited("the key's tokens are spent")


async def bounded(pieces, reserved, asked=None):
    """The events that reach the client, and the decoder, for an answer that comes in `pieces`."""
    reads = decoder(asked)
    budget = OutputBudget(Refuses(), lease(output_reserved=reserved), None)
    events, pieces = [], list(pieces)
    while pieces and not reads.over:
        events += await budget.fit(reads.feed(pieces.pop(0)), reads)
    events += reads.finish()
    Order().follow(events)
    for piece in pieces:
        assert reads.feed(piece) == []
    return events, reads


async def test_text_ends_at_the_line_and_no_more_is_booked():
    events, reads = await bounded([sse(say("abcdefg"), end=""), sse(say("hijklmnop"), say("q"), STOP)], 3)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "abcdefghij"
    assert events[-1] == Finished("length")
    assert events[-2].usage.output == reads.usage().output == 3


async def test_the_figures_at_the_end_still_count():
    events, reads = await bounded([sse(say("abcdefghijklmnop"), end=""), sse(STOP, counted(30, 9))], 3)
    assert events[-1] == Finished("length")
    assert (reads.usage().input, reads.usage().output) == (30, 9)


async def test_a_call_that_has_begun_ends_where_it_stands():
    first = sse(tool(0, "c", "Read", '{"path'), end="")
    events, _ = await bounded([first, sse(tool(0, arguments='":"' + "x" * 90 + '"}'), STOP)], 4)
    assert [type(event) for event in events if isinstance(event, ToolCallStarted | ToolCallEnded)] == [ToolCallStarted, ToolCallEnded]
    assert events[-1] == Finished("length")


async def test_a_call_that_does_not_fit_does_not_go_out():
    events, _ = await bounded([sse(say("abcd"), tool(0, "c", "Read", '{"path":"' + "x" * 90 + '"}'), STOP)], 4)
    assert not any(isinstance(event, ToolCallStarted) for event in events)
    assert events[-1] == Finished("length")


PIECES = st.one_of(
    st.text("ab c\n", max_size=30).map(say),
    st.text("ab c", max_size=30).map(lambda text: chunk(reasoning_content=text)),
    st.tuples(st.integers(0, 2), st.sampled_from(["", "{", '"a":1', "}", "{}", '{"b":"ccccccc"}'])).map(
        lambda piece: tool(piece[0], f"c{piece[0]}", "Read", piece[1])
    ),
    st.just(chunk(choice={"logprobs": {"content": []}})),
)


@settings(max_examples=200, derandomize=True, database=None, deadline=None)
@given(st.lists(PIECES, max_size=12), st.integers(0, 30), st.booleans())
async def test_no_more_goes_out_than_is_reserved(pieces, reserved, own):
    """In legal order, whatever comes and however little is reserved."""
    try:
        events, _ = await bounded([sse(piece, end="") for piece in [*pieces, STOP]], reserved, chat() if own else None)
    except UpstreamFault as fault:
        assert fault.cause is Cause.EMPTY  # noqa: PT017 - most answers have none
        return
    assert sum(text_tokens(said(event)) for event in events) <= reserved + 0.02
    assert isinstance(events[-1], Finished)
