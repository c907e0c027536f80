import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.upstreams.filters.jsonvalue import JsonValue
from tests.dataplane.upstreams.filters.pieces import cut, cuttings, places


def passed(pieces):
    value = JsonValue()
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


def test_a_long_answer_without_a_value_is_read_once():
    value = JsonValue()
    for _ in range(20_000):
        value.feed("word ")
    assert value.finish() == "word " * 20_000


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
