"""An answer's text on its way through all that the client asked for and the upstream cannot do.

Thinking in tags is told apart first, then JSON is freed of what surrounds it, then stop sequences are
looked for, and what is left is measured: each sees what the client would see.
"""

from collections.abc import Callable, Sequence

from dataplane.conversation.model import OutputFormat
from dataplane.upstreams.filters.jsonvalue import JsonValue, roots
from dataplane.upstreams.filters.limit import Limit
from dataplane.upstreams.filters.stops import Stops
from dataplane.upstreams.filters.tags import Pieces, Thoughts


class Passage:
    """Made for one answer, which may consist of several streams.

    `over`: nothing of the text that follows will go out. `stop_sequence` is the client's sequence
    that ended it, None when it was the limit.
    """

    def __init__(self, form: OutputFormat | None, stops: Sequence[str], tokens: int | None, *, tags: bool) -> None:
        """What is for us to do: the form of the answer, where it stops, how long it may get. `tags`: thinking may come in tags."""
        self._tags = tags
        self._thoughts = Thoughts() if tags else None
        brackets = roots(form) if form else ""
        self._json = JsonValue(brackets) if brackets else None
        self._stops = Stops(stops) if stops else None
        self._limit = Limit(tokens) if tokens is not None else None
        self._truncated = False
        # What the limit allows of a text, the text itself when that is all of it; for thinking that came as
        # such, and all that has been through the rest. An attribute, as it stands in the way of every piece.
        self.measured: Callable[[str], str] = self._limit.take if self._limit else _whole
        # Everything passes as it is; all that happens is measuring, for which `measured` is the short way.
        self.idle = self.measures = False
        self._look()

    @property
    def bounded(self) -> bool:
        """Whether max_tokens is kept here."""
        return self._limit is not None

    @property
    def stop_sequence(self) -> str | None:
        return self._stops.hit if self._stops and not self.limited else None

    @property
    def limited(self) -> bool:
        """Whether something was kept back because the answer may not be longer."""
        return self._truncated or (self._limit is not None and self._limit.reached)

    @property
    def over(self) -> bool:
        return self.limited or self.stop_sequence is not None

    def spoken(self, text: str) -> Pieces:
        """What of more text may go out, as (is thinking, text)."""
        if self._thoughts is None:
            return self._each([(False, text)])
        pieces = self._thoughts.feed(text)
        if self._thoughts.settled:
            self._thoughts = None
            self._look()
        return self._each(pieces)

    def admits_call(self) -> bool:
        """Whether a tool call may begin. None may once the limit is used up, which ends the answer."""
        if self._limit is None or not self._limit.full:
            return True
        self._limit.reached = True
        return False

    def called(self, text: str) -> None:
        """A call goes out whole, even beyond the limit below which it began."""
        if self._limit:
            self._limit.spend(text)

    def truncate(self) -> None:
        """The answer is not to grow any more."""
        self._truncated = True

    def pause(self) -> Pieces:
        """Something else comes between: what text was held back goes out before it.

        But not what came before a JSON value: the answer goes on, and the value may be still to come.
        """
        pieces = self._each(self._thoughts.finish() if self._thoughts else [])
        if self._stops and not self.over:
            pieces += self._piece(False, self._stops.finish())
        return pieces

    def finish(self) -> Pieces:
        """The text has ended, with the answer or with a call of the client's tools.

        What a model says before such a call ("I'll look that up") is not the answer that has to be
        JSON, so it goes out as it is; and so does all that follows.
        """
        pieces = self._each(self._thoughts.finish() if self._thoughts else [])
        if self._json:
            rest, self._json = self._json.finish(), None
            pieces += self._each([(False, rest)])
        return pieces + self.pause()

    def resume(self) -> None:
        """The answer goes on in another stream, which may open with thinking of its own."""
        if self._tags:
            self._thoughts = Thoughts()
            self._look()

    def _look(self) -> None:
        """What is left to do."""
        sifts = self._thoughts is not None or self._json is not None or self._stops is not None
        self.idle = not sifts and self._limit is None
        self.measures = not sifts and self._limit is not None

    def _each(self, pieces: Pieces) -> Pieces:
        found: Pieces = []
        for thinking, text in pieces:
            if self.over:
                break
            found += self._piece(thinking, text if thinking else self._sifted(text))
        return found

    def _sifted(self, text: str) -> str:
        text = self._json.feed(text) if self._json else text
        return self._stops.feed(text) if self._stops else text

    def _piece(self, thinking: bool, text: str) -> Pieces:
        text = self.measured(text)
        return [(thinking, text)] if text else []


def _whole(text: str) -> str:
    return text
