"""Reasoning of an earlier answer that finds no seat is told, as it is lost to the model (R02, R03, C02)."""

import json

import pytest
from hypothesis import given

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Document, Image, Reasoning, Search, ToolResult
from dataplane.upstreams.kiro import Kiro, fidelity
from dataplane.upstreams.kiro.asking.body import body as build
from tests.dataplane.upstreams.kiro.asking.test_bodies import CALLS, LEASES, STAMP, can_choose, holds_something
from tests.dataplane.upstreams.kiro.invariants import entries
from tests.dataplane.upstreams.kiro.samples import assistant, call, lease, redacted, result, signed, use, user

ONE, TWO, THREE = (signed(name, f"s-{name}") for name in ("one", "two", "three"))
OWN = lease()
FOREIGN = Reasoning("foreign", "s")
URL = Image(url="http://127.0.0.1/picture")


def thoughts(asked):
    return [part for turn in asked.turns for part in turn.parts if isinstance(part, Reasoning) and (part.signature or part.redacted)]


def lost(*turns, given=OWN):
    """What of the reasoning is told as dropped."""
    asked = call(*turns)
    parts = thoughts(asked)
    asked.asked = {
        Feature.REASONING: [str(n) for n, part in enumerate(parts) if not part.redacted],
        Feature.REDACTED_REASONING: [str(n) for n, part in enumerate(parts) if part.redacted],
    }
    return [parts[int(path)] for path in Kiro().dropped(asked, given)]


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([assistant(ONE, "a"), user("b"), assistant(TWO, use("1")), user(result("1"))], []),
        # Interleaved thinking: the last piece has the seat.
        ([assistant(ONE, "a", TWO, use("1")), user(result("1", "r"))], [ONE]),
        ([assistant(ONE, "a", redacted("two"), THREE, "b"), user("c")], [ONE, redacted("two")]),
        ([assistant(ONE, FOREIGN, "a"), user("b")], [FOREIGN]),
        ([assistant(ONE, "a", ONE), user("b")], [ONE]),
        # Nothing but reasoning, and no answer that could take it along.
        ([assistant(ONE)], [ONE]),
        ([assistant(redacted("one")), user("b")], [redacted("one")]),
        ([assistant(ONE, " "), user("b"), assistant("c"), user("d")], []),
        ([assistant(ONE), user("b"), assistant(TWO, "c"), user("d")], [ONE]),
        # Answers that become one.
        ([assistant(ONE, "a"), assistant(TWO, "b"), user("c")], [ONE]),
        ([assistant(ONE, "a"), user(" "), assistant(TWO, "b"), user("c")], [ONE]),
        ([assistant(ONE, use("1")), user("b"), assistant(TWO, "c"), user(result("1", "r")), assistant(THREE, "d"), user("e")], [TWO]),
        # A picture of the first one stands between them.
        ([assistant(ONE, URL), user(), assistant(TWO, "b"), user("c")], []),
        # An answer in which the web was searched is several.
        ([assistant(ONE, Search("s", "q"), TWO, "a"), user("b")], []),
        ([assistant(ONE, Search("s", "q"), TWO), user("b")], [TWO]),
        # What is told has nothing to do with pictures and files that are not yet fetched or read.
        ([user(URL), assistant(ONE, URL, TWO), user(ToolResult("9", [Document(text="x")]))], [ONE]),
    ],
)
def test_R03_C02_reasoning_without_a_seat_is_told(turns, expected):
    assert lost(user("q"), *turns) == expected


def test_R02_all_is_lost_with_another_account():
    assert lost(user("q"), assistant(ONE, "a", TWO), user("b"), given=lease(account_id="account-2")) == [ONE, TWO]


def test_R03_a_model_that_reads_no_pictures_is_asked_all_the_same():
    """Whether it may be asked for them is another matter, which is refused in words of its own."""
    assert lost(user(URL), assistant(ONE, URL, TWO), user("b"), given=lease(input_types=["text"])) == [ONE]


def test_R03_where_a_dialect_names_only_the_first_places_they_are_told_for_the_others():
    turns = user("q"), assistant(ONE, "a"), user("b"), assistant(TWO, "c", THREE), user("d")
    for paths, told in ((["0", "1"], ["1"]), (["0"], ["0"]), (["0", "1", "2"], ["1"])):
        assert Kiro().dropped(call(*turns, asked={Feature.REASONING: paths}), lease()) == told


def test_an_ordinary_conversation_is_recognised(monkeypatch):
    """Otherwise each request would pay for being shaped twice."""
    monkeypatch.setattr(fidelity, "repaired", None)
    turns = [assistant(ONE, "a", use("1")), user(result("1", "r")), assistant(redacted("r"), "b"), user("c"), assistant("d"), user("e")]
    assert lost(user("q"), *turns, assistant(TWO, Search("s", "q"), THREE, "f")) == []


@given(CALLS)
def test_R02_R03_what_is_not_sent_is_told_and_nothing_else(asked):
    if not (holds_something(asked) and can_choose(asked)):
        return
    given = LEASES["runtime"]
    gone = lost(*asked.turns, given=given)
    messages = [message for _, message in entries(json.loads(build(asked, given, STAMP)))]
    assert len(thoughts(asked)) - len(gone) == sum("reasoningContent" in message for message in messages)
