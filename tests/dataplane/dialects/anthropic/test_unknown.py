"""What is not known here is put aside and told, as the API behind the gateway may know it."""

import json

import pytest

from dataplane.conversation.model import Text, ToolResult
from dataplane.dialects.anthropic import Anthropic, unknown
from dataplane.errors import InvalidRequest

HELLO = {"type": "text", "text": "hi"}
AUDIO = {"type": "audio", "source": {"type": "base64", "data": "AAAA"}}
FILE = {"type": "file", "file_id": "file_1"}


def read(**members):
    body = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **members}).encode()
    call = Anthropic().parse(body)
    assert call.raw == body
    return call


def user(*blocks):
    return [{"role": "user", "content": "x"}, {"role": "user", "content": list(blocks)}]


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"messages": user(AUDIO, HELLO)}, "messages[1].content[0]"),
        ({"messages": user(HELLO, {"type": "image", "source": FILE})}, "messages[1].content[1]"),
        ({"messages": user(HELLO, {"type": "document", "source": FILE, "title": "t"})}, "messages[1].content[1]"),
        (
            {"messages": user({"type": "tool_result", "tool_use_id": "1", "content": [HELLO, AUDIO]}, HELLO)},
            "messages[1].content[0].content[1]",
        ),
        ({"messages": [{"role": "system", "content": [AUDIO, HELLO]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "assistant", "content": [{"type": "moderation", "x": [1]}, HELLO]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "web_search_tool_result", "tool_use_id": "1", "content": [AUDIO]}]}]},
            "messages[0].content[0]",
        ),
        ({"system": [AUDIO, HELLO]}, "system[0]"),
        ({"tools": [{"type": "mcp_toolset", "mcp_server_name": "s"}]}, "tools[0]"),
        ({"tools": [{"name": "a"}], "tool_choice": {"type": "sometimes"}}, "tool_choice.type"),
        ({"thinking": {"type": "between_tools"}}, "thinking.type"),
        ({"output_config": {"format": {"type": "grammar", "grammar": "x"}}}, "output_config.format"),
    ],
)
def test_it_is_told_under_its_own_path(members, path):
    assert path in read(**members).dropped


def test_what_is_around_it_is_read_as_ever():
    call = read(messages=user(HELLO, AUDIO, {"type": "tool_result", "tool_use_id": "1", "content": [AUDIO, HELLO], "weight": 5}))
    assert call.turns[1].parts == [Text("hi"), ToolResult("1", [Text("hi")])]
    assert call.dropped == ["messages[1].content[2].weight", "messages[1].content[1]", "messages[1].content[2].content[0]"]


def test_thinking_of_a_new_kind_is_left_to_the_model():
    assert read(thinking={"type": "between_tools"}).thinking.mode == "adaptive"


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": 5}],
        [{}],
        [{"type": "text"}],
        [{"type": "image", "source": "x"}],
        [AUDIO, {"type": "text", "text": 5}],
        [{"type": "image", "source": {}}],
    ],
)
def test_what_is_malformed_is_refused_all_the_same(blocks):
    with pytest.raises(InvalidRequest):
        read(messages=user(*blocks))


def test_a_body_that_is_known_stays_the_same():
    body = json.dumps({"model": "m", "system": "s", "messages": user(HELLO, {"type": "tool_result", "tool_use_id": "1"}), "x": 1}).encode()
    assert unknown.known(body) is body
