"""Calls, leases and bodies that the tests of the kimi-web plug-in share."""

import json
from typing import Any
from urllib.parse import parse_qs

from dataplane.conversation.events import Event
from dataplane.conversation.model import Call, Part, Role, Stamp, Text, Turn
from dataplane.conversation.order import Order
from dataplane.upstreams.base import Credential, Lease
from dataplane.upstreams.kimi_web import KimiWeb
from tests.dataplane.chunking import cuttings

STAMP = Stamp("0123456789abcdef0123456789abcdef", 1_750_000_000)
NONCE = "a1b2c3d4e5"


def turn(role: Role, *parts: Part | str) -> Turn:
    return Turn(role, [Text(part) if isinstance(part, str) else part for part in parts])


def user(*parts: Part | str) -> Turn:
    return turn("user", *parts)


def assistant(*parts: Part | str) -> Turn:
    return turn("assistant", *parts)


def call(*turns: Turn, **more: Any) -> Call:
    return Call("kimi-k2-instruct-0905", list(turns), **({"family": "openai", "input_estimate": 1000} | more))


def lease(**more: Any) -> Lease:
    given: dict[str, Any] = {
        "lease_id": "lease-1",
        "key_id": "key-1",
        "account_id": "account-1",
        "kind": "kimi-web",
        "model": "kimi-k2-instruct-0905",
        "credential": Credential(NONCE),
        "base_urls": ["http://127.0.0.1:1"],
    }
    return Lease(**(given | more))


def answered(message: Any) -> bytes:
    return json.dumps({"success": True, "data": {"message": message}}, ensure_ascii=False).encode()


def failed(data: Any) -> bytes:
    return json.dumps({"success": False, "data": data}).encode()


def fields(body: bytes) -> dict[str, str]:
    """The form, read by another parser than the one that wrote it."""
    found = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: value for name, (value,) in found.items()}


def decoded(pieces: list[bytes], asked: Call | None = None) -> list[Event]:
    decoder = KimiWeb().decoder(asked or call(user("hi")), lease(), STAMP)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.finish()
    assert decoder.onward() is None
    Order().follow(events)
    return events


def events_of(data: bytes, asked: Call | None = None) -> list[Event]:
    """What the body amounts to; the same however the network cuts it."""
    whole, *others = (decoded(pieces, asked) for pieces in cuttings(data))
    assert all(other == whole for other in others)
    return whole
