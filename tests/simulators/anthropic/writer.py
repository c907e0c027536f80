"""An answer's parts as Messages events or as one message."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.anthropic.caching import Tokens
from tests.simulators.anthropic.signatures import Signer
from tests.simulators.anthropic.wordings import error, worded
from tests.simulators.serving.parts import (
    CHARS_PER_TOKEN,
    Call,
    Decline,
    Done,
    End,
    Events,
    Half,
    Hide,
    Input,
    Part,
    Raw,
    Report,
    Say,
    Search,
    Think,
    Unknown,
)
from tests.simulators.serving.scripts import STATUSES

REASONS = {
    "end": "end_turn",
    "length": "max_tokens",
    "tools": "tool_use",
    "refusal": "refusal",
    "filter": "refusal",
    "stop": "stop_sequence",
}
STOP_DETAILS = {"type": "refusal", "category": "general_harms", "explanation": "The request was declined."}


@dataclass(slots=True)
class MessageWriter:
    """Blocks are told as events while they are built; a whole message is the same blocks without the events.

    `extras` are members of the message that the request asked for.
    """

    id: str
    model: str
    tokens: Tokens
    signer: Signer
    salt: str
    extras: Mapping[str, Any] = field(default_factory=dict)
    _blocks: list[dict[str, Any]] = field(default_factory=list)
    _open: dict[str, int] = field(default_factory=dict)
    _searches: int = 0
    _thought: int = 0
    _opened: bool = False

    # ---- a stream

    def event(self, part: Part) -> bytes:
        match part:
            case Raw(data):
                return data
            case Report():
                return self._report(part)
            case Events(payloads):
                return b"".join(_event(*each) for each in payloads)
        opening = b"" if self._opened else self._opening()
        self._opened = True
        if isinstance(part, Half):
            *before, last = self._part(Say(part.text))
            return opening + b"".join(before) + last[: len(last) // 2]
        return opening + b"".join(self._part(part))

    def _opening(self) -> bytes:
        start = self._message([], None, None, self.tokens.usage() | {"output_tokens": 1, "service_tier": "standard"})
        return _event("message_start", {"message": start}) + _event("ping", {})

    def _part(self, part: Part) -> list[bytes]:
        match part:
            case Say(words) | Decline(words):
                return [*self._turn_to("text"), self._delta("text", {"type": "text_delta", "text": words}, words)]
            case Think(words):
                self._thought += len(words)
                return [*self._turn_to("thinking"), self._delta("thinking", {"type": "thinking_delta", "thinking": words}, words)]
            case Hide(redacted):
                return [*self._close_text(), *self._hidden(redacted=redacted)]
            case Call() | Input() | Done():
                return self._call(part)
            case Search(query):
                return [*self._close_text(), *self._search(query)]
            case Unknown(number):
                return [self._unknown(number)]
            case End():
                return self._end(part)
        raise TypeError(part)

    # ---- blocks

    def _turn_to(self, kind: str) -> list[bytes]:
        """Opens a block of text or thinking unless one is open, and closes the other."""
        if kind in self._open:
            return []
        empty = {"type": "thinking", "thinking": "", "signature": ""} if kind == "thinking" else {"type": "text", "text": ""}
        if kind == "text" and self._searches:
            empty["citations"] = []  # type: ignore[assignment]  # the one member that is no text
        return [*self._close_text(), self._start(kind, empty)]

    def _start(self, key: str, block: dict[str, Any]) -> bytes:
        self._open[key] = len(self._blocks)
        shown = _event("content_block_start", {"index": len(self._blocks), "content_block": block})
        self._blocks.append(dict(block))
        return shown

    def _delta(self, key: str, delta: dict[str, Any], words: str) -> bytes:
        self._blocks[self._open[key]][key] += words
        return self._event(key, delta)

    def _event(self, key: str, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", {"index": self._open[key], "delta": delta})

    def _stop(self, key: str) -> bytes:
        return _event("content_block_stop", {"index": self._open.pop(key)})

    def _close_text(self) -> list[bytes]:
        """Ends an open block of text or thinking, the latter with its signature."""
        events = []
        if "thinking" in self._open:
            block = self._blocks[self._open["thinking"]]
            block["signature"] = self.signer.sign(block["thinking"], f"{self.salt}-{len(self._blocks)}")
            events += [self._event("thinking", {"type": "signature_delta", "signature": block["signature"]}), self._stop("thinking")]
        if "text" in self._open:
            events.append(self._stop("text"))
        return events

    def _hidden(self, *, redacted: bool) -> list[bytes]:
        salt = f"{self.salt}-{len(self._blocks)}"
        if redacted:
            return [self._start("redacted", {"type": "redacted_thinking", "data": self.signer.redact(salt)}), self._stop("redacted")]
        events = [self._start("thinking", {"type": "thinking", "thinking": "", "signature": ""})]
        return [*events, *self._close_text()]

    def _call(self, part: Call | Input | Done) -> list[bytes]:
        key = f"call-{part.index}"
        match part:
            case Call(_, identity, name, whole):
                events = [*self._close_text(), self._start(key, {"type": "tool_use", "id": identity, "name": name, "input": whole or {}})]
                if whole is None:
                    self._blocks[-1]["json"] = ""
                    events.append(self._event(key, {"type": "input_json_delta", "partial_json": ""}))
                return events
            case Input(_, words):
                self._blocks[self._open[key]]["json"] += words
                return [self._event(key, {"type": "input_json_delta", "partial_json": words})]
        return [self._stop(key)]

    def _search(self, query: str) -> list[bytes]:
        """A search by the server: its call, and what was found."""
        self._searches += 1
        identity = f"srvtoolu_{self.salt}{self._searches:02}"
        call = {"type": "server_tool_use", "id": identity, "name": "web_search", "input": {}}
        events = [self._start("search", call)]
        events.append(self._event("search", {"type": "input_json_delta", "partial_json": json.dumps({"query": query})}))
        self._blocks[-1]["input"] = {"query": query}
        found = {"type": "web_search_tool_result", "tool_use_id": identity, "content": [self._result(each, query) for each in range(2)]}
        return [*events, self._stop("search"), self._start("found", found), self._stop("found")]

    def _result(self, number: int, query: str) -> dict[str, Any]:
        title = f"Result {number + 1} for {query}"
        return {
            "type": "web_search_result",
            "url": f"https://example.com/{number + 1}",
            "title": title,
            "encrypted_content": self.signer.sign(title, f"{self.salt}-{number}"),
            "page_age": "2 days ago",
        }

    def _unknown(self, number: int) -> bytes:
        if number == 0:
            return _event("something_new", {"deep": {"er": [1, None]}})
        if number == 1 and "text" in self._open:
            return self._event("text", {"type": "something_delta", "something": "This is no content."})
        return b": a comment\n\n" + _event("ping", {})

    def _end(self, end: End) -> list[bytes]:
        closing = [*self._close_text(), *(self._stop(key) for key in list(self._open))]
        delta = {"stop_reason": REASONS.get(end.reason, end.reason), "stop_sequence": end.stopped}
        if delta["stop_reason"] == "refusal":
            delta["stop_details"] = STOP_DETAILS  # type: ignore[assignment]  # the one member that is no text
        closing.append(_event("message_delta", {"delta": delta, "usage": self._usage(), **self.extras}))
        return closing if end.mute else [*closing, _event("message_stop", {})]

    def _report(self, part: Report) -> bytes:
        if part.trouble == "bare":
            return _event("error", {"message": part.message})
        if part.type is not None:
            return _event("error", error(part.type, part.message or ""))
        body = worded(*STATUSES[part.trouble], part.message)
        return _event("error", body if isinstance(body, dict) else {})

    # ---- a whole answer

    def whole(self, parts: list[Part]) -> bytes:
        reason = stopped = None
        for part in parts:
            self._part(part)
            if isinstance(part, End):
                reason, stopped = REASONS.get(part.reason, part.reason), part.stopped
        self._close_text()
        usage = self._usage() | {"cache_creation": self.tokens.usage()["cache_creation"], "service_tier": "standard"}
        message = self._message([_finished(block) for block in self._blocks], reason, stopped, usage)
        if reason == "refusal":
            message["stop_details"] = STOP_DETAILS
        return _dump({**message, **self.extras})

    def payload(self, events: Events) -> bytes:
        return _dump(events.payloads[0][1]) if events.payloads else b""

    def _message(self, content: list[Any], reason: str | None, stopped: str | None, usage: dict[str, Any]) -> dict[str, Any]:
        return {
            "model": self.model,
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "content": content,
            "stop_reason": reason,
            "stop_sequence": stopped,
            "usage": usage,
        }

    def _usage(self) -> dict[str, Any]:
        said = sum(len(block.get("text", "")) + len(block.get("json", "")) for block in self._blocks)
        thought = self._thought // CHARS_PER_TOKEN
        usage = {name: value for name, value in self.tokens.usage().items() if name != "cache_creation"}
        usage["output_tokens"] = max(1, said // CHARS_PER_TOKEN) + thought
        if thought:
            usage["output_tokens_details"] = {"thinking_tokens": thought}
        if self._searches:
            usage["server_tool_use"] = {"web_search_requests": self._searches, "web_fetch_requests": 0}
        return usage


def _finished(block: dict[str, Any]) -> dict[str, Any]:
    """A block as a whole message has it: a call's JSON read, or kept as text when it is broken."""
    block = dict(block)
    if "json" in block:
        source = block.pop("json") or "{}"
        try:
            block["input"] = json.loads(source)
        except ValueError:
            block["input"] = source
    return block


def _event(name: str, members: Mapping[str, Any]) -> bytes:
    body = {"type": name, **members}
    return f"event: {name}\n".encode() + b"data: " + _dump(body) + b"\n\n"


def _dump(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
