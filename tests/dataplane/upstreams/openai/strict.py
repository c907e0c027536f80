"""A strict reading of OpenAI's schema for chat completion requests: what breaks one of these rules is refused."""

import json
import re

from tests.simulators.openai.tools import strict_fault

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch
MEMBERS = {
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "stop",
    "reasoning_effort",
    "stream",
    "stream_options",
    "prompt_cache_key",
    "seed",
}
# What single vendors add.
VENDORS = {"top_k", "thinking", "chat_template_kwargs"}


def check(body, extra=frozenset()):
    assert set(body) <= MEMBERS | VENDORS | extra
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    check_tools(body)
    check_messages(body["messages"])


def check_tools(body):
    names = [tool["function"]["name"] for tool in body.get("tools", [])]
    assert len(set(names)) == len(names) <= 128
    assert all(map(NAME, names))
    for tool in body.get("tools", ["none"]):
        if tool != "none":
            assert set(tool) == {"type", "function"}
            assert set(tool["function"]) <= {"name", "description", "parameters", "strict"}
            assert not tool["function"].get("strict") or strict_fault(tool["function"]["parameters"]) is None
            assert tool["function"]["parameters"]["type"] == "object"
            assert isinstance(tool["function"]["parameters"]["properties"], dict)
    assert body.get("tools") != []
    choice = body.get("tool_choice")
    assert choice in (None, "none", "required") or choice["function"]["name"] in names
    assert names or not {"tool_choice", "parallel_tool_calls"} & set(body)


def check_messages(messages):
    assert any(message["role"] != "system" for message in messages)
    due, seen = [], set()
    for message in messages:
        if message["role"] == "tool":
            assert set(message) == {"role", "tool_call_id", "content"}
            assert message["tool_call_id"] == due.pop(0)
            assert message["content"]
            continue
        assert due == [], "every call has its result right after it"
        ROLES[message["role"]](message)
        for made in message.get("tool_calls", []):
            assert 1 <= len(made["id"]) <= 40
            assert made["id"] not in seen
            seen.add(made["id"])
            assert NAME(made["function"]["name"])
            assert isinstance(json.loads(made["function"]["arguments"]), dict)
            due.append(made["id"])
    assert due == []


def check_system(message):
    assert set(message) == {"role", "content"}
    assert isinstance(message["content"], str)
    assert message["content"]


def check_user(message):
    assert set(message) == {"role", "content"}
    assert message["content"]
    for part in message["content"] if isinstance(message["content"], list) else ():
        assert part[part["type"]]
        if part["type"] == "image_url":
            assert re.match(r"data:image/(png|jpeg|gif|webp);base64,|https?://", part["image_url"]["url"])


def check_assistant(message):
    assert set(message) <= {"role", "content", "tool_calls", "reasoning_content"}
    assert message["content"] or message["tool_calls"]
    assert message.get("tool_calls") != []
    assert message.get("reasoning_content") != ""


ROLES = {"system": check_system, "user": check_user, "assistant": check_assistant}
