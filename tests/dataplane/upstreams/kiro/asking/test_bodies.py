"""Whatever a client sends becomes a body that Kiro takes, and nothing of it is lost (P1 to P7)."""

import copy
import json
from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dataplane.conversation.model import (
    Call,
    Hit,
    Image,
    OutputFormat,
    Reasoning,
    Search,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    WebSearch,
)
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import provenance
from dataplane.upstreams.kiro.asking.body import body as build
from dataplane.upstreams.kiro.asking.entries import Note, User, folded
from dataplane.upstreams.kiro.asking.history import CONTINUE, OPENING, PICTURES, RESUME, STEPS, due, merge, shaped
from dataplane.upstreams.kiro.asking.names import SEARCH, names
from dataplane.upstreams.kiro.asking.pairing import INTERRUPTED
from tests.dataplane.upstreams.kiro.invariants import entries, results, violations
from tests.dataplane.upstreams.kiro.samples import ARN, CLAUDE, STAMP, assistant, call, lease, legacy, picture, png, result, use, user
from tests.simulators.kiro.models import CATALOGUE
from tests.simulators.kiro.signatures import Signer
from tests.simulators.kiro.terms import Terms
from tests.simulators.kiro.validator import check

MODEL = "claude-sonnet-4.6"
KEY, ACCOUNT = b"key", "account-1"
TERMS = {
    profile: Terms(profile, {model.id: model for model in CATALOGUE}, (KEY, ACCOUNT), profile_arn=ARN) for profile in ("runtime", "legacy")
}
LEASES = {
    "runtime": lease(model=MODEL, request_fields_schema=CLAUDE),
    "legacy": legacy(model=MODEL, request_fields_schema=CLAUDE),
}
FOREIGN = lease(model=MODEL, account_id="account-2")


def thought(text, owner):
    """What `owner`'s account was given for its reasoning."""
    return Reasoning(text, provenance.mark(Signer(KEY, owner.account_id, MODEL).sign(text), owner))


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
REASONING = (
    st.builds(Reasoning, TEXTS, st.none(), st.none())
    | st.builds(thought, TEXTS, st.sampled_from([LEASES["runtime"], FOREIGN]))
    | st.just(Reasoning(redacted=provenance.mark(Signer(KEY, ACCOUNT, MODEL).redact(), LEASES["runtime"])))
)
IMAGE = st.builds(picture)
SEARCHES = st.builds(Search, IDS, TEXTS, st.lists(st.builds(Hit, TEXTS, TEXTS, TEXTS), max_size=2), st.sampled_from(["", "unavailable"]))

TEXT = st.builds(Text, TEXTS)
RESULT = st.builds(ToolResult, IDS, st.lists(TEXT | IMAGE, max_size=2), st.booleans())
USE = st.builds(ToolCall, IDS, NAMES, ARGUMENTS)
TURN = (
    st.builds(Turn, st.just("user"), st.lists(TEXT | RESULT | IMAGE, max_size=4))
    | st.builds(Turn, st.just("assistant"), st.lists(TEXT | USE | REASONING | IMAGE | SEARCHES, max_size=4))
    | st.builds(Turn, st.just("system"), st.lists(TEXT, max_size=2))
)
TOOLS = st.lists(st.builds(Tool, NAMES, st.sampled_from(["", "does"]), SCHEMAS), max_size=5)
CHOICES = st.builds(ToolChoice, st.sampled_from(["auto", "none", "required", "named"]), NAMES, st.booleans())
CALLS = st.builds(
    Call,
    st.just("any"),
    st.lists(TURN, max_size=9),
    st.sampled_from(["anthropic", "openai"]),
    system=st.lists(TEXTS, max_size=2),
    tools=TOOLS,
    tool_choice=st.just(ToolChoice()) | CHOICES,
    thinking=st.none() | st.builds(Thinking, st.sampled_from(["enabled", "adaptive", "disabled"]), st.none() | st.integers(1024, 99_999)),
    session=st.sampled_from(["", "s"]),
    web_search=st.none() | st.just(WebSearch()),
    output_format=st.none() | st.sampled_from([OutputFormat("json_object"), OutputFormat("json_schema", b'{"type":"object"}')]),
)


def texts_of(turn):
    """Each text of a turn, with the results they stand in."""
    for part in turn.parts:
        if isinstance(part, Text):
            yield part, None
        elif isinstance(part, ToolResult):
            yield from ((inner, part) for inner in part.parts if isinstance(inner, Text))


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
    others = [part for turn in asked.turns for part in turn.parts if isinstance(part, ToolCall | ToolResult | Image | Search)]
    return bool(others) or any(text.strip() for text in texts)


def can_choose(asked):
    choice, declared = asked.tool_choice, {tool.name for tool in asked.tools}
    return {"auto": True, "none": True, "required": bool(declared) or bool(asked.web_search), "named": choice.name in declared}[choice.mode]


def sent(asked, profile="runtime"):
    """The body's bytes, None for a conversation that holds nothing or a choice that cannot be met."""
    if holds_something(asked) and can_choose(asked):
        return build(asked, LEASES[profile], STAMP)
    with pytest.raises(InvalidRequest):
        build(asked, LEASES[profile], STAMP)
    return None


@pytest.mark.parametrize("profile", ["runtime", "legacy"])
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
def test_every_body_is_valid(profile, asked):
    body = sent(asked, profile)
    if body is not None:
        assert violations(body) == []
        assert check(body, TERMS[profile]) is None


@given(CALLS)
def test_the_same_call_gives_the_same_bytes(asked):
    before = copy.deepcopy(asked)
    assert sent(asked) == sent(asked) == sent(before)
    assert asked == before


@pytest.mark.parametrize("profile", ["runtime", "legacy"])
@given(CALLS)
def test_shaping_twice_changes_nothing(profile, asked):
    if sent(asked) is None:
        return
    once = shaped(asked, LEASES[profile])
    twice = once
    for step in STEPS:
        twice = step(twice)
    assert twice == once
    assert due(once) in {(), PICTURES}


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
        calls = [part for turn in asked.turns for part in turn.parts if isinstance(part, ToolCall | Search)]
        made = [wire[SEARCH if isinstance(part, Search) else part.name] for part in calls]
        assert made == [use["name"] for _, message in entries(json.loads(body)) for use in message.get("toolUses", [])]


@given(CALLS)
def test_names_are_injective_and_lead_back(asked):
    found = names(asked)
    assert len(set(found.wire.values())) == len(found.wire)
    assert all(found.client.get(wire, wire) == name for name, wire in found.wire.items())
    declared = [wire for wire, _ in found.tools]
    assert len(set(declared)) == len(declared)
    parts = [part for turn in asked.turns for part in turn.parts]
    known = {tool.name for tool in asked.tools} | {part.name for part in parts if isinstance(part, ToolCall)}
    if asked.web_search or any(isinstance(part, Search) for part in parts):
        known.add(SEARCH)
    assert {found.client.get(wire, wire) for wire in declared} == known


@given(CALLS)
def test_another_turn_changes_only_the_end(asked):
    """Otherwise the provider's prompt cache would never serve a conversation that grows."""
    asked.tool_choice = ToolChoice(parallel=asked.tool_choice.parallel)
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
    assert not any(text in body.decode() for text in (CONTINUE, OPENING, RESUME, INTERRUPTED))


def broken(turns, flaws):
    """A good conversation after so many small accidents, of which each costs one note at most."""
    parts = [(turn, place) for turn in turns for place in range(len(turn.parts))]
    for number, (flaw, at) in enumerate(flaws):
        turn, place = parts[at % len(parts)]
        part = turn.parts[place]
        if flaw == "lost":
            turn.parts[place] = Text("")
        elif flaw == "pictured" and isinstance(part, Text):
            turn.parts[place] = picture(png(number + 1))
        elif flaw == "answered":
            turns.append(assistant(f"end {number}"))
        elif flaw == "asked":
            turns.append(assistant(use(f"open_{number}")))
        elif flaw == "greeted":
            turns.insert(0, assistant("hello"))
    return turns


@given(
    st.lists(LOOP, max_size=4),
    st.lists(st.tuples(st.sampled_from(["lost", "pictured", "answered", "asked", "greeted"]), st.integers(0, 99)), max_size=5),
)
def test_no_more_notes_than_flaws(loops, flaws):
    turns, serial = [user("start")], count()
    for text, outputs in loops:
        ids = [f"toolu_{next(serial)}" for _ in outputs]
        turns.append(assistant(text, *(use(name) for name in ids)))
        turns.append(user(*(result(name, output) for name, output in zip(ids, outputs, strict=True))))
    asked = call(*broken(turns, flaws))
    if holds_something(asked):
        found = shaped(asked, LEASES["runtime"])
        told = [part for entry in found for part in (entry.parts if isinstance(entry, User) else entry.texts)]
        inner = [part for given in told for part in getattr(given, "parts", ())]
        orphans = sum("Result of tool call" in part for part in told if isinstance(part, str))
        assert sum(isinstance(part, Note) for part in [*told, *inner]) + orphans <= len(flaws)


def pictures(asked):
    """Makes every picture another one, and lists them."""
    found = []
    for turn in asked.turns:
        for parts in (turn.parts, *(part.parts for part in turn.parts if isinstance(part, ToolResult))):
            for place, part in enumerate(parts):
                if isinstance(part, Image):
                    parts[place] = picture(png(len(found) + 1))
                    found.append(parts[place].data)
    return found


@given(CALLS)
def test_no_picture_is_lost(asked):
    asked = copy.deepcopy(asked)
    expected = pictures(asked)
    body = sent(asked)
    if body is not None:
        seats = [seat["source"]["bytes"] for _, message in entries(json.loads(body)) for seat in message.get("images", [])]
        assert sorted(seats) == sorted(expected)


def test_a_conversation_in_order_is_recognised():
    """Otherwise the common case would pay for every step."""
    turns = [user("a"), assistant("b", use("1"), use("2")), user(result("1", "x"), result("2", "y"), "c"), assistant("d"), user("e")]
    plain = folded(call(*turns), LEASES["runtime"], signed=True)
    assert due(plain) == ()
    assert due([*plain, *plain]) is STEPS
    turns[2].parts[0].parts.append(picture())
    assert due(folded(call(*turns), LEASES["runtime"], signed=True)) is PICTURES


@given(CALLS)
def test_steps_that_are_skipped_would_have_done_nothing(asked):
    found = merge(folded(asked, LEASES["runtime"], signed=True))
    steps = due(found)
    if steps is not STEPS:
        before = copy.deepcopy(found)
        for step in STEPS:
            if step not in steps:
                assert step(found) == before
