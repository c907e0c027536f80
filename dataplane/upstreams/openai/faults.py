"""Refusals and broken streams as faults of an attempt."""

import math
import re
from collections.abc import Mapping
from typing import Any

from dataplane.conversation.model import Call
from dataplane.errors import UpstreamFault
from dataplane.upstreams import refusals
from dataplane.upstreams.base import Lease, Reply
from dataplane.upstreams.openai.fates import Words, classify
from dataplane.upstreams.refusals import DETAIL_CHARACTERS, Fate, Scene, corrupt
from dataplane.wire import jsontext

LONGEST_WAIT = 86_400


def refused(reply: Reply, call: Call, lease: Lease) -> UpstreamFault:
    """The fault for a reply that is not the answer that was asked for."""
    if reply.status < 400:
        return corrupt(f"answer of type {reply.headers.get('content-type', 'unknown')!r}", reply.status)
    words = said(reply)
    return fated(classify(reply.status, words), reply.status, words, call, lease)


def said(reply: Reply) -> Words:
    """What a refusal says, in its body and its headers."""
    words = _read(reply.body)
    asked = _asked(reply.headers)
    if asked is None and reply.status == 429:
        asked = _reset(reply.headers)
    words.retry_after = asked if asked is not None else _spoken(words.message)
    return words


def reported(payload: bytes, call: Call, lease: Lease) -> UpstreamFault:
    """The fault for an error inside a stream; its code may be the status that it would have had."""
    words = _read(payload)
    words.retry_after = _spoken(words.message)
    status = int(words.code) if re.fullmatch(r"[45]\d\d", words.code) else 500
    return fated(classify(status, words), 200, words, call, lease)


def fated(fate: Fate, status: int, words: Words, call: Call, lease: Lease) -> UpstreamFault:
    asked = words.retry_after
    scene = Scene(call, lease, max(1, asked if asked is not None else fate.wait), words.message)
    detail = ": ".join(filter(None, (words.code or words.type, words.param, words.message)))
    if token := lease.credential.access_token:
        # Some endpoints repeat the key that they refuse.
        detail = detail.replace(token, "***")
    detail = detail[:DETAIL_CHARACTERS]
    return UpstreamFault(fate.cause, fate.retry, fate.error(scene), status=status, retry_after=asked, detail=detail)


def cut() -> UpstreamFault:
    return refusals.cut("end of the body before the answer's")


def _read(body: bytes) -> Words:
    """OpenAI's shape, and those of servers that have their own."""
    try:
        found = jsontext.loads(body)
    except (ValueError, RecursionError):
        return Words(message=body[: 4 * DETAIL_CHARACTERS].decode("utf-8", "replace"))
    found = found if isinstance(found, dict) else {"message": found}
    inner = found.get("error")
    if isinstance(inner, str):
        inner = {"message": inner}
    inner = {**found, **inner} if isinstance(inner, dict) else found
    detail = inner.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        return _invalid(detail[0])
    return Words(
        message=_first(inner.get("message"), detail, inner.get("msg"), inner.get("error_msg")),
        code=_word(inner.get("code")),
        type=_word(inner.get("type")),
        param=_word(inner.get("param")),
    )


def _invalid(flaw: dict[str, Any]) -> Words:
    """What FastAPI says of a body: `loc` leads to the member."""
    names = [name for name in flaw.get("loc") or () if isinstance(name, str)] if isinstance(flaw.get("loc"), list) else []
    return Words(message=_first(flaw.get("msg")), type=_word(flaw.get("type")), param=names[-1] if names else "")


def _first(*values: Any) -> str:
    return next((value for value in values if value and isinstance(value, str)), "")


def _word(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _asked(headers: Mapping[str, str]) -> int | None:
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        if (seconds := _seconds(headers.get(name), divisor)) is not None:
            return seconds
    return None


def _reset(headers: Mapping[str, str]) -> int | None:
    """When the windows that are used up are new."""
    resets = [
        _duration(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}") == "0"
    ]
    return max((reset for reset in resets if reset is not None), default=None)


def _spoken(message: str) -> int | None:
    """What only the wording asks for."""
    found = _AGAIN(message)
    return _duration(found[1] + _UNITS_SAID[found[2].lower()]) if found else None


def _duration(text: str) -> int | None:
    """Whole seconds of what OpenAI writes as 6m0s or 120ms, others as a bare number."""
    if (plain := _seconds(text, 1)) is not None:
        return plain
    if not re.fullmatch(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+", text):
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    return _seconds(sum(float(number) * _UNITS[unit] for number, unit in parts), 1)


def _seconds(value: Any, divisor: int) -> int | None:
    """Whole seconds, rounded up; None for what is no number (a date needs a clock, which is not here)."""
    try:
        number = float(value) / divisor
    except (TypeError, ValueError):
        return None
    return math.ceil(min(number, LONGEST_WAIT)) if number >= 0 else None


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_UNITS_SAID = {"ms": "ms", "s": "s", "m": "m", "second": "s", "minute": "m"}
_AGAIN = re.compile(r"(?:try again|retry) (?:in|after) (\d+(?:\.\d+)?) ?(ms|second|minute|s|m)", re.IGNORECASE).search
