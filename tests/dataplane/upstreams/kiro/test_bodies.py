"""Whatever a client sends becomes a body that Kiro takes, and nothing of it is lost."""

import json
from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dataplane.conversation.model import Call, Reasoning, Text, Thinking, Tool, ToolCall, ToolChoice, ToolResult, Turn
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import request
from dataplane.upstreams.kiro.history import CONTINUE, INTERRUPTED, OPENING, STEPS, shaped
from dataplane.upstreams.kiro.names import names
from tests.dataplane.upstreams.kiro.invariants import entries, results, violations
from tests.dataplane.upstreams.kiro.samples import ARN, CLAUDE, STAMP, assistant, call, lease, result, use, user
from tests.simulators.kiro.models import CATALOGUE
from tests.simulators.kiro.terms import Terms
from tests.simulators.kiro.validator import check

TERMS = Terms("runtime", {model.id: model for model in CATALOGUE}, (b"key", "account"), profile_arn=ARN)

# Few of each, so that they meet often.
IDS = st.sampled_from(["1", "2", "tool_0", "call_a\nfc_b", "", "x" * 70])
NAMES = st.sampled_from(["Read", "Bash", "my.tool", "my tool", "my_tool", "工具", "", "n" * 80])
TEXTS = st.sampled_from(["", " ", "\n", "word", "two\n\nparts", "é漢🙂", "\x00\x1b[0m"]) | st.text(max_size=6)
ARGUMENTS = st.sampled_from(["", "{}", '{"a": 1}', "[1]", "null", "{bad", '"s"', '{"a":"\\ud83d"}'])
SCHEMAS = st.sampled_from(
    [
        b"",
        b"{}",
        b"null",
        b'{"type":"array"}',
        b'{"anyOf":[{"type":"object","required":[]}]}',
        b'{"$schema":"s","properties":{"required":{}}}',
    ]
)
REASONING = st.builds(Reasoning, TEXTS, st.none(), st.none())

TEXT = st.builds(Text, TEXTS)
RESULT = st.builds(ToolResult, IDS, st.lists(TEXT, max_size=2), st.booleans())
USE = st.builds(ToolCall, IDS, NAMES, ARGUMENTS)
TURN = (
    st.builds(Turn, st.just("user"), st.lists(TEXT | RESULT, max_size=4))
    | st.builds(Turn, st.just("assistant"), st.lists(TEXT | USE | REASONING, max_size=4))
    | st.builds(Turn, st.just("system"), st.lists(TEXT, max_size=2))
)
TOOLS = st.lists(st.builds(Tool, NAMES, st.sampled_from(["", "does"]), SCHEMAS), max_size=5)
CHOICES = st.builds(ToolChoice, st.sampled_from(["auto", "none", "required", "named"]), NAMES)
CALLS = st.builds(
    Call,
    st.just("any"),
    st.lists(TURN, max_size=9),
    st.just("anthropic"),
    system=st.lists(TEXTS, max_size=2),
    tools=TOOLS,
    tool_choice=st.just(ToolChoice()) | CHOICES,
    thinking=st.none() | st.builds(Thinking, st.sampled_from(["enabled", "adaptive", "disabled"]), st.none() | st.integers(1024, 99_999)),
    session=st.sampled_from(["", "s"]),
)


def texts_of(turn):
    """Each text of a turn, with the results they stand in."""
    for part in turn.parts:
        if isinstance(part, Text):
            yield part, None
        elif isinstance(part, ToolResult):
            yield from ((inner, part) for inner in part.parts)


def numbered(asked):
    """Makes every text that is not blank unmistakable, in the order of the conversation."""
    numbers = count(1)
    asked.system = [f"«{next(numbers)}»{text}" if text.strip() else text for text in asked.system]
    for turn in asked.turns:
        for text, _ in texts_of(turn):
            if text.text.strip():
                text.text = f"«{next(numbers)}»{text.text}"
    return asked


def holds_something(asked):
    texts = [*asked.system, *(text.text for turn in asked.turns for text, _ in texts_of(turn))]
    tools = [part for turn in asked.turns for part in turn.parts if isinstance(part, ToolCall | ToolResult)]
    return bool(tools) or any(text.strip() for text in texts)


def can_choose(asked):
    choice, declared = asked.tool_choice, {tool.name for tool in asked.tools}
    return {"auto": True, "none": True, "required": bool(declared), "named": choice.name in declared}[choice.mode]


def sent(asked):
    """The body's bytes, None for a conversation that holds nothing or a choice that cannot be met."""
    if holds_something(asked) and can_choose(asked):
        return request.body(asked, lease(model="claude-sonnet-4.6", request_fields_schema=CLAUDE), STAMP)
    with pytest.raises(InvalidRequest):
        request.body(asked, lease(), STAMP)
    return None


@given(CALLS)
@example(call(user(result("9", "orphan"))))
@example(
    call(
        user("a"),
        assistant(use("1"), use("1")),
        user(result("1", "x"), result("1", "x")),
        assistant(use("1")),
        user("late", result("2", "y")),
    )
)
@example(call(user("a"), assistant(use("1")), user(""), assistant(use("1"), use("2")), user(result("2", "z")), user(result("1", "y"))))
def test_every_body_is_valid(asked):
    body = sent(asked)
    if body is not None:
        assert violations(body) == []
        assert check(body, TERMS) is None


@given(CALLS)
def test_the_same_call_gives_the_same_bytes(asked):
    assert sent(asked) == sent(asked)


@given(CALLS)
def test_shaping_twice_changes_nothing(asked):
    if sent(asked) is None:
        return
    once = shaped(asked)
    twice = once
    for step in STEPS:
        twice = step(twice)
    assert twice == once


@given(CALLS.map(numbered))
def test_no_text_is_lost_and_none_moves(asked):
    body = sent(asked)
    if body is None:
        return
    turns = entries(json.loads(body))
    spoken = "\n".join(message["content"] for _, message in turns)
    given_back = [part["text"] for _, message in turns for result in results(message) for part in result["content"]]
    places = []
    for text in asked.system:
        if text.strip():
            places.append(spoken.index(text))
    for turn in asked.turns:
        for text, inside in texts_of(turn):
            if inside and text.text.strip():
                assert any(back.endswith(text.text) for back in given_back) or text.text in spoken
            elif text.text.strip():
                places.append(spoken.index(text.text))
    assert places == sorted(places)


@given(CALLS)
def test_every_call_is_kept_in_order(asked):
    body = sent(asked)
    if body is not None:
        wire = names(asked).wire
        made = [wire[part.name] for turn in asked.turns for part in turn.parts if isinstance(part, ToolCall)]
        assert made == [use["name"] for _, message in entries(json.loads(body)) for use in message.get("toolUses", [])]


@given(CALLS)
def test_names_are_injective_and_lead_back(asked):
    found = names(asked)
    assert len(set(found.wire.values())) == len(found.wire)
    assert all(found.client.get(wire, wire) == name for name, wire in found.wire.items())
    declared = [wire for wire, _ in found.tools]
    assert len(set(declared)) == len(declared)
    known = {tool.name for tool in asked.tools} | {part.name for turn in asked.turns for part in turn.parts if isinstance(part, ToolCall)}
    assert {found.client.get(wire, wire) for wire in declared} == known


@given(CALLS)
def test_another_turn_changes_only_the_end(asked):
    """Otherwise the provider's prompt cache would never serve a conversation that grows."""
    asked.tool_choice = ToolChoice()
    asked.turns.append(user("end"))
    before = entries(json.loads(sent(asked)))
    asked.turns += [assistant("more"), user("next")]
    after = entries(json.loads(sent(asked)))
    context = before[-1][1].get("userInputMessageContext", {})
    context.pop("tools", None)
    if not context:
        before[-1][1].pop("userInputMessageContext", None)
    assert after[: len(before)] == before


# A conversation as a well-behaved client has it.
LOOP = st.tuples(st.text("abc", min_size=1), st.lists(st.text("abc", min_size=1), min_size=1, max_size=3))


@given(st.lists(LOOP, max_size=5))
def test_a_good_conversation_is_changed_in_nothing_but_form(loops):
    turns, expected, serial = [user("start")], [("start", [], [])], count()
    for text, outputs in loops:
        ids = [f"toolu_{next(serial)}" for _ in outputs]
        turns.append(assistant(text, *(use(name, "Read", '{"a":1}') for name in ids)))
        turns.append(Turn("user", [result(name, output) for name, output in zip(ids, outputs, strict=True)]))
        expected += [(text, ids, []), ("", [], list(zip(ids, outputs, strict=True)))]
    body = sent(call(*turns, tools=[Tool("Read", "R")]))
    found = [
        (
            message["content"],
            [use["toolUseId"] for use in message.get("toolUses", [])],
            [(result["toolUseId"], result["content"][0]["text"]) for result in results(message)],
        )
        for _, message in entries(json.loads(body))
    ]
    assert found == expected
    assert not any(text in body.decode() for text in (CONTINUE, OPENING, INTERRUPTED))
