"""A client's own body on its way: what is changed, and that nothing else is."""

import json

import pytest

from dataplane.conversation.model import Thinking
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.errors import InvalidRequest
from dataplane.upstreams.openai import OpenAI
from dataplane.upstreams.openai.asking.messages import UNKEPT
from tests.dataplane.upstreams.openai.samples import PLACES, STAMP, built, chat, dropped, goes_on, lease, messages, sent

HI = {"role": "user", "content": "hi"}
DOES = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
DONE = {"role": "tool", "tool_call_id": "1", "content": "x"}
ENDS = {"stream": True, "stream_options": {"include_usage": True}}


def function(**more):
    return [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, **more}}]


def test_every_member_stays_as_it_was_to_the_byte():
    raw = (
        b'{"model": "public",  "messages":[ {"role":"user" ,"content":"h\\u0069", "name":"Ann", "own":1} ],'
        b' "seed": 1e0,"logit_bias":{ "5":-1 }, "never_heard_of": [ 1,2 ], "stream_options": {"include_obfuscation":false}}'
    )
    asked = OpenAIChat().parse(raw)
    body = next(OpenAI().plan(asked, lease(), STAMP)).body
    assert b'"messages":[ {"role":"user" ,"content":"h\\u0069", "name":"Ann", "own":1} ]' in body
    assert b'"seed":1e0' in body
    assert b'"logit_bias":{ "5":-1 }' in body
    assert b'"never_heard_of":[ 1,2 ]' in body
    assert json.loads(body)["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert list(json.loads(body)) == ["model", "messages", "seed", "logit_bias", "never_heard_of", "stream", "stream_options"]
    assert json.loads(body)["model"] == "m-1"
    assert dropped(asked) == []


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_plain_body_stays_what_it_is(place):
    assert sent(chat(HI, stream=False, stream_options=None), place) == {"model": PLACES[place][2], "messages": [HI], **ENDS}


def test_who_speaks_another_protocol_has_a_body_made():
    assert not goes_on(messages())
    assert goes_on(chat())


@pytest.mark.parametrize(
    "said",
    [
        [HI, DOES, {"role": "assistant", "content": "b"}, DONE],
        [HI, DOES, HI],
        [HI, DONE],
        [HI, DOES],
    ],
)
def test_an_order_that_would_be_refused_is_put_right(said):
    assert goes_on(chat(HI, DOES, DONE, HI))
    assert not goes_on(chat(*said))


@pytest.mark.parametrize(
    ("more", "native"),
    [
        ({"tools": [{"type": "custom", "custom": {"name": "c"}}]}, True),
        ({"functions": [{"name": "f"}]}, True),
        (
            {
                "tools": function(),
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
                },
            },
            True,
        ),
        ({"tools": [{"type": "web_search"}]}, False),
        ({"tools": [{"type": "image_generation"}]}, False),
    ],
)
def test_what_only_openai_has_is_translated_for_others(more, native):
    assert goes_on(chat(**more), "openai") is native
    assert not goes_on(chat(**more), "generic")


def test_translated_bodies_keep_the_members_at_their_top():
    asked = chat(tools=[{"type": "custom", "custom": {"name": "c"}}], seed=7, logit_bias={"5": 1})
    found = sent(asked)
    assert (found["seed"], found["logit_bias"], found["tools"][0]["function"]["name"]) == (7, {"5": 1}, "c")
    assert dropped(asked) == []


def test_half_an_emoji_is_mended():
    asked = OpenAIChat().parse(b'{"model":"m","messages":[{"role":"user","content":"a\\ud83d"}]}')
    assert sent(asked)["messages"][0]["content"] == "a\ufffd"


# ---- quirks


def members(asked, place, *names, **more):
    found = sent(asked, place, **more)
    return {name: found[name] for name in names if name in found}


LIMITS = ("max_tokens", "max_completion_tokens")


@pytest.mark.parametrize(
    ("place", "given", "expected"),
    [
        ("generic", {"max_tokens": 9}, {"max_tokens": 9}),
        ("generic", {"max_completion_tokens": 9}, {"max_completion_tokens": 9}),
        ("openai", {"max_tokens": 9}, {"max_tokens": 9}),
        ("openai thinking", {"max_tokens": 9}, {"max_completion_tokens": 9}),
        ("ollama", {"max_completion_tokens": 9}, {"max_tokens": 9}),
        ("ollama", {"max_completion_tokens": 9, "max_tokens": 5}, {"max_tokens": 9}),
        ("generic", {"max_completion_tokens": 9000}, {"max_completion_tokens": 100}),
        ("ollama", {"max_tokens": None}, {"max_tokens": None}),
    ],
)
def test_the_limit(place, given, expected):
    assert members(chat(**given), place, *LIMITS, max_output=100) == expected


def test_what_is_refused_is_left_out_and_reported():
    asked = chat(temperature=0.5, top_p=0.5, top_k=5, presence_penalty=1, thinking={"type": "disabled"}, seed=1)
    found = sent(asked, "kimi")
    assert set(found) == {"model", "messages", "thinking", "seed", *ENDS}
    assert sorted(dropped(asked, "kimi")) == ["presence_penalty", "temperature", "top_k", "top_p"]
    assert sorted(dropped(asked, "openai")) == ["thinking", "top_k"]
    assert dropped(asked, "vllm") == []


def test_strict_tools():
    asked = chat(tools=[*function(strict=True), {"type": "function", "name": "g", "strict": True, "parameters": {"type": "object"}}])
    assert sent(asked, "openai")["tools"][0]["function"]["strict"] is True
    assert "strict" not in json.dumps(sent(asked, "kimi"))
    assert dropped(asked, "openai") == []
    assert dropped(asked, "kimi") == ["tools[0].function.strict", "tools[1].strict"]


def test_too_many_tools():
    many = [{"type": "function", "function": {"name": f"f{n}"}} for n in range(129)]
    with pytest.raises(InvalidRequest, match="128"):
        sent(chat(tools=many), "kimi")


def test_developers_are_the_system_elsewhere():
    asked = chat({"role": "developer", "content": "x", "name": "d"}, HI)
    assert sent(asked, "openai")["messages"][0]["role"] == "developer"
    assert sent(asked, "vllm")["messages"][0] == {"role": "system", "content": "x", "name": "d"}


@pytest.mark.parametrize("place", PLACES)
def test_what_stream_helpers_keep_beside_an_answer_is_left_out(place):
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}", "parsed_arguments": None}}
    asked = chat(
        HI, {**DOES, "tool_calls": [call], "parsed": None, "refusal": None}, DONE, {"role": "assistant", "content": "a", "parsed": {}}
    )
    first, last = (each for each in sent(asked, place)["messages"] if each["role"] == "assistant")
    assert first["tool_calls"] == DOES["tool_calls"]
    assert "parsed" not in {*first, *last}
    assert dropped(asked, place) == []


def test_thinking_of_earlier_answers():
    kept = {**DOES, "reasoning_content": "hm", "own": 1}
    other = {**DOES, "reasoning": "hm"}
    for place in ("kimi", "deepseek"):
        assert [sent(chat(HI, each, DONE), place)["messages"][1]["reasoning_content"] for each in (kept, other, DOES)] == [
            "hm",
            "hm",
            UNKEPT,
        ]
    assert sent(chat(HI, kept, DONE), "kimi")["messages"][1]["own"] == 1
    assert sent(chat(HI, kept, DONE), "vllm")["messages"][1] == kept
    assert "reasoning_content" not in sent(chat(HI, kept, DONE), "openai")["messages"][1]
    assert dropped(chat(HI, kept, DONE), "openai") == ["messages[1].reasoning_content"]
    plain = {"role": "assistant", "content": "a"}
    assert sent(chat(HI, plain, HI), "kimi")["messages"][1] == plain
    assert sent(chat(HI, plain, HI, tools=function()), "deepseek")["messages"][1]["reasoning_content"] == UNKEPT


EFFORT = ("reasoning_effort", "reasoning", "thinking")


@pytest.mark.parametrize(
    ("place", "given", "expected", "lost"),
    [
        ("generic", {"reasoning_effort": "xhigh"}, {"reasoning_effort": "xhigh"}, []),
        ("generic", {"reasoning": {"effort": "high"}}, {"reasoning": {"effort": "high"}}, []),
        ("openai 5.x", {"reasoning_effort": "xhigh"}, {"reasoning_effort": "xhigh"}, []),
        ("openai o", {"reasoning_effort": "xhigh"}, {"reasoning_effort": "high"}, []),
        ("openai o", {"reasoning": {"max_tokens": 2000}}, {"reasoning_effort": "low"}, []),
        ("openai", {"reasoning_effort": "high"}, {}, ["reasoning_effort"]),
        ("openai", {"reasoning_effort": "none"}, {}, []),
        ("kimi", {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}, []),
        ("kimi", {"reasoning_effort": "high"}, {"thinking": {"type": "enabled"}}, ["reasoning_effort"]),
        ("kimi k3", {"reasoning_effort": "max"}, {"reasoning_effort": "max"}, []),
        ("kimi k3", {"reasoning_effort": "medium"}, {"reasoning_effort": "low"}, []),
        ("kimi", {"thinking": {"type": "disabled", "keep": "all"}}, {"thinking": {"type": "disabled", "keep": "all"}}, []),
    ],
)
def test_thinking(place, given, expected, lost):
    asked = chat(**given)
    assert members(asked, place, *EFFORT) == expected
    assert dropped(asked, place) == lost


def test_a_wish_that_the_body_does_not_hold_is_added():
    asked = chat()
    asked.thinking = Thinking("enabled")
    assert members(asked, "kimi", *EFFORT) == {"thinking": {"type": "enabled"}}
    assert members(asked, "generic", *EFFORT) == {"reasoning_effort": "medium"}
    asked = chat(thinking={"type": "disabled"})
    asked.thinking = Thinking("enabled")
    assert members(asked, "kimi", *EFFORT) == {"thinking": {"type": "disabled"}}


SCHEMA = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}}


def test_the_form_of_the_answer():
    asked = chat(response_format=SCHEMA)
    assert sent(asked, "openai")["response_format"] == SCHEMA
    found = sent(asked, "deepseek")
    assert found["response_format"] == {"type": "json_object"}
    assert found["messages"][0]["role"] == "system"
    assert '{"type": "object"}' in found["messages"][0]["content"]
    assert found["messages"][1:] == [HI]


def test_the_choice_among_tools():
    assert "tools" not in sent(chat(tools=function(), tool_choice="none"), "ollama")
    found = sent(chat(tools=function(), tool_choice="required", parallel_tool_calls=False), "ollama")
    assert set(found) == {"model", "messages", "tools", *ENDS}
    assert found["messages"][0]["content"] == "Call at least one of the tools before you answer."


def test_words_about_a_tool_call_it_what_it_is_called_there():
    odd = [{"type": "function", "function": {"name": "my.tool"}}]
    asked = chat(tools=odd, tool_choice={"type": "function", "function": {"name": "my.tool"}})
    assert sent(asked, "ollama")["messages"][0]["content"] == "Call the tool my.tool now."
    found = built(asked, "ollama")
    name = found["tools"][0]["function"]["name"]
    assert name != "my.tool"
    assert found["messages"][0]["content"] == f"Call the tool {name} now."


def test_the_search_of_openais_own_models():
    asked = chat(web_search_options={"search_context_size": "low"})
    assert sent(asked, "openai search")["web_search_options"] == {"search_context_size": "low"}
    assert dropped(asked, "openai search") == []
    assert "web_search_options" not in sent(asked, "openai")
    assert dropped(asked, "openai") == ["web_search_options"]
