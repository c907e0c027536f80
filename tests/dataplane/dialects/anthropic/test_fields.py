"""Every member of a request has its row, and no row is without a member."""

import types
import typing

import msgspec
import pytest

from dataplane.conversation.features import Feature
from dataplane.dialects.anthropic import body
from dataplane.dialects.anthropic.fields import BLOCKS, FIELDS, TOOLS
from tests.dataplane.dialects.anthropic.test_parse import parse


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


SOURCE = {"type": "text", "media_type": "text/plain", "data": "abc"}
# The least of each kind of block, and who may say it.
LEAST = {
    "text": ("user", {"text": "a"}),
    "image": ("user", {"source": {"type": "url", "url": "https://x.test/a.png"}}),
    "document": ("user", {"source": SOURCE}),
    "search_result": ("user", {"source": "s", "title": "t", "content": []}),
    "tool_use": ("assistant", {"id": "1", "name": "f"}),
    "tool_result": ("user", {"tool_use_id": "1"}),
    "thinking": ("assistant", {"thinking": "hm"}),
    "redacted_thinking": ("assistant", {"data": "x"}),
    "server_tool_use": ("assistant", {"id": "1", "name": "web_search"}),
    "web_search_tool_result": ("assistant", {"tool_use_id": "1", "content": []}),
    "web_fetch_tool_result": (
        "assistant",
        {"tool_use_id": "1", "content": {"type": "web_fetch_result", "url": "u", "content": {"type": "document", "source": SOURCE}}},
    ),
    "mcp_tool_use": ("assistant", {"id": "1", "name": "f"}),
    "mcp_tool_result": ("assistant", {"content": "a"}),
    "code_execution_tool_result": ("assistant", {"content": "a"}),
    "bash_code_execution_tool_result": ("assistant", {"content": "a"}),
    "text_editor_code_execution_tool_result": ("assistant", {"content": "a"}),
    "tool_search_tool_result": ("assistant", {"content": "a"}),
    "advisor_tool_result": ("assistant", {"content": "a"}),
    "compaction": ("assistant", {"content": "a"}),
}
# Kinds that count for nothing as a whole.
WHOLE = {"container_upload", "mcp_tool_listing", "fallback", "unknown"}


def reported(kind, **more):
    role, members = LEAST[kind]
    return parse([{"role": role, "content": [{"type": kind, **members, **more}]}]).dropped


def test_the_blocks_are_all_there_are():
    assert set(LEAST) == set(BLOCKS) - WHOLE


@pytest.mark.parametrize("kind", LEAST)
def test_hints_of_a_block_are_not_reported(kind):
    hints = [member for member, feature in BLOCKS[kind].items() if feature is Feature.HINT and "." not in member]
    assert "cache_control" in hints
    assert reported(kind, **dict.fromkeys(hints, "x")) == []


@pytest.mark.parametrize("kind", LEAST)
def test_what_a_block_does_not_name_is_reported(kind):
    assert reported(kind, weight=5, unset=None, empty=[]) == ["messages[0].content[0].weight"]


@pytest.mark.parametrize("kind", sorted(WHOLE))
def test_what_is_in_a_block_that_counts_for_nothing_is_not_told(kind):
    assert parse([{"role": "user" if "upload" in kind else "assistant", "content": [{"type": kind, "weight": 5}]}]).dropped == (
        [] if kind == "fallback" else ["messages[0].content[0]"]
    )


@pytest.mark.parametrize("row", [row for row, feature in TOOLS.items() if feature is Feature.HINT])
def test_hints_of_a_tool_are_not_reported(row):
    assert parse(tools=[{"name": "a", row.removeprefix("tools[]."): {"type": "x"}}]).dropped == []
