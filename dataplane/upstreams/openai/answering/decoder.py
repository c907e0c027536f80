"""Chunks of a chat completion into events, streamed or whole. Sources: OpenAI's API reference; client notes 3.2.

Text, thinking and the arguments of the open call go out as they come; figures and the reason of the end once, at the
end. An answer without a reason has broken off, unless the stream says that it is done.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from dataplane.conversation.events import (
    Event,
    Finished,
    FinishReason,
    TextDelta,
    ToolCallStarted,
    Usage,
    UsageSeen,
    Vendor,
)
from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, Stamp
from dataplane.errors import UpstreamFault
from dataplane.upstreams import refusals
from dataplane.upstreams.base import Lease, Plan
from dataplane.upstreams.figures import NULL
from dataplane.upstreams.filters.blocks import Blocks
from dataplane.upstreams.filters.passage import Passage
from dataplane.upstreams.filters.tags import Pieces
from dataplane.upstreams.openai import faults
from dataplane.upstreams.openai.answering import chunks
from dataplane.upstreams.openai.answering.calls import Calls, TooLong, Tools
from dataplane.upstreams.openai.answering.chunks import CallDelta, Choice, Delta
from dataplane.upstreams.openai.answering.usage import Meter
from dataplane.upstreams.openai.asking.body import FAMILY
from dataplane.upstreams.openai.asking.names import Names, names
from dataplane.upstreams.openai.asking.onward import whole
from dataplane.upstreams.openai.fates import BROKEN, Words
from dataplane.upstreams.openai.quirks import Quirks
from dataplane.wire import jsontext, sse

# Bytes of one answer on the wire: some of what reads it must hold it all, so it must end somewhere. About ten times
# what the longest answers of a model take, most of it the chunks around single words.
LONGEST_ANSWER = 256 * 1024 * 1024
DONE = b"[DONE]"

Again = Callable[[str, list[Event]], None]


class OpenAIDecoder:
    """The answer to one attempt. `known` gives the quirks of a lease: the plan of this very answer may have learned some."""

    def __init__(self, call: Call, lease: Lease, stamp: Stamp, known: Callable[[Lease], Quirks]) -> None:
        self.over = False
        self._call = call
        self._lease = lease
        self._stamp = stamp
        self._known = known
        self._own = call.family == FAMILY
        self._meter = Meter(call.input_estimate)
        self._blocks = Blocks()
        self._events = sse.Parser()
        # An endpoint that does not stream answers with one JSON object.
        self._object: list[bytes] | None = None
        self._first = True
        self._bytes = 0
        self._reason: str | None = None
        self._stopped_by: str | None = None
        self._done = False
        self._refused = False
        # Whether members without a word here went out, and what has to wait for the end of a call.
        self._said_more = False
        self._later: deque[tuple[Again, str]] = deque()
        self._begun = False

    def feed(self, data: bytes) -> list[Event]:
        """Raises UpstreamFault, which takes along what the same bytes held before it."""
        events: list[Event] = []
        try:
            self._read(data, events)
        except UpstreamFault as fault:
            fault.before = events
            raise
        return events

    def finish(self) -> list[Event]:
        """Raises UpstreamFault when the answer broke off, or there is none."""
        events: list[Event] = []
        if not self._begun:
            self._begin()
        if self._object is not None and not self._done:
            self._done = True
            self._chunk(b"".join(self._object), events)
        if self.over:
            return self._closed(events)
        if self._reason is None and not self._done:
            raise faults.cut()
        self._settle(self._calls.finish(), events)
        if not self.over:
            self._give(self._passage.finish(), events)
        return self._closed(events)

    def onward(self) -> Plan | None:
        return None

    @property
    def written(self) -> float:
        return self._meter.written

    def truncate(self, tokens: float) -> None:
        if not self._begun:
            self._begin()
        self._meter.truncate(tokens)
        self._passage.truncate()
        self._blocks.truncate()
        self._end()

    def usage(self) -> Usage:
        return self._meter.usage()

    # ---- bytes

    def _begin(self) -> None:
        """The plan has ended: what it learned is known."""
        self._begun = True
        call, quirks = self._call, self._known(self._lease)
        parallel = call.tool_choice.parallel or quirks.takes(Feature.SERIAL_TOOL_CALLS)
        self._calls = Calls(self._stamp.id, partial(tools, call, quirks), parallel=parallel)
        self._passage = passage(call, quirks)

    def _read(self, data: bytes, events: list[Event]) -> None:
        if not self._begun:
            self._begin()
        self._bytes += len(data)
        if self._bytes > LONGEST_ANSWER and not self.over:
            raise refusals.corrupt("an answer without end")
        if self._first:
            head = data.removeprefix(b"\xef\xbb\xbf").lstrip()
            if not head:
                return
            self._first = False
            # An event stream never begins with a bracket.
            self._object = [] if head.startswith(b"{") else None
        if self._object is not None:
            self._object.append(data)
            return
        try:
            found = self._events.feed(data)
        except sse.TooLong:
            raise refusals.corrupt("an event without end") from None
        for payload in found:
            if payload.startswith(b"{"):
                self._chunk(payload, events)
            else:
                self._mark(payload, events)

    def _mark(self, payload: bytes, events: list[Event]) -> None:
        """No object: the mark of the end, or something that has no place here."""
        if payload.strip() == DONE:
            self._done = True
        elif payload:
            self._chunk(payload, events)

    def _chunk(self, payload: bytes, events: list[Event]) -> None:
        chunk, more = chunks.whole(payload) if self._own else (chunks.chunk(payload), ())
        if chunk.usage != NULL:
            self._count(chunk.usage)
        if (chunk.choices is None or chunk.error != NULL) and chunk.failed and not self.over:
            raise faults.reported(payload, self._call, self._lease)
        for members in more:
            self._more(jsontext.dumps(members).decode(), events)
        for choice in chunk.choices or ():
            if choice.index == 0:
                self._choice(choice, events)

    def _count(self, member: jsontext.Raw) -> None:
        if told := chunks.usage(member):
            self._meter.report(told)

    # ---- what a choice says

    def _choice(self, choice: Choice, events: list[Event]) -> None:
        if choice.usage != NULL:
            self._count(choice.usage)
        if self.over:
            return
        delta = choice.delta or choice.message
        if delta is not None:
            self._delta(delta, events)
        if choice.finish_reason:
            self._reason = choice.finish_reason
            if isinstance(choice.stop_reason, str) and choice.stop_reason in self._call.sampling.stop:
                self._stopped_by = choice.stop_reason
            if fate := BROKEN.get(self._reason):
                raise faults.fated(fate, 200, Words(code=self._reason), self._call, self._lease)

    def _delta(self, delta: Delta, events: list[Event]) -> None:
        thought = delta.reasoning_content or delta.reasoning
        if thought and isinstance(thought, str):
            self._think(thought, events)
        said = delta.content
        if type(said) is str:
            if said:
                self._say(said, events)
        elif said:
            for thinking, text in chunks.pieces(said):
                (self._think if thinking else self._say)(text, events)
        if delta.refusal:
            self._refuse(delta.refusal, events)
        for piece in delta.tool_calls or ():
            self._tool(piece, events)
        if delta.function_call is not None:
            # What calls were before November 2023: there can be only one.
            self._tool(CallDelta(index=0, function=delta.function_call), events)

    def _say(self, text: str, events: list[Event]) -> None:
        if self.over:
            return
        self._meter.wrote(text)
        # What `_utter` does, without the call: this is the line that most chunks of most answers take.
        if self._blocks.speaking and self._passage.idle:
            events.append(TextDelta(text))
        else:
            self._utter(text, events)

    def _think(self, text: str, events: list[Event]) -> None:
        if not self.over:
            self._meter.thought(text)
            self._muse(text, events)

    def _utter(self, text: str, events: list[Event]) -> None:
        """Text that is counted already goes out, or waits."""
        if self._waits(self._utter, text, events):
            return
        if self._passage.idle:
            self._blocks.text(text, events)
        else:
            self._give(self._passage.spoken(text), events)
            self._heed_limits()

    def _muse(self, text: str, events: list[Event]) -> None:
        """The same for thinking."""
        if self._waits(self._muse, text, events):
            return
        if not self._passage.idle:
            self._give(self._passage.pause(), events)
            text = self._passage.measured(text)
            self._heed_limits()
        if text:
            self._blocks.think(text, events)

    def _refuse(self, text: str, events: list[Event]) -> None:
        """A refusal has a member of its own only in this protocol."""
        if self._own:
            self._meter.wrote(text)
            self._more(jsontext.dumps({"delta": {"refusal": text}}).decode(), events)
        else:
            self._refused = True
            self._say(text, events)

    def _more(self, members: str, events: list[Event]) -> None:
        if self.over or self._waits(self._more, members, events):
            return
        self._said_more = True
        self._blocks.begin(events)
        events.append(Vendor(FAMILY, members.encode()))

    def _give(self, pieces: Pieces, events: list[Event]) -> None:
        """What came through the passage."""
        for thinking, text in pieces:
            if thinking:
                self._meter.was_thinking(text)
                self._blocks.think(text, events)
            else:
                self._blocks.text(text, events)

    # ---- calls

    def _tool(self, piece: CallDelta, events: list[Event]) -> None:
        if self.over:
            return
        if self._passage.bounded and not self._calls.open and not self._passage.admits_call():
            self._heed_limits()
            return
        try:
            found, wrote = self._calls.take(piece)
        except TooLong:
            raise refusals.corrupt("a tool call without end") from None
        if wrote:
            self._meter.wrote(wrote)
            self._passage.called(wrote)
        self._settle(found, events)

    def _settle(self, found: Sequence[Event], events: list[Event]) -> None:
        """Events of calls, and what waited for the last of them to end."""
        if found and type(found[0]) is ToolCallStarted:
            self._give(self._passage.finish(), events)
            self._heed_limits()
            if self.over:
                return
            self._blocks.begin(events)
        events += found
        if self._later:
            events += self._calls.settle()
        while self._later and not self._calls.open and not self.over:
            again, text = self._later.popleft()
            again(text, events)

    def _waits(self, again: Again, text: str, events: list[Event]) -> bool:
        """Whether something has to wait until the open call is complete: nothing else fits into a call."""
        if self._calls.open and not self._later:
            events += self._calls.settle()
        if self._calls.open:
            self._later.append((again, text))
            return True
        return False

    # ---- the end

    def _heed_limits(self) -> None:
        if self._passage.over:
            self._end()

    def _end(self) -> None:
        self.over = True
        self._calls.drop()
        self._later.clear()

    def _closed(self, events: list[Event]) -> list[Event]:
        reason = self._finish_reason()
        said = self._blocks.said or self._said_more or self._calls.seen
        if reason == "stop" and not (said or self.over or self._meter.spoke):
            raise refusals.empty()
        self._blocks.begin(events)
        events.append(UsageSeen(self.usage()))
        events.append(Finished(reason, self._passage.stop_sequence or (self._stopped_by if reason == "stop_sequence" else None)))
        return events

    def _finish_reason(self) -> FinishReason:
        if self._passage.limited:
            return "length"
        if self._passage.stop_sequence is not None:
            return "stop_sequence"
        reason = FINISH.get(self._reason or "", "stop")
        if reason not in {"stop", "tool_calls"}:
            return reason
        if self._calls.broken:
            # Half a call must not be run.
            return "length"
        if self._calls.whole:
            return "tool_calls"
        if self._stopped_by is not None:
            return "stop_sequence"
        return "refusal" if self._refused else "stop"


def tools(call: Call, quirks: Quirks) -> Tools:
    """The names of a call's tools."""
    found = Names() if whole(call, quirks) else names(call)
    return {found.wire.get(tool.name, tool.name) for tool in call.tools}, found.client


def passage(call: Call, quirks: Quirks) -> Passage:
    """What the endpoint itself does is not done again here."""
    form = None if quirks.takes(Feature.JSON_OBJECT) else call.output_format
    stops = () if quirks.takes(Feature.STOP) else call.sampling.stop
    return Passage(form, stops, None if quirks.limits else call.sampling.max_tokens, tags=quirks.tags)


# Reasons as endpoints write them. One that is not here is a normal end: new reasons must not break answers that are
# complete. `BROKEN` has those that are no end of an answer.
FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refusal",
    "sensitive": "refusal",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_exceeded",
}
