"""Kiro's frames into events. Source: Kiro rules, section 2; Kiro wire notes, events by type.

Text and thinking go out as they come; tool calls when they are complete; figures and the reason of
the end once, at the end. Kiro has no end event: the end of the body is the end, and without any of
the closing reports the answer counts as cut (Q1). Where the model searches the web, the answer goes on
in another stream.

Equal neighbours among the text frames are given on as they came (Q5): Kiro repeats a frame now and
then, but frames carry neither number nor time, so a repeat looks like any text that says something
twice ("ha", "ha", the rules of a table), and deleting honest text is worse than a word too many. For
the same reason tool calls that a model writes as text stay text (Q24): the model may as well be
quoting a file, and what a file says must not become a call.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

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
from dataplane.conversation.model import Call, Search, Stamp
from dataplane.errors import UpstreamFault
from dataplane.upstreams import refusals
from dataplane.upstreams.base import Lease, Plan
from dataplane.upstreams.filters.blocks import Blocks
from dataplane.upstreams.filters.passage import Passage
from dataplane.upstreams.filters.tags import Pieces
from dataplane.upstreams.kiro import faults, provenance, search
from dataplane.upstreams.kiro.answering import payloads
from dataplane.upstreams.kiro.answering.calls import Calls, Complete, Searches, TooLong
from dataplane.upstreams.kiro.answering.usage import Meter
from dataplane.upstreams.kiro.asking import instructions, reasoning
from dataplane.upstreams.kiro.asking.names import SEARCH, names
from dataplane.wire import eventstream

# Characters of arguments in one event: very long lines stall some proxies (Q27).
SLICE = 1024
# Bytes of one answer on the wire, all its streams together. Some of what reads it must hold it all
# (an answer that is not streamed, one that goes on after a search), so it must end somewhere: this is
# about ten times what the longest answers of a model take, most of it the frames around single words.
LONGEST_ANSWER = 256 * 1024 * 1024

Chat = Callable[[Call], Plan]
Known = Callable[[Lease], Lease]
Takers = dict[object, Callable[["KiroDecoder", bytes, list[Event]], None]]


class KiroDecoder:
    """The answer to one attempt.

    `chat` is how a call that goes on with it is sent. `known` adds to the lease what has been learned
    of its account; the plan of this very answer may have taught it.
    """

    def __init__(self, call: Call, lease: Lease, stamp: Stamp, chat: Chat, known: Known) -> None:
        self.over = False
        self._call = call
        self._lease = lease
        self._stamp = stamp
        self._chat = chat
        self._known = known
        self._bytes = 0
        self._frames = eventstream.Parser()
        self._meter = Meter(call.input_estimate, lease.context_window)
        self._calls = Calls(lease.lease_id)
        self._streams = 1
        self._client_names: dict[str, str] | None = None
        tokens = None if reasoning.seats_max_tokens(call, lease) else call.sampling.max_tokens
        self._passage = Passage(call.output_format, call.sampling.stop, tokens, tags=bool(instructions.thinking_tags(call, lease)))
        self._take = self._PLAIN if self._passage.idle else self._MEASURED if self._passage.measures else self._SIFTED
        self._blocks = Blocks()
        # Whether earlier streams brought anything but searches.
        self._said = False
        # Whether a call of the client's tools went out.
        self._called = False
        self._searches = Searches() if call.web_search else None

    def feed(self, data: bytes) -> list[Event]:
        """Raises UpstreamFault, which takes along what the same bytes held before it."""
        events: list[Event] = []
        if self._searches and self._searches.under_way:
            self._resume(self._searches, events)
        flaw = ""
        try:
            frames: Sequence[eventstream.Frame] = self._frames.feed(data)
        except eventstream.Corrupt as error:
            frames, flaw = error.before, str(error)
        self._bytes += len(data)
        if self._bytes > LONGEST_ANSWER:
            flaw = flaw or "an answer without end"
        try:
            self._read(frames, events)
            if flaw and not self.over:
                raise refusals.corrupt(flaw)
        except UpstreamFault as fault:
            fault.before = events
            raise
        if self._searches:
            self._searches.transcript.add(events)
        return events

    def _read(self, frames: Sequence[eventstream.Frame], events: list[Event]) -> None:
        for frame in frames:
            kind = frame.headers.get(":message-type", "event")
            if kind == "event":
                take = self._take.get(frame.headers.get(":event-type"))
                if take:
                    take(self, frame.payload, events)
            elif kind in {"exception", "error"} and not self.over:
                raise faults.reported(frame.headers, frame.payload, self._call, self._lease)

    def finish(self) -> list[Event]:
        """Raises UpstreamFault when the body broke off inside a frame, or held no answer."""
        events: list[Event] = []
        if self._searches and self._searches.under_way:
            self._resume(self._searches, events)
        if self.over:
            return self._closed(events)
        if self._frames.pending():
            raise faults.cut()
        waits = self._waits()
        self._give(self._passage.pause() if waits else self._passage.finish(), events)
        return self._paused(events) if waits and not self._passage.over else self._closed(events)

    def onward(self) -> Plan | None:
        """The searches that the model waits for, and the chat that goes on with what they found."""
        searches = self._searches
        if not searches or not searches.asked:
            return None
        early = not (self._said or self._blocks.said)
        asked, parts = searches.begin()
        lease = self._known(self._lease)
        return search.onward(asked, parts, self._call, lease, self._stamp, self._chat, self._made, early=early)

    @property
    def written(self) -> float:
        return self._meter.written + self._calls.wasted

    def truncate(self, tokens: float) -> None:
        self._meter.truncate(tokens)
        self._passage.truncate()
        self._blocks.truncate()
        self._end()

    def usage(self) -> Usage:
        return self._meter.usage(self._calls.wasted)

    def _waits(self) -> bool:
        """Whether the model waits for searches.

        Calls of the client's tools win over searches in the same answer: the client must act before the
        model can go on, so these searches are dropped, and made when the model asks for them again.
        """
        if not self._searches or not self._searches.asked:
            return False
        return not self._called and self._reason() in {"stop", None}

    def _paused(self, events: list[Event]) -> list[Event]:
        self._blocks.pause(events)
        if self._searches:
            self._searches.transcript.add(events)
        return events

    def _closed(self, events: list[Event]) -> list[Event]:
        if self._searches:
            self._searches.asked = []
        reason = self._reason()
        if reason in {"stop", None} and not (self._blocks.said or self._calls.seen):
            if not self._said:
                raise refusals.empty()
            # The model has searched, and owes the answer.
            reason = "length"
        self._blocks.begin(events)
        events.append(UsageSeen(self.usage()))
        events.append(Finished(reason or "length", self._passage.stop_sequence))
        return events

    def _made(self, made: Search) -> None:
        """A search without hits was made as well; one that failed was not, and does not count."""
        if self._searches:
            self._searches.made.append(made)
        self._meter.searches += not made.error

    def _resume(self, searches: Searches, events: list[Event]) -> None:
        """The answer goes on in another stream."""
        made = searches.end()
        self._frames = eventstream.Parser()
        self._streams += 1
        self._calls = Calls(f"{self._lease.lease_id}/{self._streams}")
        self._passage.resume()
        self._meter.resume(map(search.told, made))
        self._said, self._blocks.said = self._said or self._blocks.said, False
        self._blocks.begin(events)
        events += map(Searched, made)

    def _reason(self) -> FinishReason | None:
        """Why the answer ended; None when it ended without any closing report (Q1)."""
        if self._passage.over:
            return "length" if self._passage.limited else "stop_sequence"
        reported = self._meter.ended()
        if reported not in {"stop", None}:
            return reported
        if self._calls.cut:
            return "length"
        return "tool_calls" if reported and self._called else reported

    def _heed_limits(self) -> None:
        """The client's limits may have ended the answer; a call that began below them is still completed."""
        if self._passage.stop_sequence is not None or (self._passage.limited and not self._calls.open):
            self._end()

    def _end(self) -> None:
        """Only figures are taken from now on."""
        self.over = True
        self._take = self._FIGURES

    def _text(self, payload: bytes, events: list[Event]) -> None:
        text = payloads.spoken(payload)
        if not text:
            return
        self._meter.wrote(text)
        # What `Blocks.text` does, without the call: this is the line that most events of most answers take.
        if self._blocks.speaking:
            events.append(TextDelta(text))
        else:
            self._blocks.text(text, events)

    def _measured_text(self, payload: bytes, events: list[Event]) -> None:
        """As `_text`, with max_tokens to be kept: what most clients of Anthropic's protocol ask for."""
        text = payloads.spoken(payload)
        if not text:
            return
        self._meter.wrote(text)
        fitting = self._passage.measured(text)
        if fitting:
            self._blocks.text(fitting, events)
        if fitting is not text:
            self._heed_limits()

    def _sifted_text(self, payload: bytes, events: list[Event]) -> None:
        text = payloads.spoken(payload)
        if text:
            self._meter.wrote(text)
            self._give(self._passage.spoken(text), events)
            self._heed_limits()

    def _text_beyond(self, payload: bytes, _events: list[Event]) -> None:
        """The answer is over: nothing that follows can spoil it."""
        try:
            self._meter.wrote_beyond(payloads.spoken(payload) or "")
        except UpstreamFault:
            return

    def _give(self, pieces: Pieces, events: list[Event]) -> None:
        """What came through the passage."""
        for thinking, text in pieces:
            if thinking:
                self._meter.was_thinking(text)
                self._blocks.think(text, events)
            else:
                self._blocks.text(text, events)

    def _reasoning(self, payload: bytes, events: list[Event]) -> None:
        """Text before signature, whatever their order in the frame (Q17)."""
        thought = payloads.thought(payload)
        if thought.text:
            self._meter.thought(thought.text)
            text = thought.text if self._passage.idle else self._measured_thought(thought.text, events)
            if text:
                self._blocks.think(text, events)
        # A signature is for the whole of the thinking, not for what is left of it after a cut.
        if thought.signature and not self._passage.over:
            self._blocks.sign(provenance.mark(thought.signature, self._lease), events)
        if thought.redacted_content:
            self._blocks.hide(provenance.mark(thought.redacted_content, self._lease), events)

    def _measured_thought(self, text: str, events: list[Event]) -> str:
        self._give(self._passage.pause(), events)
        text = self._passage.measured(text)
        self._heed_limits()
        return text

    def _tool(self, payload: bytes, events: list[Event]) -> None:
        fragment = payloads.fragment(payload)
        if self._passage.bounded and self._calls.begins(fragment) and not self._passage.admits_call():
            self._heed_limits()
            return
        try:
            complete = self._calls.take(fragment)
        except TooLong:
            raise refusals.corrupt("a tool call without end") from None
        if complete is None:
            return
        self._meter.wrote(complete.name)
        self._meter.wrote(complete.arguments)
        if self._call.tool_choice.mode != "none":
            self._complete(complete, events)
        self._heed_limits()

    def _complete(self, call: Complete, events: list[Event]) -> None:
        """A call that may go out: to the client, or as a search."""
        name = self._client_name(call.name)
        if name == SEARCH:
            if self._searches:
                self._searches.ask(call)
            return
        if self._called and not self._call.tool_choice.parallel:
            return
        self._give(self._passage.finish(), events)
        if self._passage.stop_sequence is not None:
            return
        self._called = True
        self._blocks.begin(events)
        text = call.arguments
        self._passage.called(text)
        events.append(ToolCallStarted(call.id, name))
        events += [ToolCallDelta(text[at : at + SLICE]) for at in range(0, len(text), SLICE)]
        events.append(ToolCallEnded())

    def _client_name(self, name: str) -> str:
        if self._client_names is None:
            self._client_names = names(self._call).client
        return self._client_names.get(name, name)

    def _metadata(self, payload: bytes, _events: list[Event]) -> None:
        self._meter.metadata(payloads.metadata(payload))

    def _context_usage(self, payload: bytes, _events: list[Event]) -> None:
        self._meter.context_usage(payloads.context_usage(payload))

    def _metering(self, payload: bytes, _events: list[Event]) -> None:
        self._meter.metering(payloads.metering(payload))

    def _invalid_state(self, payload: bytes, _events: list[Event]) -> None:
        raise faults.reported({":exception-type": "InvalidStateException"}, payload, self._call, self._lease)

    # What is done with each kind of event. Kinds that are not here mean nothing to a client: metadata
    # of the message, follow-up prompts, links, citations, references to code.
    _REPORTS: ClassVar[Takers] = {
        "metadataEvent": _metadata,
        "contextUsageEvent": _context_usage,
        "meteringEvent": _metering,
    }
    _CONTENT: ClassVar[Takers] = {
        **_REPORTS,
        "reasoningContentEvent": _reasoning,
        "toolUseEvent": _tool,
        "invalidStateEvent": _invalid_state,
    }
    # The same for text that passes as it is, is measured only, or goes through more.
    _PLAIN: ClassVar[Takers] = {**_CONTENT, "assistantResponseEvent": _text, "codeEvent": _text}
    _MEASURED: ClassVar[Takers] = {**_CONTENT, "assistantResponseEvent": _measured_text, "codeEvent": _measured_text}
    _SIFTED: ClassVar[Takers] = {**_CONTENT, "assistantResponseEvent": _sifted_text, "codeEvent": _sifted_text}
    # When the answer is over.
    _FIGURES: ClassVar[Takers] = {**_REPORTS, "assistantResponseEvent": _text_beyond, "codeEvent": _text_beyond}
