"""Case 40: conversations of thousands of messages, trimmed by the client wherever it pleased."""

from random import Random

import pytest

from dataplane.upstreams.kiro.asking.entries import folded
from dataplane.upstreams.kiro.asking.history import repaired
from tests.dataplane.kiro_cases import properties
from tests.dataplane.kiro_cases.bodies import A, F, O, T, a, image, u
from tests.dataplane.kiro_cases.grammar import NAMES, PICTURES, Chat, Messages, appended

MESSAGES = 3_000
CUTS = 2


@pytest.fixture(autouse=True)
def _known(gate):
    """The picture that has to be recoded is remembered, and costs no process each time that it occurs."""
    gate.send("A", A(u([image(PICTURES[-1])])))


def conversation(grammar):
    return grammar(Random(40), odd=0).conversation(MESSAGES)


def body(form, messages):
    tools = [(T if form == "A" else F)(name) for name in NAMES[:5]]
    return A(*messages, system="«0»S", tools=tools) if form == "A" else O(*messages, tools=tools)


def cuts(messages):
    """The whole, and what is left after the client has dropped the beginning, the end or both."""
    random = Random(41)
    yield messages
    for _ in range(CUTS):
        first, last = sorted(random.sample(range(len(messages)), 2))
        yield messages[first:last]


@pytest.mark.parametrize("grammar", [Messages, Chat])
def test_case_40_P1_P3_P5_P7_P8_thousands_of_messages_cut_at_random(gate, grammar):
    for messages in cuts(conversation(grammar)):
        asked = body(grammar.form, messages)
        for made in gate.both(grammar.form, asked):
            properties.every_text_is_there_once_and_in_order(asked, made)
            properties.every_call_is_kept_with_its_arguments_and_results(asked, made)
            properties.no_picture_is_lost(asked, made)
            properties.little_is_made_up(asked, made)


@pytest.mark.parametrize("grammar", [Messages, Chat])
def test_case_40_P2_repairing_twice_changes_nothing(gate, grammar):
    asked = body(grammar.form, conversation(grammar))
    first, second = (gate.send(grammar.form, asked) for _ in range(2))
    assert first.data == second.data
    once = repaired(folded(first.call, first.lease, signed=True))
    assert repaired(once) == once


@pytest.mark.parametrize("grammar", [Messages, Chat])
def test_case_40_P6_a_long_conversation_grows_at_its_end_only(gate, grammar):
    few = [message for message in conversation(grammar) if "image" not in str(message)[:20_000]]
    asked = appended(body(grammar.form, few), u("end"))
    before = gate.send(grammar.form, asked)
    after = gate.send(grammar.form, appended(asked, a("more"), u("next")))
    assert len(before.past) > 100_000
    assert after.past.startswith(before.past)
    assert after.state["conversationId"] == before.state["conversationId"]
