"""A call of another family as the body of a Messages request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dataplane.conversation.model import Call
from dataplane.upstreams.anthropic import hosts
from dataplane.upstreams.anthropic.asking import history, options, tools
from dataplane.upstreams.anthropic.asking.history import Message
from dataplane.upstreams.anthropic.asking.names import names
from dataplane.upstreams.anthropic.asking.parts import Scene, text
from dataplane.upstreams.anthropic.models import traits
from dataplane.upstreams.base import Lease
from dataplane.wire import jsontext
from dataplane.wire.pruning import NOTHING

FAMILY = "anthropic"
CACHED = {"type": "ephemeral"}
# How many of the client's latest messages end what is worth keeping: this one, and the one that the next request finds.
CACHED_TURNS = 2


@dataclass(frozen=True, slots=True)
class Form:
    """What a body looks like. `raw`: the client's own, where it speaks the same protocol; `signed`: with earlier thinking."""

    raw: bool = True
    signed: bool = True


PLAIN = Form()


def body(call: Call, lease: Lease, form: Form = PLAIN) -> bytes:
    """Raises InvalidRequest."""
    host, known = hosts.of(lease), names(call)
    found = history.messages(call, known, Scene(host, hosts.hostname(lease), form.signed))
    chosen = options.options(call, lease, thoughtless=history.thoughtless(found))
    _finish(found, prefill=traits(lease.model).prefill and not chosen.thinks)
    made: dict[str, Any] = {"model": lease.model, "stream": True, **chosen.body}
    if system := [each for each in (*call.system, *_standing(call, lease)) if not each.isspace() and each]:
        made["system"] = [text(each) for each in system]
    if declared := tools.tools(call, known, host, holds=options.holds(lease)):
        made["tools"] = declared
        if choice := tools.choice(call, known, host):
            made["tool_choice"] = choice
    elif call.tool_choice.mode != "none":
        tools.choice(call, known, host)
    if host.caches:
        _mark(made, found)
    made["messages"] = [{"role": message.role, "content": message.content} for message in found]
    if call.family == FAMILY:
        if call.user:
            made["metadata"] = {"user_id": call.user}
        _extend(made, call.extras)
    return jsontext.dumps(made)


def _finish(found: list[Message], *, prefill: bool) -> None:
    """An answer that is begun for the model goes on without blanks at its end; where it may not be begun, it is continued."""
    last = found[-1]
    if last.role != "assistant":
        return
    if not prefill:
        found.append(Message("user", [text(history.SILENCE)]))
    elif last.blocks[-1]["type"] == "text":
        last.blocks[-1] = text(last.blocks[-1]["text"].rstrip())


def _standing(call: Call, lease: Lease) -> list[str]:
    """What form the answer must have, where nobody holds the model to it."""
    form = call.output_format
    if form is None or options.schema(call, lease):
        return []
    begin = "Unless you call a tool, answer" if call.tools or call.web_search else "Answer"
    if not form.schema:
        return [f"{begin} with a single JSON object and nothing else: no other text, no code fence."]
    schema = form.schema.decode("utf-8", "replace")
    return [f"{begin} with a single JSON value that fits this JSON schema, and nothing else: no other text, no code fence.\n{schema}"]


def _mark(made: dict[str, Any], found: list[Message]) -> None:
    """Breakpoints of the prompt cache: after the tools, the system text, and the latest messages of the client's."""
    for name in ("tools", "system"):
        if name in made:
            made[name][-1]["cache_control"] = CACHED
    for message in [each for each in found if each.role == "user"][-CACHED_TURNS:]:
        message.content[-1]["cache_control"] = CACHED


def _extend(made: dict[str, Any], extras: Mapping[str, bytes]) -> None:
    """Members of the client's that have no seat in a call; of objects that have one in part, the rest."""
    for name, raw in extras.items():
        if name not in made:
            made[name] = jsontext.Raw(raw)
        elif raw not in NOTHING and isinstance(made[name], dict):
            made[name] = {**jsontext.loads(raw), **made[name]}
