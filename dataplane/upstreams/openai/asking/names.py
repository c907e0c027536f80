"""Names and ids within OpenAI's limits: names 1 to 64 of A-Z a-z 0-9 _ -, ids at most 40 characters.

What is within the limits stays as it is; everything else gets an alias that depends on nothing but the name itself,
so that history, specifications and repeated requests agree.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from hashlib import sha256

from dataplane.conversation.model import Call, Tool, ToolCall

NAME_LENGTH = 64
ID_LENGTH = 40
DIGEST_LENGTH = 12

is_name = re.compile(rf"[A-Za-z0-9_-]{{1,{NAME_LENGTH}}}").fullmatch
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(slots=True)
class Names:
    """The tools of one request: `wire` goes from the client's names to those on the wire, `client` back, for those
    that differ. `tools` is what is declared.
    """

    wire: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)
    tools: list[tuple[str, Tool]] = field(default_factory=list)


def names(call: Call) -> Names:
    """One injective map for specifications, history and answers. Tools come first, so that a longer history
    does not change what they are called.
    """
    found = Names()
    called = dict.fromkeys(part.name for turn in call.turns for part in turn.parts if isinstance(part, ToolCall))
    taken = {name for name in (*(tool.name for tool in call.tools), *called) if is_name(name)}
    for tool in call.tools:
        # A second tool of a name could not be told from the first when it is called.
        if tool.name not in found.wire:
            found.tools.append((_take(found, taken, tool.name), tool))
    for name in called:
        if name not in found.wire:
            _take(found, taken, name)
    return found


def word(text: str) -> str:
    """`text` if it is valid as a name, else an alias."""
    return text if is_name(text) else free(text, ())


def free(text: str, taken: Container[str], length: int = NAME_LENGTH) -> str:
    """The first alias of `text` that nobody has."""
    salt = 0
    while True:
        digest = sha256(f"{salt}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]
        found = f"{_FOREIGN.sub('_', text[:length])[: length - 1 - DIGEST_LENGTH]}_{digest}"
        if found not in taken:
            return found
        salt += 1


def _take(found: Names, taken: set[str], name: str) -> str:
    wire = name if is_name(name) else free(name, taken)
    taken.add(wire)
    found.wire[name] = wire
    if wire != name:
        found.client[wire] = name
    return wire
