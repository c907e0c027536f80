"""decode(encode(events)) == events, for any legal stream and any batches."""

import json

from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.events import (
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
)
from dataplane.conversation.model import Call, Stamp, Thinking
from dataplane.conversation.order import Order
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.anthropic.encoder import STOP_REASONS
from tests.dataplane import sse

DELTAS = {
    "text_delta": (TextDelta, "text"),
    "thinking_delta": (ReasoningDelta, "thinking"),
    "signature_delta": (ReasoningSigned, "signature"),
    "input_json_delta": (ToolCallDelta, "partial_json"),
}


def decoded(stream):
    """The stream as events, usage left out."""
    events, kind, index = [], "", -1
    for data in map(json.loads, (event.data for event in sse.Parser().feed(stream))):
        match data["type"]:
            case "message_start":
                events.append(Started())
            case "content_block_start":
                block = data["content_block"]
                kind = block["type"]
                index += 1
                if kind == "tool_use":
                    events.append(ToolCallStarted(block["id"], block["name"]))
                elif kind == "redacted_thinking":
                    events.append(ReasoningSigned(block["data"], redacted=True))
            case "content_block_delta":
                assert data["index"] == index
                made, member = DELTAS[data["delta"]["type"]]
                events.append(made(data["delta"][member]))
            case "content_block_stop" if kind == "tool_use":
                events.append(ToolCallEnded())
            case "message_delta":
                names = {name: reason for reason, name in STOP_REASONS.items()}
                events.append(Finished(names[data["delta"]["stop_reason"]], data["delta"]["stop_sequence"]))
    return events


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
CALLS = st.tuples(TEXT, TEXT, st.lists(TEXT, max_size=3)).map(
    lambda made: [ToolCallStarted(made[0], made[1]), *map(ToolCallDelta, made[2]), ToolCallEnded()]
)
PIECES = st.one_of(
    TEXT.map(lambda text: [TextDelta(text)]),
    TEXT.map(lambda text: [ReasoningDelta(text)]),
    st.builds(lambda signature, redacted: [ReasoningSigned(signature, redacted)], TEXT, st.booleans()),
    CALLS,
)
ENDS = st.builds(Finished, st.sampled_from(sorted(STOP_REASONS)), st.none() | TEXT)


@given(st.lists(PIECES, max_size=8), ENDS, st.lists(st.integers(1, 4), min_size=1))
def test_what_was_encoded_is_decoded(pieces, end, sizes):
    events = [Started(), *(event for piece in pieces for event in piece), end]
    Order().follow(events)
    made = Anthropic().encoder(Call("m", [], "anthropic", thinking=Thinking("adaptive"), stream=True), Stamp("1", 1))
    stream, at, turn = b"", 0, 0
    while at < len(events):
        size = sizes[turn % len(sizes)]
        stream += made.feed(events[at : at + size])
        at, turn = at + size, turn + 1
    stream += made.finish()
    assert decoded(stream) == events
