"""What a request builds on that was said before: an earlier answer, and single items by their ids.

A reference to an item that stands in the same input, or in what is recalled anyway, adds nothing: it
has been said. The instructions of an earlier request are not carried over.
"""

import re
from collections.abc import Sequence

import msgspec

from dataplane.conversation.kept import Item, Recall, Recalled
from dataplane.dialects.openai.decoding import mended
from dataplane.dialects.openai_responses import body as wire
from dataplane.dialects.openai_responses import kinds
from dataplane.dialects.openai_responses.content import AnyItem, Message, Reference, Said
from dataplane.errors import InvalidRequest, Kind, NotFound
from dataplane.wire.jsontext import DecodeError, Raw, ValidationError, dumps
from dataplane.wire.pruning import RawMember, prune, written

# An item, and its place in the client's body or in what was recalled.
Placed = tuple[str, AnyItem]

# Without one of these a body builds on nothing, and is not looked into.
MARKS = (b'"previous_response_id"', b'"item_reference"')
# Nor without an object that ends with its id, as a reference does that comes without a type, or with null for one.
NAME = b'"id"'
BARE = re.compile(NAME + rb'\s*:\s*"[^"]*"\s*(?:,\s*"type"\s*:\s*null\s*)?\}').search
REFERENCE = "item_reference"
UNKNOWN = "previous_response_not_found"


class _Head(msgspec.Struct, gc=False):
    previous_response_id: str | None = None
    input: RawMember = msgspec.UNSET


class _Named(msgspec.Struct, gc=False):
    """Of what may come without a type only a reference has no role."""

    type: str | None = None
    id: str | None = None
    role: RawMember = msgspec.UNSET

    @property
    def refers(self) -> bool:
        return self.type == REFERENCE or (self.type is None and self.role is msgspec.UNSET)


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_named = msgspec.json.Decoder(list[_Named]).decode
_decode_said = msgspec.json.Decoder(Said).decode
_list = msgspec.json.Decoder(list[Raw]).decode


def wanted(data: bytes) -> Recall | None:
    """What the body builds on; None for nothing. What is wrong with a body is for `parse` to tell."""
    if not any(mark in data for mark in MARKS) and not (NAME in data and BARE(data)):
        return None
    try:
        return mended(_wanted, data)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _wanted(data: bytes) -> Recall | None:
    head = _decode_head(data)
    items = _decode_named(written(head.input)) if written(head.input).startswith(b"[") else []
    here = {item.id for item in items if not item.refers}
    asked: dict[str, str] = {}
    for index, item in enumerate(items):
        if item.refers and item.id and item.id not in here:
            asked.setdefault(item.id, place(index))
    if not head.previous_response_id and not asked:
        return None
    return Recall(head.previous_response_id or "", asked)


class Past:
    """A body's items in the order in which they were said: `history` before it, `said` by it. Raises NotFound."""

    def __init__(self, body: wire.Body, recalled: Recalled | None) -> None:
        recalled = recalled or Recalled()
        if body.previous_response_id and not recalled.history:
            raise NotFound("The previous response is not kept.", kind=Kind.NOT_KEPT, param="previous_response_id", code=UNKNOWN)
        self.history = [(f"previous_response_id[{index}]", item) for index, item in enumerate(read(recalled.history))]
        # What was referred to and comes out of the store, by its place.
        self._referred: dict[int, Item] = {}
        if isinstance(body.input, str):
            self.said: list[Placed] = [("input", Message(role="user", content=body.input))]
        else:
            self.said = self._own(body.input or (), recalled)

    def given(self, items: str | Sequence[AnyItem], raw: Raw | None) -> list[Item]:
        """The body's own input as it is to be kept; an id is "" where the client gave none."""
        if isinstance(items, str):
            content = [{"type": "input_text", "text": items}]
            return [Item("", dumps({"type": "message", "role": "user", "content": content}))]
        found = []
        for index, (item, text) in enumerate(zip(items, _list(raw) if raw is not None and items else (), strict=True)):
            if not isinstance(item, Reference):
                found.append(Item(item.id or "", bytes(text)))
            elif index in self._referred:
                found.append(self._referred[index])
        return found

    def _own(self, items: Sequence[AnyItem], recalled: Recalled) -> list[Placed]:
        if not any(type(item) is Reference for item in items):
            return [(f"input[{index}]", item) for index, item in enumerate(items)]
        said: list[Placed] = []
        known = {item.id for item in recalled.history} | {item.id for item in items if type(item) is not Reference}
        single = {item.id: item for item in recalled.items}
        for index, item in enumerate(items):
            if not isinstance(item, Reference):
                said.append((f"input[{index}]", item))
            elif not item.id or item.id not in known:
                known.add(item.id)
                self._referred[index] = found(single, item.id, place(index))
                said += [(f"input[{index}]", each) for each in read([self._referred[index]])]
        return said


def place(index: int) -> str:
    """Where a reference names its item."""
    return f"input[{index}].id"


def found(single: dict[str, Item], name: str | None, where: str) -> Item:
    """The item that is referred to at `where`."""
    if not name:
        raise InvalidRequest("A reference must have an id.", param=where)
    if name not in single:
        raise NotFound("An item that is referred to is not kept.", kind=Kind.NOT_KEPT, param=where, code=UNKNOWN)
    return single[name]


def read(items: Sequence[Item]) -> list[AnyItem]:
    """Kept items. What of them is unknown was reported when it came."""
    if not items:
        return []
    text = b'{"input":[%b]}' % b",".join([item.json for item in items])
    try:
        return _decode_said(text).input
    except ValidationError:
        settled = dumps({"input": kinds.items(Raw(text[len(b'{"input":') : -1]))})
        return _decode_said(prune(settled, Said, [])).input
