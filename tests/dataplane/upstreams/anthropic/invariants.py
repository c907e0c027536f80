"""A strict reading of the Messages API: what of a body it would refuse. Written from its public pages, and from nothing
of the gateway.
"""

import re
from itertools import pairwise

ID = re.compile(r"^[a-zA-Z0-9_-]+$")
NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")
SAYS = {
    "user": {"text", "image", "document", "tool_result"},
    "assistant": {"text", "tool_use", "thinking", "redacted_thinking"},
}


def violations(body):
    """Sentences about everything that is wrong."""
    return [
        *shape(body),
        *sides(body["messages"]),
        *(flaw for message in body["messages"] for flaw in content(message)),
        *pairing(body["messages"]),
        *tools(body),
        *thinking(body),
        *breakpoints(body),
    ]


def shape(body):
    if not isinstance(body["max_tokens"], int) or body["max_tokens"] < 1:
        yield "max_tokens"
    if not 0 <= body.get("temperature", 1) <= 1:
        yield "temperature"
    if any(not each.strip() for each in body.get("stop_sequences", [])):
        yield "a blank stop sequence"
    if any(not block["text"].strip() for block in body.get("system", [])):
        yield "a blank system text"
    if body["stream"] is not True:
        yield "not streamed"


def sides(messages):
    if not messages or messages[0]["role"] != "user":
        yield "the first message is not the user's"
    if any(one["role"] == other["role"] for one, other in pairwise(messages)):
        yield "two messages of one side"


def content(message):
    blocks = message["content"]
    if not blocks:
        yield "an empty message"
        return
    for block in blocks:
        if block["type"] not in SAYS[message["role"]]:
            yield f"a {block['type']} of the {message['role']}"
        if block["type"] == "text" and not block["text"].strip():
            yield "a blank text"
        if block["type"] == "tool_use" and not isinstance(block["input"], dict):
            yield "an input that is no object"
        if block["type"] == "tool_result":
            yield from result(block)
    kinds = [block["type"] for block in blocks]
    if kinds[-1] in {"thinking", "redacted_thinking"}:
        yield "thinking at the end"
    if "tool_result" in kinds and kinds[: kinds.count("tool_result")] != ["tool_result"] * kinds.count("tool_result"):
        yield "results behind other blocks"


def result(block):
    inside = block.get("content", [])
    if any(each["type"] == "text" and not each["text"].strip() for each in inside):
        yield "a blank text in a result"
    if block.get("is_error") and any(each["type"] != "text" for each in inside):
        yield "an error that is no text"


def pairing(messages):
    seen = []
    for at, message in enumerate(messages):
        uses = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        seen += uses
        following = messages[at + 1]["content"] if at + 1 < len(messages) else []
        results = [block["tool_use_id"] for block in following if block["type"] == "tool_result"]
        if message["role"] == "assistant" and sorted(results) != sorted(uses):
            yield f"{uses} answered by {results}"
    if any(block["type"] == "tool_result" for block in messages[0]["content"]):
        yield "a result without a call"
    if len(set(seen)) < len(seen):
        yield "an id twice"
    if not all(map(ID.match, seen)):
        yield "a bad id"


def tools(body):
    names = [tool["name"] for tool in body.get("tools", [])]
    if len(set(names)) < len(names) or not all(map(NAME.match, names)):
        yield "names of tools"
    if any("type" not in tool and tool["input_schema"].get("type") != "object" for tool in body.get("tools", [])):
        yield "a schema of no object"
    used = {block["name"] for message in body["messages"] for block in message["content"] if block["type"] == "tool_use"}
    if used and not names:
        yield "calls without any tools"
    choice = body.get("tool_choice", {"type": "auto"})
    if choice["type"] == "tool" and choice["name"] not in names:
        yield "a choice of no tool"
    if "tool_choice" in body and not names:
        yield "a choice without tools"


def thinking(body):
    asked = body.get("thinking", {"type": "disabled"})
    if asked["type"] == "disabled":
        return
    if body.get("tool_choice", {"type": "auto"})["type"] in {"any", "tool"}:
        yield "thinking with a forced call"
    if body.get("temperature", 1) != 1 or "top_k" in body or body.get("top_p", 1) < 0.95:
        yield "thinking with another sampling"
    last = body["messages"][-1]
    if last["role"] == "assistant":
        yield "thinking with a begun answer"
    if asked["type"] == "enabled":
        if not 1024 <= asked["budget_tokens"] < body["max_tokens"]:
            yield "the budget"
        answers = [message for message in body["messages"] if message["role"] == "assistant"]
        if any(block["type"] == "tool_result" for block in last["content"]) and "thinking" not in answers[-1]["content"][0]["type"]:
            yield "no thinking before the latest calls"


def breakpoints(body):
    places = [*body.get("tools", []), *body.get("system", []), *(block for message in body["messages"] for block in message["content"])]
    marked = [place for place in places if "cache_control" in place]
    if len(marked) > 4 or any(place.get("type") in {"thinking", "redacted_thinking"} for place in marked):
        yield "breakpoints"
