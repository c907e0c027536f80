"""What the tests of answers share: streams of events, and the official types as judge."""

import json
from typing import get_args

import pydantic
from hypothesis import strategies as st
from openai.types import responses as official

from dataplane.conversation.events import (
    Finished,
    FinishReason,
    ReasoningDelta,
    ReasoningSigned,
    Searched,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Usage,
    UsageSeen,
    Vendor,
)
from dataplane.conversation.model import Hit, Search, Stamp
from dataplane.dialects.openai_responses import OpenAIResponses
from tests.dataplane import sse

STAMP = Stamp("0a1b", 1700000000)
USAGE = Usage(input=10, cache_read=7, cache_write=4, output=9, reasoning=3)
AGENTS = {
    "type": "namespace",
    "name": "agents",
    "description": "d",
    "tools": [{"type": "function", "name": "close"}, {"type": "custom", "name": "tell"}],
}
TOOLS = [
    {"type": "function", "name": "bash", "parameters": {"type": "object"}, "strict": False},
    {"type": "custom", "name": "patch"},
    AGENTS,
]


def ask(**members):
    body = {"model": "claude-sonnet-4.5", "input": "Hi", "tools": TOOLS, **members}
    return OpenAIResponses().parse(json.dumps(body).encode())


def streamed(events, **members) -> list[dict]:
    made = OpenAIResponses().encoder(ask(stream=True, **members), STAMP)
    return read(made.feed(events) + made.finish())


def whole(events, **members) -> dict:
    made = OpenAIResponses().encoder(ask(**members), STAMP)
    assert made.feed(events) == b""
    return json.loads(made.finish())


def read(data: bytes) -> list[dict]:
    """The events of a stream; each name is its type, and they are numbered."""
    parser = sse.Parser()
    found = parser.feed(data)
    assert not parser.pending()
    told = [json.loads(each.data) for each in found]
    assert [each.event for each in found] == [each["type"] for each in told]
    assert [each["sequence_number"] for each in told] == list(range(len(told)))
    return told


def kinds(union) -> dict[str, type[pydantic.BaseModel]]:
    """The models of an official union, by their `type`."""
    models = get_args(get_args(union)[0])
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in models}


EVENTS = kinds(official.ResponseStreamEvent)
ITEMS = kinds(official.ResponseOutputItem)
# Required by the Open Responses specification, unknown to the SDK.
BEYOND = {"frequency_penalty", "presence_penalty", "store"}


def official_event(event: dict) -> None:
    """Fails for what the official type has not, and for what it has and the event lacks."""
    surplus(EVENTS[event["type"]].model_validate(event, strict=True))
    if "item" in event:
        official_item(event["item"])
    if "response" in event:
        official_response(event["response"])


def official_item(item: dict) -> None:
    surplus(ITEMS[item["type"]].model_validate(item, strict=True))


def official_response(response: dict) -> None:
    surplus(official.Response.model_validate(response, strict=True))
    assert set(response) >= REQUIRED
    for item in response["output"]:
        official_item(item)


def surplus(model: pydantic.BaseModel) -> None:
    """Fails for members that the official type does not name."""
    allowed = BEYOND if isinstance(model, official.Response) else set()
    assert set(model.model_extra or ()) <= allowed, type(model)
    for name in type(model).model_fields:
        for each in inner(getattr(model, name)):
            surplus(each)


def inner(value):
    if isinstance(value, pydantic.BaseModel):
        return [value]
    return [found for each in value for found in inner(each)] if isinstance(value, list) else []


# Of a response, by the Open Responses specification.
REQUIRED = {
    *("id", "object", "created_at", "completed_at", "status", "incomplete_details", "model", "previous_response_id", "instructions"),
    *("output", "error", "tools", "tool_choice", "truncation", "parallel_tool_calls", "text", "top_p", "presence_penalty"),
    *("frequency_penalty", "top_logprobs", "temperature", "reasoning", "usage", "max_output_tokens", "max_tool_calls", "store"),
    *("background", "service_tier", "metadata", "safety_identifier", "prompt_cache_key"),
}

SOME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
URLS = st.sampled_from(["https://a.example", "https://a.example/x", ""])
SEARCHES = st.builds(Search, SOME, SOME, st.lists(st.builds(Hit, SOME, URLS), max_size=3), st.sampled_from(["", "", "unavailable"]))
NAMES = st.sampled_from(["bash", "patch", "agents__close", "agents__tell", "unheard_of"])
ARGUMENTS = st.one_of(st.just([]), st.lists(SOME, min_size=1, max_size=3), SOME.map(lambda text: [json.dumps({"input": text})]))
BLOCKS = st.one_of(
    st.lists(st.one_of(SOME, URLS.filter(bool)).map(TextDelta), min_size=1, max_size=4),
    st.lists(SOME.map(ReasoningDelta), min_size=1, max_size=3),
    st.tuples(SOME, SOME).map(lambda both: [ReasoningDelta(both[0]), ReasoningSigned(both[1])]),
    st.builds(ReasoningSigned, SOME, st.booleans()).map(lambda event: [event]),
    st.tuples(NAMES, ARGUMENTS).map(lambda both: [ToolCallStarted("", both[0]), *map(ToolCallDelta, both[1]), ToolCallEnded()]),
    SEARCHES.map(lambda search: [Searched(search)]),
    st.just([Vendor("openai", b"{}")]),
    st.just([UsageSeen(USAGE)]),
)


REASONS = st.sampled_from(get_args(FinishReason))


@st.composite
def answers(draw):
    """Any legal stream of events; the ids of its calls are told apart, as upstreams do."""
    events = [Started()]
    for number, block in enumerate(draw(st.lists(BLOCKS, max_size=7))):
        events += [ToolCallStarted(f"call_{number}", each.name) if isinstance(each, ToolCallStarted) else each for each in block]
    return [*events, Finished(draw(REASONS))]
