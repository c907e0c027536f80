"""What a chunk of an answer carries, as far as it is consumed; endpoints add and leave out what they like.

What the answer is made of is read strictly: a wrong type means that the stream is not what it says. Figures come when
all is said, and those that cannot be read are passed over.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from dataplane.upstreams import refusals
from dataplane.upstreams.figures import NULL, glance, tokens
from dataplane.wire import jsontext


class Piece(msgspec.Struct, gc=False):
    """A part of content, where an endpoint streams parts (Mistral)."""

    type: str = "text"
    text: str | None = None
    thinking: "list[Piece] | str | None" = None


class Function(msgspec.Struct, gc=False):
    """`arguments` is a piece of JSON text, or in some servers the whole object."""

    name: str | None = None
    arguments: str | dict[str, Raw] | None = None


class Custom(msgspec.Struct, gc=False):
    """A custom tool's call takes one free text."""

    name: str | None = None
    input: str | None = None


class CallDelta(msgspec.Struct, gc=False):
    """A piece of a tool call; any member may be missing in any piece."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None
    custom: Custom | None = None


class Delta(msgspec.Struct, gc=False):
    """What comes of the answer, or in an answer that is not streamed all of it."""

    role: Raw = NULL
    content: str | list[Piece] | None = None
    reasoning_content: str | None = None
    reasoning: str | dict[str, Raw] | None = None
    refusal: str | None = None
    tool_calls: list[CallDelta] | None = None
    function_call: Function | None = None


class Choice(msgspec.Struct, gc=False):
    """`usage` stands here at Kimi; `stop_reason` is vLLM's word for the stop sequence that was met."""

    index: int = 0
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None
    stop_reason: str | int | None = None
    usage: Raw = NULL


class Chunk(msgspec.Struct, gc=False):
    """One event's data. `message` and `detail` are errors where an endpoint writes them without an `error`."""

    choices: list[Choice] | None = None
    usage: Raw = NULL
    error: Raw = NULL
    message: Raw = NULL
    detail: Raw = NULL

    @property
    def failed(self) -> bool:
        """Whether it tells of an error."""
        if self.choices is None and (self.message is not NULL or self.detail is not NULL):
            return True
        return self.error != NULL


class _OwnDelta(Delta, forbid_unknown_fields=True, gc=False):
    pass


class _OwnChoice(Choice, forbid_unknown_fields=True, gc=False):
    """As Choice, with nothing else in it. The last three are null in almost every chunk of servers that have them: of
    this type they cost nothing, and anything else in them is not of it.
    """

    delta: _OwnDelta | None = None
    message: _OwnDelta | None = None
    logprobs: None = None
    token_ids: None = None
    matched_stop: None = None


class _OwnChunk(Chunk, gc=False):
    choices: list[_OwnChoice] | None = None  # type: ignore[assignment] # read, never written


class Counted(msgspec.Struct):
    """Token figures under the names of different vendors, None where there is none."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    cached: int | None = None
    written: int | None = None
    reasoning: int | None = None


class _Prompt(msgspec.Struct):
    cached_tokens: Raw = NULL
    cache_write_tokens: Raw = NULL
    cache_creation_tokens: Raw = NULL


class _Completion(msgspec.Struct):
    reasoning_tokens: Raw = NULL


class _Usage(msgspec.Struct):
    prompt_tokens: Raw = NULL
    completion_tokens: Raw = NULL
    total_tokens: Raw = NULL
    cached_tokens: Raw = NULL
    prompt_cache_hit_tokens: Raw = NULL
    reasoning_tokens: Raw = NULL
    prompt_tokens_details: Raw = NULL
    completion_tokens_details: Raw = NULL


def chunk(payload: bytes) -> Chunk:
    """The one payload that comes hundreds of times an answer, so nothing stands between it and the codec. Raises
    UpstreamFault.
    """
    try:
        return _chunk(payload)
    except (ValueError, RecursionError):
        return _strict(_chunk, payload)


def whole(payload: bytes) -> tuple[Chunk, list[dict[str, Any]]]:
    """A chunk, and what else its choices hold: members of a choice, those of its delta within."""
    try:
        return _own_chunk(payload), []
    except msgspec.ValidationError:
        return chunk(payload), _others(payload)
    except (ValueError, RecursionError):
        return chunk(payload), []


def pieces(content: str | list[Piece]) -> list[tuple[bool, str]]:
    """(is thinking, text) of what may be text or parts."""
    if isinstance(content, str):
        return [(False, content)]
    found: list[tuple[bool, str]] = []
    for piece in content:
        thoughts = [(True, text) for _, text in pieces(piece.thinking)] if piece.thinking else []
        found += [*thoughts, *([(False, piece.text)] if piece.text else [])]
    return found


def usage(member: Raw) -> Counted | None:
    """None for what holds no figures."""
    read = glance(_usage, member)
    if read is None:
        return None
    prompt = glance(_prompt, read.prompt_tokens_details) or _Prompt()
    completion = glance(_completion, read.completion_tokens_details) or _Completion()
    return Counted(
        tokens(read.prompt_tokens),
        tokens(read.completion_tokens),
        tokens(read.total_tokens),
        tokens(prompt.cached_tokens, read.cached_tokens, read.prompt_cache_hit_tokens),
        tokens(prompt.cache_write_tokens, prompt.cache_creation_tokens),
        tokens(completion.reasoning_tokens, read.reasoning_tokens),
    )


def _others(payload: bytes) -> list[dict[str, Any]]:
    """What a client of the same protocol may know and the canonical answer does not."""
    found = []
    for choice in _bare(payload).choices or ():
        members = {name: raw for name, raw in choice.items() if name not in _CHOICE and bytes(raw) != b"null"}
        inner = _members(choice.get("delta", choice.get("message", NULL))) or {}
        delta = {name: raw for name, raw in inner.items() if name not in _DELTA and bytes(raw) != b"null"}
        if members or delta:
            found.append({**members, **({"delta": delta} if delta else {})})
    return found


class _Bare(msgspec.Struct):
    choices: list[dict[str, Raw]] | None = None


def _strict(read: Callable[[bytes], Chunk], payload: bytes) -> Chunk:
    try:
        return read(payload)
    except msgspec.ValidationError as error:
        raise refusals.corrupt(str(error)) from error
    except (ValueError, RecursionError):
        pass
    try:
        # Half an emoji is no reason to lose the answer.
        return read(jsontext.mend(payload.decode("utf-8", "replace").encode()))
    except (ValueError, RecursionError) as error:
        raise refusals.corrupt("a chunk is not JSON") from error


# What is consumed, or is the gateway's own to say.
_CHOICE = frozenset(Choice.__struct_fields__)
_DELTA = frozenset(Delta.__struct_fields__) - {"refusal"}

_chunk = msgspec.json.Decoder(Chunk).decode
_own_chunk = msgspec.json.Decoder(_OwnChunk).decode
_bare = msgspec.json.Decoder(_Bare).decode
_members = msgspec.json.Decoder(dict[str, Raw] | None).decode
_usage = msgspec.json.Decoder(_Usage | None).decode
_prompt = msgspec.json.Decoder(_Prompt | None).decode
_completion = msgspec.json.Decoder(_Completion | None).decode
