"""What the structs of a body do not name, taken out of its JSON text and noted.

A body is decoded into structs that refuse unknown members, so that one decode of an ordinary request
also proves that nothing was overlooked. Only when that fails the body comes here. JSON that no struct
looks into stays as it was, to the byte, and costs no objects, however large it is.
"""

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

import msgspec
from msgspec import Struct, UnsetType, inspect

from dataplane.wire import jsontext
from dataplane.wire.jsontext import Raw

# A member that is looked at for nothing but whether it asks for something.
RawMember: TypeAlias = Raw | UnsetType

Model: TypeAlias = type[Struct]
# The structs that may stand at a place, by their tags; None is the tag of one without.
Kinds: TypeAlias = Mapping[str | int | None, Model]

# How the decoder's error about a member without a name begins.
UNKNOWN_MEMBER = "Object contains unknown field"
# Values by which a member asks for nothing: leaving it out loses nothing.
NOTHING = frozenset({b"null", b"false", b"0", b"-0", b"0.0", b'""', b"[]", b"[ ]", b"{}", b"{ }"})
LONGEST_NOTHING = max(map(len, NOTHING))

_members = msgspec.json.Decoder(dict[str, Raw]).decode
_items = msgspec.json.Decoder(list[Raw]).decode
_word = msgspec.json.Decoder(str).decode


def asks(member: RawMember) -> bool:
    """Whether a member asks for something: null, false, zero and what is empty do not."""
    return not isinstance(member, UnsetType) and (memoryview(member).nbytes > LONGEST_NOTHING or bytes(member) not in NOTHING)


def written(member: RawMember) -> bytes:
    """A member as JSON text, b"" when it is absent."""
    return b"" if isinstance(member, UnsetType) else bytes(member)


def prune(text: bytes, model: Model, dropped: list[str]) -> bytes:
    """The JSON object `text` without the members that `model` and the structs in it do not name.

    A struct that takes any member keeps them all. The paths of members that ask for something are
    added to `dropped`. Raises DecodeError.
    """
    return bytes(_object(Raw(text), {None: model}, "", dropped))


def forget(dropped: list[str], pruned: int) -> None:
    """Take out of the first `pruned` paths what lies within an item of a list that was dropped whole thereafter."""
    whole = set(dropped[pruned:])
    dropped[:pruned] = [path for path in dropped[:pruned] if path[: path.find("]") + 1] not in whole]


def join(path: str, name: str) -> str:
    """The path of a member. Paths end up in a response header: a name that is not plain is quoted and cut."""
    if plain(name):
        return f"{path}.{name}" if path else name
    return f"{path}[{name[:40]!a}]"


def plain(name: str) -> bool:
    """Whether a member's name is one that an API would choose."""
    return len(name) <= 80 and name.isascii() and name.replace("-", "_").replace(".", "_").isidentifier()


def _value(raw: Raw, kinds: Kinds, path: str, dropped: list[str]) -> Raw:
    """An object, or a list of objects; anything else is left to the decoder, which refuses it."""
    if _opens(raw, b"{"):
        return _object(raw, kinds, path, dropped)
    if not _opens(raw, b"["):
        return raw
    items = _items(raw)
    for index, item in enumerate(items):
        if _opens(item, b"{"):
            items[index] = _object(item, kinds, f"{path}[{index}]", dropped)
    return Raw(jsontext.dumps(items))


def _object(raw: Raw, kinds: Kinds, path: str, dropped: list[str]) -> Raw:
    members = _members(raw)
    model = _model(members, kinds)
    if model is None:
        return raw
    named, strict, inner = _shape(model)
    for name in list(members):
        if name in inner:
            members[name] = _value(members[name], inner[name], join(path, name), dropped)
        elif strict and name not in named and asks(members.pop(name)):
            dropped.append(join(path, name))
    return Raw(jsontext.dumps(members))


def _model(members: dict[str, Raw], kinds: Kinds) -> Model | None:
    """The struct that an object is to become, None for one of an unknown kind."""
    if None in kinds:
        return kinds[None]
    tag_field = next(iter(kinds.values())).__struct_config__.tag_field
    tag = members.get(tag_field) if tag_field else None
    return kinds.get(_word(tag)) if tag is not None and _opens(tag, b'"') else None


@cache
def _shape(model: Model) -> tuple[frozenset[str], bool, Mapping[str, Kinds]]:
    """The members' names, whether others are refused, and the structs within, by the member that holds them."""
    config = model.__struct_config__
    told = inspect.type_info(model)
    assert isinstance(told, inspect.StructType)
    inner = {field.encode_name: kinds for field in told.fields if (kinds := _kinds(field.type))}
    names = {field.encode_name for field in told.fields}
    return frozenset({*names, config.tag_field} if config.tag_field else names), config.forbid_unknown_fields, inner


def _kinds(kind: inspect.Type) -> Kinds:
    match kind:
        case inspect.UnionType(types):
            return {tag: model for each in types for tag, model in _kinds(each).items()}
        case inspect.ListType(item_type=inner):
            return _kinds(inner)
        case inspect.StructType(cls=model, tag=tag):
            return {tag: model}
        case _:
            return {}


def _opens(raw: Raw, bracket: bytes) -> bool:
    return bytes(memoryview(raw)[:1]) == bracket
