"""Content blocks of kinds that are not known here, put aside so that the rest of a body can be read.

The API grows; a body that it takes is not ours to refuse. Where it is served by the API, it goes on as the
client wrote it; anywhere else such a block is left out and reported. In its place stands an `unknown` one,
so that every other block keeps its path.
"""

from collections.abc import Container, Mapping
from typing import get_args

import msgspec

from dataplane.dialects.anthropic import content as wire
from dataplane.wire import jsontext
from dataplane.wire.jsontext import Raw

Members = dict[str, Raw]

_members = msgspec.json.Decoder(Members).decode
_items = msgspec.json.Decoder(list[Raw]).decode
_word = msgspec.json.Decoder(str).decode


def tags(union: object) -> frozenset[str]:
    """The types of blocks in a union."""
    return frozenset(str(kind.__struct_config__.tag) for kind in get_args(union))


def known(body: bytes) -> bytes:
    """`body` with a mark in the place of each block that could not be read; itself where there is none.

    What is no list or object where one should be is left to the decoder, which refuses it. Raises DecodeError.
    """
    members = _members(body)
    changed = False
    for name, read in (("system", _system), ("messages", _messages)):
        if name in members and (made := read(members[name])) is not None:
            members[name] = made
            changed = True
    return jsontext.dumps(members) if changed else body


def _system(raw: Raw) -> Raw | None:
    return _blocks(raw, TEXTS)


def _messages(raw: Raw) -> Raw | None:
    if not _opens(raw, b"["):
        return None
    items = _items(raw)
    changed = False
    for i, item in enumerate(items):
        members = _members(item) if _opens(item, b"{") else {}
        made = _blocks(members["content"], BLOCKS) if "content" in members else None
        if made is not None:
            members["content"] = made
            items[i] = Raw(jsontext.dumps(members))
            changed = True
    return Raw(jsontext.dumps(items)) if changed else None


def _blocks(raw: Raw, kinds: Container[str]) -> Raw | None:
    """A list of blocks with its marks, None where none is needed."""
    if not _opens(raw, b"["):
        return None
    items = _items(raw)
    changed = False
    for j, item in enumerate(items):
        made = _block(item, kinds) if _opens(item, b"{") else None
        if made is not None:
            items[j] = made
            changed = True
    return Raw(jsontext.dumps(items)) if changed else None


def _block(raw: Raw, kinds: Container[str]) -> Raw | None:
    members = _members(raw)
    kind = _type(members)
    if kind is None:
        return None
    if kind not in kinds or not _readable(members, INNER.get(kind, {})):
        return MARK
    made = _blocks(members["content"], RESULTS) if kind == "tool_result" and "content" in members else None
    return None if made is None else Raw(jsontext.dumps({**members, "content": made}))


def _readable(members: Members, inner: Mapping[str, Container[str]]) -> bool:
    """Whether what the block holds is of kinds that are known."""
    for name, kinds in inner.items():
        raw = members.get(name)
        if raw is None:
            continue
        for each in _items(raw) if _opens(raw, b"[") else [raw]:
            kind = _type(_members(each)) if _opens(each, b"{") else None
            if kind is not None and kind not in kinds:
                return False
    return True


def _type(members: Members) -> str | None:
    """None where there is none, which is for the decoder to refuse."""
    raw = members.get("type")
    return _word(raw) if raw is not None and _opens(raw, b'"') else None


def _opens(raw: Raw, bracket: bytes) -> bool:
    return bytes(memoryview(raw)[:1]) == bracket


MARK = Raw(b'{"type":"unknown"}')

BLOCKS = tags(wire.Block)
TEXTS = tags(wire.System)
RESULTS = tags(wire.Output)
# Members of blocks that hold objects of several kinds.
INNER: Mapping[str, Mapping[str, Container[str]]] = {
    "image": {"source": tags(wire.ImageSource)},
    "document": {"source": tags(wire.DocumentSource)},
    "web_search_tool_result": {"content": tags(wire.WebSearchError | wire.WebSearchResult)},
    "web_fetch_tool_result": {"content": tags(wire.FetchError | wire.FetchedPage)},
}
