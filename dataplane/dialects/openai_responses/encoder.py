"""Events into the answers of /v1/responses, streamed or whole (client notes, section 3.3).

A stream ends with `response.completed`, `response.incomplete` or `response.failed`. No `[DONE]` follows: the
protocol has none, and its last event says how the answer ended.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

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
    Usage,
    UsageSeen,
    Vendor,
)
from dataplane.conversation.fold import Transcript
from dataplane.conversation.kept import Item, KeptAnswer
from dataplane.conversation.model import Call, Reasoning, Search, Stamp, ToolCall
from dataplane.dialects.openai.errors import render
from dataplane.dialects.openai_responses import output
from dataplane.dialects.openai_responses.answer import Answer
from dataplane.dialects.openai_responses.output import COMPLETED, FINISH, Fields
from dataplane.errors import GatewayError
from dataplane.wire.jsontext import dumps, string

Steps = Mapping[type, Callable[["StreamEncoder", Any], bytes]]

EVENT = b'event: %b\ndata: {"type":"%b",%b,"sequence_number":%d}\n\n'
# A delta is this much that is the same for a whole item, a JSON string, and DELTA_END.
DELTA = b'event: %b\ndata: {"type":"%b",%b,"delta":'
DELTA_END = b',"sequence_number":%d}\n\n'

IN_PROGRESS = "in_progress"
SEARCH_STEPS = (b"response.web_search_call.in_progress", b"response.web_search_call.searching", b"response.web_search_call.completed")


@dataclass(slots=True)
class Open:
    """The item that is being written. `place` names it in its events; `call` is set for a call."""

    place: bytes
    call: ToolCall | None = None
    pieces: list[str] = field(default_factory=list)


class StreamEncoder:
    """An answer as server-sent events, all events of a batch in one piece."""

    content_type = "text/event-stream"

    def __init__(self, call: Call, stamp: Stamp) -> None:
        self.kept: KeptAnswer | None = None
        self._answer = Answer(call, stamp)
        self._items = self._answer.items
        self._sequence = 0
        self._usage = Usage()
        self._finished: Finished | None = None
        # The items that are complete, and how many were begun and never will be.
        self._done: list[Item] = []
        self._given_up = 0
        self._open: Open | None = None
        # The event that continues the open item, and what stands before its text.
        self._continues: type[Event] | None = None
        self._prefix = b""
        # What was searched since the last text.
        self._searches: list[Search] = []

    def feed(self, events: Sequence[Event]) -> bytes:
        out = []
        for event in events:
            kind = type(event)
            if kind is self._continues:
                out.append(self._delta(event.text))  # type: ignore[union-attr]  # only deltas continue an item
            else:
                out.append(self._STEPS[kind](self, event))
        return b"".join(out)

    def finish(self) -> bytes:
        assert self._finished is not None, "finish() comes after Finished"
        body = self._answer.ended(self._finished.reason, self._done, self._usage)
        self.kept = self._answer.kept(body, self._done)
        status, _ = FINISH[self._finished.reason]
        return self._event(b"response." + status.encode(), b'"response":' + body)

    def fail(self, error: GatewayError, request_id: str) -> bytes:  # noqa: ARG002 - OpenAI's shape has no seat for the id
        return self._event(b"response.failed", b'"response":' + self._answer.failed(error, self._done))

    @property
    def _place(self) -> int:
        """Where the item that is open or comes next stands."""
        return len(self._done) + self._given_up

    def _start(self, _: Started) -> bytes:
        begun = b'"response":' + self._answer.begun()
        return self._event(b"response.created", begun) + self._event(b"response.in_progress", begun)

    def _say(self, event: TextDelta) -> bytes:
        begun = self._end()
        begun += self._begin(self._items.message(self._place, [], IN_PROGRESS), b',"content_index":0')
        begun += self._told(b"response.content_part.added", part=output.text("", []))
        return begun + self._go_on(TextDelta, b"response.output_text.delta", b',"logprobs":[]') + self._delta(event.text)

    def _think(self, event: ReasoningDelta) -> bytes:
        begun = self._end()
        begun += self._begin(self._items.thought(self._place, Reasoning()), b',"summary_index":0')
        begun += self._told(b"response.reasoning_summary_part.added", part=output.summary(""))
        return begun + self._go_on(ReasoningDelta, b"response.reasoning_summary_text.delta") + self._delta(event.text)

    def _sign(self, event: ReasoningSigned) -> bytes:
        """Without thinking before it the signature, or the block that only the provider can read, is an item of its own."""
        if event.redacted:
            return self._end() + self._sealed(Reasoning(redacted=event.signature))
        if self._continues is not ReasoningDelta:
            return self._end() + self._sealed(Reasoning(signature=event.signature))
        return self._end_thought(event.signature)

    def _sealed(self, thought: Reasoning) -> bytes:
        place = self._place
        return self._begin(self._items.thought(place, Reasoning())) + self._close(self._items.thought(place, thought))

    def _call(self, event: ToolCallStarted) -> bytes:
        begun, made = self._end(), ToolCall(event.id, event.name, "")
        begun += self._begin(self._items.call(self._place, made, IN_PROGRESS), call=made)
        if not self._items.is_custom(event.name):
            self._go_on(ToolCallDelta, b"response.function_call_arguments.delta")
        return begun

    def _collect(self, event: ToolCallDelta) -> bytes:
        """The text of a custom call is known only when the JSON around it is complete."""
        assert self._open is not None
        self._open.pieces.append(event.text)
        return b""

    def _end_call(self, _: ToolCallEnded) -> bytes:
        """Clients parse the arguments as JSON; those of a call without arguments are an empty object. Half a call is never
        told to be done.
        """
        assert self._open is not None
        assert self._open.call is not None
        call = self._open.call
        call.arguments = "".join(self._open.pieces) or "{}"
        if self._items.is_custom(call.name):
            return self._end_custom(call)
        status = output.standing(call)
        said = b"" if self._open.pieces else self._delta("{}")
        done = self._told(b"response.function_call_arguments.done", arguments=call.arguments) if status == COMPLETED else b""
        return said + done + self._close(self._items.call(self._place, call, status))

    def _end_custom(self, call: ToolCall) -> bytes:
        if self._items.cut(call):
            self._given_up += 1
            self._open = self._continues = None
            return b""
        item = self._items.call(self._place, call, COMPLETED)
        told = item["input"]
        self._go_on(ToolCallDelta, b"response.custom_tool_call_input.delta")
        said = self._delta(told) if told else b""
        return said + self._told(b"response.custom_tool_call_input.done", input=told) + self._close(item)

    def _search(self, event: Searched) -> bytes:
        """Whole in itself; a search that failed has no event to say so."""
        search, begun = event.search, self._end()
        self._searches.append(search)
        place = self._place
        begun += self._begin(self._items.search(place, search, IN_PROGRESS))
        steps = SEARCH_STEPS[:-1] if search.error else SEARCH_STEPS
        told = b"".join([self._told(step) for step in steps])
        return begun + told + self._close(self._items.search(place, search, output.outcome(search)))

    def _skip(self, _: Vendor) -> bytes:
        """No upstream has words of this protocol's own."""
        return b""

    def _count(self, event: UsageSeen) -> bytes:
        self._usage = event.usage
        return b""

    def _finish(self, event: Finished) -> bytes:
        self._finished = event
        return self._end(FINISH[event.reason][0])

    def _end(self, status: str = COMPLETED) -> bytes:
        """Complete the item that is open, if one is: a text, or thinking without a signature."""
        if self._continues is TextDelta:
            return self._end_text(status)
        return self._end_thought(None) if self._continues is ReasoningDelta else b""

    def _end_text(self, status: str) -> bytes:
        assert self._open is not None
        told = "".join(self._open.pieces)
        cited, self._searches = output.cited(self._searches, told), []
        part = output.text(told, cited)
        name = b"response.output_text.annotation.added"
        notes = [self._told(name, annotation_index=index, annotation=each) for index, each in enumerate(cited)]
        done = self._told(b"response.output_text.done", text=told, logprobs=[]) + self._told(b"response.content_part.done", part=part)
        return b"".join(notes) + done + self._close(self._items.message(self._place, [part], status))

    def _end_thought(self, signature: str | None) -> bytes:
        assert self._open is not None
        told = "".join(self._open.pieces)
        done = self._told(b"response.reasoning_summary_text.done", text=told)
        done += self._told(b"response.reasoning_summary_part.done", part=output.summary(told))
        return done + self._close(self._items.thought(self._place, Reasoning(told, signature)))

    def _begin(self, item: Fields, within: bytes = b"", call: ToolCall | None = None) -> bytes:
        """Open an item; `within` is where in it the events that follow belong."""
        place = self._place
        self._open = Open(b'"item_id":%b,"output_index":%d%b' % (string(item["id"]), place, within), call)
        return self._event(b"response.output_item.added", b'"output_index":%d,"item":%b' % (place, dumps(item)))

    def _go_on(self, continues: type[Event], name: bytes, more: bytes = b"") -> bytes:
        """From now on `continues` adds to the open item, by events of that name."""
        assert self._open is not None
        self._continues = continues
        self._prefix = DELTA % (name, name, self._open.place + more)
        return b""

    def _close(self, item: Fields) -> bytes:
        written, place = dumps(item), self._place
        self._done.append(Item(item["id"], written))
        self._open = self._continues = None
        return self._event(b"response.output_item.done", b'"output_index":%d,"item":%b' % (place, written))

    def _delta(self, text: str) -> bytes:
        assert self._open is not None
        self._open.pieces.append(text)
        self._sequence += 1
        return self._prefix + string(text) + DELTA_END % (self._sequence - 1)

    def _told(self, name: bytes, **members: Any) -> bytes:
        """An event within the open item."""
        assert self._open is not None
        return self._event(name, self._open.place + (b"," + dumps(members)[1:-1] if members else b""))

    def _event(self, name: bytes, members: bytes) -> bytes:
        self._sequence += 1
        return EVENT % (name, name, members, self._sequence - 1)

    _STEPS: ClassVar[Steps] = {
        Started: _start,
        TextDelta: _say,
        ReasoningDelta: _think,
        ReasoningSigned: _sign,
        ToolCallStarted: _call,
        ToolCallDelta: _collect,
        ToolCallEnded: _end_call,
        Searched: _search,
        Vendor: _skip,
        UsageSeen: _count,
        Finished: _finish,
    }


class WholeEncoder:
    """The same answer as one JSON object."""

    content_type = "application/json"

    def __init__(self, call: Call, stamp: Stamp) -> None:
        self.kept: KeptAnswer | None = None
        self._answer = Answer(call, stamp)
        self._transcript = Transcript()

    def feed(self, events: Sequence[Event]) -> bytes:
        """What no client of this protocol can read must not part what belongs together."""
        self._transcript.add([event for event in events if type(event) is not Vendor])
        return b""

    def finish(self) -> bytes:
        finished = self._transcript.finish
        assert finished is not None, "finish() comes after Finished"
        status, _ = FINISH[finished.reason]
        items = [Item(item["id"], dumps(item)) for item in output.whole(self._answer.items, self._transcript.parts, status)]
        body = self._answer.ended(finished.reason, items, self._transcript.usage)
        self.kept = self._answer.kept(body, items)
        return body

    def fail(self, error: GatewayError, request_id: str) -> bytes:  # noqa: ARG002 - OpenAI's shape has no seat for the id
        return render(error)
