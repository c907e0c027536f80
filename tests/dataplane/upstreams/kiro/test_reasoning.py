import json

import pytest

from dataplane.conversation.model import Sampling, Thinking
from dataplane.upstreams.kiro import reasoning
from dataplane.upstreams.kiro.reasoning import nearest
from tests.dataplane.upstreams.kiro.samples import CLAUDE, GPT, body, call, user

ALWAYS_ON = json.dumps(
    {
        "properties": {
            "thinking": {"properties": {"type": {"const": "adaptive"}}},
            "output_config": {"properties": {"effort": {"anyOf": [{"const": "low"}, {"enum": ["high"]}, None]}}},
        }
    }
)
EFFORT_ONLY = json.dumps({"properties": {"output_config": {"properties": {"effort": {"enum": ["low", "high"]}}}}})
TYPE_ONLY = json.dumps({"properties": {"thinking": {"properties": {"type": {"enum": ["adaptive"]}}}}})
TOKENS_ONLY = json.dumps({"properties": {"max_tokens": {"type": "integer"}}})


def fields(schema, thinking=None, max_tokens=None):
    return reasoning.fields(call(user("hi"), thinking=thinking, sampling=Sampling(max_tokens)), schema)


def claude(effort, display="summarized"):
    return {"thinking": {"type": "adaptive", "display": display}, "output_config": {"effort": effort}}


@pytest.mark.parametrize(
    ("schema", "thinking", "expected"),
    [
        (CLAUDE, None, {}),
        (CLAUDE, Thinking("enabled", budget=4000), claude("low")),
        (CLAUDE, Thinking("enabled", budget=16_000), claude("medium")),
        (CLAUDE, Thinking("enabled", budget=64_000), claude("high")),
        (CLAUDE, Thinking("enabled", budget=200_000), claude("high")),
        (CLAUDE, Thinking("enabled", budget=4000, effort="max"), claude("max")),
        (CLAUDE, Thinking("adaptive"), claude("high")),
        (CLAUDE, Thinking("adaptive", effort="minimal", display="omitted"), claude("low", "omitted")),
        (CLAUDE, Thinking("adaptive", effort="xhigh", display="unheard-of"), claude("high")),
        (CLAUDE, Thinking("disabled"), {"thinking": {"type": "disabled"}}),
        (CLAUDE, Thinking("enabled", effort="none"), {"thinking": {"type": "disabled"}}),
        (ALWAYS_ON, Thinking("disabled"), {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        (ALWAYS_ON, Thinking("adaptive"), {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        (EFFORT_ONLY, Thinking("adaptive", effort="max"), {"output_config": {"effort": "high"}}),
        (TYPE_ONLY, Thinking("enabled", budget=1), {"thinking": {"type": "adaptive"}}),
        (GPT, Thinking("adaptive", effort="high"), {"reasoning": {"effort": "high"}}),
        (GPT, Thinking("adaptive", effort="minimal"), {"reasoning": {"effort": "low"}}),
        (GPT, Thinking("adaptive"), {"reasoning": {"effort": "medium"}}),
        (GPT, Thinking("adaptive", effort="max"), {"reasoning": {"effort": "xhigh"}}),
        (GPT, Thinking("disabled"), {"reasoning": {"effort": "none"}}),
        ("", Thinking("adaptive", effort="high"), {}),
        ("{nonsense", Thinking("adaptive", effort="high"), {}),
        ("[]", Thinking("adaptive", effort="high"), {}),
        (TOKENS_ONLY, Thinking("adaptive", effort="high"), {}),
    ],
)
def test_thinking(schema, thinking, expected):
    assert fields(schema, thinking) == expected


@pytest.mark.parametrize(
    ("schema", "wanted", "sent"),
    [
        (CLAUDE, 1023, None),
        (CLAUDE, 1024, 1024),
        (CLAUDE, 5000, 5000),
        (CLAUDE, 100_000, 64_000),
        (TOKENS_ONLY, 100_000, 100_000),
        (GPT, 5000, None),
        ("", 5000, None),
        (CLAUDE, None, None),
    ],
)
def test_max_tokens(schema, wanted, sent):
    assert fields(schema, max_tokens=wanted).get("max_tokens") == sent
    lost = reasoning.dropped(call(user("hi"), sampling=Sampling(wanted)), schema)
    assert lost == (["max_tokens"] if wanted and sent is None else [])


@pytest.mark.parametrize(
    ("effort", "offered", "found"),
    [
        ("high", ["low", "max"], "low"),
        ("low", ["high"], "high"),
        ("odd", ["a", "b"], "a"),
        ("low", ["x"], "x"),
        ("none", ["none"], "none"),
        ("low", ["none"], "none"),
    ],
)
def test_nearest_effort(effort, offered, found):
    assert nearest(effort, offered) == found


@pytest.mark.parametrize(
    ("family", "schema", "thinking", "lost"),
    [
        ("anthropic", "", Thinking("enabled", budget=4000), ["thinking"]),
        ("openai", "", Thinking("adaptive", effort="high"), ["reasoning_effort"]),
        ("openai", "", Thinking("disabled"), []),
        ("openai", "", Thinking("adaptive", effort="none"), []),
        ("anthropic", TOKENS_ONLY, Thinking("adaptive"), ["thinking"]),
        ("anthropic", CLAUDE, Thinking("adaptive"), []),
        ("anthropic", "", None, []),
    ],
)
def test_lost_thinking_is_told(family, schema, thinking, lost):
    assert reasoning.dropped(call(user("hi"), family=family, thinking=thinking), schema) == lost


def test_the_container_is_left_out_when_empty():
    assert "additionalModelRequestFields" not in body(call(user("hi")), request_fields_schema=CLAUDE)
    asked = call(user("hi"), thinking=Thinking("adaptive"))
    assert body(asked, request_fields_schema=CLAUDE)["additionalModelRequestFields"] == claude("high")
    assert "additionalModelRequestFields" not in body(asked)
