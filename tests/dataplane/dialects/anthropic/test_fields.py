"""Every member of a request has its row, and no row is without a member."""

import types
import typing

import msgspec

from dataplane.dialects.anthropic import body
from dataplane.dialects.anthropic.fields import FIELDS


def spelled(kind, path, *, listed=False):
    """The paths below a member of type `kind`. In lists of several kinds of objects each is told by its tag."""
    if typing.get_origin(kind) is typing.Annotated:
        return spelled(typing.get_args(kind)[0], path)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kinds = [each for each in typing.get_args(kind) if each is not type(None)]
        objects = [each for each in kinds if is_object(each)]
        tell = listed and len(objects) > 1
        return {found for each in kinds for found in spelled(each, f"{path}{{{tag(each)}}}" if tell and is_object(each) else path)}
    if typing.get_origin(kind) is list:
        return spelled(typing.get_args(kind)[0], f"{path}[]", listed=True)
    if is_object(kind):
        members = typing.get_type_hints(kind, include_extras=True)
        return {found for name, each in members.items() for found in spelled(each, f"{path}.{name}".lstrip("."))} or {path}
    return {path}


def is_object(kind):
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def tag(kind):
    return kind.__struct_config__.tag


def test_every_field_has_a_row_and_every_row_a_field():
    assert spelled(body.Request, "") == set(FIELDS)
