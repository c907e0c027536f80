"""Events of a streamed message, and the whole message (client notes 3.1; Anthropic's page on streaming)."""

from typing import Any

import msgspec

from dataplane.upstreams.figures import NULL, figure, glance, tokens
from dataplane.wire.jsontext import Raw

# Searches of one answer; more is an error.
MOST_SEARCHES = 1000


class Figures(msgspec.Struct):
    """Totals so far. Fields that an event leaves out are as an earlier one said."""

    input: int | None = None
    cache_write: int | None = None
    cache_read: int | None = None
    output: int | None = None
    reasoning: int | None = None
    searches: float | None = None


class _Usage(msgspec.Struct, gc=False):
    input_tokens: Raw = NULL
    cache_creation_input_tokens: Raw = NULL
    cache_read_input_tokens: Raw = NULL
    output_tokens: Raw = NULL
    output_tokens_details: Raw = NULL
    server_tool_use: Raw = NULL


class _Details(msgspec.Struct, gc=False):
    thinking_tokens: Raw = NULL


class _Served(msgspec.Struct, gc=False):
    web_search_requests: Raw = NULL


class Start(msgspec.Struct, gc=False):
    """message_start."""

    usage: Raw = NULL


class Delta(msgspec.Struct, gc=False):
    """More of a block, or of the message; of each kind only its own members are there, or are not null."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None


class Event(msgspec.Struct, gc=False):
    """Any event. Blocks are looked at when they begin, everything else of them comes in deltas."""

    type: str = ""
    delta: Delta | None = None
    content_block: Raw = NULL
    message: Start | None = None
    usage: Raw = NULL
    error: Raw = NULL


class Block(msgspec.Struct, gc=False):
    """The beginning of a block, or all of it."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str = ""
    name: str = ""
    input: Raw = NULL


class Message(msgspec.Struct, gc=False):
    """The whole message, from an endpoint that does not stream."""

    type: str = ""
    content: list[Raw] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: Raw = NULL
    error: Raw = NULL


class Hit(msgspec.Struct, gc=False):
    title: str | None = None
    url: str = ""
    page_age: str | None = None


def figures(member: Raw) -> Figures | None:
    """None for what holds no figures."""
    read = glance(_usage, member)
    if read is None:
        return None
    details = glance(_details, read.output_tokens_details) or _Details()
    served = glance(_served, read.server_tool_use) or _Served()
    return Figures(
        tokens(read.input_tokens),
        tokens(read.cache_creation_input_tokens),
        tokens(read.cache_read_input_tokens),
        tokens(read.output_tokens),
        tokens(details.thinking_tokens),
        figure(served.web_search_requests, MOST_SEARCHES),
    )


def whole(arguments: str) -> bool:
    """Whether the arguments of a call are all there: an object."""
    try:
        _members(arguments)
    except (ValueError, RecursionError):
        return False
    return True


_usage = msgspec.json.Decoder(_Usage).decode
_details = msgspec.json.Decoder(_Details).decode
_served = msgspec.json.Decoder(_Served).decode

event = msgspec.json.Decoder(Event).decode
block = msgspec.json.Decoder(Block).decode
message = msgspec.json.Decoder(Message).decode
hits = msgspec.json.Decoder(list[Hit]).decode
_members = msgspec.json.Decoder(dict[str, Raw]).decode
anything = msgspec.json.Decoder(dict[str, Any]).decode
