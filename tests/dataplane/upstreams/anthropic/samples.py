"""Calls, leases and streams that the tests of the Messages plug-in share."""

import json
from typing import Any

from dataplane.conversation.events import Event
from dataplane.conversation.model import Call, Part, Role, Stamp, Text, Turn
from dataplane.conversation.order import Order
from dataplane.dialects.anthropic import Anthropic as Dialect
from dataplane.upstreams import provenance
from dataplane.upstreams.anthropic import Anthropic
from dataplane.upstreams.base import Credential, Lease, Reply
from tests.dataplane.chunking import cuttings

HOST = "api.anthropic.com"
STAMP = Stamp("0123456789abcdef0123456789abcdef", 1_750_000_000)
MODEL = "claude-sonnet-4-5"
ADAPTIVE = "claude-opus-5"


def turn(role: Role, *parts: Part | str) -> Turn:
    return Turn(role, [Text(part) if isinstance(part, str) else part for part in parts])


def user(*parts: Part | str) -> Turn:
    return turn("user", *parts)


def assistant(*parts: Part | str) -> Turn:
    return turn("assistant", *parts)


def call(*turns: Turn, **more: Any) -> Call:
    return Call("sonnet", list(turns or [user("hi")]), **({"family": "openai", "input_estimate": 1000} | more))


def messages(*said: dict[str, Any], **more: Any) -> Call:
    """As a client of the same protocol sends it."""
    body = {"model": "sonnet", "max_tokens": 4096, "messages": said or [{"role": "user", "content": "hi"}], **more}
    return Dialect().parse(json.dumps(body).encode())


def lease(**more: Any) -> Lease:
    given: dict[str, Any] = {
        "lease_id": "lease-1",
        "key_id": "key-1",
        "account_id": "account-1",
        "kind": "anthropic",
        "model": MODEL,
        "credential": Credential("sk-ant-api03-secret"),
        "base_urls": [f"https://{HOST}"],
        "context_window": 200_000,
    }
    return Lease(**(given | more))


def mark(signature: str, host: str = HOST) -> str:
    """A signature as it goes out to clients."""
    return provenance.mark(signature, host)


def sent(asked: Call, **more: Any) -> dict[str, Any]:
    """The body of the first request, parsed by another parser than the one that wrote it."""
    made = next(Anthropic().plan(asked, lease(**more), STAMP))
    return json.loads(made.body)


def reply(status: int = 200, body: Any = b"", **headers: str) -> Reply:
    kind = "text/event-stream" if status < 400 else "application/json"
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": kind, **told}, body if isinstance(body, bytes) else json.dumps(body).encode())


def error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def stream(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events)


def start(**usage: Any) -> dict[str, Any]:
    figures = {"input_tokens": 25, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 300, "output_tokens": 1, **usage}
    return {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "usage": figures}}


def block(index: int, begun: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    more = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return [
        {"type": "content_block_start", "index": index, "content_block": begun},
        *more,
        {"type": "content_block_stop", "index": index},
    ]


def said(*texts: str) -> list[dict[str, Any]]:
    return block(0, {"type": "text", "text": ""}, *({"type": "text_delta", "text": text} for text in texts))


def end(
    reason: str | None = "end_turn", sequence: str | None = None, more: dict[str, Any] | None = None, **usage: Any
) -> list[dict[str, Any]]:
    delta = {"stop_reason": reason, "stop_sequence": sequence, **(more or {})}
    return [{"type": "message_delta", "delta": delta, "usage": {"output_tokens": 15, **usage}}, {"type": "message_stop"}]


def decoded(pieces: list[bytes], asked: Call | None = None, **more: Any) -> list[Event]:
    decoder = Anthropic().decoder(asked or call(), lease(**more), STAMP)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    assert decoder.onward() is None
    events += decoder.finish()
    Order().follow(events)
    return events


def events_of(data: bytes, asked: Call | None = None, **more: Any) -> list[Event]:
    """What the stream amounts to; the same however the network cuts it."""
    whole, *others = (decoded(pieces, asked, **more) for pieces in cuttings(data))
    assert all(other == whole for other in others)
    return whole
