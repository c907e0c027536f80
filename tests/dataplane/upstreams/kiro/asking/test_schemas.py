import json

import pytest

from dataplane.conversation.model import Tool
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking import conservative, document, schemas
from dataplane.upstreams.kiro.asking.depth import MAX_DEPTH
from dataplane.upstreams.kiro.asking.names import names
from dataplane.upstreams.kiro.asking.tools import specifications
from dataplane.upstreams.kiro.hosts import RUNTIME
from tests.dataplane.upstreams.kiro.counted import counting
from tests.dataplane.upstreams.kiro.samples import call, user

EMPTY = {"type": "object", "properties": {}}
VALUE = {"type": "object", "required": ["value"]}


def schema(value):
    return json.loads(schemas.accepted(json.dumps(value).encode()))


def test_S05_a_schema_is_never_missing():
    assert schemas.accepted(b"") == schemas.EMPTY
    asked = call(user("a"), tools=[Tool("Read")])
    (found,) = specifications(asked, names(asked), RUNTIME)
    assert json.loads(bytes(found["toolSpecification"]["inputSchema"]["json"])) == EMPTY


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, EMPTY),
        (None, EMPTY),
        (True, EMPTY),
        ([], EMPTY),
        ({"type": "object"}, EMPTY),
        ({"type": None}, EMPTY),
        ({"type": ["object", "null"], "title": "T"}, {**EMPTY, "title": "T"}),
        ({"description": "D"}, {**EMPTY, "description": "D"}),
        ({"properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {"a": {"type": "string"}}}),
        ({"type": "array", "items": {"type": "string"}}, {**VALUE, "properties": {"value": {"type": "array", "items": {"type": "string"}}}}),
        ({"type": ["string", "null"]}, {**VALUE, "properties": {"value": {"type": ["string", "null"]}}}),
        ({"enum": ["a", "b"]}, {**VALUE, "properties": {"value": {"enum": ["a", "b"]}}}),
        ({"const": 1}, {**VALUE, "properties": {"value": {"const": 1}}}),
        ({"enum": [{"a": 1}]}, {**EMPTY, "enum": [{"a": 1}]}),
        ({"items": {"$ref": "#/$defs/A"}, "$defs": {"A": {}}}, {**VALUE, "properties": {"value": {"items": {"$ref": "#/$defs/A"}}}, "$defs": {"A": {}}}),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, {**VALUE, "properties": {"value": {"anyOf": [{"type": "string"}, {"type": "number"}]}}}),
        ({"anyOf": ["nonsense"]}, {**EMPTY, "description": 'Any of these forms: ["nonsense"]'}),
    ],
)  # fmt: skip
def test_S06_the_root_is_an_object(given, expected):
    assert schema(given) == expected
    assert schema(schema(given)) == schema(given)


@pytest.mark.parametrize(
    ("given", "properties"),
    [
        ({"$ref": "#/$defs/A~1B", "$defs": {"A/B": {"type": "object", "properties": {"x": {}}}}}, {"x": {}}),
        ({"$ref": "#/$defs/A%20B", "$defs": {"A B": {"properties": {"x": {}}}}}, {"x": {}}),
        ({"$ref": "#/x-all/1", "x-all": [{}, {"properties": {"x": {}}}]}, {"x": {}}),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}, {}),
        ({"$ref": "#/$defs/A", "properties": {"y": {}}, "$defs": {"A": {"properties": {"x": {}}}}}, {"x": {}, "y": {}}),
        ({"$ref": "#"}, {}),
        ({"$ref": "#/nowhere/1"}, {}),
        ({"$ref": "#/x-all/9", "x-all": [{}]}, {}),
        ({"$ref": "https://example.com/schema.json"}, {}),
    ],
)
def test_S06_a_root_that_refers_to_a_definition_becomes_it(given, properties):
    found = schema(given)
    assert found == {"type": "object", "properties": properties, **{key: given[key] for key in ("$defs", "x-all") if key in given}}


def test_S06_what_stands_beside_a_reference_holds_too():
    given = {
        "$ref": "#/$defs/A",
        "description": "own",
        "required": ["y"],
        "$defs": {"A": {"type": "object", "description": "A's", "required": ["x", "y"]}},
    }
    assert schema(given) | {"$defs": None} == {**EMPTY, "description": "own", "required": ["x", "y"], "$defs": None}


@pytest.mark.parametrize(
    ("union", "required", "inner"),
    [("anyOf", ["r", "a"], "anyOf"), ("oneOf", ["r", "a"], "anyOf"), ("allOf", ["r", "a", "b", "c"], "anyOf")],
)
def test_S06_a_root_of_alternatives_becomes_one_object(union, required, inner):
    branches = [
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a", "b"]},
        {"$ref": "#/$defs/C"},
        "nonsense",
    ]
    defs = {"C": {"properties": {"a": {"type": "number"}, "c": {}}, "required": ["a", "c"]}}
    found = schema({"description": "D", union: branches, "$defs": defs, "required": ["r"], "properties": {"r": {}}})
    assert found["type"] == "object"
    assert found["properties"] == {"r": {}, "a": {inner: [{"type": "string"}, {"type": "number"}]}, "b": {}, "c": {}}
    assert (found["required"], found["$defs"]) == (required, defs)
    assert found["description"].startswith("D\n")
    assert '"required":["a","b"]' in found["description"]
    assert union not in found


def test_S06_alternatives_beside_a_type_do_not_stay_at_the_root():
    """Claude's own interface refuses them there, whatever the type says."""
    given = {"type": "object", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    told = 'Any of these forms: [{"required":["a"]},{"required":["b"]}]'
    assert schema(given) == {"type": "object", "properties": {"a": {}, "b": {}}, "description": told}


def test_S06_alternatives_within_alternatives_give_their_properties():
    given = {
        "anyOf": [{"type": "null"}, {"oneOf": [{"properties": {"a": {}}}, {"allOf": [{"properties": {"b": {}}}, {"required": ["c"]}]}]}]
    }
    found = schema(given)
    assert found["properties"] == {"a": {}, "b": {}}
    assert "required" not in found


def test_S06_a_property_of_forms_within_forms_has_each_variant_once():
    one, other, third = {"const": 1}, {"const": True}, {"const": 2}
    inner = {"anyOf": [{"properties": {"k": one}}, {"properties": {"k": other}}]}
    found = schema({"anyOf": [inner, {"properties": {"k": third}}, {"properties": {"k": one}}]})
    assert found["properties"]["k"] == {"anyOf": [one, other, third]}
    assert [type(variant["const"]) for variant in found["properties"]["k"]["anyOf"]] == [int, bool, int]


def test_S06_a_definition_that_is_referred_to_again_and_again_is_joined_once(monkeypatch):
    followed = []
    follow = document.Document.followed
    monkeypatch.setattr(document.Document, "followed", lambda self, form: followed.append(form) or follow(self, form))
    large = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(200)}, "required": ["p7", "p3"]}
    found = schema({"anyOf": [{"$ref": "#/$defs/A"}] * 500, "$defs": {"A": large}})
    assert (found["properties"], found["required"]) == (large["properties"], ["p7", "p3"])
    assert found["description"].count("#/$defs/A") == 500
    assert len(followed) < 10


def multiplied(forms, **definition):
    """Forms that differ, each with all of one definition."""
    root = {"properties": {"own": {}}, "required": ["own"], "title": "T"}
    return {**root, "anyOf": [{"$ref": "#/$defs/A", "title": str(n)} for n in range(forms)], "$defs": {"A": definition}}


def test_S06_forms_that_are_too_much_to_join_are_told_in_words_only():
    given = multiplied(100, properties={f"p{n}": {"type": "string"} for n in range(1000)}, required=["p1"])
    told = "Any of these forms: " + json.dumps(given["anyOf"], separators=(",", ":"))
    expected = {key: value for key, value in given.items() if key != "anyOf"}
    assert schema(given) == {"type": "object", **expected, "description": told}
    few = schema({**given, "anyOf": given["anyOf"][:10]})
    assert (len(few["properties"]), few["required"]) == (1001, ["own", "p1"])


def test_S06_definitions_within_definitions_do_not_multiply_the_bytes():
    """Each level is a variant of its own and holds all that are deeper."""
    deep = {"description": "x" * 100_000}
    for level in range(40):
        deep = {"properties": {"n": deep}, "title": str(level)}
    given = {"anyOf": [{"$ref": "#/$defs/A" + "/properties/n" * level} for level in range(40)], "$defs": {"A": deep}}
    text = json.dumps(given).encode()
    assert len(schemas.accepted(text)) < 2 * len(text)


def test_S06_a_small_schema_of_definitions_that_hold_each_other_is_little_work(monkeypatch):
    followed = []
    follow = document.Document.followed
    monkeypatch.setattr(document.Document, "followed", lambda self, form: followed.append(1) or follow(self, form))
    everything = [{"$ref": f"#/$defs/{n}"} for n in range(10)]
    found = schema({"anyOf": everything, "$defs": {str(n): {"anyOf": everything} for n in range(10)}})
    assert (found["properties"], found["description"][:24]) == ({}, 'Any of these forms: [{"$')
    assert len(followed) < 5000


def test_S06_required_names_are_looked_up_not_searched_for():
    text = counting()
    lists = [[text(n) for n in range(1000)] for _ in range(3)]
    assert schemas.in_each(lists) == lists[0]
    assert text.comparisons < 20_000
    assert schemas.in_each([["b", "a", "c"], ["c", "b"]]) == ["b", "c"]


def test_S06_definitions_that_hold_themselves_come_to_an_end():
    inner = [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}, {"properties": {"x": {}}}]
    found = schema({"anyOf": inner, "$defs": {"A": {"anyOf": inner}, "B": {"oneOf": inner}}})
    assert found["properties"] == {"x": {}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "object", "properties": None, "required": None}, EMPTY),
        ({"type": "object", "properties": {}, "required": []}, EMPTY),
        ({"type": "object", "properties": {}, "required": "a"}, EMPTY),
        ({"required": ["a", 1, "a"], "properties": {"a": {"$id": "x", "required": []}}}, {"type": "object", "properties": {"a": {}}, "required": ["a"]}),
        (
            {"properties": {"a": {"type": "array", "items": {"required": True, "properties": None}}}},
            {"type": "object", "properties": {"a": {"type": "array", "items": {"properties": {}}}}},
        ),
        ({"properties": {"a": {"items": None, "description": None, "enum": None, "default": None}}}, {"type": "object", "properties": {"a": {"default": None}}}),
        ({"anyOf": [{"properties": {"a": {"required": []}}}]}, {**EMPTY, "properties": {"a": {}}, "description": 'Any of these forms: [{"properties":{"a":{}}}]'}),
    ],
)  # fmt: skip
def test_S07_required_and_properties_are_never_empty_or_null(given, expected):
    assert schema(given) == expected


def test_S07_properties_may_be_called_like_keywords_and_data_is_left_alone():
    properties = {"required": {"type": "array", "items": {}}, "$id": {"enum": [{"$id": 1, "required": []}], "default": {"required": None}}}
    given = {"type": "object", "properties": properties}
    assert schema(given) == given


def test_S08_identity_keywords_go_and_everything_else_stays_in_its_order():
    given = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "x",
        "$comment": "c",
        "type": "object",
        "properties": {
            "a": {"oneOf": [{"const": 1}, {"$ref": "#/$defs/X"}], "default": {}},
            "b": {"type": ["string", "null"], "format": "uri", "pattern": "^a", "maxLength": 9007199254740991},
            "c": {"type": "number", "exclusiveMinimum": 0},
            "d": True,
        },
        "propertyNames": {"pattern": "x"},
        "additionalProperties": {"type": "string"},
        "x-vendor": {"required": []},
        "$defs": {"X": {"type": "string"}},
    }
    kept = {key: value for key, value in given.items() if key not in {"$schema", "$id", "$comment"}}
    assert list(schema(given)) == list(kept)
    assert schema(given) == kept


def deep(levels):
    return b'{"items":' * levels + b"true" + b"}" * levels


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (b"{", "not JSON"),
        (b"nothing", "not JSON"),
        (b'{"maximum":NaN}', "not JSON"),
        (deep(MAX_DEPTH + 1), "nested too deeply"),
        (deep(2000), "nested too deeply"),
        (deep(MAX_DEPTH + 1).replace(b"true", b'{"title":"\\ud83d"}'), "nested too deeply"),
    ],
)
def test_schemas_that_cannot_be_read_are_refused(wrong, words):
    for accepted in (schemas.accepted, conservative.accepted):
        with pytest.raises(InvalidRequest, match=words) as raised:
            accepted(wrong)
        assert raised.value.param == "tools"


def test_schemas_of_all_the_depth_that_is_allowed_are_taken():
    given = deep(MAX_DEPTH - 1).replace(b"true", b'{"type":"string"}')
    for accepted in (schemas.accepted, conservative.accepted):
        assert accepted(given).count(b'"items"') == MAX_DEPTH - 1


def test_a_schema_with_half_an_emoji_is_mended():
    assert json.loads(schemas.accepted(b'{"type":"object","properties":{},"title":"\\ud83d"}'))["title"] == "\ufffd"


def test_a_long_schema_is_treated_alike():
    given = {"type": "object", "properties": {f"p{n}": {"description": "x" * 50, "required": []} for n in range(1000)}}
    assert len(json.dumps(given)) > schemas.REMEMBERED_BYTES
    assert set(map(str, schema(given)["properties"].values())) == {str({"description": "x" * 50})}
