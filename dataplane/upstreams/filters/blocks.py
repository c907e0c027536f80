"""The pieces of an answer as events in their legal order: what opens the answer, and what closes thinking."""

from dataplane.conversation.events import Event, ReasoningDelta, ReasoningSigned, Started, TextDelta
from dataplane.upstreams.filters.held import Held


class Blocks:
    """Appends to the events it is given. `speaking`: a block of text is open, so more of it is just a TextDelta.

    `said`: some text, thinking or signature went out; who owns the blocks may take it back.

    A block of text that is blank is left out (Kiro rules, Q25): clients send it back, and providers refuse
    it. A signature without thinking to close waits for what comes next, as some models send it first (Q17).
    """

    def __init__(self) -> None:
        self.said = False
        self.started = False
        self.speaking = False
        self._thinking = False
        # White space that would open a block of text.
        self._blank = Held()
        self._signature = ""

    def begin(self, events: list[Event]) -> None:
        """Something else comes, or the end: open the answer, close what is open."""
        if not self.started:
            self.started = True
            events.append(Started())
        self._thinking = self.speaking = False
        self._blank.clear()
        if self._signature:
            self.said = True
            events.append(ReasoningSigned(self._signature))
            self._signature = ""

    def text(self, text: str, events: list[Event]) -> None:
        if self.speaking:
            events.append(TextDelta(text))
            return
        blank = text.isspace()
        self._blank.add(text)
        if blank and not self._blank.full:
            return
        text = self._blank.take()
        self.begin(events)
        self.said = self.speaking = True
        events.append(TextDelta(text))

    def think(self, text: str, events: list[Event]) -> None:
        if not self.started:
            self.started = True
            events.append(Started())
        self._thinking, self.speaking, self.said = True, False, True
        self._blank.clear()
        events.append(ReasoningDelta(text))

    def sign(self, signature: str, events: list[Event]) -> None:
        if self._signature:
            self.begin(events)
        self._signature = signature
        self.speaking = False
        if self._thinking:
            self.begin(events)

    def hide(self, redacted: str, events: list[Event]) -> None:
        """Thinking that only the provider can read."""
        self.begin(events)
        self.said = True
        events.append(ReasoningSigned(redacted, redacted=True))

    def truncate(self) -> None:
        """What waits does not go out: a signature is for the whole of the thinking, not for what is left of it."""
        self._blank.clear()
        self._signature = ""

    def pause(self, events: list[Event]) -> None:
        """The stream is over, but not the answer."""
        if self._signature:
            self.begin(events)
