"""Names and ids within Kiro's limits: 1 to 64 of A-Z a-z 0-9 _ - (S01, T06).

What is within the limits stays as it is; everything else gets an alias that depends on nothing but
the name itself, so that history, specifications and repeated requests agree.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from dataplane.conversation.model import Call, Tool, ToolCall

MAX_LENGTH = 64
DIGEST_LENGTH = 12

_is_valid = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_LENGTH}}}").fullmatch
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")


def alias(text: str, salt: str = "") -> str:
    """A valid name that begins like `text`."""
    digest = sha256(f"{salt}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
    stem = _FOREIGN.sub("_", text[:MAX_LENGTH])[: MAX_LENGTH - 1 - DIGEST_LENGTH]
    return f"{stem}_{digest[:DIGEST_LENGTH]}"


def free(text: str, taken: Container[str], salt: str = "") -> str:
    """The first alias of `text` that nobody has."""
    found = alias(text, salt)
    while found in taken:
        salt += "+"
        found = alias(text, salt)
    return found


def wire_id(id: str) -> str:
    """The id of a call as Kiro may see it; the same for a call and its result."""
    return id if _is_valid(id) else alias(id)


@dataclass(slots=True)
class Names:
    """The tools of one request under the names Kiro sees.

    `wire` goes from the client's names to Kiro's, `client` back, for those that differ. `tools` is
    what is declared, None standing for a tool that only the history knows (T09).
    """

    wire: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)
    tools: list[tuple[str, Tool | None]] = field(default_factory=list)


def used(call: Call) -> Iterator[str]:
    """Names of the tools that were called in the conversation so far."""
    for turn in call.turns:
        if turn.role == "assistant":
            for part in turn.parts:
                if type(part) is ToolCall:
                    yield part.name


def names(call: Call) -> Names:
    """One injective map for specifications, history and answers (T10, S02)."""
    found = Names()
    called = dict.fromkeys(used(call))
    taken = {tool.name for tool in call.tools if _is_valid(tool.name)}
    taken.update(filter(_is_valid, called))
    variants: dict[str, list[Tool]] = {}
    for tool in call.tools:
        same = variants.setdefault(tool.name, [])
        if tool not in same:
            _declare(found, taken, tool.name, tool, len(same))
            same.append(tool)
    for name in called:
        if name not in found.wire:
            _declare(found, taken, name, None, 0)
    return found


def _declare(found: Names, taken: set[str], name: str, tool: Tool | None, variant: int) -> None:
    """Only the first of several different tools of one name keeps it; all answer to it."""
    wire = name if not variant and _is_valid(name) else free(name, taken, str(variant or ""))
    taken.add(wire)
    found.wire.setdefault(name, wire)
    if wire != name:
        found.client[wire] = name
    found.tools.append((wire, tool))
