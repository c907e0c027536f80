import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import Document, Hit, Image, Reasoning, Search, Text, ToolCall, ToolResult, Turn
from dataplane.errors import ContextTooLong, InvalidRequest
from dataplane.upstreams.kimi_web.prompt import LABELS, MOST_CHARACTERS, RESUME, prompt
from headgate.tokens import text_tokens
from tests.dataplane.upstreams.kimi_web.samples import assistant, call, lease, turn, user


def told(*turns, **more):
    return prompt(call(*turns, **more), lease())


def test_a_single_message_is_what_a_visitor_would_type():
    assert told(user("User: is a label, and this is no turn")) == "User: is a label, and this is no turn"


def test_system_text_and_every_turn_are_told_in_their_order():
    """K3, K4: neither the system text nor the history is lost."""
    asked = (user("one"), assistant("two"), turn("system", "be brief"), user("three"))
    assert told(*asked, system=["You are X.", "Be kind."]) == (
        "You are X.\n\nBe kind.\n\nUser: one\n\nModel: two\n\nSystem: be brief\n\nUser: three"
    )


def test_parts_of_a_turn_are_lines():
    """K11: lists of parts are texts, whatever they hold."""
    assert told(user("a", "b")) == "a\nb"


def test_blank_turns_and_texts_are_left_out():
    assert told(user("a"), assistant(" \n"), user("b"), system=["", " "]) == "User: a\n\nUser: b"


@pytest.mark.parametrize("turns", [[], [user(" ")], [user(), assistant(Reasoning("thought"))]])
def test_a_conversation_without_words_is_refused(turns):
    with pytest.raises(InvalidRequest) as raised:
        told(*turns, system=[" "])
    assert raised.value.param == "messages"


def test_system_text_alone_can_be_sent():
    assert told(system=["Say hello."]) == "Say hello."


def test_an_answer_that_the_client_began_is_to_be_continued():
    assert told(user("a"), assistant("b")) == f"User: a\n\nModel: b\n\nUser: {RESUME}"


def test_tools_of_the_history_are_told_in_words():
    turns = [
        user("weather?"),
        assistant("Let me see.", ToolCall("1", "weather", '{"city":"Bonn"}'), ToolCall("2", "time", "")),
        user(ToolResult("1", [Text("rain"), Image(url="http://127.0.0.1/map")]), ToolResult("2", [], is_error=True), "and?"),
        user(ToolResult("9", [Text("lost")])),
    ]
    assert told(*turns).split("\n\n") == [
        "User: weather?",
        'Model: Let me see.\n[called the tool weather with {"city":"Bonn"}]\n[called the tool time with {}]',
        "User: [the tool weather answered: rain\n[a picture that cannot be shown here]]\n[the tool time failed: nothing]\nand?",
        "User: [the tool that was called answered: lost]",
    ]


def test_searches_of_the_history_are_told_with_every_hit():
    found = Search("s", "kimi", [Hit("T", "https://example.com", "words"), Hit("U", "https://example.org")])
    prompted = told(user("q"), assistant(found, Search("t", "x"), Search("u", "y", error="unavailable")), user("b"))
    assert "[searched the web for 'kimi':\nT\nhttps://example.com\nwords\n\nU\nhttps://example.org]" in prompted
    assert "[searched the web for 'x':\nnothing found]\n[searched the web for 'y': failed, unavailable]" in prompted


def test_thinking_of_the_history_never_reads_as_an_answer():
    assert told(user("a"), assistant(Reasoning("secret thoughts", "sig"), "b"), user("c")) == "User: a\n\nModel: b\n\nUser: c"


def test_a_file_that_has_not_become_text_is_a_defect():
    with pytest.raises(KeyError):
        told(user(Document(text="x")))


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028"])
@pytest.mark.parametrize("label", LABELS.values())
def test_lines_that_look_like_turns_are_moved(end, label):
    prompted = told(user("a"), assistant(f"b{end}{label}c"), user("d"), system=[f"{label}s"])
    assert f"b{end} {label}c" in prompted
    assert prompted.startswith(f" {label}s")


def test_what_only_resembles_a_label_stays():
    assert told(user("a"), user("user: b\nUsers: c\n  Model: d\nModel:e")).endswith("User: user: b\nUsers: c\n  Model: d\nModel:e")


# ---- length


def test_a_prompt_as_long_as_allowed_is_sent_and_a_longer_one_is_too_long():
    given = lease(attributes={"max_prompt_characters": "10"})
    assert prompt(call(user("x" * 10)), given) == "x" * 10
    with pytest.raises(ContextTooLong, match=r"^prompt is too long: 4 tokens > 3 maximum$"):
        prompt(call(user("x" * 11)), given)
    with pytest.raises(ContextTooLong, match=r"30 tokens > 3 maximum"):
        prompt(call(user("x" * 106)), given)


@pytest.mark.parametrize("said", [{}, {"max_prompt_characters": ""}, {"max_prompt_characters": "many"}])
def test_without_a_limit_of_the_lease_the_usual_one_holds(said):
    assert len(prompt(call(user("x" * MOST_CHARACTERS)), lease(attributes=said))) == MOST_CHARACTERS
    with pytest.raises(ContextTooLong, match=f"> {round(text_tokens('x' * MOST_CHARACTERS))} maximum"):
        prompt(call(user("x" * (MOST_CHARACTERS + 1))), lease(attributes=said))


# ---- any conversation

PIECES = [*"ab \n\r:[]é\u2028", "User: ", "\nUser: ", "\rModel: ", "System: "]
WORDS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
TURNS = st.lists(
    st.builds(Turn, st.sampled_from(list(LABELS)), st.lists(st.builds(Text, WORDS), min_size=1, max_size=3)), min_size=1, max_size=6
)
TURN = re.compile(r"(?:^|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029])(User|Model|System): ")


@given(TURNS, st.lists(WORDS, max_size=2))
def test_a_prompt_shows_exactly_the_turns_there_are_and_every_word_of_them(turns, system):
    asked = call(*turns, system=system)
    spoken = [one.role for one in turns if any(part.text.strip() for part in one.parts)]
    try:
        prompted = prompt(asked, lease())
    except InvalidRequest:
        assert not spoken
        assert not any(text.strip() for text in system)
        return
    texts = [text for text in system if text.strip()] + [part.text for one in turns for part in one.parts if part.text.strip()]
    solid = re.sub(r"\s", "", prompted)
    at = 0
    for text in texts:
        words = re.sub(r"\s", "", text)
        at = solid.index(words, at) + len(words)
    if spoken == ["user"] and not any(text.strip() for text in system):
        return
    names = {"User": "user", "Model": "assistant", "System": "system"}
    resumed = ["user"] if spoken and spoken[-1] == "assistant" else []
    assert [names[label] for label in TURN.findall(prompted)] == spoken + resumed
