"""The top of a client's own body, made to fit the model that serves it.

A client writes for the model that it names. Where a route puts another in its place, what that one would refuse is
changed as it is for clients of other protocols (`options`). Every other member stays as it is, to the byte, and so does
all that was written for the very model: then the client knows best.
"""

from collections.abc import Callable

import msgspec

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call
from dataplane.upstreams.anthropic.asking.history import SILENCE, THINKING
from dataplane.upstreams.anthropic.asking.options import Options, options, wanted
from dataplane.upstreams.anthropic.models import FOREIGN, traits
from dataplane.upstreams.base import Lease
from dataplane.wire import jsontext
from dataplane.wire.jsontext import Raw

Members = dict[str, Raw]
Edit = Callable[[Members, Call, Lease, Options, list[str]], None]

EFFORT = "output_config.effort"
# What a model is asked for by its name.
MODEL = "model"

_NULL = Raw(b"null")
_RESULT = b'"tool_result"'
# Members that the API refuses without thinking, and those in which the word means nothing.
_NEEDS_THINKING = b"clear_thinking"
_SAID = ("messages", "system", "tools")


class _Message(msgspec.Struct, gc=False):
    role: str = ""
    content: Raw = _NULL


class _Thinking(msgspec.Struct, gc=False):
    type: str = ""
    budget_tokens: int | None = None


class _Kind(msgspec.Struct, gc=False):
    type: str = ""


_members = msgspec.json.Decoder(Members).decode
_items = msgspec.json.Decoder(list[Raw]).decode
_message = msgspec.json.Decoder(_Message).decode
_thinking = msgspec.json.Decoder(_Thinking).decode
_kind = msgspec.json.Decoder(_Kind).decode


def fit(members: Members, call: Call, lease: Lease) -> list[str]:
    """What had to be left out, as JSON paths. `members` are changed."""
    dropped: list[str] = []
    if strange(call, lease) or (wanted(call.thinking) and not _says(members, "thinking")):
        chosen = options(call, lease, thoughtless=_thoughtless(members, call, lease))
        for edit in _EDITS:
            edit(members, call, lease, chosen, dropped)
    elif _thoughtless(members, call, lease):
        _unthink(members, dropped)
    _bound(members, call, lease)
    return dropped


def strange(call: Call, lease: Lease) -> bool:
    """Whether the client wrote for a model that takes other things than the one that serves, as far as either is known."""
    serving = traits(lease.model)
    return serving is not FOREIGN and serving != traits(call.model)


def _thoughtless(members: Members, call: Call, lease: Lease) -> bool:
    """Whether a budget of thinking is asked for where it cannot be had."""
    if call.thinking is None or not wanted(call.thinking):
        return False
    budgeted = traits(lease.model).thinking == "budget" if strange(call, lease) else call.thinking.mode == "enabled"
    return budgeted and thoughtless(bytes(members["messages"]))


def thoughtless(messages: bytes) -> bool:
    """Whether the model stands in the middle of calls that it made without any thinking that is at hand; `history` has
    the same for turns.
    """
    if _RESULT not in messages:
        return False
    # Whether the turn of the user's that is looked at answers calls, and whether an answer with calls was seen.
    answers, inside, before = False, False, ""
    for raw in reversed(_items(messages)):
        message = _message(raw)
        if message.role == "user":
            answers = (answers and before == "user") or _RESULT in bytes(message.content)
        elif message.role == "assistant":
            if not answers:
                return inside
            if _opens_with_thinking(bytes(message.content)):
                return False
            inside = True
        else:
            continue
        before = message.role
    return inside


def _opens_with_thinking(content: bytes) -> bool:
    blocks = _items(content) if content.startswith(b"[") else []
    return bool(blocks) and _kind(blocks[0]).type in THINKING


def _says(members: Members, name: str) -> bool:
    return members.get(name, _NULL) != _NULL


# ---- edits


def _think(members: Members, call: Call, lease: Lease, chosen: Options, dropped: list[str]) -> None:
    made = chosen.body.get("thinking")
    said = _thinking(members["thinking"]).type if _says(members, "thinking") else ""
    if made is not None:
        if made["type"] != said:
            members["thinking"] = Raw(jsontext.dumps(made))
    elif not wanted(call.thinking):
        if said and traits(lease.model).thinking == "always":
            del members["thinking"]
            dropped.append("thinking")
    elif said:
        _unthink(members, dropped)
    else:
        dropped.append(MODEL)


def _unthink(members: Members, dropped: list[str]) -> None:
    for name, raw in list(members.items()):
        if name == "thinking" or (name not in _SAID and _NEEDS_THINKING in bytes(raw)):
            del members[name]
            dropped.append(name)


def _exert(members: Members, call: Call, _lease: Lease, chosen: Options, dropped: list[str]) -> None:
    """The effort, within the member that holds the answer's form too."""
    config = _members(members["output_config"]) if _says(members, "output_config") else {}
    if not _says(config, "effort"):
        return
    made = chosen.body.get("output_config", {}).get("effort")
    if made is None:
        del config["effort"]
        if Feature.EFFORT in chosen.lost or EFFORT in call.dropped:
            dropped.append(EFFORT)
    else:
        config["effort"] = Raw(jsontext.string(made))
    if config:
        members["output_config"] = Raw(jsontext.dumps(config))
    else:
        del members["output_config"]


def _draw(members: Members, _call: Call, _lease: Lease, chosen: Options, dropped: list[str]) -> None:
    for feature, name in _DRAWN.items():
        if _says(members, name) and name not in chosen.body:
            del members[name]
            if feature in chosen.lost:
                dropped.append(name)


def _continue(members: Members, _call: Call, lease: Lease, chosen: Options, _dropped: list[str]) -> None:
    """An answer that is begun for a model which takes none is one that it shall go on with."""
    if traits(lease.model).prefill and not chosen.thinks:
        return
    found = _items(members["messages"])
    last = _message(found[-1])
    if last.role == "assistant" and _ends_with_text(bytes(last.content)):
        found.append(Raw(jsontext.dumps({"role": "user", "content": SILENCE})))
        members["messages"] = Raw(jsontext.dumps(found))


def _ends_with_text(content: bytes) -> bool:
    """And not with something that the API itself goes on with."""
    if not content.startswith(b"["):
        return True
    blocks = _items(content)
    return bool(blocks) and _kind(blocks[-1]).type == "text"


def _bound(members: Members, call: Call, lease: Lease) -> None:
    """The limit of the answer, where more is asked for than the model gives; a budget of thinking stays below it."""
    asked, most = call.sampling.max_tokens, lease.max_output
    if not most or asked is None or asked <= most:
        return
    members["max_tokens"] = Raw(b"%d" % most)
    if _says(members, "thinking") and (_thinking(members["thinking"]).budget_tokens or 0) >= most:
        members["thinking"] = Raw(jsontext.dumps({**_members(members["thinking"]), "budget_tokens": most - 1}))


_EDITS: tuple[Edit, ...] = (_think, _exert, _draw, _continue)
_DRAWN = {Feature.TEMPERATURE: "temperature", Feature.TOP_P: "top_p", Feature.TOP_K: "top_k"}
