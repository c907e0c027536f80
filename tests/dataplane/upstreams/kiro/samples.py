"""Calls, leases and streams that the tests of the Kiro plug-in share."""

import base64
import json
import struct
from typing import Any

from dataplane.conversation.events import Event
from dataplane.conversation.model import Call, Image, Part, Reasoning, Role, Stamp, Text, ToolCall, ToolResult, Turn
from dataplane.conversation.order import Order
from dataplane.upstreams.base import Credential, Lease
from dataplane.upstreams.kiro import Kiro, provenance
from dataplane.upstreams.kiro.asking.body import PLAIN, Form
from dataplane.upstreams.kiro.asking.body import body as build
from dataplane.wire.eventstream import encode
from tests.dataplane.chunking import cuttings

ARN = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"
STAMP = Stamp("0123456789abcdef0123456789abcdef", 1_750_000_000)
CLAUDE = json.dumps(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "thinking": {"properties": {"type": {"enum": ["adaptive", "disabled"]}, "display": {"enum": ["summarized", "omitted"]}}},
            "output_config": {"properties": {"effort": {"enum": ["low", "medium", "high", "max"], "default": "high"}}},
            "max_tokens": {"type": "integer", "minimum": 1024, "maximum": 64000},
        },
    }
)
GPT = json.dumps({"properties": {"reasoning": {"properties": {"effort": {"enum": ["none", "low", "medium", "high", "xhigh"]}}}}})
TAIL = (
    ("metadataEvent", {"stopReason": "END_TURN"}),
    ("contextUsageEvent", {"contextUsagePercentage": 1.0}),
    ("meteringEvent", {"usage": 0.25, "unit": "credit", "unitPlural": "credits"}),
)


def turn(role: Role, *parts: Part | str) -> Turn:
    return Turn(role, [Text(part) if isinstance(part, str) else part for part in parts])


def user(*parts: Part | str) -> Turn:
    return turn("user", *parts)


def assistant(*parts: Part | str) -> Turn:
    return turn("assistant", *parts)


def use(id: str, name: str = "Read", arguments: str = "{}") -> ToolCall:
    return ToolCall(id, name, arguments)


def result(id: str, *texts: str, is_error: bool = False) -> ToolResult:
    return ToolResult(id, [Text(text) for text in texts], is_error)


def call(*turns: Turn, **more: Any) -> Call:
    return Call("claude-sonnet-4.5", list(turns), **({"family": "anthropic", "input_estimate": 1000} | more))


def lease(**more: Any) -> Lease:
    given: dict[str, Any] = {
        "lease_id": "lease-1",
        "key_id": "key-1",
        "account_id": "account-1",
        "kind": "kiro",
        "model": "claude-sonnet-4.5",
        "credential": Credential("token-1"),
        "base_urls": ["http://127.0.0.1:1"],
        "context_window": 200_000,
        "attributes": {"profile_arn": ARN, "machine_id": "ab" * 32, "auth_method": "social", "region": "us-east-1"},
    }
    return Lease(**(given | more))


def legacy(**more: Any) -> Lease:
    """The same account on an older host."""
    given = lease(**more)
    given.attributes = {**given.attributes, "host_profile": "legacy"}
    return given


def signed(text: str, signature: str, **more: Any) -> Reasoning:
    """Reasoning as the account of `lease` gave it to the client."""
    return Reasoning(text, provenance.mark(signature, lease(**more)))


def redacted(data: str, **more: Any) -> Reasoning:
    return Reasoning(redacted=provenance.mark(data, lease(**more)))


def body(asked: Call, form: Form = PLAIN, **more: Any) -> dict[str, Any]:
    """The request body, parsed by another parser than the one that wrote it."""
    return json.loads(build(asked, lease(**more), STAMP, form))


def state(asked: Call, **more: Any) -> dict[str, Any]:
    return body(asked, **more)["conversationState"]


def current(asked: Call, **more: Any) -> dict[str, Any]:
    return state(asked, **more)["currentMessage"]["userInputMessage"]


def outline(asked: Call) -> list[tuple[str, ...]]:
    """The conversation as (content, "?id" per use, "=id" per result, "!id" per failed one)."""
    found = state(asked)
    rows: list[tuple[str, ...]] = []
    for entry in [*found.get("history", []), found["currentMessage"]]:
        ((_, message),) = entry.items()
        results = message.get("userInputMessageContext", {}).get("toolResults", [])
        rows.append(
            (
                message["content"],
                *("?" + made["toolUseId"] for made in message.get("toolUses", [])),
                *(("!" if given["status"] == "error" else "=") + given["toolUseId"] for given in results),
            )
        )
    return rows


def frame(kind: str, payload: Any) -> bytes:
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return encode(headers, payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode())


def stream(*events: tuple[str, Any], tail: tuple[tuple[str, Any], ...] = TAIL) -> bytes:
    return b"".join(frame(kind, payload) for kind, payload in (*events, *tail))


def said(text: str) -> tuple[str, dict[str, str]]:
    return "assistantResponseEvent", {"content": text}


def thought(**keys: str) -> tuple[str, dict[str, str]]:
    return "reasoningContentEvent", keys


def tool(id: str, name: str | None = None, input: Any = None, stop: Any = None) -> tuple[str, dict[str, Any]]:
    keys = {"toolUseId": id, "name": name, "input": input, "stop": stop}
    return "toolUseEvent", {key: value for key, value in keys.items() if value is not None}


def decoded(pieces: list[bytes], asked: Call | None = None, **more: Any) -> list[Event]:
    decoder = Kiro().decoder(asked or call(user("hi")), lease(**more), STAMP)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.finish()
    Order().follow(events)
    return events


def events_of(data: bytes, asked: Call | None = None, **more: Any) -> list[Event]:
    """What the stream amounts to; the same however the network cuts it."""
    whole, *others = (decoded(pieces, asked, **more) for pieces in cuttings(data))
    assert all(other == whole for other in others)
    return whole


def png(width: int = 10, height: int = 10, pad: int = 0) -> str:
    """The beginning of a picture in base64, with `pad` bytes behind it."""
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", width, height, 8, 2, 0, 0, 0, 0)
    return base64.b64encode(head + bytes(pad)).decode()


def picture(data: str | None = None, media_type: str = "image/png", where: str = "") -> Image:
    return Image(media_type, png() if data is None else data, where=where)
