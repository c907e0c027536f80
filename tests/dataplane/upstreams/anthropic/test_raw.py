"""The body of a client that speaks the protocol itself goes on as it wrote it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import Thinking
from dataplane.dialects.anthropic import Anthropic as Dialect
from dataplane.errors import InvalidRequest
from dataplane.upstreams.anthropic import Anthropic
from dataplane.upstreams.anthropic.asking.body import PLAIN, Form
from dataplane.upstreams.anthropic.asking.raw import rewritten
from tests.dataplane.upstreams.anthropic.samples import ADAPTIVE, STAMP, lease, mark
from tests.dataplane.upstreams.anthropic.samples import MODEL as BUDGET

HI = {"role": "user", "content": "hi"}
FOREIGN = mark("c2ln", "kiro.test")


def members(body):
    """The members with their very bytes, in their order."""
    return msgspec.json.decode(body, type=dict[str, msgspec.Raw])


def going(body, form=PLAIN, **more):
    """What of `body` goes on, and what is reported."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = Dialect().parse(data)
    made = rewritten(asked, lease(**more), form)
    return made.data, made.dropped


def said(*content, role="assistant"):
    return {"role": role, "content": list(content)}


def thought(signature, text="hm"):
    return {"type": "thinking", "thinking": text, "signature": signature}


def conversation(*between, **more):
    return {"model": "m", "max_tokens": 9000, "messages": [HI, *between, HI], **more}


# JSON with blanks, odd numbers and escapes, which no codec would write again as it was.
SPELLED = st.recursive(
    st.sampled_from(
        [b"1.0", b"1e3", b"-0", b'"\\u00e9\\/"', b"true", b"null", '"é"'.encode(), b'"\\ud83d\\ude00"', b"123456789012345678901234567890"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: b"[ " + b" ,".join(items) + b"]")
        | st.lists(inner, max_size=3).map(lambda items: b"{" + b", ".join(b'"k%d" : %b' % pair for pair in enumerate(items)) + b"\n}")
    ),
    max_leaves=8,
)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).map(lambda name: f"x{name}")


@given(
    extra=st.dictionaries(NAMES, SPELLED, max_size=5),
    order=st.randoms(use_true_random=False),
    streams=st.sampled_from([b"", b"false", b"true", b"null"]),
)
def test_every_other_member_is_the_same_to_the_byte_and_in_its_place(extra, order, streams):
    parts = {
        "model": b'"m"',
        "max_tokens": b" 100 ",
        "messages": b'[ {"role":"user" , "content":[{"type":"text","text":"a\\u00e9", "cache_control":{"type":"ephemeral"}}]}, '
        b'{"role":"system","content":"x"}, {"role":"assistant","content":[{"type":"new_block","n":1.50}]}]',
        **({"stream": streams} if streams else {}),
        **extra,
    }
    names = list(parts)
    order.shuffle(names)
    body = b"{ " + b" , ".join(json.dumps(name).encode() + b" : " + parts[name] for name in names) + b" }"
    before, (data, dropped) = members(body), going(body)
    after = members(data)
    assert dropped == []
    assert list(after) == list(before) + ([] if "stream" in before else ["stream"])
    assert bytes(after.pop("model")) == b'"claude-sonnet-4-5"'
    assert bytes(after.pop("stream")) == b"true"
    assert {name: bytes(raw) for name, raw in after.items()} == {name: bytes(before[name]) for name in after}


def test_nothing_is_called_dropped():
    body = conversation(said({"type": "new"}), tools=[{"type": "code_execution_20250825", "name": "c"}], new_member=5, temperature=0.5)
    asked = Dialect().parse(json.dumps(body).encode())
    assert asked.dropped
    assert Anthropic().dropped(asked, lease()) == []


def test_own_tags_are_taken_off_so_that_the_bytes_are_the_endpoints():
    given_out = said(thought(mark("c2ln+/==")), {"type": "redacted_thinking", "data": mark("YmxvYg==")}, {"type": "text", "text": "a"})
    emitted = said(thought("c2ln+/=="), {"type": "redacted_thinking", "data": "YmxvYg=="}, {"type": "text", "text": "a"})
    spelled = json.dumps(conversation(emitted)).encode()
    data, dropped = going(conversation(given_out))
    assert bytes(members(data)["messages"]) == bytes(members(spelled)["messages"])
    assert dropped == []


def test_a_tag_in_a_text_is_a_text():
    talk = said({"type": "text", "text": f'it said "signature":"{FOREIGN}" and "data": "{mark("x")}"'})
    data, dropped = going(conversation(talk))
    assert json.loads(data)["messages"][1] == talk
    assert dropped == []


def test_thinking_of_others_is_taken_out_and_only_its_message_is_written_anew():
    body = (
        b'{"model":"m","max_tokens":9,"messages":[{"role": "user", "content": "hi"},'
        b'{"role": "assistant", "content": [{"type":"thinking","thinking":"a","signature":"%b"}, {"type":"text", "text":"b"}], "x": 1},'
        b'{"role": "user",  "content": "c"}]}'
    ) % FOREIGN.encode()
    data, dropped = going(body)
    assert (
        b'[{"role": "user", "content": "hi"},{"role":"assistant","content":[{"type":"text", "text":"b"}],"x":1},{"role": "user",  "content": "c"}]'
        in data
    )
    assert dropped == ["messages[1].content[0]"]


@pytest.mark.parametrize(
    ("block", "more", "stays"),
    [
        (thought("plain"), {}, True),
        (thought(mark("own")), {}, True),
        (thought(FOREIGN), {}, False),
        (thought(""), {}, False),
        (thought(""), {"base_urls": ["https://api.deepseek.com/anthropic"]}, True),
        ({"type": "redacted_thinking", "data": FOREIGN}, {}, False),
        ({"type": "tool_use", "id": "1", "name": "f", "input": {"data": FOREIGN}}, {}, True),
    ],
)
def test_which_blocks_stay(block, more, stays):
    data, dropped = going(conversation(said(block, {"type": "text", "text": "a"})), **more)
    assert len(json.loads(data)["messages"][1]["content"]) == 1 + stays
    assert dropped == ([] if stays else ["messages[1].content[0]"])


def test_an_answer_of_nothing_else_is_left_out():
    data, dropped = going(conversation(said(thought(FOREIGN))))
    assert json.loads(data)["messages"] == [HI, HI]
    assert dropped == ["messages[1].content[0]"]
    with pytest.raises(InvalidRequest):
        going({"model": "m", "max_tokens": 9, "messages": [said(thought(FOREIGN))]})


def test_all_thinking_goes_when_the_endpoint_refuses_it():
    body = conversation(said(thought("plain"), {"type": "text", "text": "a"}), said({"type": "redacted_thinking", "data": "x"}))
    data, dropped = going(body, Form(signed=False))
    assert json.loads(data)["messages"] == [HI, said({"type": "text", "text": "a"}), HI]
    assert dropped == ["messages[1].content[0]", "messages[2].content[0]"]


def test_a_model_with_a_budget_does_not_think_between_calls_whose_thinking_is_gone():
    use, result = {"type": "tool_use", "id": "1", "name": "f", "input": {}}, {"type": "tool_result", "tool_use_id": "1"}
    body = {
        "model": "m",
        "max_tokens": 9000,
        "messages": [HI, said(thought(FOREIGN), use), said(result, role="user")],
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    }
    data, dropped = going(body)
    assert json.loads(data).keys() == {"model", "max_tokens", "messages", "stream"}
    assert dropped == ["messages[1].content[0]", "thinking", "context_management"]
    data, dropped = going({**body, "thinking": {"type": "adaptive"}}, model=ADAPTIVE)
    assert "thinking" in json.loads(data)
    assert dropped == ["messages[1].content[0]"]


USE = {"type": "tool_use", "id": "1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "1"}
OWN = thought("plain")


@pytest.mark.parametrize(
    ("between", "thinks"),
    [
        ([said(USE), said(RESULT, role="user")], False),
        ([said(USE), said(RESULT, {"type": "text", "text": "go on"}, role="user")], False),
        ([said(USE), said(RESULT, role="user"), {"role": "user", "content": "go on"}], False),
        ([said(USE), said(RESULT, role="user"), {"role": "system", "content": "now"}], False),
        ([{"role": "assistant", "content": "a"}, HI], True),
        ([said(OWN, USE), said(RESULT, role="user")], True),
        # The model thought before its first call, and went on without.
        ([said(OWN, USE), said(RESULT, role="user"), said(USE), said(RESULT, role="user")], True),
        ([said(OWN, {"type": "text", "text": "a"}), HI, said(USE), said(RESULT, role="user")], False),
        ([said(USE), said(RESULT, role="user"), {"role": "assistant", "content": "done"}, HI], True),
        ([said(USE), said(RESULT, role="user"), {"role": "assistant", "content": "begun"}], True),
        ([{"role": "user", "content": 'it said "tool_result"'}], True),
    ],
)
@pytest.mark.parametrize("name", ["claude-sonnet-4-5", "team-model"])
def test_calls_that_were_begun_without_thinking_go_on_without(between, thinks, name):
    body = {"model": name, "max_tokens": 9000, "messages": [HI, *between], "thinking": {"type": "enabled", "budget_tokens": 2000}}
    data, dropped = going(body)
    assert ("thinking" in json.loads(data)) == thinks
    assert dropped == ([] if thinks else ["thinking"])


def fitted(model, **members):
    """What of the members at the top goes on to a model in another's place, and what is reported."""
    data, dropped = going({"model": "team-model", "max_tokens": 8000, "messages": [HI], **members}, model=model)
    found = json.loads(data)
    return {name: found.get(name) for name in members}, dropped


SCHEMA = {"type": "json_schema", "schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("model", "members", "expected", "lost"),
    [
        (BUDGET, {"thinking": {"type": "adaptive"}}, {"thinking": {"type": "enabled", "budget_tokens": 4000}}, []),
        (
            BUDGET,
            {"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "low"}},
            {"thinking": {"type": "enabled", "budget_tokens": 4000, "display": "omitted"}, "output_config": None},
            [],
        ),
        (BUDGET, {"output_config": {"effort": "high", "format": SCHEMA}}, {"output_config": {"format": SCHEMA}}, ["output_config.effort"]),
        (BUDGET, {"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}, []),
        (BUDGET, {"thinking": {"type": "enabled", "budget_tokens": 3000}}, {"thinking": {"type": "enabled", "budget_tokens": 3000}}, []),
        (BUDGET, {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5, "top_p": None}, ["top_p"]),
        (BUDGET, {"thinking": {"type": "adaptive"}, "max_tokens": 900}, {"thinking": None, "max_tokens": 900}, ["thinking"]),
        (
            BUDGET,
            {"thinking": {"type": "adaptive"}, "tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "any"}},
            {"thinking": None, "tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "any"}},
            ["thinking"],
        ),
        (
            ADAPTIVE,
            {"thinking": {"type": "enabled", "budget_tokens": 3000}},
            {"thinking": {"type": "adaptive", "display": "summarized"}},
            [],
        ),
        (ADAPTIVE, {"thinking": {"type": "adaptive", "display": "updates"}}, {"thinking": {"type": "adaptive", "display": "updates"}}, []),
        (ADAPTIVE, {"temperature": 1, "top_k": 5}, {"temperature": None, "top_k": None}, ["top_k"]),
        (ADAPTIVE, {"output_config": {"effort": "minimal", "x": 1}}, {"output_config": {"effort": "low", "x": 1}}, []),
        (ADAPTIVE, {"output_config": {"effort": "unheard"}}, {"output_config": None}, ["output_config.effort"]),
        ("claude-fable-5", {"thinking": {"type": "disabled"}}, {"thinking": None}, ["thinking"]),
        ("claude-3-5-haiku", {"thinking": {"type": "adaptive"}}, {"thinking": None}, ["thinking"]),
        # Nothing is known of what others take.
        ("kimi-k2", {"thinking": {"type": "adaptive"}, "top_p": 0.5}, {"thinking": {"type": "adaptive"}, "top_p": 0.5}, []),
    ],
)
def test_what_another_model_would_refuse_is_changed(model, members, expected, lost):
    assert fitted(model, **members) == (expected, lost)


@pytest.mark.parametrize("name", [ADAPTIVE, f"anthropic/{ADAPTIVE}", "claude-opus-5-20260901"])
def test_what_was_written_for_the_very_model_stays(name):
    wishes = {"thinking": {"type": "enabled", "budget_tokens": 5}, "temperature": 0.5, "output_config": {"effort": "minimal"}}
    data, dropped = going({**conversation(**wishes), "model": name}, model=ADAPTIVE)
    assert {member: json.loads(data)[member] for member in wishes} == wishes
    assert dropped == []


def test_an_answer_that_is_begun_for_a_model_that_takes_none_is_gone_on_with():
    begun = {"model": "m", "max_tokens": 900, "messages": [HI, {"role": "assistant", "content": "{"}]}
    go_on = {"role": "user", "content": "Continue."}
    assert json.loads(going(begun, model=ADAPTIVE)[0])["messages"] == [*begun["messages"], go_on]
    assert json.loads(going(begun, model=BUDGET)[0])["messages"] == begun["messages"]
    assert json.loads(going({**begun, "model": ADAPTIVE}, model=ADAPTIVE)[0])["messages"] == begun["messages"]
    paused = {**begun, "messages": [HI, said({"type": "server_tool_use", "id": "1", "name": "web_search", "input": {}})]}
    assert json.loads(going(paused, model=ADAPTIVE)[0])["messages"] == paused["messages"]


@pytest.mark.parametrize(
    ("asked", "thinking", "most", "expected"),
    [
        (128_000, None, 64_000, (64_000, None)),
        (128_000, 2000, 64_000, (64_000, 2000)),
        (128_000, 100_000, 64_000, (64_000, 63_999)),
        (64_000, None, 64_000, (64_000, None)),
        (128_000, 100_000, 0, (128_000, 100_000)),
    ],
)
@pytest.mark.parametrize("name", [BUDGET, "m"])
def test_an_answer_is_not_to_be_longer_than_the_model_gives(asked, thinking, most, expected, name):
    more = {"thinking": {"type": "enabled", "budget_tokens": thinking}} if thinking else {}
    found = json.loads(going({"model": name, "max_tokens": asked, "messages": [HI], **more}, max_output=most)[0])
    assert (found["max_tokens"], found.get("thinking", {}).get("budget_tokens")) == expected


def test_thinking_that_only_the_name_asks_for_and_that_cannot_be_is_reported():
    asked = Dialect().parse(json.dumps({**conversation(), "max_tokens": 1024}).encode())
    asked.thinking = Thinking("enabled")
    made = rewritten(asked, lease(), PLAIN)
    assert "thinking" not in json.loads(made.data)
    assert made.dropped == ["model"]


def test_thinking_that_the_models_name_asks_for_is_added():
    asked = Dialect().parse(json.dumps(conversation(temperature=0.2)).encode())
    asked.thinking = Thinking("enabled")
    made = rewritten(asked, lease(), PLAIN)
    found = json.loads(made.data)
    assert found["thinking"] == {"type": "enabled", "budget_tokens": 4500}
    assert "temperature" not in found
    assert made.dropped == ["temperature"]
    said_so = Dialect().parse(json.dumps(conversation(thinking={"type": "adaptive"})).encode())
    assert json.loads(rewritten(said_so, lease(model=ADAPTIVE), PLAIN).data)["thinking"] == {"type": "adaptive"}


def test_halves_of_surrogate_pairs_are_mended():
    body = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a\\ud83d b\\ud83d\\ude00"}]}'
    assert b'"a\\ufffd b\\ud83d\\ude00"' in going(body)[0]


def test_the_plan_sends_it():
    asked = Dialect().parse(json.dumps(conversation(said({"type": "new"}))).encode())
    assert next(Anthropic().plan(asked, lease(), STAMP)).body == rewritten(asked, lease(), PLAIN).data
