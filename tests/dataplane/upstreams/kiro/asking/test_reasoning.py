import json

import pytest

from dataplane.conversation.model import Sampling, Thinking
from dataplane.upstreams.kiro.asking import body, reasoning
from dataplane.upstreams.kiro.asking.reasoning import nearest
from tests.dataplane.upstreams.kiro.samples import CLAUDE, GPT, STAMP, call, lease, user

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
HIGH = json.dumps({"properties": {"max_tokens": {"type": "integer", "minimum": 4096, "maximum": 64000}}})
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
        (CLAUDE, Thinking("disabled", effort="none"), {"thinking": {"type": "disabled"}}),
        # An effort without thinking governs the answer.
        (CLAUDE, Thinking("disabled", effort="xhigh"), {"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}),
        (ALWAYS_ON, Thinking("disabled", effort="high"), {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        (GPT, Thinking("disabled", effort="high"), {"reasoning": {"effort": "none"}}),
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
def test_E06_thinking_is_asked_for_as_the_schema_lists_it(schema, thinking, expected):
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
def test_E06_max_tokens_stays_within_the_schema(schema, wanted, sent):
    assert fields(schema, max_tokens=wanted).get("max_tokens") == sent


@pytest.mark.parametrize(
    ("schema", "wanted", "seated"),
    [
        (CLAUDE, 5000, True),
        (CLAUDE, 100_000, True),
        (CLAUDE, 1023, False),
        (HIGH, 3000, False),
        (HIGH, 4096, True),
        ("", 5000, False),
        (CLAUDE, None, False),
    ],
)
def test_E06_the_gateway_knows_whether_it_has_to_keep_max_tokens_itself(schema, wanted, seated):
    asked = call(user("hi"), sampling=Sampling(wanted))
    assert reasoning.seats_max_tokens(asked, lease(request_fields_schema=schema)) is seated


def test_E06_a_small_max_tokens_is_never_sent_larger_and_trusted():
    assert fields(HIGH, max_tokens=3000) == {"max_tokens": 4096}


@pytest.mark.parametrize("odd", [{"minimum": None}, {"minimum": "1", "maximum": "2"}, {"maximum": None}])
def test_E06_an_odd_range_is_no_range(odd):
    assert fields(json.dumps({"properties": {"max_tokens": {"type": "integer", **odd}}}), max_tokens=5000) == {"max_tokens": 5000}


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
def test_E06_an_effort_that_is_not_offered_becomes_the_next_one(effort, offered, found):
    assert nearest(effort, offered) == found


def sent(asked, **more):
    return json.loads(body.body(asked, lease(**more), STAMP))


def test_E06_the_container_is_left_out_when_empty():
    assert "additionalModelRequestFields" not in sent(call(user("hi")), request_fields_schema=CLAUDE)
    asked = call(user("hi"), thinking=Thinking("adaptive"))
    assert sent(asked, request_fields_schema=CLAUDE)["additionalModelRequestFields"] == claude("high")
    assert "additionalModelRequestFields" not in sent(asked)


def test_E07_the_model_is_named_as_the_catalogue_has_it():
    found = sent(call(user("a")), model="claude-opus-4.8")
    assert found["conversationState"]["currentMessage"]["userInputMessage"]["modelId"] == "claude-opus-4.8"
