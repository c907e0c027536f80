"""What is told about bodies of /v1/messages that cannot be served."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import Call, Text
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.anthropic.fields import BLOCKS
from dataplane.errors import InvalidRequest

DIALECT = Anthropic()


def refusal(body):
    with pytest.raises(InvalidRequest) as caught:
        DIALECT.parse(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value


def refused(messages=({"role": "user", "content": "hi"},), **members):
    return refusal({"model": "m", "max_tokens": 100, "messages": messages, **members})


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": 2**31}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "user"}]}, "messages[1].content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "search_result", "title": "x"}]}]}, "messages[0].content[0].source"),
        ({"messages": [{"role": "assistant", "content": [{"type": "server_tool_use", "id": "x"}]}]}, "messages[0].content[0].name"),
        (
            {"messages": [{"role": "user", "content": [{"type": "server_tool_use", "id": "x", "name": "web_search"}]}]},
            "messages[0].content[0].type",
        ),
        (
            {
                "messages": [
                    {"role": "assistant", "content": [{"type": "server_tool_use", "id": "x", "name": "web_search", "input": {"query": 5}}]}
                ]
            },
            "messages[0].content[0].input",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "thinking", "thinking": "x"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_use", "id": "1", "name": "x"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "assistant", "content": [{"type": "tool_result", "tool_use_id": "x"}]}]}, "messages[0].content[0].type"),
        (
            {"messages": [{"role": "system", "content": [{"type": "image", "source": {"type": "url", "url": "x"}}]}]},
            "messages[0].content[0].type",
        ),
        ({"system": 5}, "system"),
        ({"tools": [{"name": "a"}, {"input_schema": {}}]}, "tools[1].name"),
        ({"tools": [{"name": "a", "input_schema": []}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": 5}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "tool", "name": "b"}, "tools": [{"name": "a"}]}, "tool_choice.name"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 0}]}, "tools[0].max_uses"),
        (
            {"tools": [{"name": "a"}, {"type": "web_search_20250305", "allowed_domains": ["a.test"], "blocked_domains": ["b.test"]}]},
            "tools[1].allowed_domains",
        ),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"output_config": {"format": {"type": "json_schema", "schema": None}}}, "output_config.format.schema"),
        ({"output_format": {"type": "json_schema", "schema": []}}, "output_format.schema"),
        ({"temperature": 1.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"stop_sequences": [1]}, "stop_sequences[0]"),
        ({"stream": "yes"}, "stream"),
        ({"thinking": {"type": None}}, "thinking.type"),
        ({"thinking": {"type": "enabled", "budget_tokens": "many"}}, "thinking.budget_tokens"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ({"output_config": {"effort": 3}}, "output_config.effort"),
    ],
)
def test_a_refusal_names_the_field(members, param):
    error = refused(**members)
    assert error.param == param
    assert error.message.startswith(f"{param}: ")


def test_refusals_are_sentences():
    assert refused(max_tokens=None).message == "max_tokens: a number of tokens is required"
    assert refusal({"max_tokens": 1, "messages": []}).message == "model: is required"
    assert refused([{"role": "tool", "content": "x"}]).message == (
        "messages[0].role: Invalid enum value 'tool', which is not supported here"
    )
    assert refused([{"role": "user", "content": [{"type": "redacted_thinking", "data": "x"}]}]).message == (
        "messages[0].content[0].type: a block of type redacted_thinking cannot be in a message of role user"
    )


@pytest.mark.parametrize(
    "members",
    [
        {"messages": [{"role": "A" * 100_000, "content": "x"}]},
        {"tools": [{"name": "a"}], "tool_choice": {"type": "tool", "name": "A" * 100_000}},
    ],
)
def test_a_refusal_repeats_little_of_what_was_said(members):
    message = refused(**members).message
    assert "AAA" in message
    assert len(message) < 450


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not valid JSON: "),
        (b"{", "the body is not valid JSON: "),
        (b'{"model":"m"}x', "the body is not valid JSON: "),
        (b"[]", "the body: Expected `object`, got `array`"),
        (b'"text"', "the body: Expected `object`, got `str`"),
        (b'{"model":"\xff"}', "the body is not valid UTF-8"),
        (b'{"model":"m","tools":[{"input_schema":' + b"[" * 5000 + b"]" * 5000 + b"}]}", "the body is nested too deeply"),
        (b'{"model":"m","x":' + b"[" * 5000 + b"]" * 5000 + b"}", "the body is nested too deeply"),
    ],
)
def test_what_is_no_json_object_is_refused(body, message):
    error = refusal(body)
    assert error.message.startswith(message)
    assert error.param is None or body.startswith(b'{"model":"m"')


ALIKE = b'{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"n","input":{"a":"%s"}},{"type":"text","text":"%s"}]}],"tools":[{"name":"n","input_schema":{"a":"%s"}}],"x":"%s"}'


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("half", [b"\\ud83d", b"\\uDE00", b"\\ud83dx", b"\\ud83d\\ud83d\\ude00", b"\\\\\\ud83d", b"\\ud83d\\n"])
def test_half_a_surrogate_pair_becomes_the_replacement_character_wherever_it_is(place, half):
    filled = [b"a", b"a", b"a", b"a"]
    filled[place] = half
    call = DIALECT.parse(ALIKE % tuple(filled))
    # What nobody has looked into stays JSON text, where the character stands as an escape.
    places = [call.turns[0].parts[0].arguments, call.turns[0].parts[1].text, call.tools[0].schema.decode(), call.extras["x"].decode()]
    assert "\ufffd" in places[place] or "\\ufffd" in places[place]


@pytest.mark.parametrize("place", range(4))
def test_broken_utf8_is_refused_wherever_it_is(place):
    filled = [b"", b"", b"", b""]
    filled[place] = b"\xc3("
    assert refusal(ALIKE % tuple(filled)).message == "the body is not valid UTF-8"


def test_whole_pairs_and_escaped_backslashes_are_fine():
    call = DIALECT.parse(ALIKE % (b"", b"\\ud83d\\uDE00 \\\\ud83d \\u0000", b"", b""))
    assert call.turns[0].parts[1] == Text("😀 \\ud83d \x00")
    # A broken body that holds a pair is not blamed on it.
    assert "surrogate" not in refusal(b'{"model":"\\ud83d\\ude00","x":').message


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KINDS = (*BLOCKS, "tool_reference", "other")
TOOLS = (
    "custom",
    "web_search_20250305",
    "bash_20250124",
    "text_editor_20250728",
    "computer_20251124",
    "memory_20250818",
    "web_fetch_20250910",
)


def loosely(**members):
    """An object of these members, any of which may be missing or be anything at all."""
    return st.fixed_dictionaries({}, optional={name: strategy | ANYTHING for name, strategy in members.items()})


SOURCE = loosely(type=st.sampled_from(["base64", "url", "text", "content", "file"]), data=st.text(), media_type=st.text(), url=st.text())


RESULT = loosely(
    type=st.sampled_from(["web_search_result", "web_search_tool_result_error", "web_fetch_result"]),
    url=st.text(),
    title=st.text(),
    encrypted_content=st.text(),
    page_age=st.text(),
    error_code=st.text(),
    stdout=st.text(),
    return_code=st.integers(),
)


def blocks(inner):
    return loosely(
        type=st.sampled_from(KINDS),
        text=st.text(),
        thinking=st.text(),
        signature=st.text(),
        data=st.text(),
        id=st.text(),
        name=st.text(),
        input=ANYTHING,
        tool_use_id=st.text(),
        tool_name=st.text(),
        title=st.text(),
        server_name=st.text(),
        source=SOURCE | st.text(),
        content=st.text() | st.lists(inner | RESULT, max_size=2) | RESULT,
    )


BODY = loosely(
    model=st.just("m"),
    max_tokens=st.integers(1, 9),
    messages=st.lists(
        loosely(role=st.sampled_from(["user", "assistant", "system"]), content=st.text() | st.lists(blocks(blocks(ANYTHING)), max_size=3)),
        max_size=3,
    ),
    system=st.text() | st.lists(blocks(ANYTHING), max_size=2),
    tools=st.lists(
        loosely(
            name=st.sampled_from(["a", "web_search"]),
            type=st.sampled_from(TOOLS),
            input_schema=ANYTHING,
            description=st.text(),
            allowed_domains=st.lists(st.text()),
            max_uses=st.integers(1, 9),
            display_width_px=st.integers(1, 9),
        ),
        max_size=2,
    ),
    tool_choice=loosely(type=st.sampled_from(["auto", "any", "tool", "none"]), name=st.text()),
    thinking=loosely(type=st.sampled_from(["enabled", "adaptive", "disabled"]), budget_tokens=st.integers()),
    metadata=loosely(user_id=st.text()),
    output_config=loosely(effort=st.text(), format=loosely(type=st.just("json_schema"), schema=ANYTHING)),
    temperature=st.floats(0, 1),
)


def read(parse, body):
    """The call, or what is told about it; anything else is an error of the test."""
    try:
        return parse(body)
    except InvalidRequest as error:
        return error


@given(BODY | ANYTHING)
def test_any_json_is_a_call_or_an_invalid_request(body):
    text = json.dumps(body).encode()
    assert isinstance(read(DIALECT.parse, text), Call | InvalidRequest)
    assert isinstance(read(DIALECT.parse_count, text), Call | InvalidRequest)


@given(st.binary(max_size=40), st.integers(0, 400))
def test_any_bytes_are_a_call_or_an_invalid_request(junk, at):
    body = ALIKE % (b"a", b"b", b"c", b"d")
    assert isinstance(read(DIALECT.parse, body[:at] + junk + body[at + len(junk) :]), Call | InvalidRequest)


def test_a_thread_is_refused_with_the_word_that_the_sdks_act_on():
    """They then send the whole conversation; without it only the newest message would be answered."""
    found = refused(thread={"type": "continue", "previous_message_id": "msg_1"})
    assert (found.param, found.code) == ("thread", "thread_unsupported_request")
    status, body = DIALECT.error(found, "req_1")
    assert status == 400
    assert json.loads(body)["error"]["details"] == {"error_code": "thread_unsupported_request"}
    assert DIALECT.parse(
        json.dumps({"model": "m", "max_tokens": 1, "thread": None, "messages": [{"role": "user", "content": "hi"}]}).encode()
    )


@pytest.mark.parametrize("sequences", [["x"] * 65, ["x" * 257]])
def test_stop_sequences_have_bounds(sequences):
    assert refused(stop_sequences=sequences).param == "stop_sequences"
