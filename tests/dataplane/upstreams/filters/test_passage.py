import pytest

from dataplane.conversation.model import OutputFormat
from dataplane.upstreams.filters.passage import Passage
from tests.dataplane.upstreams.filters.pieces import cuttings

JSON = OutputFormat("json_object")


def passage(*, tags=False, form=None, stop=(), tokens=None):
    return Passage(form, stop, tokens, tags=tags)


def joined(pieces):
    return tuple("".join(text for thinking, text in pieces if thinking is wanted) for wanted in (True, False))


def passed(text, **asked):
    """(thinking, text), and how the passage ended; the same however the text is cut."""
    found = set()
    for cutting in cuttings(text):
        way = passage(**asked)
        pieces = [piece for each in cutting for piece in way.spoken(each)] + way.finish()
        found.add((joined(pieces), way.stop_sequence, way.limited, way.over))
    assert len(found) == 1
    return found.pop()


def test_with_nothing_asked_for_all_is_idle():
    way = passage()
    assert (way.idle, way.measures, way.bounded, way.over) == (True, False, False, False)
    assert (way.spoken("a" * 100), way.measured("b" * 100), way.pause(), way.finish()) == ([(False, "a" * 100)], "b" * 100, [], [])


@pytest.mark.parametrize(
    ("asked", "measures"), [({"tokens": 5}, True), ({"tokens": 5, "stop": ["x"]}, False), ({"form": JSON}, False), ({"tags": True}, False)]
)
def test_it_says_what_it_does(asked, measures):
    way = passage(**asked)
    assert (way.idle, way.measures, way.bounded) == (False, measures, "tokens" in asked)


def test_where_no_thinking_can_follow_only_what_was_asked_for_is_left_to_do():
    way, measured, sifted = passage(tags=True), passage(tags=True, tokens=50), passage(tags=True, stop=["END"])
    for each in (way, measured, sifted):
        assert each.spoken("<think>a</think>\n\n") == [(True, "a")]
        assert (each.idle, each.measures) == (False, False)
        assert each.spoken("b") == [(False, "b")]
    assert (way.idle, measured.measures, sifted.idle or sifted.measures) == (True, True, False)
    way.resume()
    assert not way.idle
    assert way.spoken("<think>c</think>\n\nd") == [(True, "c"), (False, "d")]


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        # A stop sequence is not looked for in thinking, nor in what surrounds the JSON.
        ("<think>END</think>\n\na END b", {"tags": True, "stop": ["END"]}, (("END", "a "), "END", False, True)),
        ('END {"a": 1} END', {"form": JSON, "stop": ["END"]}, (("", '{"a": 1}'), None, False, False)),
        ('```json\n{"a": "END"}', {"form": JSON, "stop": ["END"]}, (("", '{"a": "'), "END", False, True)),
        # Thinking counts towards the limit.
        ("<think>abcd</think>\n\nefghij", {"tags": True, "tokens": 2}, (("abcd", "efg"), None, True, True)),
        ("<think>abcdefgh</think>\n\nij", {"tags": True, "tokens": 2}, (("abcdefg", ""), None, True, True)),
        # What surrounds the JSON does not.
        ('prose prose prose {"a":1}', {"form": JSON, "tokens": 2}, (("", '{"a":1}'), None, False, False)),
        ("only prose, which goes out as it is", {"form": JSON, "tokens": 2}, (("", "only pr"), None, True, True)),
        ("only prose END", {"form": JSON, "stop": ["END"]}, (("", "only prose "), "END", False, True)),
        # The sequence is beyond the limit.
        ("abcdefg END", {"stop": ["END"], "tokens": 2}, (("", "abcdefg"), None, True, True)),
        ("abcdefEND", {"stop": ["END"], "tokens": 2}, (("", "abcdef"), "END", False, True)),
        ("ends with EN", {"stop": ["END"]}, (("", "ends with EN"), None, False, False)),
    ],
)
def test_each_sees_what_the_client_would_see(text, asked, expected):
    assert passed(text, **asked) == expected


def test_a_form_without_brackets_is_left_alone():
    assert passage(form=OutputFormat("json_schema", b'{"type":"string"}')).idle
    way = passage(form=OutputFormat("json_schema", b'{"type":"array"}'))
    assert way.spoken('Here: [{"a":1}]') == [(False, '[{"a":1}]')]


def test_a_break_lets_out_what_was_held_back():
    way = passage(tags=True, stop=["END"])
    assert way.spoken("a EN") == [(False, "a ")]
    assert way.pause() == [(False, "EN")]
    assert way.spoken("D") == [(False, "D")]


def test_a_sequence_that_waited_for_a_longer_one_is_met_at_a_break():
    way = passage(stop=["EN", "END"])
    assert way.spoken("a EN") == [(False, "a ")]
    assert (way.pause(), way.stop_sequence, way.over) == ([], "EN", True)


def test_a_break_keeps_what_may_surround_json():
    way = passage(form=JSON)
    assert way.spoken("Let me see. ") + way.pause() == []
    way.resume()
    assert way.spoken('{"a":1} done') == [(False, '{"a":1}')]
    assert way.finish() == []


def test_before_a_call_prose_is_no_answer_and_goes_out():
    way = passage(form=JSON)
    assert way.spoken("Let me see. ") + way.finish() == [(False, "Let me see. ")]
    assert way.spoken("And now this.") == [(False, "And now this.")]


def test_each_stream_may_open_with_thinking():
    way = passage(tags=True)
    assert way.spoken("<think>a</think>\n\nb") + way.pause() == [(True, "a"), (False, "b")]
    way.resume()
    assert way.spoken("<think>c</think>\n\nd") + way.finish() == [(True, "c"), (False, "d")]


def test_no_call_begins_when_the_limit_is_used_up():
    way = passage(tokens=2)
    assert way.admits_call()
    way.called("x" * 100)
    assert not way.over
    assert not way.admits_call()
    assert (way.limited, way.over) == (True, True)
    assert passage().admits_call()
