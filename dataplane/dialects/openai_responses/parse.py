"""Bytes of a request to /v1/responses into a call (client notes, section 2)."""

from collections.abc import Iterator, Mapping
from functools import partial
from operator import attrgetter

import msgspec
from msgspec import UNSET

from dataplane.conversation.kept import Recalled
from dataplane.conversation.model import Call
from dataplane.dialects.openai.decoding import guarded
from dataplane.dialects.openai.findings import Findings
from dataplane.dialects.openai_responses import body as wire
from dataplane.dialects.openai_responses import kinds, options
from dataplane.dialects.openai_responses.asked import Asked, echo
from dataplane.dialects.openai_responses.content import AdditionalTools
from dataplane.dialects.openai_responses.recall import Past, Placed
from dataplane.dialects.openai_responses.tooling import ToolItem
from dataplane.dialects.openai_responses.tools import Toolbox
from dataplane.dialects.openai_responses.turns import Reader
from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext
from dataplane.wire.pruning import UNKNOWN_MEMBER, asks, forget, join, plain, prune

FAMILY = "openai-responses"
NAMES = frozenset(wire.Body.__struct_fields__)
# What is not offered: a request that needs it would be answered as if it had not.
REFUSED: Mapping[str, str] = {
    "background": "Answers in the background are not offered; 'background' can only be false.",
    "conversation": "Conversations are not offered; 'previous_response_id' continues an answer.",
    "prompt": "Prompt templates are not offered; send 'instructions' and 'input'.",
}

# What an ordinary body gives of them: one comparison instead of a look at each.
UNASKED = (UNSET,) * len(wire.Unmodelled.__struct_fields__)

_unmodelled = attrgetter(*wire.Unmodelled.__struct_fields__)
_decode = msgspec.json.Decoder(wire.Body).decode
_decode_members = msgspec.json.Decoder(dict[str, jsontext.Raw]).decode


def parse(data: bytes, recalled: Recalled | None = None) -> Call:
    """`recalled` is what `recall.wanted` asked for. Raises InvalidRequest, and NotFound for what is not among it."""
    return guarded(partial(read, recalled=recalled), data, "Responses")


def read(data: bytes, recalled: Recalled | None) -> Call:
    findings = Findings()
    extras: dict[str, bytes] = {}
    members = _decode_members(data)
    body = fit(data) or known(members, findings.dropped, extras)
    for name, reason in REFUSED.items():
        if asks(getattr(body, name)):
            raise InvalidRequest(reason, param=name)
    if not body.model:
        raise InvalidRequest("A request must name a model.", param="model")
    past = Past(body, recalled)
    if not body.input and not past.history:
        raise InvalidRequest("A request must have some input.", param="input")
    return call(body, members, past, findings, extras)


def fit(data: bytes) -> wire.Body | None:
    """The body, or None where it holds what the structs have no name for."""
    try:
        return _decode(data)
    except jsontext.ValidationError:
        return None


def known(members: dict[str, jsontext.Raw], dropped: list[str], extras: dict[str, bytes]) -> wire.Body:
    """The body without what is unknown: members at the top go to `extras` as they are, those further in are dropped."""
    kept = {name: member for name, member in members.items() if name in NAMES}
    for name in members.keys() - kept.keys():
        member = bytes(members[name])
        if member != b"null" and plain(name):
            extras[name] = member
        elif member != b"null":
            dropped.append(join("", name))
    for name, settle in (("input", kinds.items), ("tools", kinds.tools)):
        if name in kept:
            kept[name] = settle(kept[name])
    narrowed = jsontext.dumps(kept)
    try:
        return _decode(narrowed)
    except jsontext.ValidationError as error:
        if not str(error).startswith(UNKNOWN_MEMBER):
            raise
    return _decode(prune(narrowed, wire.Body, dropped))


def call(body: wire.Body, members: Mapping[str, jsontext.Raw], past: Past, findings: Findings, extras: dict[str, bytes]) -> Call:
    pruned = len(findings.dropped)
    said = [*past.history, *past.said]
    toolbox = Toolbox(findings)
    toolbox.read([("tools", body.tools or ()), *additional(said)])
    reader = Reader(findings, toolbox.names)
    if body.instructions:
        reader.system.append(body.instructions)
    reader.read(said)
    if pruned:
        forget(findings.dropped, pruned)
    # Before the tools are taken: a choice can narrow them.
    choice = toolbox.choice(body)
    options.leftover(body, findings)
    keep = body.store is not False
    return Asked(
        model=body.model,
        turns=reader.turns,
        family=FAMILY,
        system=reader.system,
        tools=toolbox.tools,
        tool_choice=choice,
        sampling=options.sampling(body, findings),
        thinking=options.thinking(body.reasoning, findings),
        output_format=options.output_format(body.text, findings),
        web_search=toolbox.searching(body.max_tool_calls),
        stream=bool(body.stream),
        user=body.user or "",
        by_user=True,
        session=body.prompt_cache_key or "",
        dropped=findings.dropped,
        extras=unmodelled(body, extras),
        asked=findings.asked,
        media=reader.media,
        keep=keep,
        echo=echo(members),
        previous=body.previous_response_id or "",
        given=past.given(body.input or (), members.get("input")) if keep else [],
    )


def additional(said: list[Placed]) -> Iterator[tuple[str, list[ToolItem]]]:
    """Tools that are declared in the conversation."""
    for where, item in said:
        if isinstance(item, AdditionalTools) and item.tools:
            yield f"{where}.tools", item.tools


def unmodelled(body: wire.Body, extras: dict[str, bytes]) -> dict[str, bytes]:
    """`extras` with the well-known members that have no seat. Null asks for nothing."""
    values = _unmodelled(body)
    if values == UNASKED:
        return extras
    for name, value in zip(wire.Unmodelled.__struct_fields__, values, strict=True):
        if value is not UNSET and (raw := bytes(value)) != b"null":
            extras[name] = raw
    return extras
