"""Bodies as clients write them, in few words."""

PLAIN = {"type": "object", "properties": {}}


def A(*messages, **more):  # the two forms are named as the rules name them
    """A Messages request."""
    return {"model": "claude", "max_tokens": 512, "messages": list(messages), **more}


def O(*messages, **more):  # noqa: E743 - as above
    """A chat completions request."""
    return {"model": "claude", "messages": list(messages), **more}


def u(content):
    return {"role": "user", "content": content}


def a(content, **more):
    return {"role": "assistant", "content": content, **more}


def system(content):
    return {"role": "system", "content": content}


def text(words):
    return {"type": "text", "text": words}


def thinking(words, signature=None):
    return {"type": "thinking", "thinking": words, **({"signature": signature} if signature else {})}


def tu(id, name="Read", input=None):
    return {"type": "tool_use", "id": id, "name": name, "input": {} if input is None else input}


def tr(id, content=None, **more):
    return {"type": "tool_result", "tool_use_id": id, **({} if content is None else {"content": content}), **more}


def tc(id, name="Read", arguments="{}"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def told(id, content):
    """A tool message."""
    return {"role": "tool", "tool_call_id": id, "content": content}


def T(name, schema=PLAIN, description="Does it."):
    return {"name": name, "description": description, "input_schema": schema}


def F(name, schema=PLAIN, description="Does it."):
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def image(data, media_type="image/png"):
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def image_url(url):
    return {"type": "image_url", "image_url": {"url": url}}
