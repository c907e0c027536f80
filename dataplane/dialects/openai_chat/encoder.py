"""Events into chat completion answers, streamed or whole (client notes, section 3.2)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from dataplane.conversation.events import (
    Event,
    Finished,
    FinishReason,
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
from dataplane.conversation.features import Feature
from dataplane.conversation.fold import Transcript
from dataplane.conversation.model import Call, Reasoning, Search, Stamp, Text, ToolCall
from dataplane.dialects.openai import custom
from dataplane.dialects.openai.citations import citations
from dataplane.dialects.openai.errors import render
from dataplane.dialects.openai_chat.members import fold
from dataplane.dialects.openai_chat.parse import FAMILY
from dataplane.errors import GatewayError
from dataplane.wire.jsontext import dumps, loads, string

Steps = Mapping[type, Callable[["StreamEncoder", Any], bytes]]

DELTA_END = b'},"finish_reason":null}]}\n\n'
CALL_END = b"}}]" + DELTA_END


class StreamEncoder:
    """An answer as server-sent events: one chunk for each event, all chunks of a batch in one piece.

    What is the same in every chunk is put together once, so that a delta costs one JSON string.
    """

    content_type = "text/event-stream"
    kept = None

    def __init__(self, call: Call, stamp: Stamp) -> None:
        self._include_usage = call.include_usage
        self._shows_reasoning = shows_reasoning(call)
        self._usage = Usage()
        self._calls = 0
        self._call_is_empty = False
        self._custom_names = custom.names(call.tools)
        # The arguments of a custom tool's call so far; None while no such call is open.
        self._custom: list[str] | None = None
        self._searches: list[Search] = []
        # The answer's text, kept only where it may have to be cited.
        self._said: list[str] = []
        self._steps = self._SEARCHING if call.web_search is not None else self._STEPS
        self._finishes = FINISH
        if old(call):
            self._steps, self._finishes = {**self._steps, **self._OLD}, FINISH_OLD
        identity = b'"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b'
        self._chunk = b"data: {" + identity % (string(f"chatcmpl-{stamp.id}"), stamp.created, string(call.model))
        self._delta = self._chunk + b',"choices":[{"index":0,"delta":{'
        self._text = self._delta + b'"content":'
        self._reasoning = self._delta + b'"reasoning_content":'
        self._arguments = b""

    def feed(self, events: Sequence[Event]) -> bytes:
        steps = self._steps
        return b"".join([steps[type(event)](self, event) for event in events])

    def finish(self) -> bytes:
        if not self._include_usage:
            return b"data: [DONE]\n\n"
        return self._chunk + b',"choices":[],"usage":' + dumps(usage(self._usage)) + b"}\n\ndata: [DONE]\n\n"

    def fail(self, error: GatewayError, request_id: str) -> bytes:  # noqa: ARG002 - OpenAI's shape has no seat for the id
        return b"data: " + render(error) + b"\n\n"

    def _start(self, _: Started) -> bytes:
        return self._delta + b'"role":"assistant","content":""' + DELTA_END

    def _say(self, event: TextDelta) -> bytes:
        return self._text + string(event.text) + DELTA_END

    def _say_and_keep(self, event: TextDelta) -> bytes:
        self._said.append(event.text)
        return self._say(event)

    def _think(self, event: ReasoningDelta) -> bytes:
        return self._reasoning + string(event.text) + DELTA_END if self._shows_reasoning else b""

    def _skip(self, _: ReasoningSigned) -> bytes:
        """Signatures have no seat in this protocol."""
        return b""

    def _note(self, event: Searched) -> bytes:
        """A search has no seat where it was made; what it found is told at the end."""
        self._searches.append(event.search)
        return b""

    def _call(self, event: ToolCallStarted) -> bytes:
        head = self._delta + b'"tool_calls":[{"index":%d,' % self._calls
        self._calls += 1
        self._call_is_empty = True
        called, argument = b"function", b"arguments"
        if event.name in self._custom_names:
            self._custom, called, argument = [], b"custom", b"input"
        self._arguments = head + b'"%b":{"%b":' % (called, argument)
        identity = b'"id":%b,"type":"%b",' % (string(event.id), called)
        return head + identity + b'"%b":{"name":%b,"%b":""' % (called, string(event.name), argument) + CALL_END

    def _argue(self, event: ToolCallDelta) -> bytes:
        if self._custom is not None:
            self._custom.append(event.text)
            return b""
        self._call_is_empty = False
        return self._arguments + string(event.text) + CALL_END

    def _end_call(self, _: ToolCallEnded) -> bytes:
        """Clients parse the arguments as JSON; those of a call without arguments are an empty object.

        The text of a custom call is known only now that the JSON around it is complete.
        """
        if self._custom is not None:
            text, self._custom = custom.text("".join(self._custom)), None
            return self._arguments + string(text) + CALL_END if text is not None else b""
        return self._arguments + b'"{}"' + CALL_END if self._call_is_empty else b""

    def _call_old(self, event: ToolCallStarted) -> bytes:
        """The form that calls had before November 2023, without an id, and only one in an answer."""
        self._calls += 1
        if self._calls > 1:
            return b""
        self._call_is_empty = True
        self._arguments = self._delta + b'"function_call":{"arguments":'
        return self._delta + b'"function_call":{"name":%b,"arguments":""}' % string(event.name) + DELTA_END

    def _argue_old(self, event: ToolCallDelta) -> bytes:
        if self._calls > 1:
            return b""
        self._call_is_empty = False
        return self._arguments + string(event.text) + b"}" + DELTA_END

    def _end_call_old(self, _: ToolCallEnded) -> bytes:
        return self._arguments + b'"{}"}' + DELTA_END if self._calls == 1 and self._call_is_empty else b""

    def _vendor(self, event: Vendor) -> bytes:
        """Members of a choice that the canonical conversation has no word for."""
        if event.family != FAMILY:
            return b""
        return self._chunk + b',"choices":[' + dumps({"index": 0, "delta": {}, **loads(event.data), "finish_reason": None}) + b"]}\n\n"

    def _count(self, event: UsageSeen) -> bytes:
        self._usage = event.usage
        return b""

    def _end(self, event: Finished) -> bytes:
        found = annotations(self._searches, "".join(self._said)) if self._searches else []
        cited = self._delta + b'"annotations":' + dumps(found) + DELTA_END if found else b""
        return cited + self._delta + b'},"finish_reason":%b}]}\n\n' % string(self._finishes[event.reason])

    _STEPS: ClassVar[Steps] = {
        Started: _start,
        TextDelta: _say,
        ReasoningDelta: _think,
        ReasoningSigned: _skip,
        ToolCallStarted: _call,
        ToolCallDelta: _argue,
        ToolCallEnded: _end_call,
        Searched: _note,
        Vendor: _vendor,
        UsageSeen: _count,
        Finished: _end,
    }
    _SEARCHING: ClassVar[Steps] = {**_STEPS, TextDelta: _say_and_keep}
    _OLD: ClassVar[Steps] = {ToolCallStarted: _call_old, ToolCallDelta: _argue_old, ToolCallEnded: _end_call_old}


class WholeEncoder:
    """The same answer as one JSON object."""

    content_type = "application/json"
    kept = None

    def __init__(self, call: Call, stamp: Stamp) -> None:
        self._model = call.model
        self._stamp = stamp
        self._shows_reasoning = shows_reasoning(call)
        self._custom_names = custom.names(call.tools)
        self._old = old(call)
        self._transcript = Transcript()

    def feed(self, events: Sequence[Event]) -> bytes:
        self._transcript.add(events)
        return b""

    def finish(self) -> bytes:
        finished = self._transcript.finish
        assert finished is not None, "finish() comes after Finished"
        reason = (FINISH_OLD if self._old else FINISH)[finished.reason]
        choice = {"index": 0, "message": self._message(), "logprobs": None, "finish_reason": reason}
        fold((part for part in self._transcript.parts if isinstance(part, Vendor) and part.family == FAMILY), choice)
        return dumps(
            {
                "id": f"chatcmpl-{self._stamp.id}",
                "object": "chat.completion",
                "created": self._stamp.created,
                "model": self._model,
                "choices": [choice],
                "usage": usage(self._transcript.usage),
                "system_fingerprint": None,
            }
        )

    def fail(self, error: GatewayError, request_id: str) -> bytes:  # noqa: ARG002 - OpenAI's shape has no seat for the id
        return render(error)

    def _message(self) -> dict[str, Any]:
        parts = self._transcript.parts
        text = "".join(part.text for part in parts if isinstance(part, Text))
        thoughts = "".join(part.text for part in parts if isinstance(part, Reasoning))
        calls = [tool_call(part, self._custom_names) for part in parts if isinstance(part, ToolCall)]
        message: dict[str, Any] = {"role": "assistant", "content": None if calls and not text else text, "refusal": None}
        if thoughts and self._shows_reasoning:
            message["reasoning_content"] = thoughts
        if calls and self._old:
            message["function_call"] = calls[0]["function"]
        elif calls:
            message["tool_calls"] = calls
        if found := annotations((part for part in parts if isinstance(part, Search)), text):
            message["annotations"] = found
        return message


def annotations(searches: Iterable[Search], text: str) -> list[dict[str, Any]]:
    """The pages that were found, as annotations of the answer's text."""
    return [{"type": "url_citation", "url_citation": each} for each in citations(searches, text)]


def old(call: Call) -> bool:
    """Whether the client knows calls only as they were before November 2023."""
    return call.asked.get(Feature.TOOLS) == ["functions"]


def shows_reasoning(call: Call) -> bool:
    """Thinking is always shown, unless the client asked to leave it out."""
    return call.thinking is None or call.thinking.display != "omitted"


def tool_call(part: ToolCall, custom_names: frozenset[str]) -> dict[str, Any]:
    """A call as it stands in a message."""
    if part.name in custom_names:
        return {"id": part.id, "type": "custom", "custom": {"name": part.name, "input": custom.text(part.arguments) or ""}}
    return {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": part.arguments}}


def usage(seen: Usage) -> dict[str, Any]:
    """OpenAI counts cached tokens as part of the prompt, and thinking as part of the completion."""
    prompt = seen.input + seen.cache_read + seen.cache_write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": seen.output,
        "total_tokens": prompt + seen.output,
        "prompt_tokens_details": {"cached_tokens": seen.cache_read},
        "completion_tokens_details": {"reasoning_tokens": seen.reasoning},
    }


FINISH: dict[FinishReason, str] = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "length": "length",
    "stop_sequence": "stop",
    "refusal": "content_filter",
    "context_exceeded": "length",
}
FINISH_OLD: dict[FinishReason, str] = {**FINISH, "tool_calls": "function_call"}
