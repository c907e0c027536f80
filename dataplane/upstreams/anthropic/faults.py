"""Refusals, errors inside streams, and broken streams as faults of an attempt."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dataplane.conversation.model import Call, Stamp
from dataplane.errors import UpstreamFault
from dataplane.upstreams import refusals
from dataplane.upstreams.anthropic.fates import Words, classify
from dataplane.upstreams.base import Lease, Reply
from dataplane.upstreams.refusals import DETAIL_CHARACTERS, Scene, corrupt
from dataplane.wire import jsontext

LONGEST_WAIT = 7 * 86_400


def refused(reply: Reply, call: Call, lease: Lease, stamp: Stamp) -> UpstreamFault:
    """The fault for a reply that is not the answer that was asked for."""
    if reply.status < 400:
        return corrupt(f"answer of type {reply.headers.get('content-type', 'unknown')!r}", reply.status)
    words = said(reply)
    words.retry_after = _asked(reply.headers, stamp)
    return _fault(reply.status, words, call, lease)


def said(reply: Reply) -> Words:
    """What a refusal says, Anthropic's way or any other."""
    return read(reply.body)


def read(body: bytes) -> Words:
    try:
        found = jsontext.loads(body)
    except (ValueError, RecursionError):
        return Words(_plain(body))
    if not isinstance(found, dict):
        return Words(_plain(body))
    inner = found.get("error")
    if isinstance(inner, dict):
        return Words(_first(inner.get("message")) or _plain(body), _first(inner.get("type")))
    return Words(_first(found.get("message"), found.get("msg"), inner) or _plain(body), _first(found.get("type")))


def reported(body: bytes, call: Call, lease: Lease) -> UpstreamFault:
    """The fault for an error inside a stream."""
    return _fault(200, read(body), call, lease)


def cut() -> UpstreamFault:
    return refusals.cut("end of the body before message_stop")


def _fault(status: int, words: Words, call: Call, lease: Lease) -> UpstreamFault:
    fate = classify(status, words)
    asked = words.retry_after
    scene = Scene(call, lease, max(1, asked if asked is not None else fate.wait), words.message)
    detail = ": ".join(filter(None, (words.type, words.message)))[:DETAIL_CHARACTERS]
    return UpstreamFault(fate.cause, fate.retry, fate.error(scene), status=status, retry_after=asked, detail=detail)


def _plain(body: bytes) -> str:
    return body[: 4 * DETAIL_CHARACTERS].decode("utf-8", "replace")


def _first(*values: Any) -> str:
    return next((value for value in values if value and isinstance(value, str)), "")


def _asked(headers: Mapping[str, str], stamp: Stamp) -> int | None:
    """Whole seconds: what the endpoint asks for, else until the last of the windows that are used up begins anew."""
    if (seconds := _number(headers.get("retry-after"))) is not None:
        return _bounded(seconds)
    until = max(_resets(headers), default=None)
    return None if until is None else _bounded(until - stamp.created)


def _resets(headers: Mapping[str, str]) -> Iterator[float]:
    """When windows with nothing left begin anew, in epoch seconds. Subscriptions tell theirs as a number."""
    for name, value in headers.items():
        if name.startswith("anthropic-ratelimit-") and name.endswith("-reset"):
            window = name.removesuffix("-reset")
            spent = headers.get(f"{window}-remaining") == "0" or headers.get(f"{window}-status") == "rejected"
            moment = _moment(value) if spent else None
            if moment is not None:
                yield moment


def _moment(value: str) -> float | None:
    if (seconds := _number(value)) is not None:
        return seconds
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    try:
        found = float(value or "")
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _bounded(seconds: float) -> int:
    return math.ceil(min(max(seconds, 0), LONGEST_WAIT))
