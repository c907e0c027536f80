"""Bytes of a chat completion request into a call (client notes, section 2)."""

import msgspec
from msgspec import UNSET

from dataplane.conversation.model import Call, Sampling, Thinking
from dataplane.dialects.openai_chat import body as wire
from dataplane.dialects.openai_chat.messages import Reader
from dataplane.dialects.openai_chat.tools import Toolbox
from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext

FAMILY = "openai"
UNKNOWN_MEMBER = "Object contains unknown field"
MISSING_MEMBER = "Object missing required field `"
# What is repeated of a client's own words in an error about them.
QUOTED_CHARACTERS = 300
NAMES = frozenset(wire.Body.__struct_fields__)

_decode = msgspec.json.Decoder(wire.Body).decode
_decode_members = msgspec.json.Decoder(dict[str, jsontext.Raw]).decode
_decode_kind = msgspec.json.Decoder(wire.Kind).decode


def parse(data: bytes) -> Call:
    """Raises InvalidRequest; every body gives either that or a call."""
    try:
        if not data.isascii():
            data.decode()
        return read(data)
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not valid UTF-8.") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deeply.") from None
    except jsontext.ValidationError as error:
        raise misfit(error) from None
    except jsontext.DecodeError as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.") from None


def read(data: bytes) -> Call:
    dropped: list[str] = []
    extras: dict[str, bytes] = {}
    try:
        body = fit(data) or known(data, dropped, extras)
    except jsontext.ValidationError:
        raise
    except jsontext.DecodeError:
        mended = jsontext.mend(data)
        if mended == data:
            raise
        return read(mended)
    return call(body, dropped, extras)


def fit(data: bytes) -> wire.Body | None:
    """The body, or None when there is a member without a name in it."""
    try:
        return _decode(data)
    except jsontext.ValidationError as error:
        if str(error).startswith(UNKNOWN_MEMBER):
            return None
        raise


def known(data: bytes, dropped: list[str], extras: dict[str, bytes]) -> wire.Body:
    """The body without unknown members: those at the top go to `extras` as they are, those further in are dropped."""
    members = _decode_members(data)
    for name in [name for name in members if name not in NAMES]:
        member = bytes(members.pop(name))
        if member != b"null" and wire.plain(name):
            extras[name] = member
        elif member != b"null":
            dropped.append(wire.join("", name))
    narrowed = jsontext.dumps(members)
    if body := fit(narrowed):
        return body
    value = jsontext.loads(narrowed)
    wire.prune(value, wire.Body, "", dropped)
    return _decode(jsontext.dumps(value))


def call(body: wire.Body, dropped: list[str], extras: dict[str, bytes]) -> Call:
    if not body.model:
        raise InvalidRequest("A request must name a model.", param="model")
    if not body.messages:
        raise InvalidRequest("A request must have at least one message.", param="messages")
    if body.n is not None and body.n > 1:
        raise InvalidRequest("One answer is given to a request; 'n' can only be 1.", param="n")
    reader = Reader(dropped)
    reader.read(body.messages)
    tools = Toolbox(dropped)
    tools.read(body)
    options = body.stream_options
    if options is not None and options.include_obfuscation:
        dropped.append("stream_options.include_obfuscation")
    return Call(
        model=body.model,
        turns=reader.turns,
        family=FAMILY,
        system=reader.system,
        tools=tools.tools,
        tool_choice=tools.choice(body),
        sampling=sampling(body),
        thinking=thinking(body, dropped),
        stream=bool(body.stream),
        include_usage=bool(options and options.include_usage),
        user=body.user or "",
        session=body.prompt_cache_key or "",
        dropped=dropped,
        extras=unmodelled(body, extras),
    )


def sampling(body: wire.Body) -> Sampling:
    """`max_completion_tokens` is the newer name; some servers take a `top_k` of 0 or -1 for none."""
    stop = [body.stop] if isinstance(body.stop, str) else body.stop or []
    return Sampling(
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k if body.top_k is not None and body.top_k > 0 else None,
        stop=[each for each in stop if each],
    )


def thinking(body: wire.Body, dropped: list[str]) -> Thinking | None:
    asked = body.reasoning or wire.ReasoningItem()
    if asked.summary:
        dropped.append("reasoning.summary")
    effort = body.reasoning_effort or asked.effort or ""
    if effort == "none" or asked.enabled is False or asked.max_tokens == 0:
        return Thinking("disabled", effort="none")
    if not effort and asked.max_tokens is None and asked.enabled is None and not asked.exclude:
        return None
    return Thinking("enabled", asked.max_tokens, effort, "omitted" if asked.exclude else "")


def unmodelled(body: wire.Body, extras: dict[str, bytes]) -> dict[str, bytes]:
    """`extras` with the well-known members that have no seat. Null asks for nothing, nor does a format of plain text."""
    for name in wire.Unmodelled.__struct_fields__:
        value = getattr(body, name)
        if value is not UNSET and (raw := bytes(value)) != b"null":
            extras[name] = raw
    if "response_format" in extras and response_format(extras["response_format"]) == "text":
        del extras["response_format"]
    return extras


def response_format(raw: bytes) -> str:
    try:
        return _decode_kind(raw).type
    except jsontext.ValidationError:
        raise InvalidRequest("'response_format' must be an object with a 'type'.", param="response_format") from None


def misfit(error: jsontext.ValidationError) -> InvalidRequest:
    """A member that is missing or of the wrong type, named by its path."""
    reason, place = jsontext.path(error)
    if reason.startswith(MISSING_MEMBER):
        place = wire.join(place, reason[len(MISSING_MEMBER) :].rstrip("`"))
        reason = "it is required"
    reason = reason[:QUOTED_CHARACTERS]
    if not place:
        return InvalidRequest(f"The body must be a JSON object in the chat completions format: {reason}.")
    return InvalidRequest(f"Invalid value for '{place}': {reason}.", param=place)
