"""Every member that a body can have is accounted for, and nothing else."""

import json
import re

import msgspec
import pytest
from msgspec import inspect

from dataplane.conversation.features import Feature
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.dialects.openai_chat.body import Body
from dataplane.dialects.openai_chat.fields import FIELDS, NOTES

VARIANT = re.compile(r"\{[^}]*\}")


def leaves(kind, path):
    """The paths of `kind` that can hold something other than an object, or an object that may be empty."""
    match kind:
        case inspect.UnionType(types):
            for each in types:
                yield from leaves(each, path)
        case inspect.ListType(item_type=inspect.StructType() as inner):
            yield from leaves(inner, path + "[]")
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from leaves(field.type, f"{path}.{field.encode_name}" if path else field.encode_name)
        case inspect.NoneType():
            return
        case _:
            yield path


def test_every_member_has_a_row_and_every_row_a_member():
    paths = {VARIANT.sub("", path) for path in FIELDS}
    # An object of which no member need be given asks for something by being there.
    assert paths - set(leaves(inspect.type_info(Body), "")) == {"web_search_options"}
    assert set(leaves(inspect.type_info(Body), "")) - paths == set()


def test_the_walk_sees_what_is_nested():
    class Inner(msgspec.Struct):
        leaf: int
        either: str | list[dict[str, int]] | None = None

    class Outer(msgspec.Struct):
        many: list[Inner] | str
        raw: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    assert set(leaves(inspect.type_info(Outer), "")) == {"many", "many[].leaf", "many[].either", "raw"}


def test_notes_belong_to_rows():
    assert set(NOTES) <= set(FIELDS)


def rows(feature):
    return {path for path, asked in FIELDS.items() if asked is feature}


def parse(**members):
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **members}
    return OpenAIChat().parse(json.dumps(body).encode())


def user(**members):
    return [{"role": "user", "content": "Hi", **members}]


def answer(**members):
    return [{"role": "assistant", "content": "a", **members}]


def picture(**members):
    return [{"type": "image_url", "image_url": {"url": "https://a.example/x.png", **members}}]


CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
HINT = {"type": "ephemeral"}
# For each row, members that ask for it and for nothing else that could be reported.
UNSEATED = {
    "messages[].content[].image_url.detail": {"messages": user(content=picture(detail="low"))},
    "messages[].name": {"messages": user(name="Ann")},
    "messages[].audio": {"messages": answer(audio={"id": "a"})},
    "tools[].type{other hosted tools}": {"tools": [{"type": "mcp"}]},
    "tools[].search_context_size": {"tools": [{"type": "web_search", "search_context_size": "high"}]},
    "tools[].user_location": {"tools": [{"type": "web_search", "user_location": {"type": "approximate"}}]},
    "web_search_options.search_context_size": {"web_search_options": {"search_context_size": "high"}},
    "web_search_options.user_location": {"web_search_options": {"user_location": {"type": "approximate"}}},
    "stream_options.include_obfuscation": {"stream_options": {"include_obfuscation": True}},
    "reasoning.summary": {"reasoning": {"summary": "auto"}},
    "response_format.json_schema.description": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "description": "d"}}
    },
}
HINTS = {
    "messages[].content[].cache_control": {"messages": user(content=[{"type": "text", "text": "a", "cache_control": HINT}])},
    "messages[].tool_calls[].function.parsed_arguments": {
        "messages": answer(tool_calls=[{**CALL, "function": {"name": "f", "arguments": "{}", "parsed_arguments": {"a": 1}}}])
    },
    "messages[].tool_calls[].index": {"messages": answer(tool_calls=[{**CALL, "index": 1}])},
    "messages[].tool_calls[].cache_control": {"messages": answer(tool_calls=[{**CALL, "cache_control": HINT}])},
    "messages[].tool_calls[].provider_specific_fields": {"messages": answer(tool_calls=[{**CALL, "provider_specific_fields": {"x": 1}}])},
    "messages[].provider_specific_fields": {"messages": answer(provider_specific_fields={"x": 1})},
    "messages[].function_call.parsed_arguments": {"messages": answer(function_call={"name": "f", "parsed_arguments": {"a": 1}})},
    "messages[].parsed": {"messages": answer(parsed={"a": 1})},
    "messages[].annotations": {"messages": answer(annotations=[{"type": "url_citation"}])},
    "messages[].cache_control": {"messages": user(cache_control=HINT)},
    "tools[].cache_control": {"tools": [{"type": "function", "function": {"name": "f"}, "cache_control": HINT}]},
    "user": {"user": "u"},
}


def test_the_samples_are_all_there_are():
    assert set(UNSEATED) == rows(Feature.UNSEATED)
    assert set(HINTS) == rows(Feature.HINT)


@pytest.mark.parametrize("row", UNSEATED)
def test_what_has_no_seat_is_reported(row):
    (path,) = parse(**UNSEATED[row]).dropped
    assert VARIANT.sub("", row).removesuffix(".type") == re.sub(r"\[\d+\]", "[]", path)


@pytest.mark.parametrize("row", HINTS)
def test_hints_are_not_reported(row):
    call = parse(**HINTS[row])
    assert (call.dropped, call.extras) == ([], {})


@pytest.mark.parametrize("row", sorted(rows(Feature.UNMODELLED)))
def test_what_is_not_modelled_travels_as_it_is(row):
    call = parse(**{row: ["a"]})
    assert (call.extras, call.dropped) == ({row: b'["a"]'}, [])
