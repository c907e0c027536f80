import json

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Document, Image, Text, Thinking, Tool, ToolChoice
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.upstreams.kimi_web import KimiWeb
from dataplane.upstreams.kimi_web.fidelity import FIDELITY
from tests.dataplane.upstreams.kimi_web.samples import call, lease, user

HI = {"role": "user", "content": "Hi"}
PATHS = {feature: [feature.name.lower()] for feature in Feature}
PNG = "iVBORw0KGgo="


def dropped(*features, **more):
    asked = {feature: PATHS[feature] for feature in features}
    return KimiWeb().dropped(call(user("hi"), asked=asked, **more), lease())


def test_every_feature_has_a_row():
    assert set(FIDELITY) == set(Feature)


def test_nothing_lost_nothing_told():
    assert dropped() == []


def test_what_the_gateway_does_itself_is_not_lost():
    assert dropped(Feature.STOP, Feature.MAX_TOKENS, Feature.SEARCH_RESULTS, Feature.DOCUMENT) == []


def test_what_the_site_has_no_place_for_is_told():
    features = [
        Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K, Feature.JSON_OBJECT, Feature.JSON_SCHEMA, Feature.WEB_SEARCH, Feature.TOOLS,
        Feature.STRICT_TOOLS, Feature.SERIAL_TOOL_CALLS, Feature.REASONING, Feature.UNSIGNED_REASONING, Feature.REDACTED_REASONING,
    ]  # fmt: skip
    assert dropped(*features) == [PATHS[feature][0] for feature in features]


def test_tools_are_told_once_whether_the_dialect_names_them_or_not():
    assert dropped(tools=[Tool("f")]) == ["tools"]
    assert dropped(Feature.TOOLS, tools=[Tool("f")]) == ["tools"]


@pytest.mark.parametrize(
    ("thinking", "lost"),
    [
        (None, False),
        (Thinking("disabled"), False),
        (Thinking("disabled", effort="none"), False),
        (Thinking("disabled", effort="high"), True),
        (Thinking("enabled", 1000), True),
        (Thinking("adaptive"), True),
    ],
)
def test_thinking_that_is_not_wanted_is_not_lost(thinking, lost):
    features = [Feature.THINKING, Feature.THINKING_BUDGET, Feature.THINKING_DISPLAY, Feature.EFFORT]
    assert dropped(*features, thinking=thinking) == ([PATHS[feature][0] for feature in features] if lost else [])


@pytest.mark.parametrize(("mode", "lost"), [("none", []), ("required", ["tool_choice"]), ("named", ["tool_choice"])])
def test_a_choice_of_no_tool_is_met(mode, lost):
    assert dropped(Feature.TOOL_CHOICE, tool_choice=ToolChoice(mode)) == lost


def test_pictures_are_told_by_their_places_and_files_are_not():
    media = [Image("image/png", PNG, where="messages[0].content[1]"), Document(text="x", where="messages[0].content[2]"), Image(url="u")]
    assert dropped(media=media) == ["messages[0].content[1]", "messages"]


def test_members_of_another_family_and_what_the_dialect_left_out_are_told():
    assert dropped(extras={"service_tier": b'"auto"', "metadata": b"null"}, dropped=["seed"]) == ["seed", "service_tier"]


CHAT = {
    "model": "m",
    "temperature": 0.5,
    "max_tokens": 5,
    "stop": "x",
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "response_format": {"type": "json_object"},
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}],
        }
    ],
}
MESSAGES = {
    "model": "m",
    "max_tokens": 5,
    "top_k": 3,
    "thinking": {"type": "adaptive"},
    "tools": [{"name": "f", "input_schema": {"type": "object"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                {"type": "text", "text": "a"},
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("dialect", "body", "lost"),
    [
        (OpenAIChat(), CHAT, {"temperature", "tools", "response_format", "messages[0].content[1]"}),
        (Anthropic(), MESSAGES, {"top_k", "thinking", "tools", "messages[0].content[0]"}),
    ],
    ids=["chat", "messages"],
)
def test_what_clients_of_each_dialect_are_told(dialect, body, lost):
    told = KimiWeb().dropped(dialect.parse(json.dumps(body).encode()), lease())
    assert {path.partition(".source")[0].partition(".image_url")[0] for path in told} == lost


def test_text_of_a_picture_turn_stays():
    asked = OpenAIChat().parse(json.dumps(CHAT).encode())
    assert Text("a") in asked.turns[0].parts
