"""Names of tools and ids of calls within the API's limits: A-Z a-z 0-9 _ -, a name of at most 128.

What is within the limits stays as it is; everything else gets an alias that depends on nothing but the
name itself, so that history, declarations and repeated requests agree, and prompt caches hold.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from hashlib import sha256

from dataplane.conversation.model import Call, ToolCall

MAX_LENGTH = 128
DIGEST_LENGTH = 12
# What the hosted search is called; a function of the client's with this name gets an alias beside it.
WEB_SEARCH = "web_search"

_is_name = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_LENGTH}}}").fullmatch
_is_id = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")


def alias(text: str, salt: str = "") -> str:
    """A valid name that begins like `text`."""
    digest = sha256(f"{salt}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]
    stem = _FOREIGN.sub("_", text[:MAX_LENGTH])[: MAX_LENGTH - 1 - DIGEST_LENGTH]
    return f"{stem}_{digest}"


def wire_id(id: str, taken: Container[str] = ()) -> str:
    """The id of a call as the API may see it, another one where it is `taken` by an earlier call."""
    found = id if _is_id(id) else alias(id)
    salt = ""
    while found in taken:
        salt += "+"
        found = alias(id, salt)
    return found


@dataclass(slots=True)
class Names:
    """The tools of one request: `wire` goes from the client's names to the API's, `client` back for those that differ."""

    wire: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)


def names(call: Call) -> Names:
    """One map for declarations, history and the answer. The client's tools come first, so that a longer history
    does not change what they are called.
    """
    found = Names()
    wanted = dict.fromkeys([*(tool.name for tool in call.tools), *called(call)])
    taken = {name for name in wanted if _is_name(name)}
    if call.web_search is not None:
        taken.add(WEB_SEARCH)
    for name in wanted:
        kept = _is_name(name) and not (name == WEB_SEARCH and call.web_search is not None)
        wire = name if kept else _free(name, taken)
        taken.add(wire)
        found.wire[name] = wire
        if wire != name:
            found.client[wire] = name
    return found


def called(call: Call) -> list[str]:
    """Names of the tools that were called in the conversation so far."""
    return [part.name for turn in call.turns if turn.role == "assistant" for part in turn.parts if type(part) is ToolCall]


def _free(name: str, taken: Container[str]) -> str:
    salt = ""
    while (found := alias(name, salt)) in taken:
        salt += "+"
    return found
