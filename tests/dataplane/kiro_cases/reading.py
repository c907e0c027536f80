"""What a client's body says, read without the gateway: its texts in order, its calls, its pictures."""

import base64
import json
import re
from dataclasses import dataclass

MARK = re.compile("«(\\d+)»")


@dataclass(frozen=True)
class Told:
    """A text that is not blank. `side` is "user", "assistant" or "result"; `group` is its message and block."""

    side: str
    text: str
    group: tuple = ()

    @property
    def mark(self):
        found = MARK.match(self.text)
        return int(found[1]) if found else 0


def mended(text):
    """Halves of surrogate pairs as U+FFFD (E12)."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def texts(body):
    """Every text in the order of the conversation, the system text first."""
    found = [Told("user", each) for each in _strings(body.get("system"))]
    for index, message in enumerate(body["messages"]):
        found += _message(message, index)
    return [Told(told.side, mended(told.text), told.group) for told in found if told.text.strip()]


def _message(message, index):
    side = {"assistant": "assistant", "tool": "result"}.get(message["role"], "user")
    if not isinstance(message["content"], list):
        yield from (Told(side, each, (index,)) for each in _strings(message["content"]))
        return
    for place, block in enumerate(message["content"]):
        group = (index, place)
        match block["type"]:
            case "text":
                yield Told(side, block["text"], group if side != "result" else (index,))
            case "document":
                yield Told(side, block["source"]["data"], group)
            case "tool_result":
                yield from (Told("result", each, group) for each in _strings(block.get("content")))
            case "server_tool_use":
                yield Told("query", block["input"]["query"], group)
            case "web_search_tool_result" if isinstance(block["content"], list):
                yield from (Told("result", base64.b64decode(hit["encrypted_content"]).decode(), group) for hit in block["content"])


def _strings(content):
    if isinstance(content, str):
        return [content]
    return [block["text"] for block in content or [] if block["type"] == "text"]


def blocks(body, kind):
    """All blocks of that type, those within results too."""
    for message in body["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else ():
            if block["type"] == kind:
                yield block
            inner = block.get("content") if block["type"] == "tool_result" else None
            for each in inner if isinstance(inner, list) else ():
                if each["type"] == kind:
                    yield each


def pictures(body):
    """The base64 of each."""
    found = [block["source"]["data"] for block in blocks(body, "image")]
    return found + [block["image_url"]["url"].partition(",")[2] for block in blocks(body, "image_url")]


def calls(body):
    """Id and name of every call of the client's tools, in order."""
    return [(key, name) for _, key, name, _ in full_calls(body)]


def full_calls(body):
    """The message of each call, its id, its name, and its arguments as the object that Kiro must see (T08)."""
    for index, message in enumerate(body["messages"]):
        if message["role"] == "assistant":
            for block in message["content"] if isinstance(message["content"], list) else ():
                if block["type"] == "tool_use":
                    yield index, mended(block["id"]), mended(block["name"]), _object(block.get("input", {}))
            for call in message.get("tool_calls", ()):
                yield index, mended(call["id"]), mended(call["function"]["name"]), _parsed(mended(call["function"]["arguments"]))


def _parsed(arguments):
    try:
        return _object(json.loads(arguments) if arguments.strip() else {})
    except ValueError:
        return {"_raw": arguments}


def _object(value):
    value = json.loads(mended(json.dumps(value, ensure_ascii=False)))
    return value if isinstance(value, dict) else {"value": value}


def given_back(body):
    """The message of each result, its id, and its texts that are not blank."""
    for index, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            yield index, mended(message["tool_call_id"]), _said(message["content"])
        for block in message["content"] if isinstance(message["content"], list) else ():
            if block["type"] == "tool_result":
                yield index, mended(block["tool_use_id"]), _said(block.get("content"))


def _said(content):
    return [mended(each) for each in _strings(content) if each.strip()]


def result_ids(body):
    return [key for _, key, _ in given_back(body)]


def searches(body):
    return len(list(blocks(body, "server_tool_use")))


def tool_names(body):
    """The names of the client's own tools, declared or called; those that it declares stand in front."""
    declared = [mended(name) for tool in body.get("tools", []) if (name := _name(tool))]
    return list(dict.fromkeys([*declared, *(name for _, name in calls(body))]))


def _name(tool):
    """None for hosted tools, and for those that nobody runs."""
    kind = tool.get("type", "function")
    if kind in {"function", "custom"}:
        return (tool.get("function") or tool.get("custom") or tool)["name"]
    return tool["name"] if kind.startswith("bash") else None


def traffic(body):
    """Calls and results in the order in which they stand, and "answer" for every assistant's message."""
    for message in body["messages"]:
        one = {"messages": [message]}
        if message["role"] == "assistant":
            yield "answer", ""
        yield from (("call", key) for key, _ in calls(one))
        yield from (("result", key) for key in result_ids(one))


def silent_results(body):
    return sum(not said for _, _, said in given_back(body))


def failed_results(body):
    return sum(block.get("is_error") is True for block in blocks(body, "tool_result"))


def offered(body):
    """Whether there is any tool to choose."""
    return any(_name(tool) or tool.get("type", "").startswith("web_search") for tool in body.get("tools", []))


def with_free_calls(body):
    """The body without what it says about calling tools and the form of the answer, and without hosted search."""
    closing = {"tool_choice", "parallel_tool_calls", "response_format", "output_format", "stop_sequences", "stop"}
    left = {name: value for name, value in body.items() if name not in closing}
    if "tools" in left:
        left["tools"] = [tool for tool in left["tools"] if not tool.get("type", "").startswith("web_search")]
    return left | ({"max_tokens": 100_000} if "max_tokens" in left else {})


def with_free_choice(body):
    """The body without what it says about the tool of the next answer; what it asks of every answer stays."""
    free = {"auto", json.dumps({"type": "auto"}), json.dumps({"type": "auto", "disable_parallel_tool_use": True})}
    choice = body.get("tool_choice", "auto")
    if (choice if isinstance(choice, str) else json.dumps(choice)) in free:
        return body
    return {name: value for name, value in body.items() if name != "tool_choice"}


def followed_up(form, answer):
    """The client's messages after `answer`, each of its calls carried out."""
    if form == "A":
        ids = [block["id"] for block in answer["content"] if block["type"] == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": key, "content": "done"} for key in ids]
        return [answer, {"role": "user", "content": [*results, {"type": "text", "text": "next"}]}]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in answer.get("tool_calls") or ()]
    return [answer, *results, {"role": "user", "content": "next"}]


def without_tools(message):
    """A user turn without the tools, which stand on the last one only (S12)."""
    context = {name: value for name, value in message.get("userInputMessageContext", {}).items() if name != "tools"}
    rest = {name: value for name, value in message.items() if name != "userInputMessageContext"}
    return rest | ({"userInputMessageContext": context} if context else {})
