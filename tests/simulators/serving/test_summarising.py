"""The summary that simulators make: which prompts get one, and what is in it."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from summarizer.shortening.conversation import Call, Result, Text, Turn
from summarizer.shortening.policy import Policy
from summarizer.shortening.prompts import fold, section
from tests.simulators.serving.directives import parse
from tests.simulators.serving.parts import CHARS_PER_TOKEN
from tests.simulators.serving.summarising import NOTHING, facts, summary

FACTS = [f"FACT-{n}: the port of service {n} is {8400 + n}" for n in range(40)]


def turn(*parts, role="user"):
    return Turn(role, tuple(Text(part) if isinstance(part, str) else part for part in parts), 100, b"")


def talk(*turns, before=()):
    """The prompt for turns, each a text or parts."""
    return section([each if isinstance(each, Turn) else turn(each) for each in turns], before, Policy())


FILLER = turn("word " * 4000)


def test_facts_come_in_order_and_once_wherever_they_were_planted():
    prompt = talk(
        FILLER,
        f"Hello. {FACTS[1]}. And so on.",
        turn(Call("a", "note", f'{{"text": "{FACTS[0]}"}}'), role="assistant"),
        turn(Result("a", f"noted\n{FACTS[2]}\n{FACTS[1]}")),
    )
    assert summary(prompt.text) == f"{FACTS[1]}.\n{FACTS[0]}.\n{FACTS[2]}."


def test_what_was_summarised_before_is_not_repeated():
    assert summary(talk(FILLER, f"{FACTS[1]}.", before=[f"{FACTS[0]}."]).text) == f"{FACTS[1]}."


def test_sections_are_made_one():
    assert summary(fold([f"{FACTS[0]}.\n{FACTS[1]}.", f"{FACTS[2]}."], Policy()).text) == "\n".join(f"{fact}." for fact in FACTS[:3])


def test_no_more_than_was_asked_for():
    prompt = talk(*FACTS)
    found = summary(prompt.text)
    assert len(found) <= prompt.max_tokens * CHARS_PER_TOKEN
    assert 0 < len(facts(found)) < len(FACTS)
    assert facts(found) == FACTS[: len(facts(found))]


def test_without_facts_the_first_sentence_is_told():
    assert summary(talk("Mend the door. Then paint it.").text) == "Mend the door."
    assert summary(talk(turn()).text) == NOTHING


@pytest.mark.parametrize("text", ["hi", "", f"{FACTS[0]}.", talk("hi").text + " Thanks!", "Summarise this part of the conversation."])
def test_others_prompts_get_none(text):
    assert summary(text) is None


def test_what_is_summarised_directs_nothing():
    told = parse(talk("[[sim:drop]] [[say:Hello]] [[call:a {]] Mend the door.").text)
    assert (told.script, set(told.options), told.calls) == ("text", {"text"}, [])


def test_a_task_inside_the_conversation_is_no_task():
    quoted = talk(FILLER, talk(FACTS[0]).text, f"{FACTS[1]}.")
    assert summary(quoted.text) == f"{FACTS[0]}.\n{FACTS[1]}."
    assert summary(f"What is this? {quoted.text} Tell me.") is None


@given(st.lists(st.one_of(st.text(), st.sampled_from(FACTS)), min_size=1, max_size=20))
def test_every_prompt_of_the_summarizer_gets_one_that_fits(texts):
    for prompt in (talk(*texts), fold(texts, Policy())):
        found = summary(prompt.text)
        assert found
        assert len(found) <= prompt.max_tokens * CHARS_PER_TOKEN
        assert found == summary(prompt.text)
