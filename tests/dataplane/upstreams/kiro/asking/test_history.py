import pytest

from dataplane.conversation.model import Hit, OutputFormat, Reasoning, Search, Tool, ToolChoice, WebSearch
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking.body import PLAIN, Form
from dataplane.upstreams.kiro.asking.entries import Note
from dataplane.upstreams.kiro.asking.history import CONTINUE, OPENING, RESUME, shaped
from dataplane.upstreams.kiro.asking.pairing import INTERRUPTED
from tests.dataplane.upstreams.kiro.samples import (
    assistant,
    body,
    call,
    current,
    lease,
    outline,
    redacted,
    result,
    signed,
    state,
    turn,
    use,
    user,
)


def test_E01_system_text_opens_the_only_turn():
    assert outline(call(user("hi"), system=["S"])) == [("S\n\nhi",)]


def test_E01_system_text_opens_the_first_turn():
    asked = call(user("a"), assistant("b"), user("c"), system=["S1", " ", "S2"])
    assert outline(asked) == [("S1\n\nS2\n\na",), ("b",), ("c",)]


def test_M05_system_text_alone_is_the_message():
    assert outline(call(system=["S"])) == [("S",)]


def test_M01_system_text_stands_before_a_greeting():
    assert outline(call(assistant("Hello!"), user("hi"), system=["S"])) == [("S",), ("Hello!",), ("hi",)]


def test_M01_a_greeting_needs_an_opening():
    assert outline(call(assistant("Hello!"), user("hi"))) == [("Hello.",), ("Hello!",), ("hi",)]


def test_M04_later_instructions_join_the_user_beside_them():
    asked = call(user("u1"), assistant("a1"), turn("system", "from now on X"), user("u2"), turn("system", "and Y"), system=["S", "D"])
    assert outline(asked) == [("S\n\nD\n\nu1",), ("a1",), ("from now on X\n\nu2\n\nand Y",)]


@pytest.mark.parametrize(
    "turns",
    [(), (user(),), (user(""), assistant(" ")), (assistant(Reasoning("only thoughts", "sig")),)],
)
def test_M05_nothing_to_say_is_refused(turns):
    with pytest.raises(InvalidRequest) as raised:
        body(call(*turns))
    assert raised.value.param == "messages"


def test_M03_neighbours_of_one_role_are_joined():
    asked = call(user("a"), user("b"), assistant("c"), assistant("d", use("1")), user(result("1", "ok")), user("e"))
    assert outline(asked) == [("a\n\nb",), ("c\n\nd", "?1"), ("e", "=1")]


def test_M02_an_answer_at_the_end_is_continued():
    assert outline(call(user("a"), assistant("b"), family="openai")) == [("a",), ("b",), ("Continue.",)]


def test_M02_words_the_client_began_the_answer_with_are_continued_where_they_end():
    assert outline(call(user("a"), assistant("b"))) == [("a",), ("b",), (RESUME,)]
    assert outline(call(user("a"), assistant("b"), assistant())) == [("a",), ("b",), (CONTINUE,)]
    assert outline(call(user("a"), assistant("b"), user("Continue."))) == [("a",), ("b",), ("Continue.",)]


def test_T01_a_call_at_the_end_is_answered_as_interrupted():
    assert outline(call(user("a"), assistant(use("1")))) == [("a",), ("", "?1"), ("", "!1")]


def test_C02_empty_turns_go():
    assert outline(call(user("a"), assistant(), user("b"), assistant(""), user("c"))) == [("a\n\nb\n\nc",)]
    assert outline(call(user("a"), assistant("b"), user(" "), assistant("c"), user(""))) == [("a",), ("b\n\nc",), (CONTINUE,)]


def test_T04_results_of_parallel_calls_share_a_turn():
    asked = call(
        user("a"), assistant(use("1"), use("2"), use("3")), user(result("3", "z")), user(result("1", "x")), user(result("2", "y"), "n")
    )
    assert outline(asked) == [("a",), ("", "?1", "?2", "?3"), ("n", "=1", "=2", "=3")]


def test_T01_a_missing_result_is_reported_as_interrupted():
    asked = call(user("a"), assistant(use("1"), use("2")), user(result("1", "x"), "stop, do Y"))
    assert outline(asked) == [("a",), ("", "?1", "?2"), ("stop, do Y", "=1", "!2")]
    assert current(asked)["userInputMessageContext"]["toolResults"][1]["content"] == [{"text": INTERRUPTED}]


def test_T02_a_result_without_call_becomes_text():
    assert outline(call(user("before", result("9", "orphan"), "after"))) == [("before\n\nResult of tool call 9:\norphan\n\nafter",)]
    assert outline(call(user(result("9", is_error=True)))) == [("Result of tool call 9 (failed):",)]


def test_T05_a_late_result_moves_to_its_call():
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


def test_T02_a_result_before_its_call_becomes_text():
    asked = call(user("a"), assistant("b"), user(result("1", "early")), assistant(use("1")), user("c"))
    assert outline(asked) == [("a",), ("b",), ("Result of tool call 1:\nearly",), ("", "?1"), ("c", "!1")]


def test_T03_a_result_said_twice_is_one():
    asked = call(user("a"), assistant(use("1")), user(result("1", "x"), "t", result("1", "x"), result("1", "more", is_error=True)))
    assert outline(asked) == [("a",), ("", "?1"), ("t", "!1")]
    assert current(asked)["userInputMessageContext"]["toolResults"][0]["content"] == [{"text": "Error: x"}, {"text": "more"}]


def test_T03_a_result_replayed_later_stays_as_text():
    asked = call(user("a"), assistant(use("1")), user(result("1", "x")), assistant("b"), user(result("1", "x")))
    assert outline(asked) == [("a",), ("", "?1"), ("", "=1"), ("b",), ("Result of tool call 1:\nx",)]


def ids(asked):
    rows = outline(asked)
    return [[item[1:] for item in row[1:]] for row in rows if len(row) > 1]


def test_T07_an_id_used_again_is_renamed_with_its_result():
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


def test_T07_an_id_used_twice_in_one_turn():
    asked = call(user("a"), assistant(use("x"), use("x", "Grep")), user(result("x", "first"), result("x", "second"), result("x", "third")))
    uses, results = ids(asked)
    assert uses == results
    assert len(set(uses)) == 2
    contents = [given["content"] for given in current(asked)["userInputMessageContext"]["toolResults"]]
    assert contents == [[{"text": "first"}], [{"text": "second"}, {"text": "third"}]]


def test_T06_foreign_ids_are_made_acceptable_alike():
    strange = "call_abc\nfc_" + "0" * 80
    uses, results = ids(call(user("a"), assistant(use(strange), use("")), user(result("", "2"), result(strange, "1"))))
    assert uses == results
    assert uses[0].startswith("call_abc_fc_")
    assert all(1 <= len(found) <= 64 for found in uses)


def reasoning(asked, form=PLAIN):
    entries = body(asked, form)["conversationState"]["history"]
    return [entry["assistantResponseMessage"].get("reasoningContent") for entry in entries[1::2]]


def test_R01_unsigned_reasoning_stays_here():
    asked = call(user("a"), assistant(Reasoning("unsigned"), "b"), user("c"), assistant(signed("t", "s"), Reasoning("x"), "d"), user("e"))
    assert reasoning(asked) == [None, {"reasoningText": {"text": "t", "signature": "s"}}]


def test_R01_after_a_refusal_all_of_it_stays_here():
    asked = call(user("a"), assistant(signed("t", "s"), "b"), user("c"))
    assert reasoning(asked, Form(signed=False)) == [None]


def test_R02_reasoning_of_other_accounts_and_models_stays_here():
    foreign = [
        signed("t", "s", account_id="account-2"),
        signed("t", "s", model="claude-opus-5"),
        Reasoning("t", "s"),
        Reasoning(redacted="r"),
    ]
    for part in foreign:
        assert reasoning(call(user("a"), assistant(part, "b"), user("c"))) == [None]
        asked = call(user("a"), assistant(signed("own", "s"), part, "b"), user("c"))
        assert reasoning(asked) == [{"reasoningText": {"text": "own", "signature": "s"}}]


def test_R03_the_last_signed_piece_takes_the_seat():
    asked = call(user("a"), assistant(signed("t1", "s1"), "b", signed("t2", "s2"), Reasoning("unsigned")), user("c"))
    assert reasoning(asked) == [{"reasoningText": {"text": "t2", "signature": "s2"}}]


def test_R04_what_only_the_provider_can_read_goes_back_as_it_came():
    asked = call(user("a"), assistant(redacted("opaque+/="), "b"), user("c"), assistant(signed("", "gpt"), "d"), user("e"))
    assert reasoning(asked) == [{"redactedContent": "opaque+/="}, {"reasoningText": {"text": "", "signature": "gpt"}}]


def test_C02_reasoning_of_a_dropped_turn_moves_to_the_next_answer():
    asked = call(user("a"), assistant(signed("t", "s")), user("b"), assistant("c"), user("d"))
    assert reasoning(asked) == [{"reasoningText": {"text": "t", "signature": "s"}}]
    asked = call(user("a"), assistant(signed("t", "s")), user("b"), assistant(signed("u", "v"), "c"), user("d"))
    assert reasoning(asked) == [{"reasoningText": {"text": "u", "signature": "v"}}]
    asked = call(user("a"), assistant(signed("t", "s")), assistant("b"), assistant("c"), user("d"))
    assert reasoning(asked) == [{"reasoningText": {"text": "t", "signature": "s"}}]


@pytest.mark.parametrize("wrong", [user(use("1")), user(Reasoning("x", "s")), assistant(result("1", "x"))])
def test_M04_parts_of_the_other_side_are_refused(wrong):
    with pytest.raises(InvalidRequest):
        body(call(user("a"), wrong))


def notes(entries):
    """The gateway's own words in a conversation, in order."""
    for entry in entries:
        for part in getattr(entry, "parts", None) or getattr(entry, "texts", ()):
            yield from ([part] if isinstance(part, Note) else [inner for inner in getattr(part, "parts", ()) if isinstance(inner, Note)])


def test_C01_a_turn_of_results_needs_no_words():
    asked = call(user("a"), assistant(use("1")), user(result("1", "x")), assistant(use("2")), user(result("2", "y"), " "))
    assert outline(asked) == [("a",), ("", "?1"), ("", "=1"), ("", "?2"), ("", "=2")]


def test_C06_a_conversation_in_order_gets_no_words_of_ours():
    asked = call(user("a"), assistant("b", use("1")), user(result("1", "x")), assistant("c"), user("d"), system=["S"])
    assert list(notes(shaped(asked, lease()))) == []


def test_C06_each_flaw_costs_one_note_at_most():
    asked = call(assistant("hi"), assistant(use("1"), use("2")), user(), assistant("b"), family="openai")
    assert list(notes(shaped(asked, lease()))) == [OPENING, INTERRUPTED, INTERRUPTED]


def test_C06_a_client_may_repeat_itself():
    assert outline(call(user("Continue."), user("Continue."))) == [("Continue.\n\nContinue.",)]


def test_C08_tags_stand_where_no_results_are():
    turns = [user(result("9", "x")), assistant(use("1")), user(result("1", "x"))]
    entries = shaped(call(*turns), lease(), opening="<tags>")
    assert entries[0].parts[0] == "<tags>"
    assert all(isinstance(part, str) for part in entries[0].parts)
    assert outline(call(*turns)) == [("Result of tool call 9:\nx",), ("", "?1"), ("", "=1")]


def test_what_stands_around_the_system_text_is_no_conversation():
    with pytest.raises(InvalidRequest):
        shaped(call(user(" ")), lease(), opening="<tags>", closing=["more", " ", "and more"], last=["Answer."])
    entries = shaped(
        call(assistant("hi"), system=["S"], family="openai"), lease(), opening="<tags>", closing=["more", " ", "and more"], last=["Answer."]
    )
    assert [getattr(entry, "parts", None) or entry.texts for entry in entries] == [
        ["<tags>", "S", "more", "and more"],
        ["hi"],
        [CONTINUE, "Answer."],
    ]


def test_what_is_asked_of_every_answer_follows_the_system_text():
    asked = {
        "system": ["S"],
        "tools": [Tool("Read")],
        "tool_choice": ToolChoice(parallel=False),
        "output_format": OutputFormat("json_object"),
    }
    first, *others = (row[0] for row in outline(call(user("a"), assistant("b"), user("c"), **asked)))
    system, serial, form, words = first.split("\n\n")
    assert (system, words, others) == ("S", "a", ["b", "c"])
    assert serial.startswith("Call at most one tool")
    assert "JSON" in form


# Searches that were made while the model answered.
def searched(id, query="kiro", **more):
    return Search(id, query, [Hit("Title", "http://127.0.0.1/page", "what it says")], **more)


def test_a_search_is_a_call_with_its_result():
    asked = call(user("a"), assistant("looking", searched("1"), "found"), user("b"), web_search=WebSearch())
    assert outline(asked) == [("a",), ("looking", "?1"), ("", "=1"), ("found",), ("b",)]
    use = state(asked)["history"][1]["assistantResponseMessage"]["toolUses"][0]
    assert (use["name"], use["input"]) == ("web_search", {"query": "kiro"})
    found = state(asked)["history"][2]["userInputMessage"]["userInputMessageContext"]["toolResults"][0]["content"][0]["text"]
    assert "what it says" in found


def test_an_answer_that_waits_for_a_search_ends_in_its_result():
    asked = call(user("a"), assistant("looking", searched("1"), searched("2")), web_search=WebSearch())
    assert outline(asked) == [("a",), ("looking", "?1"), ("", "=1"), ("", "?2"), ("", "=2")]


def test_the_next_search_changes_nothing_before_it():
    one, two = (
        state(call(user("a"), assistant(*parts), web_search=WebSearch()))
        for parts in ([signed("t", "s"), "x", searched("1")], [signed("t", "s"), "x", searched("1"), signed("u", "v"), "y", searched("2")])
    )
    assert two["history"][:2] == one["history"]
    assert two["history"][3]["assistantResponseMessage"]["reasoningContent"] == {"reasoningText": {"text": "u", "signature": "v"}}


def test_a_failed_search_says_so():
    found = current(call(user("a"), assistant(Search("1", "q", error="unavailable")), web_search=WebSearch()))
    (given,) = found["userInputMessageContext"]["toolResults"]
    assert given["status"] == "error"
    assert "failed" in given["content"][0]["text"]


def test_a_search_beside_a_call_of_the_client():
    asked = call(user("a"), assistant(use("1"), searched("2"), "so"), user(result("1", "x"), "b"), tools=[Tool("web_search"), Tool("Read")])
    assert outline(asked) == [("a",), ("", "?1", "?2"), ("", "=1", "=2"), ("so",), ("b",)]
    uses = state(asked)["history"][1]["assistantResponseMessage"]["toolUses"]
    assert uses[0]["name"] == "Read"
    assert uses[1]["name"] != "web_search"


def test_the_line_for_anthropics_accounts_does_not_stand_before_the_cache():
    system = ["x-anthropic-billing-header: cc_version=2.1.328.7e8;", "x-anthropic-billing-header: a\nYou are.", "Be brief."]
    assert outline(call(user("hi"), system=system)) == [("You are.\n\nBe brief.\n\nhi",)]
