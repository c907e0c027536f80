"""A client's own body, sent on with everything it came with, but for what its endpoint would refuse.

Only the top level is read, in order. Members that nothing is wrong with keep every byte; the conversation and the
tools are looked into only where a quirk demands it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, ToolCall, ToolResult, Turn
from dataplane.upstreams.base import Lease
from dataplane.upstreams.openai.asking import thinking, tools
from dataplane.upstreams.openai.asking.body import FAMILY, limit, streaming
from dataplane.upstreams.openai.asking.messages import UNKEPT
from dataplane.upstreams.openai.quirks import Quirks
from dataplane.wire import jsontext

Members = dict[str, jsontext.Raw]
Edit = Callable[[Members, Call, Lease, Quirks], None]


def whole(call: Call, quirks: Quirks) -> bool:
    """Whether the body as it is says to this endpoint what the call says."""
    if call.family != FAMILY or not call.raw:
        return False
    if any(path.startswith("tools[") for path in (*call.asked.get(Feature.WEB_SEARCH, ()), *call.dropped) if path.endswith("]")):
        # Hosted tools of another protocol.
        return False
    if not paired(call.turns):
        return False
    if quirks.native:
        return True
    old = "functions" in call.asked.get(Feature.TOOLS, ())
    return not (old or any(tool.custom for tool in call.tools) or b'"allowed_tools"' in call.raw)


def paired(turns: Sequence[Turn]) -> bool:
    """Whether every call has its result right after it, and every result its call: else the request would be refused."""
    due: list[str] = []
    for turn in turns:
        given, made = [], []
        for part in turn.parts:
            kind = type(part)
            if kind is ToolResult:
                given.append(part.call_id)  # type: ignore[union-attr]  # mypy does not narrow by `type`
            elif kind is ToolCall:
                made.append(part.id)  # type: ignore[union-attr]  # as above
        if (due or given) and sorted(due) != sorted(given):
            return False
        due = made
    return not due


def sent_on(call: Call, lease: Lease, quirks: Quirks) -> bytes:
    """The body of a call that is `whole`. Raises InvalidRequest."""
    tools.check(call, quirks)
    members = _members(jsontext.mend(call.raw))
    for edit in _EDITS:
        edit(members, call, lease, quirks)
    return jsontext.dumps(members)


def _address(members: Members, _call: Call, lease: Lease, quirks: Quirks) -> None:
    members["model"] = _json(lease.model)
    asked = members.pop("stream_options", None)
    for name, value in streaming(quirks).items():
        if name == "stream_options" and asked is not None and bytes(asked) != b"null":
            value = {**_members(asked), **value}  # noqa: PLW2901 - what else the client asked of the stream stays
        members[name] = _json(value)


def _bound(members: Members, call: Call, lease: Lease, quirks: Quirks) -> None:
    """The limit of the answer, under a name and of a size that the endpoint takes."""
    given = [name for name in _LIMITS if name in members and bytes(members[name]) != b"null"]
    wanted = limit(call, lease)
    fits = all(name in quirks.limits for name in given) and wanted == call.sampling.max_tokens
    if wanted is None or fits:
        return
    for name in given:
        del members[name]
    if quirks.limits:
        members[given[0] if given[0] in quirks.limits else quirks.limits[0]] = _json(wanted)


def _lack(members: Members, _call: Call, _lease: Lease, quirks: Quirks) -> None:
    for name, feature in _SEATS.items():
        if not quirks.takes(feature):
            members.pop(name, None)
    for name in quirks.refuses:
        members.pop(name, None)


def _shape(members: Members, call: Call, _lease: Lease, quirks: Quirks) -> None:
    form = call.output_format
    if form is None or quirks.takes(Feature.JSON_SCHEMA if form.kind == "json_schema" else Feature.JSON_OBJECT):
        return
    members.pop("response_format", None)
    members.update((name, _json(value)) for name, value in tools.form(form, quirks).items())


def _choose(members: Members, call: Call, _lease: Lease, quirks: Quirks) -> None:
    if not quirks.takes(Feature.TOOL_CHOICE) and call.tool_choice.mode == "none":
        members.pop("tools", None)


def _think(members: Members, call: Call, _lease: Lease, quirks: Quirks) -> None:
    """As the client says it, where the endpoint may understand that; a wish of which the body knows nothing is added."""
    if call.thinking is None:
        return
    known = not quirks.listed or (call.thinking.effort in quirks.efforts and quirks.takes(Feature.EFFORT))
    if "reasoning_effort" in members and "reasoning" not in members and known:
        return
    if quirks.listed:
        # The form that routers between providers use.
        members.pop("reasoning", None)
        members.pop("reasoning_effort", None)
    if "reasoning" not in members:
        for name, value in thinking.members(call.thinking, quirks).items():
            members.setdefault(name, _json(value))


def _loosen(members: Members, call: Call, _lease: Lease, quirks: Quirks) -> None:
    if quirks.takes(Feature.STRICT_TOOLS) or Feature.STRICT_TOOLS not in call.asked or "tools" not in members:
        return
    found = _items(members["tools"])
    for tool in found:
        tool.pop("strict", None)
        if "function" in tool:
            function = _members(tool["function"])
            function.pop("strict", None)
            tool["function"] = _json(function)
    members["tools"] = _json(found)


def _speak(members: Members, call: Call, _lease: Lease, quirks: Quirks) -> None:
    """The conversation, where a role or the thinking in it would not be understood, or words must be added."""
    words = tools.words(call, quirks, call.tool_choice.name)
    bare = not quirks.takes(Feature.UNSIGNED_REASONING) and Feature.UNSIGNED_REASONING in call.asked
    renamed = not quirks.developer and b'"developer"' in call.raw
    copies = b'"parsed' in call.raw
    if not (words or bare or renamed or copies or quirks.echo):
        return
    found = _items(members["messages"])
    for message in found:
        role = bytes(message.get("role", _NULL))
        if renamed and role == b'"developer"':
            message["role"] = _json("system")
        if role == b'"assistant"':
            _own(message, quirks, bare=bare, tools="tools" in members)
            if copies:
                _said(message)
    if words:
        found.insert(0, {"role": _json("system"), "content": _json("\n\n".join(words))})
    members["messages"] = _json(found)


def _own(message: Members, quirks: Quirks, *, bare: bool, tools: bool) -> None:
    """The thinking of an earlier answer: taken out, or put in where it must be."""
    if bare:
        message.pop("reasoning_content", None)
        message.pop("reasoning", None)
    if not quirks.echo or _says(message.get("reasoning_content")):
        return
    if _says(other := message.pop("reasoning", None)):
        message["reasoning_content"] = other or _NULL
    elif bytes(message.get("tool_calls", _NULL)) not in _NO_CALLS or (quirks.echo == "tools" and tools):
        message["reasoning_content"] = _json(UNKEPT)


def _said(message: Members) -> None:
    """Without the copies that the SDKs' stream helpers keep beside the text and the calls: strict endpoints know none."""
    message.pop("parsed", None)
    if bytes(message.get("tool_calls", _NULL)) in _NO_CALLS:
        return
    calls = _items(message["tool_calls"])
    for call in calls:
        if "function" in call:
            function = _members(call["function"])
            function.pop("parsed_arguments", None)
            call["function"] = _json(function)
    message["tool_calls"] = _json(calls)


def _says(member: jsontext.Raw | None) -> bool:
    """Whether a member is a text that is not empty."""
    return member is not None and bytes(memoryview(member)[:1]) == b'"' and bytes(member) != b'""'


def _json(value: Any) -> jsontext.Raw:
    return jsontext.Raw(jsontext.dumps(value))


_NULL = jsontext.Raw(b"null")
_NO_CALLS = frozenset({b"null", b"[]"})
_LIMITS = ("max_completion_tokens", "max_tokens")
# Members that stand for one thing each.
_SEATS: Mapping[str, Feature] = {
    "temperature": Feature.TEMPERATURE,
    "top_p": Feature.TOP_P,
    "top_k": Feature.TOP_K,
    "stop": Feature.STOP,
    "tool_choice": Feature.TOOL_CHOICE,
    "parallel_tool_calls": Feature.SERIAL_TOOL_CALLS,
    "reasoning_effort": Feature.EFFORT,
    "web_search_options": Feature.WEB_SEARCH,
}
# The conversation is looked at before the tools may go.
_EDITS: tuple[Edit, ...] = (_address, _bound, _lack, _shape, _think, _loosen, _speak, _choose)

_members = msgspec.json.Decoder(Members).decode
_items = msgspec.json.Decoder(list[Members]).decode
