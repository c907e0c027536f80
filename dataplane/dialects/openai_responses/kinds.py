"""Items and tools whose kind the decoder would not know, brought to one that it does.

The decoder tells structs apart by their `type`. Messages come without one, as the API allows; hosted tools
and what they did have dozens, of which every year brings more, and none of which means anything here.
"""

from collections.abc import Callable, Collection
from typing import get_args

import msgspec

from dataplane.dialects.openai.choosing import WEB_SEARCH
from dataplane.dialects.openai_responses.content import AnyItem
from dataplane.dialects.openai_responses.tooling import InnerTool, ToolItem
from dataplane.wire.jsontext import Raw, dumps

Members = dict[str, Raw]

# What stands for an item or a tool of any other kind.
OTHER = Raw(b'{"type":""}')

_members = msgspec.json.Decoder(Members).decode
_list = msgspec.json.Decoder(list[Raw]).decode


def items(raw: Raw) -> Raw:
    """A list of items; anything else is left to the decoder, which refuses it."""
    return _each(raw, _item)


def tools(raw: Raw) -> Raw:
    """A list of tools."""
    return _each(raw, _tool)


def _each(raw: Raw, settle: Callable[[Members, Raw], Raw]) -> Raw:
    if not opens(raw, b"["):
        return raw
    return Raw(dumps([settle(_members(each), each) if opens(each, b"{") else each for each in _list(raw)]))


def _item(members: Members, raw: Raw) -> Raw:
    kind = _kind(members)
    if kind is None:
        # Of what may come without a type only a reference has no role.
        return _typed(members, b'"item_reference"' if members.keys() <= {"id", "type"} else b'"message"')
    if kind == b'"additional_tools"' and "tools" in members:
        return Raw(dumps({**members, "tools": tools(members["tools"])}))
    if kind in ITEMS:
        return raw
    name = members.get("id")
    return _typed({"id": name}, b'""') if name is not None and opens(name, b'"') else OTHER


def _tool(members: Members, raw: Raw) -> Raw:
    kind = _kind(members)
    if kind is None:
        return raw
    if kind == b'"namespace"' and "tools" in members:
        return Raw(dumps({**members, "tools": _each(members["tools"], _inner)}))
    if kind.startswith(b'"' + WEB_SEARCH.encode()):
        return _typed(members, dumps(WEB_SEARCH))
    return raw if kind in TOOLS else OTHER


def _inner(members: Members, raw: Raw) -> Raw:
    return raw if _kind(members) in (None, *INNER) else OTHER


def _typed(members: Members, kind: bytes) -> Raw:
    return Raw(dumps({**members, "type": Raw(kind)}))


def _kind(members: Members) -> bytes | None:
    """The type as JSON text; None where there is none."""
    kind = members.get("type")
    return None if kind is None or bytes(kind) == b"null" else bytes(kind)


def opens(raw: Raw, bracket: bytes) -> bool:
    return bytes(memoryview(raw)[:1]) == bracket


def _tags(kinds: object) -> Collection[bytes]:
    return frozenset([dumps(each.__struct_config__.tag) for each in get_args(kinds)])


ITEMS, TOOLS, INNER = _tags(AnyItem), _tags(ToolItem), _tags(InnerTool)
