"""What Kiro's events carry, as far as it is consumed. Some builds wrap a payload in its event's name.

What the answer is made of is read strictly (Q8): a wrong type means that the stream is not what it
says. Reports about the answer are passed over when they cannot be read, as they come when all is said.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from dataplane.upstreams.kiro import faults, surrogates
from dataplane.upstreams.kiro.calls import Fragment

T = TypeVar("T")


class Spoken(msgspec.Struct, rename="camel"):
    """assistantResponseEvent."""

    content: str | None = None
    assistant_response_event: "Spoken | None" = None


class Thought(msgspec.Struct, rename="camel"):
    """reasoningContentEvent."""

    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None
    reasoning_content_event: "Thought | None" = None


class Tokens(msgspec.Struct, rename="camel"):
    """The counts in a metadataEvent; the three kinds of input are apart from each other."""

    uncached_input_tokens: float | None = None
    output_tokens: float | None = None
    cache_read_input_tokens: float | None = None
    cache_write_input_tokens: float | None = None
    context_usage_percentage: float | None = None


class Metadata(msgspec.Struct, rename="camel"):
    """metadataEvent."""

    token_usage: Tokens | None = None
    stop_reason: str | None = None
    metadata_event: "Metadata | None" = None


class ContextUsage(msgspec.Struct, rename="camel"):
    """contextUsageEvent: percent of the model's window, this answer included."""

    context_usage_percentage: float | None = None
    context_usage_event: "ContextUsage | None" = None


class Metering(msgspec.Struct, rename="camel"):
    """meteringEvent."""

    usage: float | None = None
    amount: float | None = None
    unit: str | None = None
    metering_event: "Metering | None" = None


def spoken(payload: bytes) -> str | None:
    """The one payload that comes hundreds of times an answer, so nothing stands between it and the codec."""
    try:
        read = _spoken(payload)
    except (ValueError, RecursionError):
        read = _strict(_spoken, payload)
    return read.content if read.assistant_response_event is None else read.assistant_response_event.content


def thought(payload: bytes) -> Thought:
    read = _strict(_thought, payload)
    return read.reasoning_content_event or read


def fragment(payload: bytes) -> Fragment:
    read = _strict(_fragment, payload)
    return read.tool_use_event or read


def metadata(payload: bytes) -> Metadata:
    read = _glance(_metadata, payload) or Metadata()
    return read.metadata_event or read


def context_usage(payload: bytes) -> float | None:
    read = _glance(_context_usage, payload) or ContextUsage()
    return (read.context_usage_event or read).context_usage_percentage


def metering(payload: bytes) -> Metering:
    read = _glance(_metering, payload) or Metering()
    return read.metering_event or read


def _strict(read: Callable[[bytes], T], payload: bytes) -> T:
    try:
        return read(payload)
    except msgspec.ValidationError as error:
        raise faults.corrupt(str(error)) from error
    except (ValueError, RecursionError):
        return _mended(read, payload)


def _mended(read: Callable[[bytes], T], payload: bytes) -> T:
    """Half an emoji is no reason to lose the answer."""
    try:
        return read(surrogates.reread(payload))
    except (ValueError, RecursionError) as error:
        raise faults.corrupt("a payload is not JSON") from error


def _glance(read: Callable[[bytes], T], payload: bytes) -> T | None:
    try:
        return read(payload)
    except (ValueError, RecursionError):
        return None


_spoken = msgspec.json.Decoder(Spoken).decode
_thought = msgspec.json.Decoder(Thought).decode
_fragment = msgspec.json.Decoder(Fragment).decode
_metadata = msgspec.json.Decoder(Metadata).decode
_context_usage = msgspec.json.Decoder(ContextUsage).decode
_metering = msgspec.json.Decoder(Metering).decode
