"""Events folded into the whole answer, for replies that are not streamed."""

from collections.abc import Iterable

from dataplane.conversation.events import (
    Event,
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Searched,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    UsageSeen,
    Vendor,
)
from dataplane.conversation.model import Reasoning, Search, Text, ToolCall


class Transcript:
    """The answer in whole parts, in the order they were opened."""

    def __init__(self) -> None:
        self.parts: list[Text | Reasoning | ToolCall | Search | Vendor] = []
        self.usage = Usage()
        self.finish: Finished | None = None
        self._pieces: list[str] = []
        self._open: Text | Reasoning | ToolCall | None = None

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self._add(event)

    def close(self) -> None:
        """Complete the part that is still open. A call that was cut off keeps what came of its arguments."""
        text = "".join(self._pieces)
        match self._open:
            case Text() | Reasoning():
                self._open.text = text
            case ToolCall():
                self._open.arguments = text
        self._pieces, self._open = [], None

    def _add(self, event: Event) -> None:
        match event:
            case TextDelta(text):
                self._into(Text, text)
            case ReasoningDelta(text):
                self._into(Reasoning, text)
            case ReasoningSigned(signature, redacted):
                self._sign(signature, redacted)
            case ToolCallStarted(id, name):
                self._begin(ToolCall(id, name, ""))
            case ToolCallDelta(text):
                self._pieces.append(text)
            case ToolCallEnded():
                self._end_call()
            case Searched() | Vendor():
                self._append(event)
            case UsageSeen(usage):
                self.usage = usage
            case Finished():
                self.close()
                self.finish = event

    def _append(self, event: Searched | Vendor) -> None:
        """What came whole."""
        self.close()
        self.parts.append(event.search if isinstance(event, Searched) else event)

    def _into(self, kind: type[Text] | type[Reasoning], text: str) -> None:
        if type(self._open) is not kind:
            self._begin(kind(""))
        self._pieces.append(text)

    def _begin(self, part: Text | Reasoning | ToolCall) -> None:
        self.close()
        self._open = part
        self.parts.append(part)

    def _end_call(self) -> None:
        """A call without arguments is a call with none: an empty object."""
        self._pieces = self._pieces or ["{}"]
        self.close()

    def _sign(self, signature: str, redacted: bool) -> None:
        if redacted:
            self._begin(Reasoning(redacted=signature))
        elif isinstance(self._open, Reasoning):
            self._open.signature = signature
        else:
            self._begin(Reasoning(signature=signature))
        self.close()
