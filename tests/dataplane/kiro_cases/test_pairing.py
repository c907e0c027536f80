"""Cases 11 to 22: every call beside its result, whatever the client lost, repeated or moved."""

import json

from dataplane.conversation.events import ToolCallStarted
from dataplane.upstreams.kiro.asking.pairing import INTERRUPTED
from dataplane.upstreams.kiro.asking.tools import GONE
from tests.dataplane.kiro_cases.bodies import PLAIN, A, F, O, T, a, tc, text, told, tr, tu, u
from tests.dataplane.upstreams.kiro.samples import tool

THREE = a(None, tool_calls=[tc("c1", arguments='{"n":1}'), tc("c2", arguments='{"n":2}'), tc("c3", arguments='{"n":3}')])
OUTPUT = "line 1\n\ttab  \r\n\x1b[31mred\x1b[0m é漢🙂 \\u0041 \"quoted\" {json: 'no'}"


def test_case_11_T04_C04_T08_three_results_and_the_next_words_are_one_turn(gate):
    body = O(u("q"), THREE, told("c1", "r1"), told("c2", OUTPUT), told("c3", "r3"), u("next"), tools=[F("Read")])
    runtime, legacy = gate.both("O", body)
    assert runtime.outline == [("q",), ("", "?c1", "?c2", "?c3"), ("next", "=c1", "=c2", "=c3")]
    assert legacy.outline == [("q",), (" ", "?c1", "?c2", "?c3"), ("next", "=c1", "=c2", "=c3")]
    for sent in runtime, legacy:
        assert sent.outputs == [("c1", "r1"), ("c2", OUTPUT), ("c3", "r3")]
        assert [arguments for _, _, arguments in sent.uses] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_case_11_T13_results_take_the_order_of_their_calls(gate):
    for sent in gate.both("O", O(u("q"), THREE, told("c3", "r3"), told("c1", "r1"), told("c2", "r2"))):
        assert sent.outputs == [("c1", "r1"), ("c2", "r2"), ("c3", "r3")]


def test_case_11_T05_words_between_a_call_and_its_result_do_not_part_them(gate):
    """The order in which Codex 0.80 writes its history."""
    body = O(u("q"), a(None, tool_calls=[tc("c1")]), a("I read it."), told("c1", OUTPUT), u("next"))
    for sent in gate.both("O", body):
        assert sent.outline == [("q",), ("I read it.", "?c1"), ("next", "=c1")]
        assert sent.outputs == [("c1", OUTPUT)]
    displaced = O(u("q"), a(None, tool_calls=[tc("c1")]), u("wait"), a("waiting"), told("c1", OUTPUT), u("next"))
    assert gate.send("O", displaced).outline == [("q",), ("", "?c1"), ("wait", "=c1"), ("waiting",), ("next",)]


def test_case_12_T01_a_lost_result_is_reported_as_lost(gate):
    for sent in gate.both("O", O(u("q"), THREE, told("c1", "r1"), told("c3", "r3"), u("next"))):
        assert sent.outline[2] == ("next", "=c1", "!c2", "=c3")
        assert sent.outputs == [("c1", "r1"), ("c2", INTERRUPTED), ("c3", "r3")]


def test_case_14_T01_interrupted_calls_are_kept(gate):
    runtime, legacy = gate.both("A", A(u("a"), a([tu("t1", input={"p": "x"}), tu("t2")]), u("stop, do Y")))
    for sent in runtime, legacy:
        assert sent.outline[2] == ("stop, do Y", "!t1", "!t2")
        assert sent.uses == [("t1", "Read", {"p": "x"}), ("t2", "Read", {})]


def test_case_15_T02_an_orphan_result_stays_as_text(gate):
    for sent in gate.both("A", A(u([tr("9", f"orphan {OUTPUT}")]))):
        assert sent.outline == [(f"Result of tool call 9:\norphan {OUTPUT}",)]


def test_case_15_T02_a_result_whose_call_was_cut_off_by_compaction_stays_in_its_turn(gate):
    for sent in gate.both("A", A(u("summary"), a("yes"), u([tr("9", "orphan", is_error=True), text("go on")]))):
        assert sent.contents == ["summary", "yes", "Result of tool call 9 (failed):\norphan\n\ngo on"]


def test_case_17_T03_the_same_result_twice_is_one(gate):
    for sent in gate.both("A", A(u("q"), a([tu("1")]), u([tr("1", "x"), tr("1", "x")]))):
        assert sent.outline[2] == ("", "=1")
        assert sent.outputs == [("1", "x")]


def test_case_17_T03_different_results_of_one_call_are_all_kept(gate):
    for sent in gate.both("A", A(u("q"), a([tu("1")]), u([tr("1", "partial", is_error=True), tr("1", "whole")]))):
        assert sent.outline[2] == ("", "=1")
        assert sent.outputs == [("1", "partial\nwhole")]


def test_case_19_T07_ids_used_again_keep_their_own_results(gate):
    rounds = [turn for n in range(3) for turn in (a([tu("tool_0", input={"n": n})]), u([tr("tool_0", f"r{n}")]))]
    runtime, legacy = gate.both("A", A(u("q"), *rounds))
    for sent in runtime, legacy:
        ids = [key for key, _, _ in sent.uses]
        assert ids[0] == "tool_0"
        assert len(set(ids)) == 3
        assert sent.outputs == list(zip(ids, ["r0", "r1", "r2"], strict=True))
    longer = gate.send("A", A(u("q"), *rounds, a([tu("tool_0")]), u([tr("tool_0", "r3")])))
    assert longer.uses[:3] == runtime.uses


def test_case_19_T07_ids_used_twice_in_one_answer_are_told_apart(gate):
    for sent in gate.both("A", A(u("q"), a([tu("x", input={"n": 0}), tu("x", input={"n": 1})]), u([tr("x", "r0"), tr("x", "r1")]))):
        (first, _, _), (second, _, _) = sent.uses
        assert first != second
        assert sent.outputs == [(first, "r0"), (second, "r1")]


def test_case_19_T06_long_and_odd_ids_are_the_same_for_a_call_and_its_result(gate):
    odd = ["call_" + "a" * 30 + "\nfc_" + "b" * 40, "call_x|fc_y", "工具", "call_x fc_y"]
    answers = [told(key, f"r{n}") for n, key in enumerate(odd)]
    # In another order than the calls, so that only the ids tell whose they are.
    for sent in gate.both("O", O(u("q"), a(None, tool_calls=[tc(key) for key in odd]), *reversed(answers))):
        ids = [key for key, _, _ in sent.uses]
        assert len(set(ids)) == len(odd)
        assert sent.outputs == [(key, f"r{n}") for n, key in enumerate(ids)]


def test_case_21_T08_Q10_arguments_of_any_kind_become_objects(gate):
    given = ["", "[1]", "{bad", '"str"', '{"big":12345678901234567890,"nan":1e2}', "null", "{}"]
    calls = [tc(f"c{n}", arguments=arguments) for n, arguments in enumerate(given)]
    for sent in gate.both("O", O(u("q"), a(None, tool_calls=calls), *(told(f"c{n}", "r") for n in range(len(given))))):
        objects = [{}, {"value": [1]}, {"_raw": "{bad"}, {"value": "str"}, json.loads(given[4]), {"value": None}, {}]
        assert [arguments for _, _, arguments in sent.uses] == objects
    # Numbers and the order of members as the client wrote them.
    assert b'{"big":12345678901234567890,"nan":1e2}' in sent.data


def test_case_21_T08_an_input_that_is_no_object_is_wrapped(gate):
    given = [[1], "str", None, 7, {"path": "a", "z": {"y": 1}, "é": "漢"}]
    calls = [{"type": "tool_use", "id": f"c{n}", "name": "Read", "input": arguments} for n, arguments in enumerate(given)]
    for sent in gate.both("A", A(u("q"), a(calls), u([tr(f"c{n}", "r") for n in range(len(given))]))):
        objects = [{"value": [1]}, {"value": "str"}, {"value": None}, {"value": 7}, given[4]]
        assert [arguments for _, _, arguments in sent.uses] == objects


def test_case_21_Q10_broken_arguments_of_an_answer_never_reach_the_client(gate):
    sent = gate.send("O", O(u("q"), tools=[F("Read")]))
    events = sent.answered(tool("c1", "Read", '{"path":"a'), tool("c1", stop=True), tool("c2", "Read", "{}", stop=True))
    assert [event.id for event in events if isinstance(event, ToolCallStarted)] == ["c2"]
    assert events[-1].reason == "length"


def test_case_22_T09_tools_of_the_history_are_declared_as_gone(gate):
    history = u("q"), a([tu("1", "Bash", {"command": "ls"}), tu("2", "Read")]), u([tr("1", "a"), tr("2", "b")]), a("ok"), u("sum up")
    for sent in gate.both("A", A(*history)):
        assert list(sent.tools) == ["Bash", "Read"]
        assert {spec["description"] for spec in sent.tools.values()} == {GONE}
        assert sent.schemas == {"Bash": PLAIN, "Read": PLAIN}
        assert [name for _, name, _ in sent.uses] == ["Bash", "Read"]
    half = gate.send("A", A(*history, tools=[T("Read")]))
    assert {name: spec["description"] for name, spec in half.tools.items()} == {"Read": "Does it.", "Bash": GONE}


def test_case_22_T11_T12_failed_and_silent_commands_say_so(gate):
    calls = a([tu("1"), tu("2"), tu("3"), tu("4")])
    given = u([tr("1", "boom", is_error=True), tr("2"), tr("3", " "), tr("4", "Error: already said", is_error=True)])
    for sent in gate.both("A", A(u("q"), calls, given)):
        assert sent.outline[2] == ("", "!1", "=2", "=3", "!4")
        assert sent.outputs == [("1", "Error: boom"), ("2", "(no output)"), ("3", "(no output)"), ("4", "Error: already said")]
