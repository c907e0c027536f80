import pytest

from tests.simulators.serving.directives import BadDirective, parse


def test_text_without_directives_is_left_alone():
    told = parse("Use [[brackets]] and [[sim]] freely.")
    assert (told.script, told.calls, told.rest) == ("", [], "Use [[brackets]] and [[sim]] freely.")


def test_directives_are_taken_out_of_the_text():
    told = parse('Hello [[sim:stall {"seconds": 2}]] there [[say:Good day.]]')
    assert (told.script, told.options, told.rest) == ("stall", {"seconds": 2, "text": "Good day."}, "Hello  there")


def test_a_calls_json_may_hold_brackets():
    told = parse('[[call:get_weather {"days": [[1], [2]]}]] and [[call:#1]] [[call:b{}]]')
    assert told.calls == [("get_weather", {"days": [[1], [2]]}), ("#1", {}), ("b", {})]


@pytest.mark.parametrize("text", ["[[sim:]]", "[[call:a {]]", "[[call:a [1]]]", "[[say:never", "[[sim:text {} {}]]", "[[call:a"])
def test_a_broken_directive_is_reported(text):
    with pytest.raises(BadDirective):
        parse(text)
