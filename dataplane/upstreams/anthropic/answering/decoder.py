"""A streamed message into events (client notes 3.1).

One block is open at a time. Text, thinking and the arguments of calls go out as they come. What the API
searched on its servers is an event of ours for other families; for clients of the same protocol it stays as it
is, block by block: only the API can read again what it found. An answer is whole with message_stop, and cut
without.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from dataplane.conversation.events import (
    Event,
    Finished,
    FinishReason,
    Searched,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    UsageSeen,
)
from dataplane.conversation.model import Call, Hit, Search
from dataplane.errors import UpstreamFault
from dataplane.upstreams import provenance, refusals
from dataplane.upstreams.anthropic import faults, hosts
from dataplane.upstreams.anthropic.answering import payloads, vendor
from dataplane.upstreams.anthropic.answering.usage import Meter
from dataplane.upstreams.anthropic.answering.vendor import Assembly
from dataplane.upstreams.anthropic.asking import options
from dataplane.upstreams.anthropic.asking.body import FAMILY
from dataplane.upstreams.anthropic.asking.names import WEB_SEARCH, names
from dataplane.upstreams.anthropic.asking.request import same
from dataplane.upstreams.base import Lease
from dataplane.upstreams.filters.blocks import Blocks
from dataplane.upstreams.filters.passage import Passage
from dataplane.upstreams.filters.tags import Pieces
from dataplane.wire import jsontext, sse

# Bytes of one answer on the wire; see Kiro's reader, whose answers are no shorter.
LONGEST_ANSWER = 256 * 1024 * 1024
EMPTY_INPUTS = frozenset({b"{}", b"null", b"{ }", b'""'})


class AnthropicDecoder:
    """The answer to one attempt."""

    def __init__(self, call: Call, lease: Lease) -> None:
        self.over = False
        self._call = call
        self._lease = lease
        self._same = call.family == FAMILY
        self._origin = hosts.hostname(lease)
        self._events = sse.Parser()
        # An endpoint that does not stream answers with one JSON object.
        self._whole: list[bytes] | None = None
        self._first = True
        self._bytes = 0
        self._meter = Meter(call.input_estimate)
        self._blocks = Blocks()
        self._passage = passage(call, lease)
        self._say = self._plain if self._passage.idle else self._sifted
        self._client_names: dict[str, str] | None = None
        # The block that is open: its kind, its beginning, and what it is put together by.
        self._kind = ""
        self._begun = payloads.Block()
        self._assembly: Assembly | None = None
        self._signature = ""
        # What came of the open call's arguments; whether there was any call, and one that is not whole.
        self._arguments: list[str] = []
        self._called = False
        self._broken = False
        # Whether the block before was text, which the next one is then not to be part of.
        self._after_text = False
        self._searches: dict[str, Search] = {}
        self._reason: str | None = None
        self._stop_sequence: str | None = None
        self._end: dict[str, Any] = {}
        self._stopped = False

    def feed(self, data: bytes) -> list[Event]:
        """Raises UpstreamFault, which takes along what the same bytes held before it."""
        events: list[Event] = []
        self._bytes += len(data)
        if self._first and (begins := data.lstrip()):
            self._first = False
            self._whole = [] if begins.startswith(b"{") else None
        if self._bytes > LONGEST_ANSWER:
            raise refusals.corrupt("an answer without end")
        if self._whole is not None:
            self._keep(data)
            return events
        try:
            for sent in self._sent(data):
                self._read(sent, events)
        except UpstreamFault as fault:
            fault.before = events
            raise
        return events

    def finish(self) -> list[Event]:
        """Raises UpstreamFault when the body broke off."""
        events: list[Event] = []
        if self._whole is not None and not self.over:
            self._read_whole(b"".join(self._whole), events)
        if not self.over:
            if not self._stopped:
                raise faults.cut()
            self._close(events)
            self._give(self._passage.finish(), events)
        return self._closed(events)

    def onward(self) -> None:
        """One exchange is all there is."""

    @property
    def written(self) -> float:
        return self._meter.written

    def truncate(self, tokens: float) -> None:
        self._meter.truncate(tokens)
        self._passage.truncate()
        self._blocks.truncate()
        self.over = True

    def usage(self) -> Usage:
        return self._meter.usage()

    def _sent(self, data: bytes) -> list[bytes]:
        try:
            return self._events.feed(data)
        except sse.TooLong:
            raise refusals.corrupt("an event without end") from None

    def _keep(self, data: bytes) -> None:
        assert self._whole is not None
        self._whole.append(data)
        if self._bytes > sse.MAX_EVENT_BYTES:
            raise refusals.corrupt("an event without end")

    def _read(self, data: bytes, events: list[Event]) -> None:
        if data == b"[DONE]":
            return
        try:
            event = payloads.event(data)
        except (ValueError, RecursionError) as error:
            if self.over:
                return
            raise refusals.corrupt(f"{error}: {data[:100]!r}") from None
        take = self._TAKERS.get(event.type)
        if self.over:
            if event.type == "message_delta":
                self._meter.tell(event.usage, final=True)
        elif take:
            take(self, event, data, events)
        elif bytes(event.error) != b"null":
            raise faults.reported(data, self._call, self._lease)

    def _start(self, event: payloads.Event, _data: bytes, _events: list[Event]) -> None:
        if event.message:
            self._meter.tell(event.message.usage, final=False)

    def _error(self, _event: payloads.Event, data: bytes, _events: list[Event]) -> None:
        raise faults.reported(data, self._call, self._lease)

    # ---- blocks

    def _open(self, event: payloads.Event, _data: bytes, events: list[Event]) -> None:
        self._close(events)
        self._begin(event.content_block, events)

    def _begin(self, raw: jsontext.Raw, events: list[Event]) -> None:
        try:
            self._begun = begun = payloads.block(raw)
        except (ValueError, RecursionError) as error:
            raise refusals.corrupt(f"a block: {error}") from None
        self._kind = begun.type
        if begun.type not in _STREAMED:
            self._give(self._passage.pause(), events)
            self._assembly = Assembly(raw)
        elif begun.type == "text":
            if self._same and (self._after_text or len(payloads.anything(raw)) > 2):
                self._blocks.begin(events)
                events.append(vendor.text(raw))
            if begun.text:
                self._say(begun.text, events)
        elif begun.type == "tool_use":
            self._call_tool(begun, events)
        elif begun.thinking:
            self._think(begun.thinking, events)

    def _call_tool(self, begun: payloads.Block, events: list[Event]) -> None:
        self._give(self._passage.finish(), events)
        if self._passage.over:
            self._kind = ""
            self._heed()
            return
        self._called, self._arguments = True, []
        self._meter.wrote(begun.name)
        self._blocks.begin(events)
        events.append(ToolCallStarted(begun.id, self._client_name(begun.name)))

    def _more(self, event: payloads.Event, data: bytes, events: list[Event]) -> None:
        delta = event.delta
        if delta is None:
            return
        if self._assembly is not None:
            self._meter.wrote(delta.partial_json or "")
            self._assembly.add(data)
        elif delta.text:
            self._say(delta.text, events)
        elif delta.partial_json and self._kind == "tool_use":
            self._argue(delta.partial_json, events)
        elif delta.thinking:
            self._think(delta.thinking, events)
        elif delta.signature:
            self._signature = delta.signature
        elif delta.type == vendor.CITATION and self._same:
            self._blocks.begin(events)
            events.append(vendor.citation(data))

    def _plain(self, text: str, events: list[Event]) -> None:
        self._meter.wrote(text)
        # What `Blocks.text` does, without the call: this is the line that most events of most answers take.
        if self._blocks.speaking:
            events.append(TextDelta(text))
        else:
            self._blocks.text(text, events)

    def _sifted(self, text: str, events: list[Event]) -> None:
        self._meter.wrote(text)
        self._give(self._passage.spoken(text), events)
        self._heed()

    def _give(self, pieces: Pieces, events: list[Event]) -> None:
        for _, text in pieces:
            self._blocks.text(text, events)

    def _heed(self) -> None:
        if self._passage.over:
            self.over = True

    def _argue(self, text: str, events: list[Event]) -> None:
        self._arguments.append(text)
        self._meter.wrote(text)
        events.append(ToolCallDelta(text))

    def _think(self, text: str, events: list[Event]) -> None:
        self._meter.thought(text)
        self._give(self._passage.pause(), events)
        self._blocks.think(text, events)

    def _close(self, events: list[Event]) -> None:
        """The block that is open is whole."""
        kind, self._kind = self._kind, ""
        if kind:
            self._after_text = kind == "text"
        assembly, self._assembly = self._assembly, None
        if assembly is not None:
            self._served(assembly, events)
        elif kind == "tool_use":
            self._end_call(events)
        elif kind == "thinking":
            signature, self._signature = self._signature or self._begun.signature or "", ""
            if signature:
                self._blocks.sign(provenance.mark(signature, self._origin), events)
            self._blocks.begin(events)
        elif kind == "redacted_thinking":
            self._blocks.hide(provenance.mark(self._begun.data or "", self._origin), events)

    def _end_call(self, events: list[Event]) -> None:
        """Some endpoints give all arguments with the beginning. Half a call ends where it stands."""
        given = bytes(self._begun.input)
        if not self._arguments and given not in EMPTY_INPUTS:
            self._argue(given.decode("utf-8", "replace"), events)
        self._broken = self._broken or (bool(self._arguments) and not payloads.whole("".join(self._arguments)))
        events.append(ToolCallEnded())

    def _client_name(self, name: str) -> str:
        if self._client_names is None:
            self._client_names = names(self._call).client
        return self._client_names.get(name, name)

    def _stop(self, _event: payloads.Event, _data: bytes, events: list[Event]) -> None:
        self._close(events)

    # ---- what the API's servers did

    def _served(self, assembly: Assembly, events: list[Event]) -> None:
        try:
            members = assembly.finish()
        except (ValueError, RecursionError) as error:
            raise refusals.corrupt(f"a block: {error}") from None
        if self._same:
            self._blocks.begin(events)
            events.append(vendor.block(members))
        elif members.get("type") == "server_tool_use" and members.get("name") == WEB_SEARCH:
            given, use = members.get("input"), str(members.get("id"))
            self._searches[use] = Search(use, str(given.get("query", "")) if isinstance(given, dict) else "")
        elif members.get("type") == "web_search_tool_result":
            self._blocks.begin(events)
            events.append(Searched(self._searched(members)))

    def _searched(self, members: dict[str, Any]) -> Search:
        use, content = str(members.get("tool_use_id")), members.get("content")
        search = self._searches.pop(use, None) or Search(use, "")
        if isinstance(content, list):
            try:
                found = payloads.hits(jsontext.dumps(content))
            except ValueError as error:
                raise refusals.corrupt(f"what a search found: {error}") from None
            search.hits = [Hit(hit.title or "", hit.url, age=hit.page_age or "") for hit in found]
        else:
            search.error = str(content.get("error_code", "unavailable")) if isinstance(content, dict) else "unavailable"
        return search

    # ---- the end

    def _tell(self, event: payloads.Event, data: bytes, _events: list[Event]) -> None:
        self._meter.tell(event.usage, final=True)
        if event.delta:
            self._reason = event.delta.stop_reason or self._reason
            self._stop_sequence = event.delta.stop_sequence or self._stop_sequence
            if self._same:
                self._end |= payloads.anything(data)["delta"]

    def _done(self, _event: payloads.Event, _data: bytes, _events: list[Event]) -> None:
        self._stopped = True

    def _read_whole(self, data: bytes, events: list[Event]) -> None:
        try:
            message = payloads.message(data)
        except (ValueError, RecursionError) as error:
            raise refusals.corrupt(f"{error}: {data[:100]!r}") from None
        if bytes(message.error) != b"null" or message.type != "message":
            raise faults.reported(data, self._call, self._lease)
        self._meter.tell(message.usage, final=True)
        if self._same:
            self._end = {name: value for name, value in payloads.anything(data).items() if name not in _OWN}
        for raw in message.content or ():
            self._begin(raw, events)
            self._close(events)
            if self.over:
                return
        self._reason, self._stop_sequence, self._stopped = message.stop_reason, message.stop_sequence, True

    def _closed(self, events: list[Event]) -> list[Event]:
        ours = self.over
        self._blocks.begin(events)
        if self._same and not ours and (more := vendor.end(self._end)):
            events.append(more)
        events.append(UsageSeen(self.usage()))
        stop = self._passage.stop_sequence if ours else self._stop_sequence
        events.append(Finished(self._finish_reason(ours=ours), stop))
        return events

    def _finish_reason(self, *, ours: bool) -> FinishReason:
        if ours:
            return "length" if self._passage.limited else "stop_sequence"
        found = _REASONS.get(self._reason or "", "stop")
        if self._broken and found in {"stop", "tool_calls"}:
            # Half a call must not be run.
            return "length"
        return "tool_calls" if found == "stop" and self._called else found

    _TAKERS: ClassVar[dict[str, Callable[["AnthropicDecoder", payloads.Event, bytes, list[Event]], None]]] = {
        "content_block_delta": _more,
        "message_start": _start,
        "content_block_start": _open,
        "content_block_stop": _stop,
        "message_delta": _tell,
        "message_stop": _done,
        "error": _error,
    }


def passage(call: Call, lease: Lease) -> Passage:
    """What the endpoint is not told, the gateway does: stop sequences that are blank, and a form that is only asked for."""
    if same(call):
        return Passage(None, (), None, tags=False)
    form = None if options.schema(call, lease) is not None else call.output_format
    return Passage(form, [each for each in call.sampling.stop if each.isspace()], None, tags=False)


# Blocks whose content goes out as it comes; any other is put together first.
_STREAMED = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})

# Members of a whole message that are told another way; any other belongs to its end.
_OWN = frozenset({"id", "type", "role", "model", "content", "stop_sequence", "usage"})

# A reason that is not here is a normal end: new reasons must not break answers that are complete. A paused turn is not
# at its end; a client of the same protocol is told so, any other that there is more.
_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "tool_use": "tool_calls",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "pause_turn": "length",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_exceeded",
}
