"""Events into the answer of /v1/messages, streamed or whole (client notes, section 3.1).

Thinking is shown only to clients that asked for it: others may not know the block. Its tokens are
counted in any case.
"""

from collections.abc import Callable, Sequence
from enum import Enum, auto
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
from dataplane.conversation.model import Call, Reasoning, Search, Stamp, Text, ToolCall
from dataplane.dialects.anthropic import searches, vendored
from dataplane.dialects.anthropic.errors import body as error_body
from dataplane.dialects.anthropic.parse import FAMILY
from dataplane.errors import BadUpstream, GatewayError
from dataplane.wire.jsontext import DecodeError, Raw, dumps, loads, string


class Show(Enum):
    """How much of the thinking the client gets. SIGNATURE: the block and its signature, no text."""

    NOTHING = auto()
    SIGNATURE = auto()
    ALL = auto()


class Streamed:
    """Server-sent events. What comes before the answer's text is written once per block, so a delta costs one string."""

    content_type = "text/event-stream"
    kept = None

    def __init__(self, call: Call, stamp: Stamp) -> None:
        self._call = call
        self._id = f"msg_{stamp.id}"
        self._show = show(call)
        self._usage = first_usage(call)
        self._index = 0
        # The event that opened the block which is open, and the event that continues it.
        self._open: type[Event] | None = None
        self._continues: type[Event] | None = None
        self._prefix = b""
        # What the end says beside its reason.
        self._ending: dict[str, Any] = {}

    def feed(self, events: Sequence[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            kind = type(event)
            if kind is self._continues:
                out += (self._prefix, string(event.text), DELTA_END)  # type: ignore[union-attr]  # only deltas continue a block
            else:
                self._STEPS[kind](self, event, out)
        return b"".join(out)

    def finish(self) -> bytes:
        return MESSAGE_STOP

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        return b"event: error\ndata: " + error_body(error, request_id) + b"\n\n"

    def _start(self, _event: Started, out: list[bytes]) -> None:
        out.append(MESSAGE_START % (string(self._id), string(self._call.model), self._usage.input))

    def _text(self, event: TextDelta, out: list[bytes]) -> None:
        self._begin(TextDelta, TEXT_BLOCK, out)
        self._delta(TextDelta, TEXT_DELTA)
        out += (self._prefix, string(event.text), DELTA_END)

    def _think(self, event: ReasoningDelta, out: list[bytes]) -> None:
        if self._show is Show.NOTHING:
            return
        if self._open is not ReasoningDelta:
            self._begin(ReasoningDelta, THINKING_BLOCK, out)
        if self._show is Show.ALL:
            self._delta(ReasoningDelta, THINKING_DELTA)
            out += (self._prefix, string(event.text), DELTA_END)

    def _sign(self, event: ReasoningSigned, out: list[bytes]) -> None:
        if self._show is Show.NOTHING:
            return
        if event.redacted:
            self._begin(ReasoningSigned, REDACTED_BLOCK % string(event.signature), out)
        else:
            if self._open is not ReasoningDelta:
                self._begin(ReasoningDelta, THINKING_BLOCK, out)
            out += (DELTA % (self._index, SIGNATURE_DELTA), string(event.signature), DELTA_END)
        self._end(None, out)

    def _call_tool(self, event: ToolCallStarted, out: list[bytes]) -> None:
        self._begin(ToolCallStarted, TOOL_BLOCK % (string(event.id), string(event.name)), out)
        self._delta(ToolCallDelta, INPUT_DELTA)

    def _search(self, event: Searched, out: list[bytes]) -> None:
        """Two blocks. The input comes as a delta, as a client's own tools have it: many read it nowhere else."""
        search = event.search
        self._begin(Searched, SEARCH_BLOCK % string(searches.use_id(search.id)), out)
        query = string(searches.arguments(search).decode())
        out += (DELTA % (self._index, INPUT_DELTA), query, DELTA_END)
        self._begin(Searched, dumps(searches.result(search)), out)
        self._end(None, out)

    def _vendor(self, event: Vendor, out: list[bytes]) -> None:
        """Something that the canonical conversation has no word for; `vendored` says what it may be."""
        match vendored.kind(event):
            case "":
                return
            case vendored.END:
                self._ending = vendored.ending(event)
            case vendored.CITATION:
                if self._open is not TextDelta:
                    self._begin(TextDelta, TEXT_BLOCK, out)
                    self._delta(TextDelta, TEXT_DELTA)
                out.append(DELTA % (self._index, event.data) + b"}\n\n")
            case vendored.TEXT:
                self._begin(TextDelta, event.data, out)
                self._delta(TextDelta, TEXT_DELTA)
            case _:
                block, given = vendored.streamed(event.data)
                self._begin(Vendor, block, out)
                if given:
                    out += (DELTA % (self._index, INPUT_DELTA), string(given), DELTA_END)
                self._end(None, out)

    def _see_usage(self, event: UsageSeen, _out: list[bytes]) -> None:
        self._usage = event.usage

    def _finish(self, event: Finished, out: list[bytes]) -> None:
        self._end(None, out)
        delta = dumps({"stop_reason": STOP_REASONS[event.reason], "stop_sequence": event.stop_sequence, **self._ending})
        out.append(MESSAGE_DELTA % (delta, dumps(usage_body(self._usage, self._call))))

    def _begin(self, opener: type[Event], block: bytes, out: list[bytes]) -> None:
        self._end(None, out)
        out.append(BLOCK_START % (self._index, block))
        self._open = opener

    def _delta(self, continues: type[Event], delta: bytes) -> None:
        """From now on `continues` is written with the prefix of `delta`."""
        self._continues = continues
        self._prefix = DELTA % (self._index, delta)

    def _end(self, _event: ToolCallEnded | None, out: list[bytes]) -> None:
        """Close the block that is open, if one is."""
        if self._open is None:
            return
        out.append(BLOCK_STOP % self._index)
        self._index += 1
        self._open = self._continues = None

    _STEPS: ClassVar[dict[type[Event], Callable[["Streamed", Any, list[bytes]], None]]] = {
        Started: _start,
        TextDelta: _text,
        ReasoningDelta: _think,
        ReasoningSigned: _sign,
        ToolCallStarted: _call_tool,
        ToolCallEnded: _end,
        Searched: _search,
        Vendor: _vendor,
        UsageSeen: _see_usage,
        Finished: _finish,
    }


class Whole:
    """One JSON object, once the answer is over."""

    content_type = "application/json"
    kept = None

    def __init__(self, call: Call, stamp: Stamp) -> None:
        self._call = call
        self._id = f"msg_{stamp.id}"
        self._show = show(call)
        self._transcript = Transcript()
        self._transcript.usage = first_usage(call)

    def feed(self, events: Sequence[Event]) -> bytes:
        if self._show is Show.NOTHING:
            events = [event for event in events if type(event) not in (ReasoningDelta, ReasoningSigned)]
        self._transcript.add(events)
        return b""

    def finish(self) -> bytes:
        """Raises BadUpstream when a tool call's arguments are not an object, which a client could not act on."""
        finish = self._transcript.finish
        if finish is None:
            raise BadUpstream("the upstream's answer has no end")
        return dumps(
            {
                "id": self._id,
                "type": "message",
                "role": "assistant",
                "model": self._call.model,
                "content": vendored.cited(block for part in self._transcript.parts for block in self._blocks(part)),
                "stop_reason": STOP_REASONS[finish.reason],
                "stop_sequence": finish.stop_sequence,
                "usage": usage_body(self._transcript.usage, self._call),
                **vendored.endings(self._transcript.parts),
            }
        )

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        """The error itself: nothing of a whole answer has been sent before it."""
        return error_body(error, request_id)

    def _blocks(self, part: Text | Reasoning | ToolCall | Search | Vendor) -> list[Any]:
        match part:
            case Text(text):
                return [{"type": "text", "text": text}]
            case ToolCall(id, name, arguments):
                return [{"type": "tool_use", "id": id, "name": name, "input": self._input(arguments)}]
            case Reasoning(redacted=str(data)):
                return [{"type": "redacted_thinking", "data": data}]
            case Reasoning(text, signature):
                shown = text if self._show is Show.ALL else ""
                return [{"type": "thinking", "thinking": shown, "signature": signature or ""}]
            case Search(id):
                use = {"type": "server_tool_use", "id": searches.use_id(id), "name": searches.NAME, "input": Raw(searches.arguments(part))}
                return [use, searches.result(part)]
            case Vendor(family, data):
                return [Raw(data)] if family == FAMILY else []

    def _input(self, arguments: str) -> Raw:
        """The arguments as they came. Broken ones are {} in an answer that was cut: its stop reason tells the client."""
        try:
            sound = isinstance(loads(arguments), dict)
        except DecodeError:
            sound = False
        if sound:
            return Raw(arguments.encode())
        if self._transcript.finish and self._transcript.finish.reason == "length":
            return Raw(b"{}")
        raise BadUpstream("the model called a tool with arguments that are not a JSON object")


def show(call: Call) -> Show:
    """What the client may see of the thinking."""
    if call.thinking is None or call.thinking.mode == "disabled":
        return Show.NOTHING
    return Show.SIGNATURE if call.thinking.display == "omitted" else Show.ALL


def first_usage(call: Call) -> Usage:
    """What is said before the upstream has said anything; some clients fail on an input of 0."""
    return Usage(input=max(1, call.input_estimate), output=1)


def usage_body(usage: Usage, call: Call) -> dict[str, Any]:
    """The figures in the client's names. An upstream that gave none for the prompt leaves the estimate standing."""
    known = usage.input or usage.cache_read or usage.cache_write
    figures: dict[str, Any] = {
        "input_tokens": usage.input if known else first_usage(call).input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }
    if usage.searches:
        # Clients' types want the second figure too, which is never another.
        figures["server_tool_use"] = {"web_search_requests": usage.searches, "web_fetch_requests": 0}
    return figures


MESSAGE_START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":%s,"type":"message","role":"assistant","model":%s,"content":[],'
    b'"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,'
    b'"output_tokens":1}}}\n\n'
)
BLOCK_START = b'event: content_block_start\ndata: {"type":"content_block_start","index":%d,"content_block":%s}\n\n'
BLOCK_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
MESSAGE_DELTA = b'event: message_delta\ndata: {"type":"message_delta","delta":%s,"usage":%s}\n\n'
MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

TEXT_BLOCK = b'{"type":"text","text":""}'
THINKING_BLOCK = b'{"type":"thinking","thinking":"","signature":""}'
REDACTED_BLOCK = b'{"type":"redacted_thinking","data":%s}'
TOOL_BLOCK = b'{"type":"tool_use","id":%s,"name":%s,"input":{}}'
SEARCH_BLOCK = b'{"type":"server_tool_use","id":%s,"name":"web_search","input":{}}'

# A delta is DELTA with one of the four beginnings, the text as a JSON string, and DELTA_END.
DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":%s'
TEXT_DELTA = b'{"type":"text_delta","text":'
THINKING_DELTA = b'{"type":"thinking_delta","thinking":'
SIGNATURE_DELTA = b'{"type":"signature_delta","signature":'
INPUT_DELTA = b'{"type":"input_json_delta","partial_json":'
DELTA_END = b"}}\n\n"

STOP_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
    "context_exceeded": "model_context_window_exceeded",
}
