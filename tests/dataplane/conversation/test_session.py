"""A conversation keeps its name while it grows."""

from dataplane.conversation.model import Call, Image, Text, Turn
from dataplane.conversation.session import derived


def call(*turns, **more):
    return Call("m", list(turns), "openai", **more)


FIRST = Turn("user", [Image("image/png", "AAAA"), Text("Hello"), Text("there")])


def test_the_name_stays_while_the_conversation_grows():
    grown = call(FIRST, Turn("assistant", [Text("Hi")]), Turn("user", [Text("more")]), system=["today is another day"])
    assert derived(call(FIRST)) == derived(grown) != ""


def test_other_beginnings_have_other_names():
    assert derived(call(FIRST)) != derived(call(Turn("user", [Text("Bye")])))


def test_without_words_of_the_user_there_is_no_name():
    assert derived(call(Turn("assistant", [Text("Hi")]), Turn("user", [Image()]))) == ""


def test_long_and_odd_beginnings():
    preamble = "x" * 5000
    assert derived(call(Turn("user", [Text(preamble + "a")]))) != derived(call(Turn("user", [Text(preamble + "b")])))
    assert derived(call(Turn("user", [Text(preamble), Text("a")]))) != derived(call(Turn("user", [Text(preamble), Text("b")])))
    assert derived(call(Turn("user", [Text("\ud83d")])))
