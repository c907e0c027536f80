"""Kiro's refusals, exceptions and broken streams as faults of an attempt."""

import math
from collections.abc import Mapping
from typing import Any

from dataplane.conversation.model import Call
from dataplane.errors import Retry, UpstreamFault
from dataplane.upstreams import refusals
from dataplane.upstreams.base import Lease, Reply
from dataplane.upstreams.kiro.fates import Words, classify
from dataplane.upstreams.refusals import DETAIL_CHARACTERS, Fate, Scene, corrupt
from dataplane.wire import jsontext
from dataplane.wire.eventstream import Headers

LONGEST_WAIT = 86_400


def refused(reply: Reply, call: Call, lease: Lease) -> UpstreamFault:
    """The fault for a reply that is not the stream that was asked for."""
    if reply.status < 400:
        return corrupt(f"answer of type {reply.headers.get('content-type', 'unknown')!r}", reply.status)
    return _fault(reply.status, said(reply), call, lease)


def said(reply: Reply) -> Words:
    """What a refusal says, in its body and its headers."""
    words = _read(reply.body)
    words.exception = _short(reply.headers.get("x-amzn-errortype", "")) or words.exception
    words.retry_after = _asked(reply.headers, words.retry_after)
    return words


def reported(headers: Headers, payload: bytes, call: Call, lease: Lease) -> UpstreamFault:
    """The fault for an exception or error frame inside a stream."""
    words = _read(payload)
    words.exception = _short(str(headers.get(":exception-type") or headers.get(":error-code") or "")) or words.exception
    words.message = words.message or str(headers.get(":error-message", ""))
    return _fault(200, words, call, lease)


def cut() -> UpstreamFault:
    return refusals.cut("end of the body inside a frame")


def _fault(status: int, words: Words, call: Call, lease: Lease) -> UpstreamFault:
    fate = classify(status, words)
    asked = words.retry_after if words.retry_after is None else max(words.retry_after, fate.least)
    scene = Scene(call, lease, max(1, asked if asked is not None else fate.wait), words.reason)
    detail = ": ".join(filter(None, (words.exception, words.reason, words.message)))
    return UpstreamFault(
        fate.cause,
        _retry(fate, lease),
        fate.error(scene),
        status=status,
        retry_after=asked if asked is not None else fate.park,
        detail=detail[:DETAIL_CHARACTERS],
    )


def _retry(fate: Fate, lease: Lease) -> Retry:
    """An API key cannot be renewed."""
    if fate.retry is Retry.RENEWED and lease.attributes.get("auth_method") == "api-key":
        return Retry.OTHER_ACCOUNT
    return fate.retry


def _read(body: bytes) -> Words:
    try:
        found = jsontext.loads(body)
    except (ValueError, RecursionError):
        return Words(message=_plain(body))
    if not isinstance(found, dict):
        return Words(message=_plain(body))
    inner = found["error"] if isinstance(found.get("error"), dict) else {}
    return Words(
        message=_first(found.get("message"), found.get("Message"), inner.get("message")),
        reason=_first(found.get("reason"), inner.get("reason")),
        exception=_short(_first(found.get("__type"), found.get("code"), inner.get("__type"))),
        retry_after=_seconds(found.get("retryAfterMilliseconds", inner.get("retryAfterMilliseconds")), 1000),
    )


def _plain(body: bytes) -> str:
    return body[: 4 * DETAIL_CHARACTERS].decode("utf-8", "replace")


def _first(*values: Any) -> str:
    return next((value for value in values if value and isinstance(value, str)), "")


def _short(name: str) -> str:
    """The exception's name without namespace and address: aws#ThrottlingException:http://... is throttling."""
    return name.partition(":")[0].rpartition("#")[2].strip().lower().removesuffix("exception")


def _asked(headers: Mapping[str, str], otherwise: int | None) -> int | None:
    for name, divisor in _RETRY_HEADERS:
        seconds = _seconds(headers.get(name), divisor)
        if seconds is not None:
            return seconds
    return otherwise


def _seconds(value: Any, divisor: int) -> int | None:
    """Whole seconds, rounded up; None for what is no number (a date needs a clock, which is not here)."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    except OverflowError:
        # An integer of hundreds of digits, perhaps behind a minus.
        number = math.inf if value > 0 else -math.inf
    return math.ceil(min(number / divisor, LONGEST_WAIT)) if number >= 0 else None


_RETRY_HEADERS = (("retry-after", 1), ("retry-after-ms", 1000), ("x-ratelimit-reset-after", 1))
