"""An answer's parts as chat completion chunks or as one completion, in a vendor's way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.openai.vendors import Vendor
from tests.simulators.openai.wordings import error, worded
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

REASONS = {"end": "stop", "length": "length", "tools": "tool_calls", "filter": "content_filter", "stop": "stop"}
DONE = b"data: [DONE]\n\n"


@dataclass(slots=True)
class Said:
    """What has been said so far: figures for the usage, and all of it for a whole answer."""

    text: str = ""
    thought: str = ""
    refusal: str = ""
    calls: dict[int, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class ChatWriter:
    """`reasoning` is the member thoughts go into. `cached` tokens of `prompt` came from the vendor's prompt cache."""

    vendor: Vendor
    id: str
    created: int
    model: str
    prompt: int
    cached: int
    reasoning: str = ""
    with_usage: bool = False
    choices: int = 1
    _said: Said = field(default_factory=Said)
    _opened: bool = False

    # ---- a stream

    def event(self, part: Part) -> bytes:
        match part:
            case Raw(data):
                return data
            case Report():
                return self._report(part)
            case Events(payloads):
                return b"".join(_data(each) for each in payloads)
        opening = b"" if self._opened else self._opening()
        self._opened = True
        return opening + self._regular(part)

    def _regular(self, part: Part) -> bytes:
        self._note(part)
        match part:
            case Half(words):
                whole = self._delta({"content": words})
                return whole[: len(whole) // 2]
            case Unknown(number):
                return self._unknown(number)
            case End():
                return self._end(part)
        return b"".join(self._delta(delta) for delta in self._deltas(part))

    def _opening(self) -> bytes:
        # DeepSeek keeps a waiting connection alive with comments; so every stream of it starts with one.
        comment = b": keep-alive\n\n" if self.vendor.name == "deepseek" else b""
        return comment + self._delta({"role": "assistant", "content": "" if self.vendor.name != "deepseek" else None})

    def _deltas(self, part: Part) -> list[dict[str, Any]]:
        every = {"role": "assistant", "content": ""} if self.vendor.name == "ollama" else {}
        match part:
            case Say(words):
                return [{**every, "content": words}]
            case Decline(words):
                return [{"refusal": words}] if self.vendor.name == "openai" else [{**every, "content": words}]
            case Think(words):
                beside = {"content": None} if self.vendor.name == "deepseek" else every
                return [{**beside, self.reasoning: words}] if self.reasoning else []
            case Call() | Input() | Done():
                return [{**every, "tool_calls": [each]} for each in self._calls(part)]
            case Hide() | Search():
                return []
        raise TypeError(part)

    def _calls(self, part: Call | Input | Done) -> list[dict[str, Any]]:
        if self.vendor.name == "ollama":
            # A call comes in one piece when it is complete, and is not numbered.
            return [self._said.calls[part.index]] if isinstance(part, Done) else []
        match part:
            case Call(index, identity, name, whole):
                return [{"index": index, "id": identity, "type": "function", "function": {"name": name, "arguments": whole or ""}}]
            case Input(index, words):
                return [{"index": index, "function": {"arguments": words}}]
        return []

    def _end(self, end: End) -> bytes:
        usage = self._usage()
        members: dict[str, Any] = {}
        if self.vendor.name == "kimi":
            members["choice"] = {"usage": usage}
        elif self.vendor.name == "deepseek":
            members["usage"] = usage
        chunks = [self._delta({"content": ""} if self.vendor.name in ("ollama", "deepseek") else {}, self._reason(end), **members)]
        if self.with_usage and self.vendor.name != "deepseek":
            chunks.append(_data({**self._head(), "choices": [], "usage": usage}))
        return b"".join(chunks) + (b"" if end.mute else DONE)

    def _delta(self, delta: Mapping[str, Any], reason: str | None = None, *, choice: Mapping[str, Any] | None = None, **top: Any) -> bytes:
        odd = {"stop_reason": None, "token_ids": None} if self.vendor.name == "vllm" else {}
        choices = [
            {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason, **odd, **(choice or {})}
            for index in range(self.choices)
        ]
        empty = {"usage": None} if self.with_usage and self.vendor.name == "openai" else {}
        return _data({**self._head(), "choices": choices, **empty, **top})

    def _head(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            **FINGERPRINTS[self.vendor.name],
        }

    def _unknown(self, number: int) -> bytes:
        if number == 0:
            return _data({"id": self.id, "object": "chat.completion.metadata", "choices": [], "provider": {"region": "x"}})
        if number == 1:
            return b'event: somethingNew\ndata: {"object":"something.new","deep":{"er":[1,null]}}\n\n'
        return b": a comment\n\n" + self._delta({"somethingNew": "This is no content."})

    def _report(self, part: Report) -> bytes:
        if part.trouble == "bare":
            return _data({"error": part.message})
        body = self.refusal(part)
        return _data(body) + (DONE if self.vendor.name == "vllm" else b"")

    def refusal(self, part: Report) -> dict[str, Any]:
        """The error that a report tells."""
        status, reason = STATUSES[part.trouble]
        if part.type is not None:
            return error(self.vendor, part.message or "", part.type, status=status)
        body = worded(self.vendor, status, reason, part.message)
        return body if isinstance(body, dict) else {}

    # ---- a whole answer

    def whole(self, parts: list[Part]) -> bytes:
        end = End("end")
        for part in parts:
            self._note(part)
            end = part if isinstance(part, End) else end
        ended = any(isinstance(part, End) for part in parts)
        choice = {"message": self._message(), "logprobs": None, "finish_reason": self._reason(end) if ended else None}
        body = {
            **self._head(),
            "object": "chat.completion",
            "choices": [{"index": index, **choice} for index in range(self.choices)],
            "usage": self._usage(),
        }
        # DeepSeek sends empty lines while a whole answer is waited for.
        return (b"\n\n\n" if self.vendor.name == "deepseek" else b"") + _dump(body)

    def payload(self, events: Events) -> bytes:
        return _dump(events.payloads[0]) if events.payloads else b""

    def _message(self) -> dict[str, Any]:
        said = self._said
        message: dict[str, Any] = {"role": "assistant", "content": said.text or (None if said.calls or said.refusal else "")}
        if self.vendor.name == "openai":
            message |= {"refusal": said.refusal or None, "annotations": []}
        if said.thought and self.reasoning:
            message[self.reasoning] = said.thought
        if said.calls:
            message["tool_calls"] = list(said.calls.values())
        return message

    # ---- both

    def _note(self, part: Part) -> None:
        said = self._said
        match part:
            case Say(words):
                said.text += words
            case Think(words):
                said.thought += words
            case Decline(words):
                if self.vendor.name == "openai":
                    said.refusal += words
                else:
                    said.text += words
            case Call(index, identity, name, whole):
                said.calls[index] = {"id": identity, "type": "function", "function": {"name": name, "arguments": whole or ""}}
            case Input(index, words):
                said.calls[index]["function"]["arguments"] += words

    def _reason(self, end: End) -> str:
        if end.reason == "refusal":
            return "stop" if self.vendor.name == "openai" else "content_filter"
        return REASONS.get(end.reason, end.reason)

    def _usage(self) -> dict[str, Any]:
        said = self._said
        arguments = sum(len(str(call["function"]["arguments"])) for call in said.calls.values())
        reasoning = len(said.thought) // CHARS_PER_TOKEN
        output = max(1, (len(said.text) + len(said.refusal) + arguments) // CHARS_PER_TOKEN) + reasoning
        usage: dict[str, Any] = {"prompt_tokens": self.prompt, "completion_tokens": output, "total_tokens": self.prompt + output}
        details = {"prompt_tokens_details": {"cached_tokens": self.cached}}
        match self.vendor.name:
            case "openai":
                return usage | details | {"completion_tokens_details": {"reasoning_tokens": reasoning}}
            case "kimi":
                return usage | {"cached_tokens": self.cached}
            case "deepseek":
                hits = {"prompt_cache_hit_tokens": self.cached, "prompt_cache_miss_tokens": self.prompt - self.cached}
                return usage | details | hits | {"completion_tokens_details": {"reasoning_tokens": reasoning}}
        return usage


def _data(body: Any) -> bytes:
    return b"data: " + _dump(body) + b"\n\n"


def _dump(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


FINGERPRINTS: dict[str, dict[str, str]] = {
    "openai": {"service_tier": "default", "system_fingerprint": "fp_44709d6fcb"},
    "kimi": {"system_fingerprint": "fpv0_165a6a3f"},
    "deepseek": {"system_fingerprint": "fp_eaab8d114b_prod0820"},
    "vllm": {},
    "ollama": {"system_fingerprint": "fp_ollama"},
}
