"""Results that are due, and what it costs to find whose they are (T03, T05, T07)."""

import pytest

from dataplane.upstreams.kiro.asking import names, pairing
from dataplane.upstreams.kiro.asking.entries import Assistant, Result, Use, User
from dataplane.upstreams.kiro.asking.pairing import INTERRUPTED
from tests.dataplane.upstreams.kiro.samples import assistant, call, picture, png, result, state, use, user


def told(*turns):
    """The arguments of each call, with the texts of its result."""
    found = state(call(*turns))
    messages = [message for entry in [*found.get("history", []), found["currentMessage"]] for message in entry.values()]
    results = [given for message in messages for given in message.get("userInputMessageContext", {}).get("toolResults", [])]
    texts = {given["toolUseId"]: [part["text"] for part in given["content"]] for given in results}
    return [(made["input"].get("n"), texts[made["toolUseId"]]) for message in messages for made in message.get("toolUses", [])]


def asks(number, id="1"):
    return assistant(use(id, arguments=f'{{"n":{number}}}'))


def test_T05_T07_as_many_late_results_as_calls_of_an_id_belong_to_them_in_order():
    assert told(asks(1), user("x"), asks(2), user(result("1", "A"), result("1", "B"))) == [(1, ["A"]), (2, ["B"])]
    three = asks(1), user("x"), asks(2), user("y"), asks(3), assistant("z"), user("w")
    results = user(result("1", "A"), "t", result("1", "B")), user(result("1", "C"))
    assert told(*three, *results) == [(1, ["A"]), (2, ["B"]), (3, ["C"])]


def test_T05_T07_one_late_result_of_an_id_belongs_to_its_last_call():
    """The calls before it were given up when the conversation went on without them."""
    assert told(asks(1), user("x"), asks(2), user(result("1", "B"))) == [(1, [INTERRUPTED]), (2, ["B"])]
    assert told(asks(1), user("x"), asks(2), user("y"), assistant("z"), user(result("1", "B"))) == [(1, [INTERRUPTED]), (2, ["B"])]


def test_T05_T07_of_fewer_results_than_calls_the_last_calls_have_them():
    turns = asks(1), user("x"), asks(2), user("y"), asks(3), user(result("1", "B"), result("1", "C"))
    assert told(*turns) == [(1, [INTERRUPTED]), (2, ["B"]), (3, ["C"])]


def test_T03_T05_more_results_than_calls_are_the_last_ones():
    turns = asks(1), user("x"), asks(2), user(result("1", "A"), result("1", "B"), result("1", "C"))
    assert told(*turns) == [(1, ["A"]), (2, ["B", "C"])]


def test_T05_late_results_of_an_id_used_twice_in_one_answer():
    turns = assistant(use("1", arguments='{"n":1}'), use("1", arguments='{"n":2}')), user("x"), assistant("y")
    assert told(*turns, user(result("1", "A"), result("1", "B"))) == [(1, ["A"]), (2, ["B"])]


def test_T05_an_answered_call_waits_for_nothing_more():
    assert told(asks(1), user(result("1", "A")), asks(2), user("x"), assistant("y"), user(result("1", "B"))) == [(1, ["A"]), (2, ["B"])]


class Counted(str):
    """A text that counts how often it is held against another one."""

    __slots__ = ()
    comparisons = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        Counted.comparisons += 1
        return str.__eq__(self, other)


BLOCKS = 50


@pytest.mark.parametrize(
    "results",
    [
        [[f"{half}{n}" for n in range(BLOCKS)] for half in "ab"],
        [[f"a{n}"] for n in range(BLOCKS)],
    ],
)
def test_T03_repetitions_are_found_without_holding_each_text_against_all_others(results):
    Counted.comparisons = 0
    given = [Result("1", [Counted(text) for text in texts]) for texts in results]
    (found,) = pairing.dedupe([User([*given])])
    assert Counted.comparisons <= BLOCKS
    assert found.parts == [Result("1", [text for texts in results for text in texts])]


def test_T03_pictures_are_repetitions_by_their_bytes():
    one, same, other = picture(where="a"), picture(where="b"), picture(png(11))
    (found,) = pairing.dedupe([User([Result("1", [one]), Result("1", [same, other, png()])])])
    assert found.parts == [Result("1", [one, other, png()])]


def test_T07_the_ids_that_were_used_are_never_copied(monkeypatch):
    """There may be thousands of them, and a client that counts from 0 in each turn reuses all."""
    asked = []

    def free(text, taken, salt=""):
        asked.append(taken)
        return alias(text, taken, salt)

    alias = names.free
    monkeypatch.setattr(names, "free", free)
    entries = [User(["q"])]
    for _ in range(5):
        entries += [Assistant([], [Use("tool_0", "Read", "{}")]), User([Result("tool_0", ["r"])])]
    found = pairing.distinguish(entries)
    assert len(asked) == 4
    assert all(taken is asked[0] for taken in asked)
    uses = [use.id for entry in found if isinstance(entry, Assistant) for use in entry.uses]
    assert len(set(uses)) == 5
    assert [part.id for entry in found if isinstance(entry, User) for part in entry.parts if isinstance(part, Result)] == uses
