"""An answer that must end earlier than its events do, because no more output is reserved for it.

Counted as conversation.estimate counts. What is left is a legal beginning of an answer, with nothing of
a call open.
"""

from collections.abc import Sequence

from dataplane.conversation.events import Event, ReasoningDelta, TextDelta, ToolCallDelta, ToolCallEnded, ToolCallStarted, UsageSeen
from dataplane.upstreams.filters.limit import PARTS, Limit, cost


def shortened(events: Sequence[Event], beyond: float, *, in_call: bool) -> list[Event]:
    """`events` without the last `beyond` tokens of what they say.

    Text and thinking end in their middle. A call goes out whole or, if nothing of it has gone out, not
    at all: half a call must not be run. One that was open before these events (`in_call`) ends where it
    stands, as it does where a model's own limit cuts it.
    """
    limit = Limit(max(0.0, sum(cost(said(event)) for event in events) / PARTS - beyond))
    kept: list[Event] = []
    for event in events:
        text = said(event)
        fitting = limit.take(text)
        if fitting == text:
            kept.append(event)
        elif isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta) and fitting and not fitting.isspace():
            # White space alone is left out: it may be all of its block, and providers refuse blank ones.
            kept.append(type(event)(fitting))
        if limit.reached:
            break
    return _closed(kept, in_call=in_call)


def said(event: Event) -> str:
    """What counts as output of an event."""
    match event:
        case TextDelta(text) | ReasoningDelta(text) | ToolCallDelta(text):
            return text
        case ToolCallStarted(_, name):
            return name
    return ""


def ends_in_call(events: Sequence[Event], *, in_call: bool) -> bool:
    """Whether a call is open after `events`; `in_call`: whether one was before them."""
    for event in reversed(events):
        kind = type(event)
        if kind is not UsageSeen:
            return kind is ToolCallDelta or kind is ToolCallStarted
    return in_call


def _closed(kept: list[Event], *, in_call: bool) -> list[Event]:
    for at in reversed(range(len(kept))):
        match kept[at]:
            case ToolCallStarted():
                return kept[:at]
            case ToolCallEnded():
                return kept
    return [*kept, ToolCallEnded()] if in_call else kept
