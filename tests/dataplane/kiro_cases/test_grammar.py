"""Whatever a client writes, Kiro takes what is sent of it, and nothing of it is lost (P1 to P8)."""

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dataplane.conversation.events import ToolCallStarted
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking.entries import folded
from dataplane.upstreams.kiro.asking.history import repaired
from tests.dataplane.kiro_cases import properties, reading
from tests.dataplane.kiro_cases.bodies import A, F, O, T, a, tc, text, told, tr, tu, u
from tests.dataplane.kiro_cases.gate import DIALECTS, PROFILES
from tests.dataplane.kiro_cases.grammar import FORM, ODD_PICTURES, Chat, Messages, appended
from tests.dataplane.upstreams.kiro.samples import STAMP, said, tool

SEEN = settings(max_examples=70, derandomize=True, database=None, deadline=None)
# How the last check of a body speaks: what it finds is a defect of what built the body.
DEFECT = "cannot be put in the form"


def drawn(grammar, chances, most=8):
    made = grammar(chances)
    return made.form, made.body(made.number(most, 1))


BODIES = st.builds(drawn, st.sampled_from([Messages, Chat]), st.randoms(use_true_random=False))


def sent(gate, form, body, profile="runtime"):
    """None for what the gateway refused, by its place and for a reason that can be seen from outside."""
    try:
        return gate.send(form, body, profile)
    except InvalidRequest as error:
        refused = error
    assert refused.param
    assert DEFECT not in refused.message
    assert any(reason(body, refused.param) for reason in (says_nothing, has_odd_picture, cannot_choose)), refused.message
    return None


def says_nothing(body, param):
    spoken = reading.texts(body) or reading.pictures(body) or list(reading.calls(body)) or reading.result_ids(body)
    return param == "messages" and not (spoken or reading.searches(body))


def has_odd_picture(body, param):
    return param.startswith("messages[") and not {*reading.pictures(body)}.isdisjoint(ODD_PICTURES)


def cannot_choose(body, param):
    return param.startswith("tool_choice") and body["tool_choice"] in ("required", {"type": "any"}) and not reading.offered(body)


@SEEN
@given(BODIES)
def test_P1_P8_either_host_takes_what_is_sent(gate, drawn):
    form, body = drawn
    runtime, legacy = sent(gate, form, body), sent(gate, form, body, "legacy")
    assert (runtime is None) == (legacy is None)


@SEEN
@given(BODIES)
def test_P2_the_same_body_is_sent_as_the_same_bytes(gate, drawn):
    form, body = drawn
    first, second = sent(gate, form, body), sent(gate, form, body)
    assume(first)
    assert first.data == second.data
    once = repaired(folded(first.call, first.lease, signed=True))
    assert repaired(once) == once


@SEEN
@given(BODIES)
def test_P3_every_text_is_sent_once_and_in_its_place(gate, drawn):
    form, body = drawn
    for profile in PROFILES:
        made = sent(gate, form, body, profile)
        assume(made)
        properties.every_text_is_there_once_and_in_order(body, made)


@SEEN
@given(BODIES)
def test_P3_every_call_keeps_its_arguments_and_its_result(gate, drawn):
    form, body = drawn
    for profile in PROFILES:
        made = sent(gate, form, body, profile)
        assume(made)
        properties.every_call_is_kept_with_its_arguments_and_results(body, made)


@SEEN
@given(BODIES)
def test_P4_an_answer_leads_back_to_the_tools_and_ids_it_came_from(gate, drawn):
    form, body = drawn
    body = reading.with_free_calls(body)
    made = sent(gate, form, body)
    assume(made)
    wires = list(made.tools)
    events = made.answered(said("doing"), *(tool(f"tooluse_{n}", name, '{"a":1}', stop=True) for n, name in enumerate(wires)))
    calls = [event for event in events if isinstance(event, ToolCallStarted)]
    # The search of an earlier request is known as a tool, but nobody's to call.
    assert len(wires) - len(calls) == bool(reading.searches(body))
    names, ids = [call.name for call in calls], [call.id for call in calls]
    assert set(names) == set(reading.tool_names(body))
    again = gate.send(form, appended(body, *reading.followed_up(form, client_answer(form, made.call, events))))
    assert again.uses[: len(made.uses)] == made.uses
    repeated = again.uses[len(made.uses) :]
    assert [key for key, _, _ in repeated] == ids
    assert [made.client_name(wire) for _, wire, _ in repeated] == names
    if len(set(names)) == len(names):
        assert [wire for _, wire, _ in repeated] == [wires[int(key.removeprefix("tooluse_"))] for key in ids]


def client_answer(form, call, events):
    """The assistant's message as the client gets it, and keeps it."""
    call.stream = False
    encoder = DIALECTS[form].encoder(call, STAMP)
    whole = json.loads(encoder.feed(events) + encoder.finish())
    return a(whole["content"]) if form == "A" else whole["choices"][0]["message"]


@SEEN
@given(BODIES)
def test_P4_different_calls_never_share_an_id(gate, drawn):
    form, body = drawn
    made = sent(gate, form, body)
    assume(made)
    given_ids = {key for key, _ in reading.calls(body)}
    ids = [key for key, _, _ in made.uses]
    assert len(set(ids)) == len(ids) >= len(given_ids)
    wire = {use for _, use, _ in made.uses}
    assert wire <= made.tools.keys()


@SEEN
@given(BODIES)
def test_P5_the_gateway_says_little_of_its_own(gate, drawn):
    form, body = drawn
    made = sent(gate, form, body)
    assume(made)
    properties.little_is_made_up(body, made)


WORDS = st.text("abc é漢", min_size=1).filter(str.strip)
LOOPS = st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), max_size=5)


@SEEN
@given(LOOPS)
def test_P5_a_good_conversation_is_changed_in_nothing_but_form(gate, loops):
    claude, gpt, contents, ids = [u("start")], [u("start")], ["start"], []
    for number, (words, answers) in enumerate(loops):
        made = [(f"toolu_{number}_{n}", answer) for n, answer in enumerate(answers)]
        claude += [a([text(words), *(tu(key) for key, _ in made)]), u([tr(key, answer) for key, answer in made])]
        gpt += [a(words, tool_calls=[tc(key) for key, _ in made]), *(told(key, answer) for key, answer in made)]
        contents += [words, ""]
        ids += made
    for form, body in ("A", A(*claude, tools=[T("Read")])), ("O", O(*gpt, tools=[F("Read")])):
        for made in gate.both(form, body):
            assert made.contents == contents
            assert made.outputs == ids


@SEEN
@given(BODIES)
def test_P6_another_turn_leaves_what_was_before_as_it_was(gate, drawn):
    form, body = drawn
    body = appended(reading.with_free_choice(body), u("end"))
    before = sent(gate, form, body)
    assume(before)
    grows_at_its_end_only(gate, form, body, before)


ASKED = [
    ("A", {"output_format": {"type": "json_schema", "schema": FORM}}),
    ("A", {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}),
    ("O", {"response_format": {"type": "json_object"}}),
    ("O", {"response_format": {"type": "json_schema", "json_schema": {"name": "f", "schema": FORM}}, "parallel_tool_calls": False}),
]


@pytest.mark.parametrize(("form", "asked"), ASKED)
@pytest.mark.parametrize("system", ["", "S"])
def test_P6_what_is_asked_of_every_answer_leaves_what_was_before_as_it_was(gate, form, asked, system):
    head = [{"role": "system", "content": system}] if system and form == "O" else []
    more = {"system": system} if system and form == "A" else {}
    body = A(u("end"), tools=[T("Read")], **asked, **more) if form == "A" else O(*head, u("end"), tools=[F("Read")], **asked)
    before = gate.send(form, body)
    assert before.current["content"] != f"{system}\n\nend".strip()
    grows_at_its_end_only(gate, form, body, before)


def grows_at_its_end_only(gate, form, body, before):
    """`body` ends with the user's words, and `before` is what is sent of it."""
    acted = (
        [a([tu("toolu_new")]), u([tr("toolu_new", "r")])]
        if form == "A"
        else [a(None, tool_calls=[tc("toolu_new")]), told("toolu_new", "r")]
    )
    for more in [a("more"), u("next")], acted:
        after = gate.send(form, appended(body, *more))
        assert after.past.startswith(before.past)
        assert after.state["conversationId"] == before.state["conversationId"]
        assert len(after.messages) == len(before.messages) + 2
        assert reading.without_tools(after.messages[len(before.messages) - 1]) == reading.without_tools(before.current)


@SEEN
@given(BODIES)
def test_P7_no_picture_is_lost(gate, drawn):
    form, body = drawn
    made = sent(gate, form, body)
    assume(made)
    properties.no_picture_is_lost(body, made)
