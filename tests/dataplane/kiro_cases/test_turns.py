"""Cases 1 to 10: who speaks when, and where the system text goes."""

import pytest

from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking.history import CONTINUE, OPENING, RESUME
from dataplane.upstreams.kiro.asking.images import LOOK
from tests.dataplane.clients.media.files import coded, picture
from tests.dataplane.kiro_cases.bodies import A, O, a, image, image_url, system, text, thinking, tr, tu, u
from tests.dataplane.kiro_cases.gate import redacted, signature
from tests.dataplane.upstreams.kiro.samples import ARN


def test_case_01_E01_E02_system_text_opens_the_only_turn(gate):
    for sent in gate.both("A", A(u("hi"), system="S")):
        assert sent.body.keys() == {"conversationState", "profileArn"}
        assert sent.state.keys() == {"conversationId", "chatTriggerType", "agentTaskType", "agentContinuationId", "currentMessage"}
        assert sent.body["profileArn"] == ARN
        assert sent.current == {"content": "S\n\nhi", "modelId": "claude-sonnet-4.6", "origin": "AI_EDITOR"}


def test_case_02_E01_M01_system_blocks_stand_in_the_first_turn_only(gate):
    blocks = [{**text("S1"), "cache_control": {"type": "ephemeral"}}, text("S2")]
    for sent in gate.both("A", A(u("a"), a("b"), u("c"), system=blocks)):
        assert sent.outline == [("S1\n\nS2\n\na",), ("b",), ("c",)]
        assert sent.data.count(b"S1") == sent.data.count(b"S2") == 1


def test_case_03_C02_M03_R01_unsigned_thinking_and_blank_answers_leave_no_trace(gate):
    turns = u("q"), a([thinking("t1"), text(" ")]), a([thinking("t2"), text("x"), tu("1", "Bash")]), u([tr("1", "ok")])
    for sent in gate.both("A", A(*turns)):
        assert sent.outline == [("q",), ("x", "?1"), ("", "=1")]
        assert sent.outputs == [("1", "ok")]
        assert b"t1" not in sent.data
        assert b"t2" not in sent.data
        assert b"reasoning" not in sent.data
        assert sent.dropped == ["messages[1].content[0]", "messages[2].content[0]"]


def test_case_03_R01_R03_the_last_signed_thinking_is_sent_as_it_was(gate):
    turns = u("q"), a([thinking("t1", signature("t1")), text(" ")]), a([thinking("t2", signature("t2")), text("x")]), u("next")
    for sent in gate.both("A", A(*turns)):
        assert [said["reasoningContent"]["reasoningText"]["text"] for said in sent.messages if "reasoningContent" in said] == ["t2"]
    carried = gate.send("A", A(u("q"), a([thinking("t1", signature("t1"))]), a("x"), u("next")))
    assert carried.messages[1]["reasoningContent"]["reasoningText"]["text"] == "t1"
    hidden = gate.send("A", A(u("q"), a([{"type": "redacted_thinking", "data": redacted()}, text("x")]), u("next")))
    assert list(hidden.messages[1]["reasoningContent"]) == ["redactedContent"]


def test_case_03_R02_thinking_of_another_account_or_model_is_left_out(gate):
    for foreign in signature("t", account="account-2"), signature("t", model="claude-opus-5"), "from-anywhere":
        sent = gate.send("A", A(u("q"), a([thinking("t", foreign), text("x")]), u("next")))
        assert "reasoningContent" not in sent.messages[1]
        assert sent.contents == ["q", "x", "next"]


def test_case_05_M01_a_greeting_of_the_assistant_is_kept(gate):
    for sent in gate.both("O", O(a("Hello!"), u("hi"))):
        assert sent.contents == [OPENING, "Hello!", "hi"]
    assert gate.send("O", O(system("S"), a("Hello!"), u("hi"))).contents == ["S", "Hello!", "hi"]


def test_case_06_M04_later_instructions_fold_in_where_they_stand(gate):
    developer = {"role": "developer", "content": "D"}
    later = {"role": "developer", "content": "from now on X"}
    for sent in gate.both("O", O(system("S"), developer, u("u1"), a("a1"), later, u("u2"))):
        assert sent.contents == ["S\n\nD\n\nu1", "a1", "from now on X\n\nu2"]
    claude_code = A(u("u1"), system([text("from now on X")]), a("a1"), u("u2"))
    assert gate.send("A", claude_code).contents == ["u1\n\nfrom now on X", "a1", "u2"]


def test_case_06_M04_an_unknown_role_is_refused_by_its_place(gate):
    for form, body in ("A", A(u("q"), {"role": "robot", "content": "x"})), ("O", O(u("q"), {"role": "robot", "content": "x"})):
        with pytest.raises(InvalidRequest) as refused:
            gate.send(form, body)
        assert refused.value.param == "messages[1].role"


def test_case_07_M05_system_text_alone_is_what_is_said(gate):
    for sent in gate.both("O", O(system("S"))):
        assert sent.outline == [("S",)]


@pytest.mark.parametrize("body", [O(), O(u("")), O(u(" \n")), O(system(" ")), O(u([])), O(u("x") | {"content": None})])
def test_case_07_M05_a_request_that_says_nothing_is_refused(gate, body):
    with pytest.raises(InvalidRequest) as refused:
        gate.send("O", body)
    assert refused.value.param == "messages"


@pytest.mark.parametrize("form", ["A", "O"])
def test_case_08_C01_I01_a_picture_alone_gets_words(gate, form):
    data = coded(picture("PNG"))
    body = A(u("q"), a("r"), u([image(data)])) if form == "A" else O(u("q"), a("r"), u([image_url(f"data:image/png;base64,{data}")]))
    for sent in gate.both(form, body):
        assert sent.contents == ["q", "r", LOOK]
        assert sent.images == [(2, "png", data)]
        assert "userInputMessageContext" not in sent.current


def test_case_10_C02_M03_empty_answers_go_and_their_neighbours_join(gate):
    for sent in gate.both("A", A(u("a"), a([]), u("b"), a(""), u("c"))):
        assert sent.outline == [("a\n\nb\n\nc",)]


def test_case_10_M02_an_answer_at_the_end_is_gone_on_with(gate):
    for sent in gate.both("A", A(u("q"), a("The answer is"))):
        assert sent.contents == ["q", "The answer is", RESUME]
    for sent in gate.both("O", O(u("q"), a("done"))):
        assert sent.contents == ["q", "done", CONTINUE]
