"""The body of a client that speaks the protocol itself, sent on byte for byte but for what must be another.

Only the top of the body is taken apart: what a client wrote and the API may keep in its prompt cache stays as
it was. Of the messages, only those are written anew that hold thinking which somebody else signed; of what is at the
top, what the model that serves would refuse (`fitting`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call
from dataplane.errors import InvalidRequest
from dataplane.upstreams import provenance
from dataplane.upstreams.anthropic import hosts
from dataplane.upstreams.anthropic.asking.body import Form
from dataplane.upstreams.anthropic.asking.fitting import Members, fit
from dataplane.upstreams.anthropic.asking.history import THINKING
from dataplane.upstreams.base import Lease
from dataplane.wire import jsontext
from dataplane.wire.jsontext import Raw

_members = msgspec.json.Decoder(Members).decode
_items = msgspec.json.Decoder(list[Raw]).decode

# Within a text every quote is escaped, so that these find members only.
_SIGNATURE = b'"signature"'
_SEAT = rb'("(?:signature|data)"\s*:\s*")'
_TAGGED = _SEAT + re.escape(provenance.VERSION.encode()) + rb"\."
# By whether the host wants every thinking signed: then an empty signature is no better than somebody else's.
_SPOILT = {False: re.compile(_TAGGED), True: re.compile(_TAGGED + rb'|"signature"\s*:\s*""')}


class _Kind(msgspec.Struct):
    type: str = ""


_kind = msgspec.json.Decoder(_Kind).decode


@dataclass(slots=True)
class Rewritten:
    """`dropped`: JSON paths of what had to be left out of the client's body."""

    data: bytes
    dropped: list[str] = field(default_factory=list)


def rewritten(call: Call, lease: Lease, form: Form) -> Rewritten:
    """Raises InvalidRequest when nothing is left to be said."""
    # Halves of surrogate pairs are refused by the API.
    members = _members(jsontext.mend(call.raw))
    dropped: list[str] = []
    members["model"] = Raw(jsontext.string(lease.model))
    members["stream"] = Raw(b"true")
    messages = _messages(bytes(members["messages"]), call, lease, form, dropped)
    members["messages"] = Raw(messages)
    dropped += fit(members, call, lease)
    return Rewritten(jsontext.dumps(members), dropped)


# ---- signatures


def _messages(messages: bytes, call: Call, lease: Lease, form: Form, dropped: list[str]) -> bytes:
    if form.signed and _SIGNATURE not in messages and Feature.REDACTED_REASONING not in call.asked:
        return messages
    origin, signs = hosts.hostname(lease), hosts.of(lease).signs
    messages = _own(origin).sub(rb"\1", messages)
    if form.signed and not _spoilt(messages, signs):
        return messages
    found = list(_each(messages, signs=signs, signed=form.signed, dropped=dropped))
    if not found:
        raise InvalidRequest("messages: nothing but thinking of another provider is left to be said", param="messages")
    return b"[" + b",".join(found) + b"]"


def _each(messages: bytes, *, signs: bool, signed: bool, dropped: list[str]) -> Iterator[bytes]:
    for i, raw in enumerate(_items(messages)):
        message = bytes(raw)
        if signed and not _spoilt(message, signs):
            yield message
            continue
        members = _members(message)
        content = bytes(members["content"])
        kept = [] if not content.startswith(b"[") else [*_kept(content, i, signs=signs, signed=signed, dropped=dropped)]
        if not content.startswith(b"[") or len(kept) == len(_items(content)):
            yield message
        elif kept:
            members["content"] = Raw(b"[" + b",".join(kept) + b"]")
            yield jsontext.dumps(members)


def _kept(content: bytes, i: int, *, signs: bool, signed: bool, dropped: list[str]) -> Iterator[bytes]:
    for j, raw in enumerate(_items(content)):
        block = bytes(raw)
        if (not signed or _spoilt(block, signs)) and _kind(block).type in THINKING:
            dropped.append(f"messages[{i}].content[{j}]")
        else:
            yield block


def _spoilt(data: bytes, signs: bool) -> bool:
    """Whether a signature in `data` is somebody else's, or missing where the host wants one."""
    return _SPOILT[signs].search(data) is not None


@lru_cache(maxsize=256)
def _own(origin: str) -> re.Pattern[bytes]:
    return re.compile(_SEAT + re.escape(provenance.prefix(origin).encode()))
