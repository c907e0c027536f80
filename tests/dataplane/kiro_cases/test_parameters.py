"""Cases 38 and 39: what a model can be asked for, and texts that are hard to write down."""

import json

import pytest

from dataplane.conversation.events import Finished, TextDelta
from dataplane.upstreams.kiro.asking import instructions
from tests.dataplane.kiro_cases.bodies import A, F, O, a, tc, told, u
from tests.dataplane.upstreams.kiro.samples import said

LIMITS = {"max_tokens": 200, "temperature": 0, "stop_sequences": ["X"]}


def test_case_38_E03_E06_E08_a_model_without_request_fields_gets_none(gate):
    user = json.dumps({"device_id": "d", "session_id": "5c9d7b1e-0000-4000-8000-000000000000"})
    body = A(u("hi"), **LIMITS, thinking={"type": "enabled", "budget_tokens": 2000}, metadata={"user_id": user}, system="S")
    for sent in gate.both("A", body | {"model": "claude-haiku-4-5-20251001"}, model="claude-haiku-4.5"):
        assert sent.body.keys() == {"conversationState", "profileArn"}
        assert sent.current.keys() == {"content", "modelId", "origin"}
        assert sent.current["modelId"] == "claude-haiku-4.5"
        tags = "<thinking_mode>enabled</thinking_mode><max_thinking_length>2000</max_thinking_length>"
        assert sent.contents == [f"{tags}\n\nS\n\nhi"]
        assert sent.dropped == ["temperature"]
        other = gate.send("A", body | {"messages": [u("hi"), a("ho"), u("again")]}, model="claude-haiku-4.5")
        assert other.state["conversationId"] == sent.state["conversationId"]


def test_case_38_E03_stop_sequences_are_kept_by_the_gateway(gate):
    sent = gate.send("A", A(u("hi"), **LIMITS), model="claude-haiku-4.5")
    *events, end = sent.answered(said("one X"), said("two"))
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "one "
    assert end == Finished("stop_sequence", "X")


@pytest.mark.parametrize("profile", ["runtime", "legacy"])
@pytest.mark.parametrize(
    ("form", "model", "asked", "fields"),
    [
        ("A", "claude-opus-5.5", {"thinking": {"type": "disabled"}}, None),
        ("A", "claude-opus-5", {"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}),
        (
            "A",
            "claude-opus-4.6",
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}},
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}},
        ),
        ("A", "claude-sonnet-4.6", {"max_tokens": 128_000}, {"max_tokens": 64_000}),
        ("A", "claude-sonnet-4.6", {"max_tokens": 1023}, {}),
        ("A", "claude-sonnet-4.5", {"max_tokens": 64_000, "output_config": {"effort": "high"}}, {}),
        ("O", "gpt-5.6-sol", {"reasoning_effort": "xhigh"}, {"reasoning": {"effort": "xhigh"}}),
        ("O", "gpt-5.6-sol", {"reasoning_effort": "minimal"}, {"reasoning": {"effort": "low"}}),
        ("O", "gpt-5.6-luna", {"reasoning_effort": "none", "max_tokens": 5}, {"reasoning": {"effort": "none"}}),
        ("O", "glm-5", {"reasoning_effort": "xhigh", "temperature": 1.5}, {}),
    ],
)
def test_case_38_E06_only_what_the_model_lists_is_asked(gate, form, model, asked, fields, profile):
    sent = gate.send(form, (A if form == "A" else O)(u("hi"), **asked), profile, model)
    found = sent.body.get("additionalModelRequestFields", {})
    if fields is None:
        assert found["thinking"]["type"] == "adaptive"
        assert found["output_config"]["effort"] == "low"
    else:
        assert found == fields


@pytest.mark.parametrize("model", ["claude-sonnet-4.6", "gpt-5.6-sol", "auto", "claude-sonnet-5.5"])
def test_case_38_R05_natively_reasoning_models_are_never_given_tags(gate, model):
    for sent in gate.both("A", A(u("hi"), thinking={"type": "enabled", "budget_tokens": 2000}), model=model):
        assert sent.contents == ["hi"]


def test_case_38_C08_tags_never_stand_beside_results(gate):
    body = O(u("q"), a(None, tool_calls=[tc("1")]), told("1", "r"), tools=[F("Read")], reasoning_effort="high")
    for sent in gate.both("O", body, model="claude-sonnet-4.5"):
        assert sent.contents[0] == f"{instructions.thinking_tags(sent.call, sent.lease)}\n\nq"
        assert sent.current["content"] == ""


HARD = '\x00\x01\x1b[31mred\x1b[0m\x7f\x85 \u200f\u202eRTL\u202c \ufeff\u2028\u2029 🙂👩‍👩‍👧 \r\n\t\\u0041 \\" </script> \ufffe'


def test_case_39_E12_halves_of_surrogate_pairs_are_replaced_and_whole_pairs_kept(gate):
    body = rb'{"model":"m","messages":[{"role":"user","content":"a\ud83d|\ude00|\ud83d\ude00|\ud83d\ud83d\ude00|\\ud83d\ud83d"}]}'
    for sent in gate.both("O", body):
        assert sent.contents == ["a�|�|😀|�😀|\\ud83d�"]


def test_case_39_E12_halves_are_replaced_wherever_they_stand(gate):
    half = "\ud83d"
    turns = u(f"u{half}"), a(f"a{half}", tool_calls=[tc(f"i{half}", f"n{half}", '{"k":"\\ud83d"}')]), told(f"i{half}", f"r{half}")
    for sent in gate.both("O", O(*turns, tools=[F(f"n{half}", {"type": "object", "description": half}, half)])):
        assert sent.contents[:2] == ["u�", "a�"]
        assert [arguments for _, _, arguments in sent.uses] == [{"k": "�"}]
        assert [output for _, output in sent.outputs] == ["r�"]
        assert [spec["description"] for spec in sent.tools.values()] == ["�"]


def test_case_39_C07_hard_characters_come_through(gate):
    turns = u(HARD), a(HARD, tool_calls=[tc("1", arguments=json.dumps({"x": HARD}))]), told("1", HARD), u(HARD)
    for sent in gate.both("O", O(*turns)):
        assert sent.contents == [HARD] * 3
        assert sent.outputs == [("1", HARD)]
        assert sent.uses == [("1", "Read", {"x": HARD})]
        raw = json.dumps(O(*turns), ensure_ascii=False).encode()
        assert gate.send("O", raw, sent.lease.attributes["host_profile"]).data == sent.data


def test_case_39_C05_Z01_seven_hundred_thousand_characters_are_not_cut(gate):
    long = "漢字かな🙂 \n" * 100_000
    assert len(long) == 700_000
    runtime, legacy = gate.both("O", O(u(long)))
    assert runtime.contents == [long]
    told = legacy.contents[::2]
    assert "".join(told) == long
    assert max(map(len, told)) <= 600_000


def test_case_39_C05_a_result_of_a_million_characters_is_not_cut(gate):
    long = "0123456789" * 100_000
    runtime, legacy = gate.both("O", O(u("q"), a(None, tool_calls=[tc("1")]), told("1", long), u("next")))
    assert runtime.outputs == [("1", long)]
    ((_, head),) = legacy.outputs
    assert len(head) <= 800_000
    tail = long[len(head) :]
    assert head + tail == long
    assert f"\n\n{tail}\n\nnext" in legacy.current["content"]
