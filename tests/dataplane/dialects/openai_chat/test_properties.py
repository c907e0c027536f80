"""Whatever JSON comes: a call, or a refusal that says why."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from dataplane.conversation.estimate import prompt_tokens
from dataplane.conversation.model import Call, ToolCall, ToolResult
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.dialects.openai_chat.body import Body, Message, Part
from dataplane.errors import InvalidRequest

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8))
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)), max_leaves=6
)
WORDS = st.sampled_from(
    [
        "system",
        "developer",
        "user",
        "assistant",
        "tool",
        "function",
        "text",
        "image_url",
        "file",
        "refusal",
        "auto",
        "required",
        "low",
        "call_1",
    ]
)


def near(model, depth=3):
    """Objects that look like `model` but hold whatever they like."""
    members = {}
    for field in inspect.type_info(model).fields:
        shapes = [ANYTHING, WORDS]
        if depth:
            near_inner = [near(inner, depth - 1) for inner in structs(field.type)]
            shapes += [*near_inner, *(st.lists(each, max_size=3) for each in near_inner)]
        members[field.encode_name] = st.one_of(*shapes)
    return st.fixed_dictionaries({}, optional=members)


def structs(kind):
    """The structs that a member of type `kind` can hold, in a list or not."""
    match kind:
        case inspect.UnionType(types):
            return [found for each in types for found in structs(each)]
        case inspect.ListType(item_type=inner):
            return structs(inner)
        case inspect.StructType(cls=model):
            return [model]
        case _:
            return []


def answer(data: bytes) -> Call | None:
    """None when it is refused; any other exception fails the test."""
    try:
        call = OpenAIChat().parse(data)
    except InvalidRequest:
        return None
    assert prompt_tokens(call) > 0
    return call


@given(ANYTHING)
def test_any_json(value):
    assert answer(json.dumps(value).encode()) is None


@given(st.binary(max_size=60))
def test_any_bytes(data):
    assert answer(data) is None


@settings(max_examples=200)
@given(near(Body))
def test_bodies_that_are_nearly_right(body):
    answer(json.dumps(body).encode())


@settings(max_examples=200)
@given(st.lists(near(Message), min_size=1, max_size=3), st.dictionaries(st.text(max_size=4), ANYTHING, max_size=2))
def test_messages_that_are_nearly_right(messages, more):
    body = json.dumps({"model": "m", "messages": messages, **more}).encode()
    answer(body)
    answer(body.decode().encode("utf-16"))


@given(st.lists(near(Part), max_size=3))
def test_parts_that_are_nearly_right(parts):
    answer(json.dumps({"model": "m", "messages": [{"role": "user", "content": parts}]}).encode())


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
IDS = st.sampled_from(["call_1", "call_2", "call_3"])
CALLS = st.lists(
    st.builds(lambda name, arguments: {"id": name, "type": "function", "function": {"name": "f", "arguments": arguments}}, IDS, TEXT),
    max_size=3,
)
MESSAGES = st.one_of(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "developer", "user"]), "content": TEXT}),
    st.fixed_dictionaries({"role": st.just("assistant"), "content": st.none() | TEXT, "tool_calls": CALLS}),
    st.fixed_dictionaries({"role": st.just("tool"), "tool_call_id": IDS, "content": TEXT}),
)


@given(st.lists(MESSAGES, min_size=1, max_size=8))
def test_nothing_said_is_lost_or_moved(messages):
    call = answer(json.dumps({"model": "m", "messages": messages}).encode())
    assert call is not None
    assert call.dropped == []
    assert [*call.system, *(text for turn in call.turns for part in turn.parts for text in told(part))] == [
        text for message in messages for text in sent(message)
    ]


def told(part):
    if isinstance(part, ToolCall):
        return [part.id, part.arguments]
    if isinstance(part, ToolResult):
        return [part.call_id, *(each.text for each in part.parts)]
    return [part.text]


def sent(message):
    if message["role"] == "tool":
        return [message["tool_call_id"], message["content"]]
    calls = message.get("tool_calls", ())
    return [
        *([message["content"]] if message["content"] else []),
        *(text for call in calls for text in (call["id"], call["function"]["arguments"])),
    ]
