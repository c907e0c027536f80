"""Calls of other families as bodies that the Messages API takes."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.conversation.features import Feature
from dataplane.conversation.model import (
    Document,
    Hit,
    Image,
    OutputFormat,
    Reasoning,
    Sampling,
    Search,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    WebSearch,
)
from dataplane.dialects.anthropic import Anthropic as Messages
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.errors import InvalidRequest
from dataplane.upstreams.anthropic import Anthropic
from tests.dataplane.kiro_cases import grammar
from tests.dataplane.upstreams.anthropic.invariants import violations
from tests.dataplane.upstreams.anthropic.samples import ADAPTIVE, MODEL, assistant, call, lease, mark, sent, turn, user

FORM = b'{"type":"object","properties":{"a":{"type":"integer","minimum":3}},"required":["a"]}'
TOOL = Tool("f", "Does it.", b'{"type":"object","properties":{}}')


def use(id, name="f", arguments="{}"):
    return ToolCall(id, name, arguments)


def result(id, *parts, is_error=False):
    return ToolResult(id, [Text(part) if isinstance(part, str) else part for part in parts], is_error)


def outline(asked, **more):
    """Each message as its side and what its blocks are: texts, "?id" per call, "=id" per result, "!id" per failed one."""
    body = sent(asked, **more)
    assert violations(body) == []
    return [(message["role"][0], *map(told, message["content"])) for message in body["messages"]]


def told(block):
    match block["type"]:
        case "text":
            return block["text"]
        case "tool_use":
            return f"?{block['id']}"
        case "tool_result":
            return ("!" if block.get("is_error") else "=") + block["tool_use_id"]
    return block["type"]


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([user("a"), user("b"), assistant("c"), user("d")], [("u", "a", "b"), ("a", "c"), ("u", "d")]),
        ([assistant("a"), user("b")], [("u", "Continue."), ("a", "a"), ("u", "b")]),
        (
            [user("a"), turn("system", "be brief"), assistant("b"), user("c")],
            [("u", "a", "<system>\nbe brief\n</system>"), ("a", "b"), ("u", "c")],
        ),
        ([user(" "), user("")], [("u", "Continue.")]),
        ([user("a"), assistant(" "), user("b")], [("u", "a", "b")]),
        # A call and its result, wherever the client put it.
        ([user("a"), assistant(use("1")), user("x", result("1", "r"))], [("u", "a"), ("a", "?1"), ("u", "=1", "x")]),
        ([user("a"), assistant(use("1")), assistant("b"), user(result("1", "r"))], [("u", "a"), ("a", "?1", "b"), ("u", "=1")]),
        (
            [user("a"), assistant(use("1")), user("x"), assistant("b"), user(result("1", "r"))],
            [("u", "a"), ("a", "?1"), ("u", "=1", "x"), ("a", "b")],
        ),
        ([user("a"), assistant(use("1"), use("2")), user(result("2", "r"))], [("u", "a"), ("a", "?1", "?2"), ("u", "!1", "=2")]),
        ([user("a"), assistant(use("1"))], [("u", "a"), ("a", "?1"), ("u", "!1")]),
        (
            [user("a"), assistant("b"), user(result("9", "lost"))],
            [("u", "a"), ("a", "b"), ("u", "[Result of a call that is not part of this conversation]", "lost")],
        ),
        # A picture of an answer follows it; one of a failed call stands beside its result.
        ([user("a"), assistant("b", Image("image/png", "AA==")), user("c")], [("u", "a"), ("a", "b"), ("u", "image", "c")]),
        ([user("a"), assistant("b", Image("image/png", "AA=="))], [("u", "a"), ("a", "b"), ("u", "image")]),
        (
            [user("a"), assistant(use("1")), user(result("1", "r", Image(url="https://a.test/p"), is_error=True))],
            [("u", "a"), ("a", "?1"), ("u", "!1", "image")],
        ),
        ([user("a"), assistant("b  \n")], [("u", "a"), ("a", "b")]),
    ],
)
def test_turns(turns, expected):
    assert outline(call(*turns, tools=[TOOL])) == expected


def test_a_begun_answer_where_none_may_be_begun():
    assert outline(call(user("a"), assistant("b ")), model=ADAPTIVE) == [("u", "a"), ("a", "b "), ("u", "Continue.")]
    thinks = call(user("a"), assistant("b"), thinking=Thinking("enabled", 2000))
    assert outline(thinks)[-1] == ("u", "Continue.")


def test_ids_that_are_refused_or_used_again_get_an_alias_that_holds():
    turns = [
        user("a"),
        assistant(use("call:1")),
        user(result("call:1", "r")),
        assistant(use("x")),
        user(result("x", "s")),
        assistant(use("x")),
    ]
    found = outline(call(*turns, user(result("x", "t")), tools=[TOOL]))
    first, *_ = found[1][1:]
    assert first.startswith("?call_1_")
    assert found[2] == ("u", f"={first[1:]}")
    assert found[5][1] != found[3][1]
    assert found[6] == ("u", f"={found[5][1][1:]}")


def test_names_of_tools():
    asked = call(
        user("a"),
        assistant(use("1", "läuft")),
        user(result("1", "r")),
        tools=[Tool("läuft"), Tool("ok")],
        web_search=WebSearch(3, ["a.test"]),
    )
    asked.tool_choice = ToolChoice("named", "läuft", parallel=False)
    body = sent(asked)
    first, second, search = body["tools"]
    assert body["messages"][1]["content"][0]["name"] == first["name"] == body["tool_choice"]["name"] != "läuft"
    assert second["name"] == "ok"
    assert search | {"cache_control": None} == {
        "type": "web_search_20250305",
        "name": "web_search",
        "max_uses": 3,
        "allowed_domains": ["a.test"],
        "cache_control": None,
    }
    assert body["tool_choice"]["disable_parallel_tool_use"] is True


def test_a_tool_called_like_the_search_makes_room_for_it():
    body = sent(call(tools=[Tool("web_search")], web_search=WebSearch()))
    assert [tool["name"] == "web_search" for tool in body["tools"]] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", {}),
        (" ", {}),
        ('{"a": 1}', {"a": 1}),
        ("[1]", {"value": [1]}),
        ('{"a":', {"_raw": '{"a":'}),
        ('{"a":"\\ud83d"}', {"a": "\ufffd"}),
    ],
)
def test_arguments_are_an_object(arguments, expected):
    body = sent(call(user("a"), assistant(use("1", arguments=arguments)), user(result("1")), tools=[TOOL]))
    assert body["messages"][1]["content"][0]["input"] == expected


def test_tools_that_only_the_conversation_knows_are_declared():
    body = sent(call(user("a"), assistant(use("1")), user(result("1", "r"))))
    assert [tool["name"] for tool in body["tools"]] == ["f"]
    assert body["tool_choice"] == {"type": "none"}


def test_media():
    pdf, plain = Document("application/pdf", "JVBERi0=", name="p.pdf"), Document("text/csv", "YSxi")
    turns = user(
        Image("image/png", "AA=="), Image(url="https://a.test/p"), pdf, plain, Document(text="t"), Document(url="https://a.test/d")
    )
    assert [block["source"] for block in sent(call(turns))["messages"][0]["content"]] == [
        {"type": "base64", "media_type": "image/png", "data": "AA=="},
        {"type": "url", "url": "https://a.test/p"},
        {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
        {"type": "text", "media_type": "text/plain", "data": "a,b"},
        {"type": "text", "media_type": "text/plain", "data": "t"},
        {"type": "url", "url": "https://a.test/d"},
    ]
    with pytest.raises(InvalidRequest) as caught:
        sent(call(user(Document("application/zip", "/w==", where="messages[0].content[0]"))))
    assert caught.value.param == "messages[0].content[0]"


def test_reasoning_goes_back_to_who_signed_it():
    own, foreign = Reasoning("own", mark("s")), Reasoning("foreign", mark("s", "other.test"))
    kept = [own, Reasoning("before the gateway", "plain"), Reasoning(redacted=mark("blob"))]
    asked = call(user("a"), assistant(foreign, *kept, Reasoning("unsigned"), "b", own), user("c"))
    assert sent(asked)["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "own", "signature": "s"},
        {"type": "thinking", "thinking": "before the gateway", "signature": "plain"},
        {"type": "redacted_thinking", "data": "blob"},
        {"type": "text", "text": "b"},
    ]
    moonshot = sent(asked, base_urls=["https://api.moonshot.ai/anthropic"], model="kimi-k2")["messages"][1]["content"]
    assert {"type": "thinking", "thinking": "unsigned", "signature": ""} in moonshot


def test_searches_of_others_are_told():
    asked = call(user("a"), assistant(Search("s", "q", [Hit("T", "https://a.test", "words")]), "b"), user("c"))
    assert "https://a.test\n\nwords" in outline(asked)[1][1]


@pytest.mark.parametrize(
    ("thinking", "model", "expected"),
    [
        (Thinking("enabled", 2000), MODEL, {"type": "enabled", "budget_tokens": 2000}),
        (Thinking("enabled", 99_999), MODEL, {"type": "enabled", "budget_tokens": 7999}),
        (Thinking("enabled", 1), MODEL, {"type": "enabled", "budget_tokens": 1024}),
        (Thinking("enabled", effort="high"), MODEL, {"type": "enabled", "budget_tokens": 4000}),
        (Thinking("enabled", effort="minimal", display="omitted"), MODEL, {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}),
        (Thinking("enabled", 2000), ADAPTIVE, {"type": "adaptive", "display": "summarized"}),
        (Thinking("disabled", effort="none"), ADAPTIVE, {"type": "disabled"}),
        (Thinking("disabled", effort="none"), "claude-fable-5", None),
        (Thinking("disabled", effort="none"), MODEL, None),
        (Thinking("enabled", 2000), "claude-3-5-haiku-latest", None),
        (None, MODEL, None),
    ],
)
def test_thinking(thinking, model, expected):
    body = sent(call(thinking=thinking, sampling=Sampling(max_tokens=8000)), model=model)
    assert body.get("thinking") == expected


@pytest.mark.parametrize(
    ("effort", "model", "expected"),
    [("xhigh", "claude-sonnet-4-6", "high"), ("minimal", ADAPTIVE, "low"), ("max", ADAPTIVE, "max"), ("low", MODEL, None)],
)
def test_effort(effort, model, expected):
    assert sent(call(thinking=Thinking("enabled", effort=effort)), model=model).get("output_config", {}).get("effort") == expected


@pytest.mark.parametrize(
    ("sampling", "more", "expected", "lost"),
    [
        (Sampling(temperature=1.5), {}, {"temperature": 1.0}, [Feature.TEMPERATURE]),
        (Sampling(temperature=0.5, top_k=3), {}, {"temperature": 0.5, "top_k": 3}, []),
        (Sampling(temperature=0.5, top_p=0.5), {}, {"temperature": 0.5}, [Feature.TOP_P]),
        (Sampling(temperature=1, top_p=0.5), {}, {"top_p": 0.5}, []),
        (Sampling(temperature=0.5, top_p=0.5), {"model": "claude-sonnet-4"}, {"temperature": 0.5, "top_p": 0.5}, []),
        (Sampling(temperature=0.5, top_p=0.5, top_k=3), {"model": ADAPTIVE}, {}, [Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K]),
    ],
)
def test_sampling(sampling, more, expected, lost):
    asked = call(sampling=sampling, asked={feature: [feature.name] for feature in (Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K)})
    body = sent(asked, **more)
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == expected
    assert Anthropic().dropped(asked, lease(**more)) == [feature.name for feature in lost]


def test_thinking_wins_over_sampling_and_a_forced_call_over_thinking():
    wishes = {"thinking": Thinking("enabled"), "sampling": Sampling(temperature=0.1, top_p=0.5, top_k=1), "tools": [TOOL]}
    asked = {feature: [feature.name] for feature in (Feature.THINKING, Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K)}
    free, forced = call(**wishes, asked=asked), call(**wishes, asked=asked, tool_choice=ToolChoice("required"))
    assert "temperature" not in sent(free)
    assert Anthropic().dropped(free, lease()) == ["TEMPERATURE", "TOP_P", "TOP_K"]
    assert "thinking" not in sent(forced)
    assert Anthropic().dropped(forced, lease()) == ["THINKING", "TOP_P"]


def test_no_thinking_in_the_middle_of_calls_that_were_made_without():
    asked = call(user("a"), assistant("b", use("1")), user(result("1", "r")), tools=[TOOL], thinking=Thinking("enabled"))
    asked.asked = {Feature.THINKING: ["thinking"]}
    assert "thinking" not in sent(asked)
    assert Anthropic().dropped(asked, lease()) == ["thinking"]
    assert sent(asked, model=ADAPTIVE)["thinking"]["type"] == "adaptive"
    asked.turns[1].parts.insert(0, Reasoning("hm", mark("s")))
    assert sent(asked)["thinking"]["type"] == "enabled"
    assert Anthropic().dropped(asked, lease()) == []


def test_what_was_thought_before_the_first_call_counts_for_those_that_follow():
    loop = [user("a"), assistant(Reasoning("hm", mark("s")), use("1")), user(result("1", "r")), assistant(use("2")), user(result("2", "r"))]
    asked = call(*loop, tools=[TOOL], thinking=Thinking("enabled"), asked={Feature.THINKING: ["thinking"]})
    assert sent(asked)["thinking"]["type"] == "enabled"
    assert Anthropic().dropped(asked, lease()) == []
    asked.turns[3:3] = [assistant("b"), user("c")]
    assert "thinking" not in sent(asked)
    assert Anthropic().dropped(asked, lease()) == ["thinking"]


def test_whether_it_may_think_is_seen_in_what_is_sent():
    """A result and the user's words stand in one message, as different as the client may have told them."""
    asked = call(user("a"), assistant(use("1")), user(result("1", "r")), user("and then?"), tools=[TOOL], thinking=Thinking("enabled"))
    asked.asked = {Feature.THINKING: ["reasoning.effort"], Feature.TEMPERATURE: ["temperature"]}
    asked.sampling.temperature = 0.5
    assert ("thinking" in sent(asked), sent(asked)["temperature"]) == (False, 0.5)
    assert Anthropic().dropped(asked, lease()) == ["reasoning.effort"]


def test_thinking_that_only_the_name_asks_for():
    asked = call(thinking=Thinking("enabled"), sampling=Sampling(max_tokens=1024))
    assert "thinking" not in sent(asked)
    assert Anthropic().dropped(asked, lease()) == ["model"]
    asked.sampling.max_tokens = 4096
    assert Anthropic().dropped(asked, lease()) == []


@pytest.mark.parametrize(
    ("sampling", "more", "expected"),
    [
        (Sampling(), {}, 64_000),
        (Sampling(), {"max_output": 4000}, 4000),
        (Sampling(max_tokens=9000), {"max_output": 4000}, 4000),
        (Sampling(max_tokens=9), {}, 9),
        (Sampling(), {"context_window": 3000}, 2000),
        (Sampling(), {"model": "glm-5", "context_window": 0}, 8192),
    ],
)
def test_max_tokens(sampling, more, expected):
    assert sent(call(sampling=sampling), **more)["max_tokens"] == expected


def test_an_answer_that_must_fit_a_schema():
    asked = call(output_format=OutputFormat("json_schema", FORM))
    held = sent(asked)["output_config"]["format"]["schema"]
    assert held == {
        "type": "object",
        "properties": {"a": {"type": "integer", "description": "(minimum: 3)"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    for more in ({"model": "claude-sonnet-4"}, {"base_urls": ["https://api.deepseek.com/anthropic"]}):
        body = sent(asked, **more)
        assert "output_config" not in body
        assert FORM.decode() in body["system"][-1]["text"]


@pytest.mark.parametrize(
    "schema", [b'{"type":"object"}', b'{"type":"object","properties":{"a":{"not":{}}}}', b'{"type":"object","additionalProperties":true}']
)
def test_schemas_that_cannot_be_held_are_told(schema):
    body = sent(call(output_format=OutputFormat("json_schema", schema)))
    assert "output_config" not in body
    assert schema.decode() in body["system"][-1]["text"]


def test_strict_tools():
    loose = Tool("g", schema=b'{"type":"object"}', strict=True)
    asked = call(
        tools=[Tool("f", schema=FORM, strict=True), loose, TOOL], asked={Feature.STRICT_TOOLS: ["tools[0].strict", "tools[1].strict"]}
    )
    held, *others = sent(asked)["tools"]
    assert (held["strict"], held["input_schema"]["additionalProperties"]) == (True, False)
    assert not any("strict" in tool for tool in others)
    assert Anthropic().dropped(asked, lease()) == ["tools[1].strict"]
    assert Anthropic().dropped(asked, lease(model="claude-sonnet-4")) == ["tools[0].strict", "tools[1].strict"]
    assert not any("strict" in tool for tool in sent(asked, model="claude-sonnet-4")["tools"])


def test_a_json_object_is_asked_for_in_words_and_blank_stops_stay_here():
    body = sent(call(output_format=OutputFormat("json_object"), sampling=Sampling(stop=["\n", "X"]), system=["s", " "]))
    assert [block["text"][:6] for block in body["system"]] == ["s", "Answer"]
    assert body["stop_sequences"] == ["X"]


def test_breakpoints_for_clients_that_cannot_set_them():
    asked = call(user("a"), assistant("b"), user("c"), assistant("d"), user("e", "f"), system=["s"], tools=[TOOL])
    body = sent(asked)
    assert [tool["cache_control"] for tool in body["tools"]] == [{"type": "ephemeral"}]
    assert "cache_control" in body["system"][-1]
    assert [[block["text"] for block in message["content"] if "cache_control" in block] for message in body["messages"]] == [
        [],
        [],
        ["c"],
        [],
        ["f"],
    ]
    assert "cache_control" not in json.dumps(sent(asked, base_urls=["https://api.moonshot.ai/anthropic"]))


def test_a_conversation_of_the_same_family_that_was_shortened_keeps_its_members():
    body = {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
        "metadata": {"user_id": "u", "more": 1},
        "output_config": {"effort": "low", "task_budget": 5},
        "service_tier": "auto",
    }
    asked = replace(Messages().parse(json.dumps(body).encode()), raw=b"")
    found = sent(asked, model=ADAPTIVE)
    assert found["metadata"] == {"user_id": "u", "more": 1}
    assert found["output_config"] == {"effort": "low", "task_budget": 5}
    assert found["service_tier"] == "auto"
    assert Anthropic().dropped(asked, lease(model=ADAPTIVE)) == []


DIALECTS = {"A": (grammar.Messages, Messages()), "O": (grammar.Chat, OpenAIChat())}
PLACES = st.sampled_from(
    [
        {},
        {"model": ADAPTIVE},
        {"model": "claude-fable-5"},
        {"model": "claude-3-haiku"},
        {"base_urls": ["https://api.z.ai/api/anthropic"], "model": "glm-5"},
    ]
)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 12), form=st.sampled_from("AO"), more=PLACES)
def test_whatever_a_client_says_is_a_body_that_the_api_takes(seed, size, form, more):
    rules, dialect = DIALECTS[form]
    try:
        asked = replace(dialect.parse(json.dumps(rules(Random(seed), odd=0).body(size)).encode()), raw=b"")
    except InvalidRequest:
        return
    asked.input_estimate = 1000
    if not asked.tools and asked.web_search is None and asked.tool_choice.mode in {"required", "named"}:
        with pytest.raises(InvalidRequest):
            sent(asked, **more)
        return
    body = sent(asked, **more)
    assert violations(body) == []
    assert isinstance(Anthropic().dropped(asked, lease(**more)), list)
