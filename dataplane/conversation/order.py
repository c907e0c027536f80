"""Which event may follow which: one table, and the checker that reads it.

Tests run every stream through a checker. A missing row is an error, not a default.
"""

from collections.abc import Iterable
from enum import Enum, auto

from dataplane.conversation.events import (
    Event,
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
    Vendor,
)


class State(Enum):
    """Where an answer stands. BETWEEN: nothing is open, something may be opened."""

    NOT_STARTED = auto()
    BETWEEN = auto()
    TEXT = auto()
    REASONING = auto()
    TOOL_CALL = auto()
    FINISHED = auto()


class OutOfOrder(Exception):
    """An event came that may not follow what was before it: a defect of the decoder."""


class Order:
    """Follows one answer; raises OutOfOrder at the first illegal event."""

    def __init__(self) -> None:
        self.state = State.NOT_STARTED

    def follow(self, events: Iterable[Event]) -> None:
        for event in events:
            following = TABLE[self.state].get(type(event))
            if following is None:
                raise OutOfOrder(f"{type(event).__name__} while {self.state.name}")
            self.state = following


_OPENING: dict[type, State] = {
    TextDelta: State.TEXT,
    ReasoningDelta: State.REASONING,
    # A signature without text: the provider kept its thinking to itself.
    ReasoningSigned: State.BETWEEN,
    ToolCallStarted: State.TOOL_CALL,
    # Whole in itself, as the model had stopped for it.
    Searched: State.BETWEEN,
    Vendor: State.BETWEEN,
    Finished: State.FINISHED,
}

TABLE: dict[State, dict[type, State]] = {
    State.NOT_STARTED: {Started: State.BETWEEN},
    State.BETWEEN: {**_OPENING, UsageSeen: State.BETWEEN},
    State.TEXT: {**_OPENING, UsageSeen: State.TEXT},
    State.REASONING: {**_OPENING, UsageSeen: State.REASONING},
    State.TOOL_CALL: {
        ToolCallDelta: State.TOOL_CALL,
        ToolCallEnded: State.BETWEEN,
        UsageSeen: State.TOOL_CALL,
    },
    State.FINISHED: {},
}
