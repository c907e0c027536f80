"""Kiro's frames into events. Source: Kiro wire notes, events by type and response quirks.

Text and thinking go out as they come; tool calls when they are complete; figures and the reason of
the end once, at the end. Kiro has no end event: the end of the body is the end, and without any of
the closing reports the answer counts as cut.
"""

from collections.abc import Callable
from typing import ClassVar

from dataplane.conversation.events import (
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    ReasoningSigned,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    UsageSeen,
)
from dataplane.conversation.model import Call
from dataplane.upstreams.base import Lease
from dataplane.upstreams.kiro import faults, payloads
from dataplane.upstreams.kiro.calls import Calls, Complete, TooLong
from dataplane.upstreams.kiro.names import names
from dataplane.upstreams.kiro.usage import Meter
from dataplane.wire import eventstream

# Characters of arguments in one event: very long lines stall some proxies (Q27).
SLICE = 1024


class KiroDecoder:
    """The answer to one attempt."""

    def __init__(self, call: Call, lease: Lease) -> None:
        self._call = call
        self._lease = lease
        self._frames = eventstream.Parser()
        self._meter = Meter()
        self._calls = Calls(lease.lease_id)
        self._client_names: dict[str, str] | None = None
        self._started = False
        self._thinking = False
        # A signature that came before the thinking it signs.
        self._signature = ""
        self._called = False
        self._closing = False
        self._stop_reason = ""

    def feed(self, data: bytes) -> list[Event]:
        """Raises UpstreamFault; what the same bytes held before the fault is given up with it."""
        events: list[Event] = []
        try:
            frames = self._frames.feed(data)
        except eventstream.Corrupt as error:
            raise faults.corrupt(str(error)) from error
        for frame in frames:
            kind = frame.headers.get(":message-type", "event")
            if kind == "event":
                take = self._TAKE.get(frame.headers.get(":event-type"))
                if take:
                    take(self, frame.payload, events)
            elif kind in {"exception", "error"}:
                raise faults.reported(frame.headers, frame.payload, self._call, self._lease)
        return events

    def finish(self) -> list[Event]:
        """Raises UpstreamFault when the body broke off inside a frame, or held no answer."""
        if self._frames.pending():
            raise faults.cut()
        reason = self._reason()
        if not self._started and not self._calls.seen and reason in {"stop", None}:
            raise faults.empty()
        events: list[Event] = []
        self._begin(events)
        self._meter.wrote(self._calls.wasted)
        events.append(UsageSeen(self.usage()))
        events.append(Finished(reason or "length"))
        return events

    def usage(self) -> Usage:
        return self._meter.usage(self._call.input_estimate, self._lease.context_window)

    def _reason(self) -> FinishReason | None:
        """Why the answer ended; None when it ended without any closing report (Q1)."""
        said = _STOP_REASONS.get(self._stop_reason, "stop")
        if said != "stop":
            return said
        if (self._meter.percentage or 0) >= 100:
            return "context_exceeded"
        if self._calls.cut:
            return "length"
        if not self._closing:
            return None
        return "tool_calls" if self._called else "stop"

    def _begin(self, events: list[Event]) -> None:
        """Whatever comes next is not thinking: open the answer, close the thinking."""
        if not self._started:
            self._started = True
            events.append(Started())
        self._thinking = False
        if self._signature:
            events.append(ReasoningSigned(self._signature))
            self._signature = ""

    def _text(self, payload: bytes, events: list[Event]) -> None:
        text = payloads.spoken(payload)
        if not text:
            return
        if not self._started or self._thinking or self._signature:
            self._begin(events)
        events.append(TextDelta(text))
        self._meter.wrote(text)

    def _reasoning(self, payload: bytes, events: list[Event]) -> None:
        """Text before signature, whatever their order in the frame (Q17)."""
        thought = payloads.thought(payload)
        if thought.text:
            if not self._started:
                self._started = True
                events.append(Started())
            self._thinking = True
            events.append(ReasoningDelta(thought.text))
            self._meter.thought(thought.text)
        if thought.signature:
            self._sign(thought.signature, events)
        if thought.redacted_content:
            self._begin(events)
            events.append(ReasoningSigned(thought.redacted_content, redacted=True))

    def _sign(self, signature: str, events: list[Event]) -> None:
        """A signature without thinking to close waits for what comes next, as some models send it first."""
        if self._signature:
            self._begin(events)
        self._signature = signature
        if self._thinking:
            self._begin(events)

    def _tool(self, payload: bytes, events: list[Event]) -> None:
        try:
            complete = self._calls.take(payloads.fragment(payload))
        except TooLong:
            raise faults.corrupt("a tool call without end") from None
        if complete is None:
            return
        self._meter.wrote(complete.name)
        self._meter.wrote(complete.arguments)
        if self._call.tool_choice.mode != "none":
            self._called = True
            self._begin(events)
            self._emit(complete, events)

    def _emit(self, complete: Complete, events: list[Event]) -> None:
        if self._client_names is None:
            self._client_names = names(self._call).client
        text = complete.arguments
        events.append(ToolCallStarted(complete.id, self._client_names.get(complete.name, complete.name)))
        events += [ToolCallDelta(text[at : at + SLICE]) for at in range(0, len(text), SLICE)]
        events.append(ToolCallEnded())

    def _metadata(self, payload: bytes, _events: list[Event]) -> None:
        self._closing = True
        metadata = payloads.metadata(payload)
        self._stop_reason = metadata.stop_reason or self._stop_reason
        tokens = metadata.token_usage
        if tokens is None:
            return
        if tokens.context_usage_percentage is not None:
            self._meter.percentage = tokens.context_usage_percentage
        if tokens.uncached_input_tokens is not None and tokens.output_tokens is not None:
            read, write = tokens.cache_read_input_tokens or 0, tokens.cache_write_input_tokens or 0
            self._meter.report(tokens.uncached_input_tokens, read, write, tokens.output_tokens)

    def _context_usage(self, payload: bytes, _events: list[Event]) -> None:
        self._closing = True
        percentage = payloads.context_usage(payload)
        if percentage is not None:
            self._meter.percentage = percentage

    def _metering(self, payload: bytes, _events: list[Event]) -> None:
        """May come several times, and adds up (Q22)."""
        self._closing = True
        metering = payloads.metering(payload)
        if (metering.unit or "").lower() == "credit":
            self._meter.credits += metering.usage if metering.usage is not None else metering.amount or 0.0

    def _invalid_state(self, payload: bytes, _events: list[Event]) -> None:
        raise faults.reported({":exception-type": "InvalidStateException"}, payload, self._call, self._lease)

    # What is done with each kind of event. Kinds that are not here mean nothing to a client: metadata
    # of the message, follow-up prompts, links, citations, references to code.
    _TAKE: ClassVar[dict[object, Callable[["KiroDecoder", bytes, list[Event]], None]]] = {
        "assistantResponseEvent": _text,
        "codeEvent": _text,
        "reasoningContentEvent": _reasoning,
        "toolUseEvent": _tool,
        "metadataEvent": _metadata,
        "contextUsageEvent": _context_usage,
        "meteringEvent": _metering,
        "invalidStateEvent": _invalid_state,
    }


# Kiro says END_TURN for many answers that end with calls, so calls are counted instead (Q19). A
# reason that is not here is a normal end: new reasons must not break answers that are complete.
_STOP_REASONS: dict[str, FinishReason] = {
    "MAX_TOKENS": "length",
    "MODEL_CONTEXT_WINDOW_EXCEEDED": "context_exceeded",
    "CONTENT_FILTERED": "refusal",
}
