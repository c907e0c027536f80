"""Bytes of a chat completion request into a call (client notes, section 2)."""

from operator import attrgetter

import msgspec
from msgspec import UNSET

from dataplane.conversation.model import Call
from dataplane.dialects.openai.decoding import guarded
from dataplane.dialects.openai.findings import Findings
from dataplane.dialects.openai_chat import body as wire
from dataplane.dialects.openai_chat import options
from dataplane.dialects.openai_chat.messages import Reader
from dataplane.dialects.openai_chat.tools import Toolbox
from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext
from dataplane.wire.pruning import UNKNOWN_MEMBER, forget, join, plain, prune

FAMILY = "openai"
NAMES = frozenset(wire.Body.__struct_fields__)

# What an ordinary body gives of them: one comparison instead of a look at each.
UNASKED = (UNSET,) * len(wire.Unmodelled.__struct_fields__)

_unmodelled = attrgetter(*wire.Unmodelled.__struct_fields__)
_decode = msgspec.json.Decoder(wire.Body).decode
_decode_members = msgspec.json.Decoder(dict[str, jsontext.Raw]).decode


def parse(data: bytes) -> Call:
    """Raises InvalidRequest; every body gives either that or a call."""
    return guarded(read, data, "chat completions")


def read(data: bytes) -> Call:
    findings = Findings()
    extras: dict[str, bytes] = {}
    body = fit(data) or known(data, findings.dropped, extras)
    return call(body, findings, extras)


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
        if member != b"null" and plain(name):
            extras[name] = member
        elif member != b"null":
            dropped.append(join("", name))
    narrowed = jsontext.dumps(members)
    if body := fit(narrowed):
        return body
    return _decode(prune(narrowed, wire.Body, dropped))


def call(body: wire.Body, findings: Findings, extras: dict[str, bytes]) -> Call:
    if not body.model:
        raise InvalidRequest("A request must name a model.", param="model")
    if not body.messages:
        raise InvalidRequest("A request must have at least one message.", param="messages")
    if body.n is not None and body.n > 1:
        raise InvalidRequest("One answer is given to a request; 'n' can only be 1.", param="n")
    reader, tools = Reader(findings), Toolbox(findings)
    reader.read(body.messages)
    pruned = len(findings.dropped)
    tools.read(body)
    if pruned:
        forget(findings.dropped, pruned)
    # Before the tools are taken: a choice can narrow them.
    choice = tools.choice(body)
    return Call(
        model=body.model,
        turns=reader.turns,
        family=FAMILY,
        system=reader.system,
        tools=tools.tools,
        tool_choice=choice,
        sampling=options.sampling(body, findings),
        thinking=options.thinking(body, findings),
        output_format=options.output_format(body.response_format, findings),
        web_search=tools.web_search,
        stream=bool(body.stream),
        include_usage=options.include_usage(body.stream_options, findings),
        user=body.user or "",
        by_user=True,
        session=body.prompt_cache_key or "",
        dropped=findings.dropped,
        extras=unmodelled(body, extras),
        asked=findings.asked,
        media=reader.media,
    )


def unmodelled(body: wire.Body, extras: dict[str, bytes]) -> dict[str, bytes]:
    """`extras` with the well-known members that have no seat. Null asks for nothing."""
    values = _unmodelled(body)
    if values == UNASKED:
        return extras
    for name, value in zip(wire.Unmodelled.__struct_fields__, values, strict=True):
        if value is not UNSET and (raw := bytes(value)) != b"null":
            extras[name] = raw
    return extras
