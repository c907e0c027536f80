"""Whatever JSON comes: a call, or a refusal that says why."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from dataplane.conversation.estimate import prompt_tokens
from dataplane.conversation.events import Finished, Started, TextDelta
from dataplane.conversation.kept import Item, Recalled
from dataplane.conversation.model import Call, Stamp, ToolCall, ToolResult
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.dialects.openai_responses.body import Body
from dataplane.dialects.openai_responses.content import Part, Said
from dataplane.errors import InvalidRequest, NotFound

DIALECT = OpenAIResponses()
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
        "input_text",
        "output_text",
        "input_image",
        "input_file",
        "refusal",
        "auto",
        "required",
        "allowed_tools",
        "function",
        "low",
        "call_1",
    ]
)


def near(model, depth=4):
    """Objects that look like `model` but hold whatever they like."""
    members = {}
    told = inspect.type_info(model)
    for field in told.fields:
        shapes = [ANYTHING, WORDS]
        if depth:
            near_inner = [near(inner, depth - 1) for inner in structs(field.type)]
            shapes += [*near_inner, *(st.lists(each, max_size=3) for each in near_inner)]
        members[field.encode_name] = st.one_of(*shapes)
    tag = {"type": st.just(told.tag)} if told.tag else {}
    return st.fixed_dictionaries(tag, optional=members)


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


ITEMS = st.one_of([near(model) for model in structs(inspect.type_info(Said).fields[0].type)])


def answer(data: bytes) -> Call | None:
    """None when it is refused; any other exception fails the test. What was asked can also be answered and kept."""
    DIALECT.recalls(data)
    try:
        call = DIALECT.parse(data)
    except (InvalidRequest, NotFound):
        return None
    assert prompt_tokens(call) > 0
    encoder = DIALECT.encoder(call, Stamp("0a", 1))
    encoder.feed([Started(), TextDelta("a"), Finished("stop")])
    assert encoder.finish()
    if encoder.kept is not None:
        again(call, encoder.kept.input)
    return call


def again(call: Call, kept: list[Item]) -> None:
    """What was kept of the input says the same when it is put in front."""
    later = DIALECT.parse(b'{"model":"m","input":"And?","previous_response_id":"resp_1"}', Recalled(kept)) if kept else None
    if later is not None and not call.tools:
        assert [turn for turn in later.turns[:-1] if turn.role != "system"] == [turn for turn in call.turns if turn.role != "system"]


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


@settings(max_examples=300)
@given(st.lists(ITEMS, min_size=1, max_size=3), st.dictionaries(st.text(max_size=4), ANYTHING, max_size=2))
def test_items_that_are_nearly_right(items, more):
    body = json.dumps({"model": "m", "input": items, **more}).encode()
    answer(body)
    answer(body.decode().encode("utf-16"))


@given(st.lists(near(Part), max_size=3))
def test_parts_that_are_nearly_right(parts):
    answer(json.dumps({"model": "m", "input": [{"role": "user", "content": parts}]}).encode())


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
IDS = st.sampled_from(["call_1", "call_2", "call_3"])
NAMED = st.sampled_from([{}, {"id": "x_1"}, {"id": None, "status": "completed"}])
CONTENT = st.one_of(TEXT, TEXT.map(lambda text: [{"type": "input_text", "text": text}]))
SAID = st.one_of(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "developer", "user", "assistant"]), "content": CONTENT}),
    st.fixed_dictionaries({"type": st.just("function_call"), "call_id": IDS, "name": st.just("f"), "arguments": TEXT}),
    st.fixed_dictionaries({"type": st.just("function_call_output"), "call_id": IDS, "output": CONTENT}),
    TEXT.map(lambda text: {"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}),
)


@given(st.lists(st.tuples(SAID, NAMED).map(lambda both: both[0] | both[1]), min_size=1, max_size=8))
def test_nothing_said_is_lost_or_moved(items):
    call = answer(json.dumps({"model": "m", "input": items}).encode())
    assert call is not None
    assert call.dropped == []
    told = [*call.system, *(text for turn in call.turns for part in turn.parts for text in words(part))]
    assert told == [text for item in items for text in sent(item)]


def words(part):
    if isinstance(part, ToolCall):
        return [part.id, part.arguments]
    if isinstance(part, ToolResult):
        return [part.call_id, *(each.text for each in part.parts)]
    return [part.text]


def sent(item):
    match item.get("type"):
        case "function_call":
            return [item["call_id"], item["arguments"]]
        case "function_call_output":
            return [item["call_id"], *plain(item["output"])]
        case "reasoning":
            return [item["summary"][0]["text"]]
        case _:
            return plain(item["content"])


def plain(content):
    return [content] if isinstance(content, str) else [part["text"] for part in content]
