"""The body of a chat completion request, made of a call."""

from hashlib import sha256
from typing import Any

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call
from dataplane.upstreams.base import Lease
from dataplane.upstreams.openai.asking import thinking, tools
from dataplane.upstreams.openai.asking.messages import messages
from dataplane.upstreams.openai.asking.names import names
from dataplane.upstreams.openai.quirks import Quirks
from dataplane.wire import jsontext

FAMILY = "openai"
KEY_LENGTH = 32


def built(call: Call, lease: Lease, quirks: Quirks) -> bytes:
    """Raises InvalidRequest for what cannot be sent."""
    known = names(call)
    chosen = call.tool_choice.name
    body: dict[str, Any] = {
        "model": lease.model,
        "messages": messages(call, quirks, known, tools.words(call, quirks, known.wire.get(chosen, chosen))),
        **tools.tools(call, quirks, known),
        **tools.form(call.output_format, quirks),
        **_sampling(call, lease, quirks),
        **thinking.members(call.thinking, quirks),
        **streaming(quirks),
    }
    if quirks.cache_key and call.session:
        body["prompt_cache_key"] = _cache_key(call, lease)
    if call.family == FAMILY:
        if call.user and "user" not in quirks.refuses:
            body["user"] = call.user
        body.update((name, jsontext.Raw(raw)) for name, raw in call.extras.items() if name not in quirks.refuses)
    return jsontext.dumps(body)


def streaming(quirks: Quirks) -> dict[str, Any]:
    """Answers are streamed, and their figures asked for, whatever the client wants."""
    if not quirks.streams:
        return {"stream": False}
    return {"stream": True, "stream_options": {"include_usage": True}} if quirks.counts else {"stream": True}


def limit(call: Call, lease: Lease) -> int | None:
    """How long the answer may get, in tokens. Endpoints refuse what is more than the model can."""
    wanted = call.sampling.max_tokens
    return min(wanted, lease.max_output) if wanted and lease.max_output else wanted


def _sampling(call: Call, lease: Lease, quirks: Quirks) -> dict[str, Any]:
    asked = call.sampling
    found: dict[str, Any] = {}
    if quirks.limits and asked.max_tokens is not None:
        found[quirks.limits[0]] = limit(call, lease)
    drawn = (
        (Feature.TEMPERATURE, "temperature", asked.temperature),
        (Feature.TOP_P, "top_p", asked.top_p),
        (Feature.TOP_K, "top_k", asked.top_k),
        (Feature.STOP, "stop", asked.stop or None),
    )
    found.update((name, value) for feature, name, value in drawn if value is not None and quirks.takes(feature))
    return found


def _cache_key(call: Call, lease: Lease) -> str:
    """The conversation under a name that two keys never share."""
    return sha256(f"{lease.key_id}\0{call.session}".encode("utf-8", "surrogatepass")).hexdigest()[:KEY_LENGTH]
