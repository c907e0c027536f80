import pytest

from tests.simulators.serving.parts import Ask, End
from tests.simulators.serving.speech import calls, sample, speech


def ask(text="hello", **rest):
    return Ask(text, (), ("a", "b"), "m", "Test", 7, lambda name, length: name[:length], **rest)


def test_the_text_is_echoed():
    words, end = speech(ask("first\n\nlast"))
    assert words.startswith('You wrote "last".')
    assert end == End("end")


def test_a_limit_cuts_and_a_stop_sequence_ends():
    long = ask(options={"words": 30})
    assert speech(ask(options={"words": 30}, max_tokens=2)) == (speech(long)[0][:8], End("length"))
    assert speech(ask(options={"text": "one two three"}, stops=["three", "two"])) == ("one ", End("stop", stopped="two"))
    assert speech(ask(max_tokens=0)) == ("", End("length"))


def test_calls_name_tools_by_place():
    assert calls(ask(options={"calls": [["#1", {"x": 1}], ["other", {}]]})) == [("b", {"x": 1}), ("other", {})]
    assert calls(ask())[0][0] == "a"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "word"),
        ({"enum": ["x", "y"]}, "x"),
        ({"const": 3}, 3),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"type": ["integer", "null"]}, 7),
        ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"type": "object", "properties": {"a": {"type": "number"}, "b": {}}, "required": ["a"]}, {"a": 7.5}),
    ],
)
def test_samples_follow_their_schema(schema, value):
    assert sample(schema) == value
