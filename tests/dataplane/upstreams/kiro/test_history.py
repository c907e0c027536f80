import pytest

from dataplane.conversation.model import Document, Image, Reasoning, Text, ToolResult
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.history import INTERRUPTED
from tests.dataplane.upstreams.kiro.samples import assistant, body, call, current, outline, result, state, turn, use, user


def test_system_text_opens_the_only_turn():
    assert outline(call(user("hi"), system=["S"])) == [("S\n\nhi",)]


def test_system_text_opens_the_first_turn():
    asked = call(user("a"), assistant("b"), user("c"), system=["S1", " ", "S2"])
    assert outline(asked) == [("S1\n\nS2\n\na",), ("b",), ("c",)]


def test_system_text_alone_is_the_message():
    assert outline(call(system=["S"])) == [("S",)]


def test_system_text_stands_before_a_greeting():
    assert outline(call(assistant("Hello!"), user("hi"), system=["S"])) == [("S",), ("Hello!",), ("hi",)]


def test_a_greeting_needs_an_opening():
    assert outline(call(assistant("Hello!"), user("hi"))) == [("Hello.",), ("Hello!",), ("hi",)]


def test_later_instructions_join_the_user_beside_them():
    asked = call(user("u1"), assistant("a1"), turn("system", "from now on X"), user("u2"), turn("system", "and Y"), system=["S", "D"])
    assert outline(asked) == [("S\n\nD\n\nu1",), ("a1",), ("from now on X\n\nu2\n\nand Y",)]


@pytest.mark.parametrize(
    "turns",
    [(), (user(),), (user(""), assistant(" ")), (assistant(Reasoning("only thoughts", "sig")),)],
)
def test_nothing_to_say_is_refused(turns):
    with pytest.raises(InvalidRequest) as raised:
        body(call(*turns))
    assert raised.value.param == "messages"


def test_neighbours_of_one_role_are_joined():
    asked = call(user("a"), user("b"), assistant("c"), assistant("d", use("1")), user(result("1", "ok")), user("e"))
    assert outline(asked) == [("a\n\nb",), ("c\n\nd", "?1"), ("e", "=1")]


def test_an_answer_at_the_end_is_continued():
    assert outline(call(user("a"), assistant("b"))) == [("a",), ("b",), ("Continue.",)]


def test_a_call_at_the_end_is_answered_as_interrupted():
    assert outline(call(user("a"), assistant(use("1")))) == [("a",), ("", "?1"), ("", "!1")]


def test_empty_turns_go():
    assert outline(call(user("a"), assistant(), user("b"), assistant(""), user("c"))) == [("a\n\nb\n\nc",)]
    assert outline(call(user("a"), assistant("b"), user(" "), assistant("c"), user(""))) == [("a",), ("b\n\nc",), ("Continue.",)]


def test_results_of_parallel_calls_share_a_turn():
    asked = call(
        user("a"), assistant(use("1"), use("2"), use("3")), user(result("3", "z")), user(result("1", "x")), user(result("2", "y"), "n")
    )
    assert outline(asked) == [("a",), ("", "?1", "?2", "?3"), ("n", "=1", "=2", "=3")]


def test_a_missing_result_is_reported_as_interrupted():
    asked = call(user("a"), assistant(use("1"), use("2")), user(result("1", "x"), "stop, do Y"))
    assert outline(asked) == [("a",), ("", "?1", "?2"), ("stop, do Y", "=1", "!2")]
    assert current(asked)["userInputMessageContext"]["toolResults"][1]["content"] == [{"text": INTERRUPTED}]


def test_a_result_without_call_becomes_text():
    assert outline(call(user("before", result("9", "orphan"), "after"))) == [("before\n\nResult of tool call 9:\norphan\n\nafter",)]
    assert outline(call(user(result("9", is_error=True)))) == [("Result of tool call 9 (failed):",)]


def test_a_late_result_moves_to_its_call():
    asked = call(
        user("a"),
        assistant(use("1"), use("2")),
        user(result("2", "y"), "wait"),
        assistant("ok"),
        user(result("1", "x")),
        assistant("b"),
        user("c"),
    )
    assert outline(asked) == [("a",), ("", "?1", "?2"), ("wait", "=1", "=2"), ("ok\n\nb",), ("c",)]


def test_a_result_before_its_call_becomes_text():
    asked = call(user("a"), assistant("b"), user(result("1", "early")), assistant(use("1")), user("c"))
    assert outline(asked) == [("a",), ("b",), ("Result of tool call 1:\nearly",), ("", "?1"), ("c", "!1")]


def test_a_result_said_twice_is_one():
    asked = call(user("a"), assistant(use("1")), user(result("1", "x"), "t", result("1", "x"), result("1", "more", is_error=True)))
    assert outline(asked) == [("a",), ("", "?1"), ("t", "!1")]
    assert current(asked)["userInputMessageContext"]["toolResults"][0]["content"] == [{"text": "Error: x"}, {"text": "more"}]


def test_a_result_replayed_later_stays_as_text():
    asked = call(user("a"), assistant(use("1")), user(result("1", "x")), assistant("b"), user(result("1", "x")))
    assert outline(asked) == [("a",), ("", "?1"), ("", "=1"), ("b",), ("Result of tool call 1:\nx",)]


def ids(asked):
    rows = outline(asked)
    return [[item[1:] for item in row[1:]] for row in rows if len(row) > 1]


def test_an_id_used_again_is_renamed_with_its_result():
    turns = [user("a")]
    for number in range(3):
        turns += [assistant(use("tool_0")), user(result("tool_0", f"r{number}"))]
    asked = call(*turns)
    found = ids(asked)
    assert [found[0], found[2], found[4]] == [found[1], found[3], found[5]]
    assert found[0] == ["tool_0"]
    assert len({tuple(pair) for pair in found}) == 3
    results = [entry["userInputMessage"]["userInputMessageContext"]["toolResults"] for entry in state(asked)["history"][2::2]]
    assert [given[0]["content"][0]["text"] for given in results] == ["r0", "r1"]


def test_an_id_used_twice_in_one_turn():
    asked = call(user("a"), assistant(use("x"), use("x", "Grep")), user(result("x", "first"), result("x", "second"), result("x", "third")))
    uses, results = ids(asked)
    assert uses == results
    assert len(set(uses)) == 2
    contents = [given["content"] for given in current(asked)["userInputMessageContext"]["toolResults"]]
    assert contents == [[{"text": "first"}], [{"text": "second"}, {"text": "third"}]]


def test_foreign_ids_are_made_acceptable_alike():
    strange = "call_abc\nfc_" + "0" * 80
    uses, results = ids(call(user("a"), assistant(use(strange), use("")), user(result("", "2"), result(strange, "1"))))
    assert uses == results
    assert uses[0].startswith("call_abc_fc_")
    assert all(1 <= len(found) <= 64 for found in uses)


def reasoning(asked, **more):
    entries = state(asked, **more)["history"]
    return [entry["assistantResponseMessage"].get("reasoningContent") for entry in entries[1::2]]


def test_only_signed_reasoning_is_sent_and_only_the_last():
    asked = call(
        user("a"), assistant(Reasoning("t1", "s1"), "b", Reasoning("t2", "s2"), Reasoning("unsigned")),
        user("c"), assistant(Reasoning("unsigned"), "d"), user("e"), assistant(Reasoning(redacted="r"), "f"), user("g"),
    )  # fmt: skip
    assert reasoning(asked) == [{"reasoningText": {"text": "t2", "signature": "s2"}}, None, {"redactedContent": "r"}]


def test_reasoning_of_a_dropped_turn_moves_to_the_next_answer():
    asked = call(user("a"), assistant(Reasoning("t", "s")), user("b"), assistant("c"), user("d"))
    assert reasoning(asked) == [{"reasoningText": {"text": "t", "signature": "s"}}]
    asked = call(user("a"), assistant(Reasoning("t", "s")), user("b"), assistant(Reasoning("u", "v"), "c"), user("d"))
    assert reasoning(asked) == [{"reasoningText": {"text": "u", "signature": "v"}}]
    asked = call(user("a"), assistant(Reasoning("t", "s")), assistant("b"), assistant("c"), user("d"))
    assert reasoning(asked) == [{"reasoningText": {"text": "t", "signature": "s"}}]


@pytest.mark.parametrize(
    "asked",
    [
        call(user(Image("image/png", "AAAA"))),
        call(user(Image(url="http://127.0.0.1/x.png"))),
        call(user(Document("application/pdf", "AAAA"))),
        call(user("a"), assistant(Image("image/png", "AAAA"))),
        call(user("a"), assistant(use("1")), user(ToolResult("1", [Text("x"), Image("image/png", "AAAA")]))),
    ],
)
def test_pictures_and_files_are_refused(asked):
    with pytest.raises(InvalidRequest, match="not supported for this model yet") as raised:
        body(asked)
    assert raised.value.param == "messages"


@pytest.mark.parametrize("wrong", [user(use("1")), user(Reasoning("x", "s")), assistant(result("1", "x"))])
def test_parts_of_the_other_side_are_refused(wrong):
    with pytest.raises(InvalidRequest):
        body(call(user("a"), wrong))
