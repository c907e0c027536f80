"""The site's one JSON object into events.

There is no stream: the message comes whole, and goes out whole at the moment it is there. What the client asks
for and the site knows nothing of, stop sequences and max_tokens, is kept here.
"""

from dataplane.conversation.events import Event, Finished, FinishReason, Source, Started, TextDelta, Usage, UsageSeen
from dataplane.conversation.model import Call
from dataplane.upstreams.base import Lease, Plan
from dataplane.upstreams.filters.limit import Limit
from dataplane.upstreams.filters.stops import Stops
from dataplane.upstreams.kimi_web import answer, faults
from dataplane.upstreams.kimi_web.answer import Form, Whole
from headgate.tokens import text_tokens

# Bytes of one answer: many times what the longest of a model take.
LONGEST_ANSWER = 16 * 1024 * 1024
# Characters of one event. Some clients choke on lines of more than a megabyte.
SLICE = 64 * 1024


class KimiDecoder:
    """The answer to one attempt."""

    def __init__(self, call: Call, lease: Lease) -> None:
        self.over = False
        # Tokens of the message up to where the client wanted it to end: what is behind that is no output.
        self.written = 0.0
        self._call = call
        self._lease = lease
        self._body = Whole()
        self._opened = False
        self._stops = Stops(call.sampling.stop)
        tokens = call.sampling.max_tokens
        self._limit = Limit(tokens) if tokens is not None else None
        self._truncated = False

    def feed(self, data: bytes) -> list[Event]:
        """Everything at once, with the bytes that complete it. Raises UpstreamFault."""
        if self.over:
            return []
        self._body.add(data)
        if self._body.size > LONGEST_ANSWER:
            raise faults.corrupt("an answer without end", self._call, self._lease)
        return self._answered() if self._body.complete else []

    def finish(self) -> list[Event]:
        """Raises UpstreamFault when the body held no answer, or not all of it."""
        events: list[Event] = []
        if not self.over:
            if self._body.begun:
                raise faults.cut(self._call, self._lease)
            events += self._answered()
        if not self._opened:
            events.append(Started())
        reason = self._reason()
        met = self._stops.hit if reason == "stop_sequence" else None
        return [*events, UsageSeen(self.usage()), Finished(reason, met)]

    def onward(self) -> Plan | None:
        """None: the site makes no searches."""
        return None

    def truncate(self, tokens: float) -> None:
        self.written -= tokens
        self._truncated = self.over = True

    def usage(self) -> Usage:
        """The site tells no figures, and asks no credits."""
        return Usage(self._call.input_estimate, output=round(self.written), credits_source=Source.DERIVED)

    def _answered(self) -> list[Event]:
        said = answer.read(self._body.body())
        if said.form is not Form.ANSWER:
            raise faults.unfit(said, self._call, self._lease)
        if not said.text or said.text.isspace():
            raise faults.empty(self._call, self._lease)
        self.over = self._opened = True
        text = self._wanted(said.text)
        self.written = text_tokens(text)
        return [Started(), *(TextDelta(text[at : at + SLICE]) for at in range(0, len(text), SLICE))]

    def _wanted(self, text: str) -> str:
        """The message up to the client's own end of it; a blank rest is none, as clients send it back and providers refuse it."""
        text = self._stops.feed(text) + self._stops.finish()
        if self._limit:
            text = self._limit.take(text)
        return "" if text.isspace() else text

    def _reason(self) -> FinishReason:
        if self._truncated or (self._limit and self._limit.reached):
            return "length"
        return "stop_sequence" if self._stops.hit is not None else "stop"
