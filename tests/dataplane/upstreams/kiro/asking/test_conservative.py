import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking import conservative, document, schemas
from tests.dataplane.upstreams.kiro.counted import counting
from tests.simulators.kiro import specs
from tests.simulators.kiro.request import Request

SEVEN = {"type", "title", "description", "properties", "required", "items", "enum"}
KINDS = ["object", "array", "string", "number", "integer", "boolean", "null"]
LEGACY = (specs.schemas, specs.root_type, specs.empty_keywords, specs.keywords)


def rebuilt(value):
    return json.loads(conservative.accepted(json.dumps(value).encode()))


def prop(value, **root):
    """A schema as that of a property, rebuilt."""
    return rebuilt({"type": "object", "properties": {"p": value}, **root})["properties"]["p"]


def refusals(schema):
    """What the legacy service says about a schema."""
    tool = {"toolSpecification": {"name": "t", "description": "d", "inputSchema": {"json": schema}}}
    message = {"content": "x", "userInputMessageContext": {"tools": [tool]}}
    body = Request({"conversationState": {"currentMessage": {"userInputMessage": message}}})
    return [found for rule in LEGACY if (found := rule(body, None))]


def walk(schema):
    yield schema
    for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from walk(inner)


def test_the_legacy_rules_do_refuse():
    assert refusals({"type": "object", "properties": None})
    assert refusals({"type": "object", "properties": {"a": {"items": {"format": "uri"}}}})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "string", "description": "D"}, {"type": "string", "description": "D"}),
        ({}, {}),
        (True, {}),
        (False, {"description": "Must not be given."}),
        ({"const": "x"}, {"type": "string", "enum": ["x"]}),
        ({"const": None}, {"description": "Is of type null."}),
        ({"enum": [1, 2.5, None]}, {"type": "number", "description": "May also be of type null.", "enum": [1, 2.5]}),
        ({"enum": [1, True]}, {"enum": [1, True]}),
        ({"enum": []}, {}),
        ({"type": ["string", "null"]}, {"type": "string", "description": "May also be of type null."}),
        ({"type": ["null", "integer", "string"]}, {"type": "integer", "description": "May also be of type null, string."}),
        ({"type": ["string", "array"], "items": {"type": "string"}}, {"type": "array", "description": "May also be of type string.", "items": {"type": "string"}}),
        ({"type": ["array", "object"], "items": {"const": 1}, "properties": {}}, {"type": "object", "description": "May also be of type array.\nAs an array: of one of 1.", "properties": {}}),
        ({"type": "string", "properties": {"a": {}}, "required": ["a"], "items": {}}, {"type": "string"}),
        ({"type": "float"}, {"description": "Is of type float."}),
        ({"type": "null"}, {"type": "null"}),
        ({"properties": {"a": None}, "required": []}, {"type": "object", "properties": {"a": {}}}),
        ({"items": {"type": "integer"}}, {"type": "array", "items": {"type": "integer"}}),
        ({"x-vendor": {"format": "uri"}}, {}),
        ({"title": 1, "description": 2}, {}),
    ],
)  # fmt: skip
def test_S08_seven_keywords_are_left(given, expected):
    assert prop(given) == expected


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"type": "string", "format": "uri", "pattern": "^a"}, 'Details: format: "uri"; pattern: "^a".'),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 9007199254740991}, "Details: exclusiveMinimum: 0; maximum: 9007199254740991."),
        ({"type": "boolean", "default": False, "description": "D"}, "D\nDetails: default: false."),
        ({"type": "object", "additionalProperties": False}, "Details: additionalProperties: none."),
        ({"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}, "Details: additionalProperties: string (Details: minLength: 1.)."),
        ({"type": "object", "patternProperties": {"^x": {"type": "array", "items": {"type": "string"}}}}, "Details: patternProperties ^x: array of string."),
        ({"not": {"properties": {"a": {"type": "string"}}, "required": ["a", "b"]}}, "Details: not: object {a: string; b: anything}."),
        ({"type": "object", "propertyNames": {"enum": ["a", "b"]}}, 'Details: propertyNames: one of "a", "b".'),
    ],
)  # fmt: skip
def test_S08_what_has_no_keyword_is_said_in_the_description(given, told):
    assert prop(given)["description"] == told


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "description": "May also be null."}),
        ({"anyOf": [{"type": "null"}, {"type": "null"}]}, {"type": "null"}),
        ({"anyOf": [{"const": "a"}, {"const": "b"}, {"const": "a"}]}, {"type": "string", "enum": ["a", "b"]}),
        ({"anyOf": [{"const": "a"}, {"const": 1}]}, {"enum": ["a", 1]}),
        (
            {"oneOf": [{"const": "a", "description": "first"}, {"const": "b"}]},
            {"type": "string", "description": 'Exactly one of these forms: one of "a" (first); one of "b".', "enum": ["a", "b"]},
        ),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, {"type": "number", "description": "Any of these forms: integer; number."}),
        ({"anyOf": [{"type": "number"}, {"type": "string", "format": "date"}]}, {"type": "string", "description": 'Any of these forms: number; string (Details: format: "date".).'}),
        ({"anyOf": [{"type": "number"}, {"type": "boolean"}]}, {"description": "Any of these forms: number; boolean."}),
        (
            {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            {"type": "array", "description": "Any of these forms: string; array of string.", "items": {"type": "string"}},
        ),
        ({"anyOf": [{}, {"type": "array", "items": {"type": "string"}}]}, {"type": "array", "description": "Any of these forms: anything; array of string.", "items": {"type": "string"}}),
        ({"anyOf": [{"required": ["a"]}, {}]}, {"type": "object", "description": "Any of these forms: {a}; anything.", "properties": {}}),
        ({"description": "D", "anyOf": [{"title": "T", "type": "string"}, {}]}, {"description": "D\nAny of these forms: T: string; anything."}),
    ],
)  # fmt: skip
def test_S08_unions_of_values_become_the_type_that_says_most(given, expected):
    assert prop(given) == expected


def test_S08_unions_of_objects_become_one_object_of_all_their_properties():
    circle = {"title": "Circle", "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}}, "required": ["kind", "r"]}
    square = {
        "type": "object",
        "properties": {"kind": {"const": "square"}, "side": {"type": "number"}, "label": {}},
        "required": ["side", "kind"],
    }
    assert prop({"oneOf": [circle, square, {"type": "string"}]}) == {
        "type": "object",
        "description": 'Exactly one of these forms: Circle: {kind: "circle", r}; {kind: "square", side, label?}; string.',
        "properties": {
            "kind": {"type": "string", "enum": ["circle", "square"]},
            "r": {"type": "number"},
            "side": {"type": "number"},
            "label": {},
        },
        "required": ["kind"],
    }


def test_S08_forms_that_only_require_are_told():
    given = {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert rebuilt(given) == {"type": "object", "description": "Any of these forms: {a}; {b}.", "properties": given["properties"]}


def test_S08_what_holds_together_is_put_together():
    parts = [
        {"type": "object", "properties": {"a": {"type": "number", "description": "A"}}, "required": ["a"], "description": "one"},
        {"properties": {"a": {"type": "integer", "description": "B"}, "b": {"enum": [1, 2, 3]}}, "required": ["b"], "description": "two"},
        {"properties": {"b": {"enum": [3, 2]}}},
    ]
    assert rebuilt({"allOf": parts}) == {
        "type": "object",
        "description": "one\ntwo",
        "properties": {"a": {"type": "integer", "description": "A\nB"}, "b": {"type": "integer", "enum": [2, 3]}},
        "required": ["a", "b"],
    }


def test_S08_the_first_of_many_parts_counts_and_their_order_stays():
    parts = [
        {"properties": {f"p{n}": {"const": n}, "k": {"title": str(n)}}, "required": [f"p{n}"], "description": str(n)} for n in range(7)
    ]
    found = rebuilt({"allOf": parts})
    assert list(found["properties"]) == ["p0", "k", *(f"p{n}" for n in range(1, 7))]
    assert found["properties"]["k"] == {"title": "0"}
    assert found["required"] == [f"p{n}" for n in range(7)]
    assert found["description"] == "0\n1\n2\n3\n4\n5\n6"


def test_S08_parts_are_put_together_without_copying_all_for_each(monkeypatch):
    copied = 0
    both = conservative._both

    def spy(one, other):
        nonlocal copied
        copied += len(one.get("properties", ())) + len(other.get("properties", ()))
        return both(one, other)

    monkeypatch.setattr(conservative, "_both", spy)
    found = rebuilt({"allOf": [{"properties": {f"p{n}": {}}} for n in range(1024)]})
    assert len(found["properties"]) == 1024
    assert copied < 1024 * 20


def test_S08_values_are_looked_up_not_searched_for(monkeypatch):
    text, read = counting(), conservative._json
    monkeypatch.setattr(conservative, "_json", lambda value: text(read(value)))
    many = [[n] for n in range(1000)]
    assert conservative._both({"enum": many}, {"enum": many[::-1]}) == {"enum": many}
    assert text.comparisons < 10_000


def test_S08_names_are_looked_up_not_searched_for():
    text = counting()
    form = {"type": "object", "properties": {text(n): {} for n in range(1000)}, "required": [text(n) for n in range(500)]}
    told, brief = conservative._told(form), conservative._brief(form)
    assert told.startswith("object {0: anything; 1: anything; ")
    assert brief.startswith("{0, 1, ")
    assert brief.endswith(", 998?, 999?}")
    merged = conservative._merged_objects([form, {"required": [text(n) for n in range(1000)]}])
    assert merged["required"] == form["required"]
    assert text.comparisons < 20_000


def test_S09_a_large_definition_is_read_once_for_all_references(monkeypatch):
    looked = []
    names = document.names
    monkeypatch.setattr(document, "names", lambda required: looked.append(1) or names(required))
    definition = {"properties": {f"p{n}": {"required": ["a"]} for n in range(100)}}
    rebuilt({"anyOf": [{"$ref": "#/$defs/A", "title": str(n)} for n in range(100)], "$defs": {"A": definition}})
    assert len(looked) < 1000


def test_S08_items_at_fixed_places_become_items_of_any_of_these():
    expected = {
        "type": "array",
        "description": "Items in this order: string, integer.",
        "items": {"type": "string", "description": "Any of these forms: string; integer."},
    }
    assert prop({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}) == expected
    assert prop({"items": [{"type": "string"}, {"type": "integer"}]}) == expected
    assert prop({"items": {"type": "string"}, "prefixItems": [{"type": "string"}]}) == {"type": "array", "items": {"type": "string"}}


def test_S08_names_of_properties_are_kept_exactly():
    names = ["", "$id", "default", "format", "a b", "工具", "required"]
    assert list(rebuilt({"properties": {name: {"type": "string"} for name in names}})["properties"]) == names


def test_S08_section_5_case_28():
    nested = {"type": "object", "properties": {"x": {"type": "string"}}, "required": [], "additionalProperties": False}
    given = {"type": "object", "properties": None, "required": None, "additionalProperties": False, "$schema": "s"}
    assert rebuilt(given) == {"type": "object", "description": "Details: additionalProperties: none.", "properties": {}}
    assert refusals(rebuilt({**given, "properties": {"n": nested}})) == []
    assert "required" not in prop(nested)


CASE_29 = {
    "type": "object",
    "properties": {
        "tree": {"$ref": "#/$defs/Node"},
        "mode": {"oneOf": [{"const": "fast"}, {"const": "slow"}]},
        "link": {"type": "string", "format": "uri", "pattern": "^https:"},
        "size": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
    },
    "required": ["tree"],
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
            "required": ["name"],
        }
    },
}


def test_S08_section_5_case_29():
    assert json.loads(schemas.accepted(json.dumps(CASE_29).encode())) == CASE_29
    assert refusals(CASE_29)
    assert refusals(rebuilt(CASE_29)) == []
    found = rebuilt(CASE_29)["properties"]
    assert found["mode"] == {"type": "string", "enum": ["fast", "slow"]}
    assert found["size"] == {"type": "integer", "description": "Details: exclusiveMinimum: 0; maximum: 9007199254740991."}


def test_S09_references_are_inlined_until_they_come_round_again():
    assert rebuilt(CASE_29)["properties"]["tree"] == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"type": "object", "description": "Again of the form of Node."}},
        },
        "required": ["name"],
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"$ref": "#/$defs/A", "description": "own"}, {"type": "string", "description": "own"}),
        ({"$ref": "#/$defs/B"}, {"type": "string"}),
        ({"$ref": "#/$defs/C"}, {"description": "Again of the form of C."}),
        (
            {"$ref": "#", "description": "own", "minLength": 1},
            {"type": "object", "description": "own\nDetails: minLength: 1.\nAgain of the form of the whole."},
        ),
        ({"$ref": "#"}, {"type": "object", "description": "Again of the form of the whole."}),
        ({"$ref": "#/$defs/none", "type": "string"}, {"type": "string", "description": "As defined by #/$defs/none."}),
        ({"$ref": "https://example.com/x.json"}, {"description": "As defined by https://example.com/x.json."}),
    ],
)
def test_S09_references_that_lead_elsewhere_are_told(given, expected):
    definitions = {"A": {"type": "string"}, "B": {"$ref": "#/$defs/A"}, "C": {"$ref": "#/$defs/C"}}
    assert prop(given, **{"$defs": definitions}) == expected


def test_S09_definitions_that_multiply_come_to_an_end():
    definitions = {
        f"D{n}": {"description": "x" * 100, "properties": {f"p{m}": {"$ref": f"#/$defs/D{n + 1}"} for m in range(10)}} for n in range(20)
    }
    found = conservative.accepted(json.dumps({"$ref": "#/$defs/D0", "$defs": definitions}).encode())
    assert len(found) < 4 * conservative.MAX_INLINED
    assert b"Again of the form of D" in found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {}),
        ({"type": "array", "items": {"$ref": "#/$defs/A"}, "$defs": {"A": {"type": "string"}}}, {"value": {"type": "array", "items": {"type": "string"}}}),
        ({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}], "$defs": {"A": {"properties": {"x": {}}}}}, {"x": {}}),
    ],
)  # fmt: skip
def test_S06_the_root_is_the_same_object_as_in_the_runtimes_form(given, expected):
    assert rebuilt(given)["type"] == "object"
    assert rebuilt(given)["properties"] == expected


@pytest.mark.parametrize("kind", [{}, {"type": ["array", "object"]}, {"type": ["null", "object"]}, {"type": 5}])
def test_S06_a_root_that_may_be_something_else_keeps_its_properties(kind):
    given = {**kind, "items": {}, "anyOf": [{"properties": {"a": {"type": "string"}}}], "patternProperties": {}}
    assert rebuilt(given) == {"type": "object", "properties": {"a": {"type": "string"}}}


def test_no_schema_and_no_json():
    assert conservative.accepted(b"") == schemas.EMPTY
    with pytest.raises(InvalidRequest):
        conservative.accepted(b"{")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6
)
NAMES = st.sampled_from(["a", "b", "kind", "default", "$ref", ""])
REFERENCES = st.sampled_from(["#", "#/$defs/A", "#/$defs/B", "#/$defs/none", "#/properties/a", "https://example.com/x"])


def keyword_schemas(inner):
    by_name = st.dictionaries(NAMES, inner, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(KINDS) | st.lists(st.sampled_from(KINDS), max_size=3),
            "title": st.text(max_size=5),
            "description": st.text(max_size=5),
            "properties": by_name,
            "required": st.lists(NAMES, max_size=3),
            "items": inner | st.lists(inner, max_size=2),
            "enum": st.lists(SCALARS, max_size=3),
            "const": SCALARS,
            "anyOf": st.lists(inner, max_size=3),
            "oneOf": st.lists(inner, max_size=3),
            "allOf": st.lists(inner, max_size=3),
            "not": inner,
            "additionalProperties": inner,
            "patternProperties": by_name,
            "default": JSON,
            "format": st.just("uri"),
            "exclusiveMinimum": st.integers(),
            "$ref": REFERENCES,
            "$schema": st.just("s"),
            "$defs": st.fixed_dictionaries({"A": inner, "B": inner}),
        },
    )


# Whole schemas, and the same with any member spoiled.
LEAVES = st.booleans() | st.fixed_dictionaries({"type": st.sampled_from(KINDS)})
SCHEMAS = st.recursive(LEAVES, keyword_schemas, max_leaves=12)
KEYWORDS = st.sampled_from(sorted(conservative._KEPT | document.SCHEMAS | document.SCHEMAS_BY_NAME | {"default", "format", "minimum"}))
SPOILED = st.builds(
    lambda one, other: {**(one if isinstance(one, dict) else {}), **other}, SCHEMAS, st.dictionaries(KEYWORDS, JSON, max_size=4)
)


@settings(deadline=None)
@given(SCHEMAS | SPOILED | JSON)
def test_S07_S08_any_schema_becomes_one_that_every_host_takes(schema):
    text = json.dumps(schema).encode()
    found = json.loads(conservative.accepted(text))
    assert refusals(found) == []
    for inner in walk(found):
        assert inner.keys() <= SEVEN
        assert inner.get("required") != []
        assert isinstance(inner.get("type", ""), str)
        assert isinstance(inner.get("description", ""), str)
    again = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    assert json.loads(conservative.accepted(again)) == found
    # Other bytes, so that nothing is remembered.
    assert conservative.accepted(b" " + text) == conservative.accepted(text)


@settings(deadline=None)
@given(SCHEMAS | SPOILED | JSON)
def test_S06_S07_any_schema_becomes_one_that_the_runtime_takes(schema):
    found = json.loads(schemas.accepted(json.dumps(schema).encode()))
    assert found["type"] == "object"
    assert isinstance(found["properties"], dict)
    assert not {"anyOf", "oneOf", "allOf", "$ref", "$schema", "$id"} & found.keys()
    assert all(inner.get("required") != [] and inner.get("properties", {}) is not None for inner in specs._walk(found))
    again = json.dumps(found).encode()
    assert json.loads(schemas.accepted(again)) == found


@settings(deadline=None)
@given(SCHEMAS)
def test_S06_both_forms_ask_for_the_same_arguments(schema):
    text = json.dumps(schema).encode()
    assert rebuilt(schema)["properties"].keys() == json.loads(schemas.accepted(text))["properties"].keys()
