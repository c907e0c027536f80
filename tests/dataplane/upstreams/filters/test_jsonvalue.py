import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import OutputFormat
from dataplane.upstreams.filters.held import MOST_HELD
from dataplane.upstreams.filters.jsonvalue import JsonValue, roots
from tests.dataplane.upstreams.filters.pieces import cut, cuttings, growth, places


def passed(pieces, brackets="{["):
    value = JsonValue(brackets)
    text = "".join(map(value.feed, pieces))
    return text + value.finish()


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ("[1, 2]", "[1, 2]"),
        ("{}", "{}"),
        ("[]", "[]"),
        ("{ \n }", "{ \n }"),
        ('```json\n{"a": [1]}\n```', '{"a": [1]}'),
        ("```\n[[]]\n```\nDone.", "[[]]"),
        ('Sure: {"a": "}"} and more {"b": 2}', '{"a": "}"}'),
        ('{"a": "\\"}{"}x', '{"a": "\\"}{"}'),
        ('{"a": "\\\\"} {', '{"a": "\\\\"}'),
        ('{"a": {"b": [{"c": "]"}]}} tail', '{"a": {"b": [{"c": "]"}]}}'),
        # Brackets of prose.
        ('As [1] says, in {braces}: {"a": 1}', '{"a": 1}'),
        ('[the answer]\n  [{"a": 1}]', '[{"a": 1}]'),
        ('A list\n [ "x" ]\nend', '[ "x" ]'),
        ('[true, {"a": 1}]', '[true, {"a": 1}]'),
        ("[ false]", "[ false]"),
        ('[null,{"a": 1}] and', '[null,{"a": 1}]'),
        ('[trust me]\n{"a": 1}', '{"a": 1}'),
        # What stands in an open bracket is a part of another value.
        ('Here you are: [{"a": 1}, {"a": 2}]', 'Here you are: [{"a": 1}, {"a": 2}]'),
        ('As in ["x", {"a": "]"}] it is {"b": 2}', '{"b": 2}'),
        # It was no value after all.
        ('In [0, 1) there is {"a": 1}', '{"a": 1}'),
        ('See ["x\n{"a": 1}', '{"a": 1}'),
        # Cut by the model: what came is given.
        ('Here: {"a": [1, 2', '{"a": [1, 2'),
        # No value at all.
        ("I cannot do that.", "I cannot do that."),
        ("A set {", "A set {"),
        ("{x} [y]", "{x} [y]"),
        ("see [1]", "see [1]"),
        (" \n", " \n"),
    ],
)
def test_one_value_goes_out(text, out):
    for pieces in cuttings(text):
        assert passed(pieces) == out


@pytest.mark.parametrize(
    ("brackets", "text", "out"),
    [
        ("[", 'Here you are: [{"a": 1}, {"a": 2}]', '[{"a": 1}, {"a": 2}]'),
        ("[", 'From {"a": [1]}: [2]', "[2]"),
        ("[", '{"all": [1, 2]}', '{"all": [1, 2]}'),
        ("{", 'Sure: {"a": [1]} there', '{"a": [1]}'),
        ("{", '[1]\n{"a": 1}', '{"a": 1}'),
        ("{", '[{"a": 1}, {"a": 2}]', '[{"a": 1}, {"a": 2}]'),
        ("{", '```json\n[\n  {"a": 1}\n]\n```', '```json\n[\n  {"a": 1}\n]\n```'),
    ],
)
def test_only_the_kind_of_value_that_is_wanted_goes_out(brackets, text, out):
    for pieces in cuttings(text):
        assert passed(pieces, brackets) == out


@pytest.mark.parametrize(
    ("schema", "brackets"),
    [
        (b'{"type": "object", "properties": {}}', "{"),
        (b'{"type": "array", "items": {"type": "object"}}', "["),
        (b'{"type": ["object", "null"]}', "{"),
        (b'{"type": ["array", "object"]}', "{["),
        (b'{"type": "string"}', ""),
        (b'{"anyOf": [{"type": "object"}]}', "{["),
        (b'{"type": 5}', "{["),
        (b"true", "{["),
        (b"", "{"),
    ],
)
def test_the_schema_says_what_the_value_begins_with(schema, brackets):
    assert roots(OutputFormat("json_schema", schema)) == brackets
    assert roots(OutputFormat("json_object", schema)) == "{"


def test_the_value_streams_at_once():
    value = JsonValue()
    pieces = ("```json", "\n", "{", '"a', '": "', "x{", "\\", '"', '"', "}", "\n```")
    assert [value.feed(piece) for piece in pieces] == ["", "", "", '{"a', '": "', "x{", "\\", '"', '"', "}", ""]
    assert value.finish() == ""


def test_prose_comes_once():
    value = JsonValue()
    value.feed("no ")
    value.feed("value {")
    assert (value.finish(), value.finish()) == ("no value {", "")


@pytest.mark.parametrize(("first", "piece"), [("", "word "), ("", "  "), ("{", " "), ("[", "\n   "), ("See [1", " 1"), ("{", "{")])
def test_a_long_answer_without_a_value_is_read_once(first, piece):
    assert growth(lambda: JsonValue().feed, piece, first) < 64


@pytest.mark.parametrize("first", ["", "{", "See [1"])
def test_prose_does_not_wait_without_a_bound(first):
    value = JsonValue()
    assert value.feed(first) + value.feed(" " * (MOST_HELD - len(first))) == ""
    assert value.feed("  ") == first + " " * (MOST_HELD - len(first)) + "  "
    assert (value.feed('{"a": 1} {'), value.finish()) == ('{"a": 1} {', "")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\{}[]\n漢', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\{[', max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text('a"\\}', max_size=3), values, max_size=3), st.sampled_from((None, 2)), places)
def test_any_object_comes_through_from_any_surroundings(content, indent, places):
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    assert passed(cut(f"Here it is:\n```json\n{text}\n```\nAnything [else]? {{}}", places)) == text


@given(st.text('ab[]{}"\n 1', max_size=40), places)
def test_cutting_changes_nothing(text, places):
    assert passed(cut(text, places)) == passed([text])
