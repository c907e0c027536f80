"""The body made of a call: valid for a strict reading of the schema, whatever a client writes."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    ToolChoice,
    ToolResult,
)
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.errors import InvalidRequest
from dataplane.upstreams.openai.asking import onward
from dataplane.upstreams.openai.asking.entries import EMPTY, INTERRUPTED
from dataplane.upstreams.openai.asking.messages import UNKEPT
from dataplane.upstreams.openai.quirks import of
from tests.dataplane.kiro_cases.grammar import Chat, Messages
from tests.dataplane.upstreams.openai.samples import PLACES, assistant, built, call, lease, result, use, user
from tests.dataplane.upstreams.openai.strict import check

SEEN = settings(max_examples=150, derandomize=True, database=None, deadline=None)
DIALECTS = {"A": Anthropic(), "O": OpenAIChat()}


def drawn(grammar, chances):
    made = grammar(chances, odd=0)
    return made.form, made.body(made.number(8, 1))


def read(form, body):
    """None for what the dialect refuses."""
    try:
        return DIALECTS[form].parse(json.dumps(body).encode())
    except InvalidRequest:
        return None


def spoken(body):
    return re.findall("«[0-9]+»", json.dumps(body["messages"], ensure_ascii=False))


BODIES = st.builds(drawn, st.sampled_from([Messages, Chat]), st.randoms(use_true_random=False))


@SEEN
@given(BODIES, st.sampled_from(sorted(PLACES)))
def test_whatever_a_client_writes_the_body_is_valid(drawn, place):
    asked = read(*drawn)
    if asked is not None:
        # The test's pictures are of other formats too; what the media rules leave is for other tests.
        asked.media = []
        for turn in asked.turns:
            for part in (*turn.parts, *(inner for each in turn.parts if isinstance(each, ToolResult) for inner in each.parts)):
                if isinstance(part, Image):
                    part.media_type = "image/png"
        check(built(asked, place))


@SEEN
@given(BODIES)
def test_no_words_of_the_conversation_are_lost(drawn):
    form, body = drawn
    asked = read(form, body)
    if asked is not None:
        said = "".join(
            part.text
            for turn in asked.turns
            for each in turn.parts
            for part in (each.parts if isinstance(each, ToolResult) else [each])
            if isinstance(part, Text)
        )
        assert sorted(set(re.findall("«[0-9]+»", said))) == sorted(set(re.findall("«[0-9]+»", said)) & set(spoken(built(asked))))


@SEEN
@given(st.randoms(use_true_random=False), st.sampled_from(sorted(PLACES)))
def test_a_body_that_is_sent_on_is_in_order_too(chances, place):
    asked = read(*drawn(Chat, chances))
    if asked is not None and onward.whole(asked, of(lease(place))):
        found = json.loads(onward.sent_on(asked, lease(place), of(lease(place))))
        due = []
        for message in found["messages"]:
            if message["role"] == "tool":
                due.remove(message["tool_call_id"])
            else:
                assert due == []
                due = [made["id"] for made in message.get("tool_calls") or ()]
        assert due == []
        assert set(found) - set(json.loads(asked.raw)) <= {
            "stream",
            "stream_options",
            "thinking",
            "chat_template_kwargs",
            "reasoning_effort",
        }


def messages(*turns, place="generic", **more):
    return built(call(*turns, **more), place)["messages"]


def outline(*turns, **more):
    """Roles, with what a message calls or answers."""
    return [
        " ".join([found["role"], *(made["id"] for made in found.get("tool_calls", ())), *filter(None, [found.get("tool_call_id")])])
        for found in messages(*turns, **more)
    ]


def test_an_ordinary_conversation():
    found = built(
        call(
            user("hi"),
            assistant("Let me see.", use("1", "Read", '{"path":"a"}')),
            user(result("1", "x")),
            system=["Be brief.", "And kind."],
            tools=[Tool("Read", "Reads.", b'{"type":"object","properties":{"path":{}}}')],
            sampling=Sampling(max_tokens=100, temperature=0.5, top_p=0.9, top_k=5, stop=["X"]),
        )
    )
    assert found == {
        "model": "m-1",
        "messages": [
            {"role": "system", "content": "Be brief.\n\nAnd kind."},
            {"role": "user", "content": "hi"},
            {
                "role": "assistant",
                "content": "Let me see.",
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "Read", "arguments": '{"path":"a"}'}}],
            },
            {"role": "tool", "tool_call_id": "1", "content": "x"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "Read", "description": "Reads.", "parameters": {"type": "object", "properties": {"path": {}}}},
            }
        ],
        "max_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "stop": ["X"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_results_stand_right_after_their_calls():
    # As Codex 0.80 writes it.
    assert outline(user("a"), assistant(use("1")), assistant("b"), user(result("1", "x"))) == ["user", "assistant 1", "tool 1"]
    # Late, and in another order.
    late = [assistant(use("1"), use("2")), user(result("2", "y")), assistant("b"), user(result("1", "x"), "c")]
    assert outline(*late) == ["assistant 1 2", "tool 1", "tool 2", "assistant", "user"]


def test_calls_without_a_result_and_results_without_a_call():
    found = messages(user("a"), assistant(use("1")), user("b"), assistant("c"), user(result("9", "x", is_error=True)))
    assert found[2] == {"role": "tool", "tool_call_id": "1", "content": INTERRUPTED}
    assert found[-1] == {"role": "user", "content": "Result of tool call 9 (failed):\nx"}


def test_an_id_that_is_used_again():
    found = messages(assistant(use("1")), user(result("1", "x")), assistant(use("1")), user(result("1", "y")))
    first, second = (message["tool_calls"][0]["id"] for message in found if "tool_calls" in message)
    assert first == "1" != second
    assert [(message["tool_call_id"], message["content"]) for message in found if message["role"] == "tool"] == [("1", "x"), (second, "y")]


def test_a_result_that_is_told_twice():
    twice = [assistant(use("1")), user(result("1", "x"), result("1", "x"), result("1", "other"))]
    assert [message["content"] for message in messages(*twice)[1:]] == ["x", "Result of tool call 1:\nother"]


def test_results_in_words():
    found = messages(assistant(use("1"), use("2"), use("3")), user(result("1", is_error=True), result("2", "a", "b"), result("3")))
    assert [message["content"] for message in found[1:]] == [f"The tool failed:\n{EMPTY}", "a\n\nb", EMPTY]


def test_pictures_of_a_result_follow_in_the_users_message():
    picture = Image("image/png", "AAAA")
    found = messages(assistant(use("1")), user(ToolResult("1", [Text("x"), picture]), "and?"))
    assert found[1]["content"] == "x"
    assert [part["type"] for part in found[2]["content"]] == ["text", "image_url", "text"]
    assert found[2]["content"][1]["image_url"]["url"] == "data:image/png;base64,AAAA"
    assert messages(assistant(use("1")), user(ToolResult("1", [picture])))[1]["content"].startswith("(see the next")


def test_pictures_of_an_answer_follow_it():
    found = messages(user("a"), assistant(Image(url="https://x.example/1.png"), "b"), user("c"))
    assert found[1] == {"role": "assistant", "content": "b"}
    assert [part["type"] for part in found[2]["content"]] == ["image_url", "text"]


def test_files():
    pdf = Document("application/pdf", "AAAA", name="a.pdf")
    assert messages(user(pdf), place="openai")[0]["content"] == [
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}}
    ]
    assert messages(user(Document(text="words", name="a.txt")))[0]["content"] == [{"type": "text", "text": "a.txt\n\nwords"}]


def test_sides_take_turns():
    assert messages(user("a"), user("b"), assistant("c"), assistant("d")) == [
        {"role": "user", "content": "a\n\nb"},
        {"role": "assistant", "content": "c\n\nd"},
    ]


def test_later_instructions():
    later = [user("a"), call(user("b")).turns[0]]
    later[1].role = "system"
    assert messages(*later, place="openai")[1] == {"role": "system", "content": "b"}
    assert messages(*later, place="vllm") == [{"role": "user", "content": "a\n\nb"}]


def test_a_conversation_without_words():
    assert [message["role"] for message in messages(system=["x"])] == ["system", "user"]
    assert len(messages(user(), assistant())) == 1


def test_searches_are_text():
    found = messages(user("a"), assistant(Search("s", "q", [Hit("T", "http://a", "words")]), "b"))
    assert found[1]["content"] == '[Searched the web for "q" and found:\n\nT\nhttp://a\nwords]\n\nb'


def test_broken_arguments_are_wrapped():
    found = messages(assistant(use("1", arguments="{bad"), use("2", arguments=""), use("3", arguments="[1]")))
    texts = [made["function"]["arguments"] for made in found[0]["tool_calls"]]
    assert texts == ['{"arguments":"{bad"}', "{}", '{"arguments":"[1]"}']


def test_names_and_ids_that_are_refused_get_an_alias():
    found = built(call(assistant(use("x" * 41, "my.tool")), tools=[Tool("my.tool"), Tool("my_tool"), Tool("my_tool", "again")]))
    declared = [tool["function"]["name"] for tool in found["tools"]]
    made = found["messages"][0]["tool_calls"][0]
    assert declared[1:] == ["my_tool"]
    assert made["function"]["name"] == declared[0]
    assert len(made["id"]) <= 40
    assert found["messages"][1]["tool_call_id"] == made["id"]


# ---- thinking of earlier answers


def test_thinking_goes_back_where_it_must():
    turns = [user("a"), assistant(Reasoning("hm", "signed"), use("1")), user(result("1", "x")), assistant(use("2")), user(result("2", "y"))]
    thoughts = [message.get("reasoning_content") for message in messages(*turns, place="kimi") if message["role"] == "assistant"]
    assert thoughts == ["hm", UNKEPT]
    assert all("reasoning_content" not in message for message in messages(*turns))


def test_deepseek_wants_it_of_every_answer_where_there_are_tools():
    turns = [user("a"), assistant("b"), user("c")]
    assert "reasoning_content" not in messages(*turns, place="deepseek")[1]
    assert messages(*turns, place="deepseek", tools=[Tool("t")])[1]["reasoning_content"] == UNKEPT


# ---- tools


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"", {"type": "object", "properties": {}}),
        (b"{}", {"type": "object", "properties": {}}),
        (b'{"type":"object"}', {"type": "object", "properties": {}}),
        (b'{"type":"object","properties":null}', {"type": "object", "properties": {}}),
        (b'{"type":["object","null"],"properties":{"a":{}}}', {"type": "object", "properties": {"a": {}}}),
        (b'{"anyOf":[{}]}', {"anyOf": [{}], "type": "object", "properties": {}}),
    ],
)
def test_schemas_are_those_of_objects(given, sent):
    assert built(call(user("a"), tools=[Tool("t", schema=given)]))["tools"][0]["function"]["parameters"] == sent


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (ToolChoice(), None),
        (ToolChoice("none"), "none"),
        (ToolChoice("required"), "required"),
        (
            ToolChoice("named", "my.tool"),
            {"type": "function", "function": {"name": built(call(user("a"), tools=[Tool("my.tool")]))["tools"][0]["function"]["name"]}},
        ),
        (ToolChoice("named", "web_search"), None),
    ],
)
def test_the_choice(choice, sent):
    assert built(call(user("a"), tools=[Tool("my.tool")], tool_choice=choice)).get("tool_choice") == sent


def test_a_choice_that_is_not_kept_there():
    def asked(mode, name=""):
        return built(call(user("a"), tools=[Tool("t")], tool_choice=ToolChoice(mode, name, parallel=False)), "ollama")

    assert "tools" not in asked("none")
    assert asked("required")["messages"][0]["content"] == "Call at least one of the tools before you answer."
    assert asked("named", "t")["messages"][0]["content"] == "Call the tool t now."
    assert not {"tool_choice", "parallel_tool_calls"} & set(asked("required"))


def test_one_call_at_a_time():
    serial = ToolChoice(parallel=False)
    assert built(call(user("a"), tools=[Tool("t")], tool_choice=serial))["parallel_tool_calls"] is False
    assert "parallel_tool_calls" not in built(call(user("a"), tool_choice=serial))


def test_more_tools_than_there_may_be():
    many = call(user("a"), tools=[Tool(f"t{n}") for n in range(129)])
    assert len(built(many)["tools"]) == 129
    with pytest.raises(InvalidRequest, match="at most 128 tools; the request has 129") as raised:
        built(many, "kimi")
    assert raised.value.param == "tools"


# ---- the answer's form, length and thinking


FORM = OutputFormat("json_schema", b'{"type":"object","properties":{"a":{}}}', "my form")
CLOSED = b'{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}'
OPEN = b'{"type":"object"}'


def test_the_form_of_the_answer():
    sent = built(call(user("a"), output_format=FORM))["response_format"]
    assert (sent["type"], sent["json_schema"]["schema"]) == ("json_schema", {"type": "object", "properties": {"a": {}}})
    assert re.fullmatch(r"my_form_\w+", sent["json_schema"]["name"])
    assert built(call(user("a"), output_format=OutputFormat("json_object")))["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    ("schema", "strict", "place", "held"),
    [
        (CLOSED, True, "openai", True),
        (CLOSED, True, "generic", True),
        (CLOSED, False, "openai", False),
        (OPEN, True, "openai", False),
        (CLOSED, True, "kimi", False),
        (CLOSED, True, "vllm", False),
    ],
)
def test_calls_and_answers_that_are_held_to_their_schema(schema, strict, place, held):
    """Asked for where the schema cannot be enforced, it would be refused (Kimi wire notes, 2: nowhere at all)."""
    asked = call(user("a"), tools=[Tool("f", "", schema, strict=strict)], output_format=OutputFormat("json_schema", schema, "n", strict))
    sent = built(asked, place)
    expected = {"strict": True} if held else {}
    properties = json.loads(schema).get("properties", {})
    assert sent["tools"][0]["function"] == {"name": "f", "parameters": {**json.loads(schema), "properties": properties}, **expected}
    assert sent["response_format"]["json_schema"] == {"name": "n", "schema": json.loads(schema), **expected}


def test_a_schema_where_there_is_no_member_for_it():
    sent = built(call(user("a"), output_format=FORM), "deepseek")
    assert sent["response_format"] == {"type": "json_object"}
    assert sent["messages"][0]["content"].endswith('{"type":"object","properties":{"a":{}}}')
    listed = OutputFormat("json_schema", b'{"type":"array"}')
    assert "response_format" not in built(call(user("a"), output_format=listed), "deepseek")


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("openai", "max_completion_tokens"),
        ("openai o", "max_completion_tokens"),
        ("kimi", "max_completion_tokens"),
        ("ollama", "max_tokens"),
        ("deepseek", "max_tokens"),
    ],
)
def test_the_limit_has_the_endpoints_name(place, name):
    sent = built(call(user("a"), sampling=Sampling(max_tokens=100)), place)
    assert {key: value for key, value in sent.items() if key.startswith("max")} == {name: 100}


def test_the_limit_is_at_most_the_models():
    asked = call(user("a"), sampling=Sampling(max_tokens=128_000))
    assert built(asked, max_output=8192)["max_tokens"] == 8192
    assert built(asked)["max_tokens"] == 128_000


def test_sampling_is_left_out_where_it_is_fixed():
    asked = call(user("a"), sampling=Sampling(temperature=0.1, top_p=0.2, top_k=3, stop=["X"]))
    for place in ("openai thinking", "kimi"):
        assert not {"temperature", "top_p", "top_k"} & set(built(asked, place))
    assert "stop" not in built(asked, "openai thinking")
    assert built(asked, "openai")["temperature"] == 0.1
    assert "top_k" not in built(asked, "openai")


EFFORTS = [
    ("openai 5.x", Thinking("enabled"), {"reasoning_effort": "medium"}),
    ("openai 5.x", Thinking("disabled"), {"reasoning_effort": "none"}),
    ("openai 5.x", Thinking("adaptive", effort="max"), {"reasoning_effort": "xhigh"}),
    ("openai o", Thinking("disabled"), {"reasoning_effort": "low"}),
    ("openai thinking", Thinking("enabled", budget=2000), {"reasoning_effort": "low"}),
    ("openai thinking", Thinking("enabled", budget=100_000), {"reasoning_effort": "high"}),
    ("openai", Thinking("enabled", effort="high"), {}),
    ("kimi k3", Thinking("enabled", effort="medium"), {"reasoning_effort": "low"}),
    ("kimi k3", Thinking("enabled", effort="xhigh"), {"reasoning_effort": "high"}),
    ("kimi", Thinking("enabled"), {"thinking": {"type": "enabled"}}),
    ("kimi", Thinking("disabled"), {"thinking": {"type": "disabled"}}),
    ("kimi always thinking", Thinking("disabled"), {}),
    ("deepseek", Thinking("enabled", effort="max"), {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
    ("deepseek", Thinking("disabled"), {"thinking": {"type": "disabled"}}),
    ("vllm qwen", Thinking("disabled"), {"chat_template_kwargs": {"enable_thinking": False}}),
    ("ollama", Thinking("enabled", effort="high"), {}),
    ("ollama", Thinking("disabled"), {"reasoning_effort": "none"}),
    ("ollama gpt-oss", Thinking("enabled", effort="minimal"), {"reasoning_effort": "low"}),
    ("generic", Thinking("disabled"), {}),
]


@pytest.mark.parametrize(("place", "thinking", "sent"), EFFORTS)
def test_thinking(place, thinking, sent):
    found = built(call(user("a"), thinking=thinking), place)
    assert {name: found[name] for name in ("reasoning_effort", "thinking", "chat_template_kwargs") if name in found} == sent


def test_a_key_for_the_prompt_cache():
    asked = call(user("a"), session="s")
    key = built(asked, "openai")["prompt_cache_key"]
    assert key == built(asked, "openai")["prompt_cache_key"] != built(asked, "openai", key_id="key-2")["prompt_cache_key"]
    assert "prompt_cache_key" not in built(asked)
