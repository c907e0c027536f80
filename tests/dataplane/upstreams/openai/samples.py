"""Calls, leases and streams that the tests of the OpenAI plug-in share."""

import json

from dataplane.conversation.events import Finished, Started, UsageSeen
from dataplane.conversation.model import Call, Stamp, Text, ToolCall, ToolResult, Turn
from dataplane.conversation.order import Order
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.errors import UpstreamFault
from dataplane.upstreams.base import Credential, Lease, Reply
from dataplane.upstreams.openai import OpenAI
from dataplane.upstreams.openai.asking import body as asking
from dataplane.upstreams.openai.asking import onward
from dataplane.upstreams.openai.quirks import of
from tests.dataplane.chunking import cuttings

STAMP = Stamp("0123456789abcdef0123456789abcdef", 1_750_000_000)
# A place for each kind of endpoint: base URL, owner and model.
PLACES = {
    "openai": ("https://api.openai.com/v1", "system", "gpt-4.1"),
    "openai thinking": ("https://api.openai.com/v1", "system", "gpt-5-mini"),
    "openai 5.x": ("https://eu.api.openai.com/v1", "system", "gpt-5.4"),
    "openai o": ("https://api.openai.com/v1", "system", "o4-mini"),
    "openai search": ("https://api.openai.com/v1", "system", "gpt-4o-search-preview"),
    "kimi": ("https://api.moonshot.ai/v1", "", "kimi-k2.6"),
    "kimi always thinking": ("http://127.0.0.1:1/v1", "moonshot", "kimi-k2.7-code"),
    "kimi k3": ("https://api.moonshot.cn/v1", "", "kimi-k3"),
    "moonshot v1": ("https://api.moonshot.cn/v1", "", "moonshot-v1-8k"),
    "deepseek": ("https://api.deepseek.com", "", "deepseek-v4"),
    "vllm": ("http://10.0.0.5:8000/v1", "vllm", "meta-llama/Llama-4"),
    "vllm qwen": ("http://10.0.0.5:8000/v1", "vllm", "Qwen/Qwen3-8B"),
    "ollama": ("http://localhost:11434/v1", "", "llama3.3"),
    "ollama gpt-oss": ("http://10.0.0.6/v1", "library", "gpt-oss:20b"),
    "generic": ("https://llm.example.com/v1", "acme", "m-1"),
}


def lease(place="generic", **more):
    url, owner, model = PLACES[place]
    given = {
        "lease_id": "lease-1",
        "key_id": "key-1",
        "account_id": "account-1",
        "kind": "openai",
        "model": model,
        "credential": Credential("sk-secret-1"),
        "base_urls": [url],
        "attributes": {"model_owner": owner} if owner else {},
    }
    return Lease(**(given | more))


def user(*parts):
    return Turn("user", [Text(part) if isinstance(part, str) else part for part in parts])


def assistant(*parts):
    return Turn("assistant", [Text(part) if isinstance(part, str) else part for part in parts])


def use(id, name="Read", arguments="{}"):
    return ToolCall(id, name, arguments)


def result(id, *texts, is_error=False):
    return ToolResult(id, [Text(text) for text in texts], is_error)


def call(*turns, **more):
    return Call("public", list(turns), **({"family": "anthropic", "input_estimate": 1000} | more))


def chat(*messages, **more):
    """A call of a chat completions client, with its body."""
    given = {"model": "public", "messages": list(messages or [{"role": "user", "content": "hi"}]), **more}
    return OpenAIChat().parse(json.dumps(given).encode())


def messages(*said, **more):
    """A call of an Anthropic client."""
    given = {"model": "public", "max_tokens": 512, "messages": list(said or [{"role": "user", "content": "hi"}]), **more}
    return Anthropic().parse(json.dumps(given).encode())


def built(asked, place="generic", **more):
    """The body made of a call, read by another parser than the one that wrote it."""
    given = lease(place, **more)
    return json.loads(asking.built(asked, given, of(given)))


def sent(asked, place="generic", **more):
    """The body as it goes out: the client's own where that can be."""
    request = next(OpenAI().plan(asked, lease(place, **more), STAMP))
    return json.loads(request.body)


def goes_on(asked, place="generic"):
    return onward.whole(asked, of(lease(place)))


def dropped(asked, place="generic", **more):
    return OpenAI().dropped(asked, lease(place, **more))


# ---- answers


def sse(*payloads, end="data: [DONE]\n\n"):
    return ("".join(f"data: {json.dumps(payload, ensure_ascii=False)}\n\n" for payload in payloads) + end).encode()


def chunk(finish=None, /, **delta):
    """A chunk with one choice; `choice` are members beside its delta."""
    more = delta.pop("choice", {})
    top = delta.pop("top", {})
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **top}


def say(text):
    return chunk(content=text)


def tool(index=None, id=None, name=None, arguments=None, **more):
    """A chunk with one piece of a tool call; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    piece = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return chunk(tool_calls=[{**piece, "type": "function", "function": function, **more}])


def counted(prompt=20, completion=5, **more):
    return {"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion, **more}}


STOP = chunk("stop")


def decoder(asked=None, place="generic", **more):
    return OpenAI().decoder(asked or call(user("hi")), lease(place, **more), STAMP)


def decoded(pieces, asked=None, place="generic", **more):
    """The events of one answer that comes in `pieces`, in legal order."""
    reads = decoder(asked, place, **more)
    events = []
    for piece in pieces:
        if not reads.over:
            events += reads.feed(piece)
    events += reads.finish()
    assert reads.onward() is None
    Order().follow(events)
    return events


def joined(events):
    """Events with neighbours of one kind as one, which says the same however the bytes were cut."""
    found = []
    for event in events:
        if found and type(found[-1]) is type(event) and hasattr(event, "text"):
            found[-1] = type(event)(found[-1].text + event.text)
        else:
            found.append(event)
    return found


def events_of(data, asked=None, place="generic", **more):
    """The same events however `data` is cut."""
    first, *others = [decoded(pieces, asked, place, **more) for pieces in cuttings(data)]
    assert all(joined(other) == joined(first) for other in others)
    return first


def content(events):
    return [event for event in events if not isinstance(event, Started | UsageSeen | Finished)]


def usage(events):
    return events[-2].usage


def fault(data, asked=None, place="generic", **more):
    """The fault of a stream, the same however it is cut."""
    found = []
    for pieces in cuttings(data):
        try:
            decoded(pieces, asked, place, **more)
        except UpstreamFault as raised:
            found.append(raised)
    assert len(found) == len(list(cuttings(data)))
    assert len({(each.cause, each.retry, each.retry_after, each.detail) for each in found}) == 1
    return found[0]


def reply(status, body=b"", **headers):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, text)
