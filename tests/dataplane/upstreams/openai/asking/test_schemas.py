"""What calls and answers are held to: schemas that the simulated endpoint enforces too, and no others."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.upstreams.openai.asking.schemas import enforceable
from tests.simulators.openai.tools import strict_fault

SEEN = settings(max_examples=300, derandomize=True, database=None, deadline=None)
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def held(schema):
    return enforceable(json.dumps(schema).encode())


def inside(schema):
    """An object with a member of this schema."""
    return {**CLOSED, "properties": {"a": schema}}


@pytest.mark.parametrize(
    "schema",
    [
        CLOSED,
        {"type": "object", "properties": {}, "additionalProperties": False},
        inside(CLOSED),
        inside({"type": "array", "items": CLOSED, "minItems": 1, "maxItems": 3}),
        inside({"type": ["string", "null"], "enum": ["x", None]}),
        inside({"anyOf": [CLOSED, {"type": "null"}]}),
        inside({"type": "string", "format": "date-time", "pattern": "^a"}),
        inside({"type": "number", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 2}),
        {**inside({"$ref": "#/$defs/b"}), "$defs": {"b": CLOSED}, "$schema": "http://json-schema.org/draft-07/schema#", "title": "T"},
    ],
)
def test_what_is_enforced(schema):
    assert held(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {**CLOSED, "anyOf": [CLOSED]},
        {**CLOSED, "required": []},
        {**CLOSED, "required": "a"},
        {**CLOSED, "additionalProperties": True},
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        {"type": "object", "additionalProperties": False},
        {**CLOSED, "properties": [1]},
        {**CLOSED, "default": {}},
        {**CLOSED, "patternProperties": {}},
        {**CLOSED, "$defs": {"b": {"type": "object"}}},
        {**CLOSED, "$defs": "b"},
        inside(True),
        inside({"type": "object"}),
        inside({"type": ["object", "null"]}),
        inside({"properties": {}}),
        inside({"type": "array", "items": {"type": "object"}}),
        inside({"type": "array", "items": [CLOSED]}),
        inside({"anyOf": [{"type": "object"}]}),
        inside({"anyOf": 1}),
        inside({"oneOf": [CLOSED]}),
        inside({"allOf": [CLOSED]}),
        inside({"type": "string", "format": "uri"}),
        inside({"type": "string", "format": []}),
        inside({"type": "string", "minLength": 1}),
        [CLOSED],
    ],
)
def test_what_is_not(schema):
    assert not held(schema)


def test_what_is_no_schema_at_all():
    assert not enforceable(b"{")
    assert not enforceable(b'{"type":"object","properties":' * 5000)


LEAVES = st.sampled_from([{"type": "string"}, {"type": "number", "minimum": 0}, {"enum": [1]}, {}, {"type": "object"}])


def larger(inner):
    objects = st.builds(
        lambda members, left, closed: {
            "type": "object",
            "properties": members,
            "required": sorted(members)[left:],
            **({"additionalProperties": False} if closed else {}),
        },
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from([True, True, True, False]),
    )
    return objects | st.builds(lambda one: {"type": "array", "items": one}, inner) | st.builds(lambda one: {"anyOf": [one]}, inner)


@SEEN
@given(st.recursive(LEAVES, larger, max_leaves=8))
def test_what_is_held_to_is_never_refused(schema):
    if held(schema):
        assert strict_fault(schema) is None
    elif schema.get("type") == "object" and "properties" in schema:
        assert strict_fault(schema) is not None
