"""What Kiro's events carry, as far as it is consumed. Some builds wrap a payload in its event's name.

What the answer is made of is read strictly (Q8): a wrong type means that the stream is not what it
says. Reports about the answer come when all is said: what cannot be read of them is passed over, each
member apart from the others, and figures that cannot be true are cut to what can.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from dataplane.upstreams import refusals
from dataplane.upstreams.figures import NULL, figure, glance, tokens
from dataplane.upstreams.kiro import surrogates
from dataplane.upstreams.kiro.answering.calls import Fragment

T = TypeVar("T")

# More than the largest plan has for a month: what is beyond is an error.
MOST_CREDITS = 10_000.0
# A window cannot be more than full.
MOST_PERCENT = 100.0


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


class Metadata(msgspec.Struct):
    """What a metadataEvent says; the three kinds of input are apart from each other."""

    stop_reason: str
    uncached_input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    percentage: float | None = None


class Metering(msgspec.Struct):
    """What a meteringEvent says."""

    amount: float
    unit: str


class _Metadata(msgspec.Struct, rename="camel"):
    token_usage: msgspec.Raw = NULL
    stop_reason: msgspec.Raw = NULL
    metadata_event: msgspec.Raw = NULL


class _Tokens(msgspec.Struct, rename="camel"):
    uncached_input_tokens: msgspec.Raw = NULL
    output_tokens: msgspec.Raw = NULL
    cache_read_input_tokens: msgspec.Raw = NULL
    cache_write_input_tokens: msgspec.Raw = NULL
    context_usage_percentage: msgspec.Raw = NULL


class _ContextUsage(msgspec.Struct, rename="camel"):
    context_usage_percentage: msgspec.Raw = NULL
    context_usage_event: msgspec.Raw = NULL


class _Metering(msgspec.Struct, rename="camel"):
    usage: msgspec.Raw = NULL
    amount: msgspec.Raw = NULL
    unit: msgspec.Raw = NULL
    metering_event: msgspec.Raw = NULL


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
    read = glance(_metadata, payload) or _Metadata()
    read = glance(_metadata, read.metadata_event) or read
    counted = glance(_tokens, read.token_usage)
    if counted is None:
        return Metadata(_word(read.stop_reason))
    return Metadata(
        _word(read.stop_reason),
        tokens(counted.uncached_input_tokens),
        tokens(counted.output_tokens),
        tokens(counted.cache_read_input_tokens),
        tokens(counted.cache_write_input_tokens),
        figure(counted.context_usage_percentage, MOST_PERCENT),
    )


def context_usage(payload: bytes) -> float | None:
    """contextUsageEvent: percent of the model's window, this answer included."""
    read = glance(_context_usage, payload) or _ContextUsage()
    read = glance(_context_usage, read.context_usage_event) or read
    return figure(read.context_usage_percentage, MOST_PERCENT)


def metering(payload: bytes) -> Metering:
    read = glance(_metering, payload) or _Metering()
    read = glance(_metering, read.metering_event) or read
    usage = figure(read.usage, MOST_CREDITS)
    return Metering(usage if usage is not None else figure(read.amount, MOST_CREDITS) or 0.0, _word(read.unit))


def _word(member: msgspec.Raw) -> str:
    return glance(_text, member) or ""


def _strict(read: Callable[[bytes], T], payload: bytes) -> T:
    try:
        return read(payload)
    except msgspec.ValidationError as error:
        raise refusals.corrupt(str(error)) from error
    except (ValueError, RecursionError):
        return _mended(read, payload)


def _mended(read: Callable[[bytes], T], payload: bytes) -> T:
    """Half an emoji is no reason to lose the answer."""
    try:
        return read(surrogates.reread(payload))
    except (ValueError, RecursionError) as error:
        raise refusals.corrupt("a payload is not JSON") from error


_spoken = msgspec.json.Decoder(Spoken).decode
_thought = msgspec.json.Decoder(Thought).decode
_fragment = msgspec.json.Decoder(Fragment).decode
_metadata = msgspec.json.Decoder(_Metadata).decode
_tokens = msgspec.json.Decoder(_Tokens).decode
_context_usage = msgspec.json.Decoder(_ContextUsage).decode
_metering = msgspec.json.Decoder(_Metering).decode
_text = msgspec.json.Decoder(str | None).decode
