"""Every member that a body can have is accounted for, and nothing else."""

import json
import re

import pytest
from msgspec import inspect

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Reasoning
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.dialects.openai_responses.body import Body
from dataplane.dialects.openai_responses.fields import FIELDS, NOTES
from dataplane.dialects.openai_responses.kinds import ITEMS, TOOLS
from dataplane.dialects.openai_responses.thoughts import seal

VARIANT = re.compile(r"\{[^}]*\}")
TAGS = {json.loads(tag) for tag in ITEMS | TOOLS}


def leaves(kind, path):
    """The paths of `kind` that can hold something other than an object."""
    match kind:
        case inspect.UnionType(types):
            for each in types:
                yield from leaves(each, path)
        case inspect.ListType(item_type=inspect.StructType() | inspect.UnionType() as inner):
            yield from leaves(inner, path + "[]")
        case inspect.StructType(fields=fields, tag=tag) if tag != "":
            path += f"{{{tag}}}" if tag else ""
            for field in fields:
                yield from leaves(field.type, f"{path}.{field.encode_name}" if path else field.encode_name)
        case inspect.StructType() | inspect.NoneType():
            return
        case _:
            yield path


def plain(path):
    """Without the braces that are no type of an item or a tool."""
    return VARIANT.sub(lambda found: found[0] if found[0][1:-1] in TAGS else "", path)


def test_every_member_has_a_row_and_every_row_a_member():
    members = set(leaves(inspect.type_info(Body), ""))
    rows = {plain(path) for path in FIELDS}
    assert members - rows == set()
    # What is known by its type alone.
    kinds = {"input[]", "tools[]", "tools[]{web_search}", "tools[]{namespace}.tools[]"}
    assert rows - members == {*kinds, *(f"input[]{{additional_tools}}.{path}" for path in kinds - {"input[]"})}


def test_notes_belong_to_rows():
    assert set(NOTES) <= set(FIELDS)


def parse(**members):
    return OpenAIResponses().parse(json.dumps({"model": "m", "input": [HI], **members}).encode())


HI = {"role": "user", "content": "Hi"}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c", "output": "x"}
PICTURE = {"type": "input_image", "image_url": "https://a.example/x.png"}
THOUGHT = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
F = {"type": "function", "name": "f"}


def said(item, **members):
    return {"input": [HI, {**item, **members}]}


def content(part, **members):
    return {"input": [{"role": "user", "content": [{**part, **members}]}]}


def output(kind, part):
    return {"input": [HI, {"type": kind, "call_id": "c", "output": [part]}]}


DETAILED = {**PICTURE, "detail": "high"}
DETAILED_INSIDE = {"type": "input_image", "image_url": {"url": "https://a.example/x.png", "detail": "high"}}
SEARCHED = {"type": "web_search_call", "id": "ws_1"}


def tools(*items):
    return {"tools": list(items)}


def added(*items):
    return {"input": [HI, {"type": "additional_tools", "tools": list(items)}]}


def search(**members):
    return {"type": "web_search", **members}


def hosted(placed, path):
    """The rows of tools that have no seat."""
    space = {"type": "namespace", "name": "n", "tools": [{"type": "mcp"}]}
    return {
        f"{path}tools[]{{other types}}": placed({"type": "mcp"}),
        f"{path}tools[]{{namespace}}.tools[]{{other types}}": placed(space),
        f"{path}tools[]{{web_search}}.search_context_size": placed(search(search_context_size="high")),
        f"{path}tools[]{{web_search}}.user_location": placed(search(user_location={"type": "approximate"})),
        f"{path}tools[]{{web_search}}.external_web_access": placed(search(external_web_access=False)),
    }


# For each row, members that ask for it and for nothing else that could be reported.
UNSEATED = {
    "input[]{message}.content[].detail": content(DETAILED),
    "input[]{message}.content[].image_url.detail": content(DETAILED_INSIDE),
    "input[]{function_call_output}.output[].detail": output("function_call_output", DETAILED),
    "input[]{function_call_output}.output[].image_url.detail": output("function_call_output", DETAILED_INSIDE),
    "input[]{custom_tool_call_output}.output[].detail": output("custom_tool_call_output", DETAILED),
    "input[]{custom_tool_call_output}.output[].image_url.detail": output("custom_tool_call_output", DETAILED_INSIDE),
    "input[]{reasoning}.encrypted_content{of another provider or gateway}": said(THOUGHT, encrypted_content="gAAA"),
    "input[]{web_search_call}.action.url": said(SEARCHED, action={"type": "open_page", "url": "https://a.example"}),
    "input[]{web_search_call}.action.pattern": said(SEARCHED, action={"type": "find_in_page", "pattern": "a"}),
    "input[]{other types}": said({"type": "mcp_call"}),
    **hosted(tools, ""),
    **hosted(added, "input[]{additional_tools}."),
    "tool_choice{other hosted tools}": {"tool_choice": {"type": "file_search"}},
    "reasoning.context": {"reasoning": {"context": "all_turns"}},
    "reasoning.mode": {"reasoning": {"mode": "pro"}},
    "text.format.description": {"text": {"format": {"type": "json_schema", "schema": {}, "description": "d"}}},
    "text.verbosity": {"text": {"verbosity": "low"}},
    "include{others}": {"include": ["file_search_call.results"]},
    "stream_options.include_obfuscation": {"stream_options": {"include_obfuscation": True}},
}
CUSTOM = {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"}
KINDS = {
    "message": {**HI, "type": "message"},
    "function_call": CALL,
    "function_call_output": RESULT,
    "custom_tool_call": CUSTOM,
    "custom_tool_call_output": {**RESULT, "type": "custom_tool_call_output"},
    "reasoning": {**THOUGHT, "encrypted_content": seal(Reasoning("hm", "c2ln"))},
    "web_search_call": {"type": "web_search_call", "id": "ws_1", "action": {"type": "search", "query": "q", "sources": []}},
    "item_reference": {"type": "item_reference", "id": "a"},
    "additional_tools": {"type": "additional_tools", "tools": [F]},
}
OWN = {"function_call": ("parsed_arguments",), "function_call_output": ("name", "namespace"), "message": ("phase",)}
OWN |= {"custom_tool_call_output": OWN["function_call_output"], "additional_tools": ("role",)}


def hints():
    """Each row of a hint, with the item that gives it."""
    for kind, item in KINDS.items():
        for name in ("status", "internal_chat_message_metadata_passthrough", *OWN.get(kind, ())):
            # The reference is to the item before it, so that nothing need be kept.
            yield f"input[]{{{kind}}}.{name}", {"input": [{**HI, "id": "a"}, {**item, name: "x"}]}
    for kind, where in (("message", "content"), ("function_call_output", "output"), ("custom_tool_call_output", "output")):
        for name in ("annotations", "logprobs", "parsed", "prompt_cache_breakpoint"):
            part = {"type": "input_text", "text": "a", name: [{"a": 1}]}
            yield f"input[]{{{kind}}}.{where}[].{name}", {"input": [HI, {**KINDS[kind], where: [part]}]}
    for path, placed in (("", tools), ("input[]{additional_tools}.", added)):
        for kind in ("function", "custom"):
            tool = {"type": kind, "name": "f", "defer_loading": True}
            yield f"{path}tools[]{{{kind}}}.defer_loading", placed(tool)
            space = {"type": "namespace", "name": "n", "tools": [tool]}
            yield f"{path}tools[]{{namespace}}.tools[]{{{kind}}}.defer_loading", placed(space)
    yield from {"user": {"user": "u"}, "safety_identifier": {"safety_identifier": "s"}}.items()
    yield from {"prompt_cache_retention": {"prompt_cache_retention": "24h"}, "client_metadata": {"client_metadata": {"a": "b"}}}.items()
    yield "prompt_cache_options", {"prompt_cache_options": {"mode": "implicit"}}


HINTS = dict(hints())


def rows(feature):
    return {path for path, asked in FIELDS.items() if asked is feature}


def test_the_samples_are_all_there_are():
    assert set(UNSEATED) == rows(Feature.UNSEATED)
    assert set(HINTS) == rows(Feature.HINT)


@pytest.mark.parametrize("row", UNSEATED)
def test_what_has_no_seat_is_reported(row):
    """By its own path, or that of the item that is dropped with it."""
    (path,) = parse(**UNSEATED[row]).dropped
    told, asked = re.sub(r"\[\d+\]", "[]", path), VARIANT.sub("", row)
    assert asked == told.removesuffix("[]") or asked.startswith(told)


@pytest.mark.parametrize("row", HINTS)
def test_hints_are_not_reported(row):
    call = parse(**HINTS[row])
    assert (call.dropped, call.extras) == ([], {})


@pytest.mark.parametrize("row", sorted(rows(Feature.UNMODELLED)))
def test_what_is_not_modelled_travels_as_it_is(row):
    call = parse(**{row: ["a"]})
    assert (call.extras, call.dropped) == ({row: b'["a"]'}, [])
